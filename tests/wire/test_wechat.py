"""The WeChat connector against the sandbox's WeChat: payments told and asked for, refunds, shipping information."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from connectors.errors import DocumentUnreadable, PushRefused
from connectors.ports import Document, Push, Reply, Window
from connectors.rest import Caller
from connectors.rest.intake import read_orders
from connectors.transport import Limits
from connectors.wechat import WechatChannel, WechatSettings, WechatShop
from domain.clock import utc_now
from domain.news import News, PaymentNews, RefundNews
from domain.order import Channel, ChannelStatus, Order
from domain.refund import RefundStatus
from domain.shipping import Carrier, SentParcel, Shipment
from sandbox.settings import SandboxSettings
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.wire.wire import SANDBOX, Heard, Wire, wire

APPID, MCHID, APIV3_KEY, SERIAL = "wx0000000000000001", "1900000001", "k" * 32, "4A2B01"
MERCHANT = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = MERCHANT.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = MERCHANT.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Hub:
    """Orders by REST, and what WeChat told of them."""

    orders: dict[str, Order] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    refused: int = 0
    turned_away: int = 0
    deaf: bool = False
    channel: WechatChannel | None = None
    heard: Heard = field(default_factory=Heard)

    async def find(self, shop: str, out_trade_no: str) -> Order | None:
        return self.orders.get(out_trade_no)

    async def unpaid(self, shop: str, placed: Sequence[Window], after: str, limit: int) -> Sequence[str]:
        return [number for number in sorted(self.orders) if number > after][:limit]

    async def take(self, push: Push) -> Reply:
        reply = await self._take(push)
        self.heard.one()
        return reply

    async def _take(self, push: Push) -> Reply:
        if push.path == "/api/v1/orders":
            orders = read_orders(push.body, Caller(Channel.WECHAT, APPID))
            assert all(isinstance(order, Order) for order in orders)
            self.orders |= {order.channel_order_no: order for order in orders if isinstance(order, Order)}
            results = [{"order_no": no, "order_id": "", "result": "accepted", "error": None} for no in self.orders]
            return Reply(200, "application/json", json.dumps({"results": results}).encode())
        assert self.channel is not None
        try:
            documents = self.channel.unpack(push)
        except (PushRefused, DocumentUnreadable) as error:
            self.refused += 1
            return self.channel.refused(push, error.reason)
        if self.deaf:
            self.turned_away += 1
            return Reply(503, "text/plain", b"")
        self.documents += documents
        for document in documents:
            self.news += await self.channel.interpret(document)
        return self.channel.accepted(push)


def sandbox_settings(**changes: Any) -> SandboxSettings:
    given = make_settings(pay_s=0.01).model_dump()
    given["wechat"] = {
        "appid": APPID,
        "app_secret": "app-secret",
        "mchid": MCHID,
        "merchant_serial": SERIAL,
        "merchant_public_key": PUBLIC_PEM,
        "apiv3_key": APIV3_KEY,
        "rest_secret": "rest-secret",
        "duplicate_share": 1,
        "probe_share": 1,
        **changes,
    }
    return SandboxSettings.model_validate(given)


@asynccontextmanager
async def connected(**changes: Any) -> AsyncIterator[tuple[Wire, Hub, WechatChannel]]:
    hub = Hub()
    async with wire(sandbox_settings(**changes), hub.take) as line:
        platform = await line.get("/control/wechat/platform-key")
        shop = WechatShop(
            app_secret=SecretStr("app-secret"),
            mchid=MCHID,
            apiv3_key=SecretStr(APIV3_KEY),
            platform_keys={platform["key_id"]: platform["public_key"]},
            merchant_serial=SERIAL,
            merchant_private_key=SecretStr(PRIVATE_PEM),
        )
        base = f"{SANDBOX}/wechat"
        settings = WechatSettings(shops={APPID: shop}, base_url=base, pay_url=base, limits=Limits(timeout_s=10))
        hub.channel = WechatChannel(settings, hub)
        yield line, hub, hub.channel
        await hub.channel.close()


async def placed(line: Wire, hub: Hub) -> Order:
    """A new order, by the shop's backend."""
    [place] = await line.control("/orders", [draft(channel="wechat")])
    await hub.heard.until(lambda: place["order_no"] in hub.orders)
    return hub.orders[place["order_no"]]


def shipment(order: Order, **changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": f"{order.order_id}#1",
        "channel_order_no": order.channel_order_no,
        "shop": APPID,
        "carrier": Carrier.SF,
        "number": "SF1000000000001",
        "line_nos": tuple(line.line_no for line in order.lines),
        "whole_order": True,
    }
    return Shipment(**(values | changes))


def payments(hub: Hub) -> list[PaymentNews]:
    return [news for news in hub.news if isinstance(news, PaymentNews)]


async def test_a_payment_is_told_twice_and_beside_a_probe_and_is_one_document() -> None:
    async with connected() as (line, hub, _):
        order = await placed(line, hub)
        assert (order.status, order.paid_at) == (ChannelStatus.UNPAID, None)
        await hub.heard.until(lambda: len(hub.documents) >= 2 and hub.refused >= 1)
        first, again = hub.documents[:2]
        assert first == again
        news = payments(hub)[0]
        assert (news.shop, news.channel_order_no) == (APPID, order.channel_order_no)
        assert news.amount_fen == order.amounts.paid_fen
        assert (await line.book("wechat"))["flawed_taken"] == {}


@pytest.mark.parametrize("flaw", ["probe", "stale", "wrong_aad"])
async def test_what_nobody_may_take_is_not_taken(flaw: str) -> None:
    async with connected(probe_share=0, duplicate_share=0) as (line, hub, _):
        order = await placed(line, hub)
        await hub.heard.until(lambda: payments(hub))
        await line.control(f"/wechat/{order.channel_order_no}/flawed", {"flaw": flaw})
        await hub.heard.until(lambda: hub.refused)
        book = await line.book("wechat")
        assert (book["flawed_sent"], book["flawed_taken"]) == ({flaw: 1}, {})


async def test_a_payment_that_nobody_heard_of_is_asked_for() -> None:
    async with connected(probe_share=0, duplicate_share=0) as (line, hub, channel):
        hub.deaf = True
        order = await placed(line, hub)
        window = Window(utc_now() - timedelta(hours=1), utc_now())
        await hub.heard.until(lambda: hub.turned_away)
        page = await channel.payments.pull(APPID, window, None)
        hub.deaf = False
        await hub.heard.until(lambda: hub.documents)  # told again in the end, it is the same document
        assert list(page.documents) == hub.documents[:1]
        (news,) = await channel.interpret(page.documents[0])
        assert isinstance(news, PaymentNews)
        assert news.amount_fen == order.amounts.paid_fen


async def test_shipping_information_is_uploaded_once() -> None:
    async with connected() as (line, hub, channel):
        order = await placed(line, hub)
        await hub.heard.until(lambda: payments(hub))
        for _ in range(2):
            await channel.write_back(shipment(order))
        [shipped] = (await line.book("wechat"))["shipments"]
        assert (shipped["carrier"], shipped["number"], shipped["times"]) == ("SF", "SF1000000000001", 1)


async def test_an_order_in_two_parcels_is_uploaded_once_with_both() -> None:
    async with connected() as (line, hub, channel):
        order = await placed(line, hub)
        await hub.heard.until(lambda: payments(hub))
        first, second = SentParcel(Carrier.SF, "SF1000000000001", ("1",)), SentParcel(Carrier.ZTO, "ZTO2", ("2",))
        part = {"whole_order": False, "line_nos": ("1",)}
        await channel.write_back(shipment(order, numberless=1, **part))
        assert (await line.book("wechat"))["shipments"] == []
        theirs = shipment(order, carrier=second.carrier, number=second.number, whole_order=False, line_nos=("2",))
        for told in (shipment(order, others=(second,), **part), theirs):
            await channel.write_back(told)
        shipped = (await line.book("wechat"))["shipments"]
        assert [(each["carrier"], each["number"], each["times"]) for each in shipped] == [
            (first.carrier, first.number, 1),
            (second.carrier, second.number, 1),
        ]


async def test_refunds_are_told_until_the_money_is_back() -> None:
    async with connected(duplicate_share=0) as (line, hub, _):
        order = await placed(line, hub)
        await hub.heard.until(lambda: payments(hub))
        number = order.channel_order_no
        asked = await line.control(f"/wechat/{number}/refund", {"line": None, "amount_fen": 500})
        await line.control(f"/wechat/refunds/{asked['refund_id']}/approve")
        await hub.heard.until(lambda: any(isinstance(news, RefundNews) for news in hub.news))
        [news] = [news for news in hub.news if isinstance(news, RefundNews)]
        refund = news.refund
        assert (refund.order_id, refund.refund_id) == (order.order_id, asked["refund_id"])
        assert (refund.status, refund.amount_fen) == (RefundStatus.REFUNDED, 500)

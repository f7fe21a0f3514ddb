"""A gateway as it is deployed, with real connectors behind it; only Temporal is replaced where none runs."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from connectors.credit import CreditCallback, CreditSettings
from connectors.douyin import DouyinApi, DouyinChannel
from connectors.kdniao import KdniaoPush, KdniaoSettings
from connectors.ports import Push, PushSource
from connectors.qimen import QimenPush
from connectors.rest import RestChannel, RestDoor
from connectors.sf import Sender, SfCourier, SfRoutePush, SfSettings
from connectors.sms import SmsReceipts, SmsSettings
from domain.order import Channel
from gateway.deps import Gateway, OrderGate, Wish
from gateway.keeping import Keeper
from printing.desk import Desk
from runtime.codec import EncryptionCodec
from runtime.keys import KeyRing, decode_key
from runtime.rule_desk import RuleDesk
from store.database import Database
from tests.connectors.douyin import conftest as douyin
from tests.connectors.kdniao import conftest as kdniao
from tests.connectors.qimen import conftest as qimen
from tests.connectors.rest import conftest as rest
from tests.connectors.sf import conftest as sf
from workflows.contracts import Outcome

STAFF = {"lan": "token-of-lan", "wei": "token-of-wei"}
CODEC_TOKEN = "token-of-codec"
UI = "http://127.0.0.1:8233"
LINK_SECRET = b"links"
MAX_BODY = 200_000

SF_SETTINGS = SfSettings(
    partner_id="OHTEST",
    check_word=SecretStr("check-word"),
    monthly_card=SecretStr("7551234567"),
    sender=Sender(
        name="测试仓", phone="021-60000000", province="上海市", city="上海市", county="青浦区", address="测试路1号"
    ),
    push_secret=SecretStr(sf.SECRET),
)


class Orders:
    """An OrderGate that gives the next prepared answer, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Wish]] = []
        self.answer: Outcome | Exception = Outcome(True, "好的")

    async def update(self, order_id: str, name: str, argument: Wish) -> Outcome:
        self.asked.append((order_id, name, argument))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def build_gateway(db: Database, orders: OrderGate, closing: AsyncExitStack, **changes: Any) -> Gateway:
    """A gateway with every partner that pushes."""
    shop = RestChannel(Channel.OWN, rest.settings())
    api = DouyinApi(douyin.settings(), douyin.MemoryTokens())
    courier = SfCourier(SF_SETTINGS)
    for close in (shop.close, api.close, courier.close):
        closing.push_async_callback(close)
    credit = CreditSettings(
        base_url="https://credit.test", app="hub", secret=SecretStr("s"), callback_url="https://hub.test/hooks/credit"
    )
    sms = SmsSettings(
        access_key_id=SecretStr("id"),
        access_key_secret=SecretStr("secret"),
        sign_name="测试",
        templates={},
        receipt_secret=SecretStr("0123456789abcdef-sms"),
    )
    partners: list[PushSource] = [
        shop,
        DouyinChannel(api),
        QimenPush(qimen.SETTINGS),
        KdniaoPush(KdniaoSettings(business_id="1237100", app_key=SecretStr(kdniao.KEY))),
        SfRoutePush(SF_SETTINGS, courier),
        CreditCallback(credit),
        SmsReceipts(sms),
    ]
    values: dict[str, Any] = {
        "db": db,
        "keeper": Keeper(db),
        "sources": {partner.source: partner for partner in partners},
        "rest": RestDoor(rest.channels()),
        "orders": orders,
        "codec": EncryptionCodec(new_ring()),
        "labels": Desk(db, "http://hub.test", timedelta(hours=72)),
        "codec_tokens": (CODEC_TOKEN,),
        "codec_origins": (UI,),
        "staff": STAFF,
        "roles": {"lan": ["service", "operations", "rules", "finance"]},
        "link_secret": LINK_SECRET,
        "rules": RuleDesk(db, "WH01"),
        "max_body_bytes": MAX_BODY,
    }
    return Gateway(**(values | changes))


def new_ring() -> KeyRing:
    return KeyRing({"k1": decode_key(base64.b64encode(os.urandom(32)).decode())}, "k1")


def client_of(app: FastAPI, host: str = "203.0.113.9", headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    """A client that calls from an address."""
    transport = httpx.ASGITransport(app, client=(host, 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers)


async def send(client: httpx.AsyncClient, push: Push) -> httpx.Response:
    """A push over HTTP, byte for byte."""
    return await client.request(
        push.method, push.path, params=dict(push.query), headers=dict(push.headers), content=push.body
    )


def rest_push(body: Any, path: str = "/api/v1/orders", **changes: Any) -> Push:
    """A request of a shop that speaks the REST protocol, signed now."""
    return rest.signed_push(body, path=path, **({"seconds": int(time.time())} | changes))

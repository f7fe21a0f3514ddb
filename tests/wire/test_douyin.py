"""The Douyin connector against the sandbox's Douyin: after-sales, told and listed, and what is shipped after them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.douyin import DouyinApi, DouyinChannel
from connectors.ports import Document, Push, Reply, Window
from connectors.transport import Limits
from domain.clock import utc_now
from domain.news import OrderNews, RefundNews
from domain.order import Channel, ChannelStatus, Order
from domain.refund import Refund, RefundStatus, with_refunds
from tests.connectors.douyin.conftest import settings
from tests.connectors.memory_tokens import MemoryTokens
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.wire.wire import SANDBOX, Heard, Wire, wire

SANDBOX_SETTINGS = make_settings()
SHOP = SANDBOX_SETTINGS.douyin.shop_id


class Hub:
    """What was pushed."""

    def __init__(self, channel: DouyinChannel) -> None:
        self.channel = channel
        self.documents: list[Document] = []
        self.heard = Heard()

    async def take(self, push: Push) -> Reply:
        self.documents += self.channel.unpack(push)
        self.heard.one()
        return self.channel.accepted(push)

    def refunds(self) -> list[Document]:
        """Those about refunds."""
        return [document for document in self.documents if document.kind == "refund"]


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Wire, Hub, DouyinChannel]]:
    ours = settings(
        app_key="dy-key",
        app_secret=SecretStr("dy-secret"),
        base_url=f"{SANDBOX}/douyin",
        shops=[SHOP],
        limits=Limits(timeout_s=10),
    )
    api = DouyinApi(ours, MemoryTokens(Channel.DOUYIN))
    hub = Hub(DouyinChannel(api))
    async with wire(SANDBOX_SETTINGS, hub.take) as line:
        yield line, hub, hub.channel
        await api.close()


def recently() -> Window:
    return Window(utc_now() - timedelta(minutes=30), utc_now() + timedelta(seconds=5))


async def refunds_of(channel: DouyinChannel) -> dict[str, Refund]:
    page = await channel.refunds.pull(SHOP, recently(), None)
    found = [news for document in page.documents for news in await channel.interpret(document)]
    return {news.refund.refund_id: news.refund for news in found if isinstance(news, RefundNews)}


async def orders_of(channel: DouyinChannel) -> dict[str, Order]:
    page = await channel.pull(SHOP, recently(), None)
    found = [news for document in page.documents for news in await channel.interpret(document)]
    return {news.order.channel_order_no: news.order for news in found if isinstance(news, OrderNews)}


@pytest.mark.parametrize(
    ("wish", "left", "paid_back"),
    [
        ({"line": 1, "amount_fen": None}, ["TOWEL-01"], None),  # the gift goes with its main line
        ({"line": 2, "amount_fen": 300}, ["MUG-01", "TOWEL-01", "GIFT-TOTE"], 300),
        ({"line": None, "amount_fen": None}, [], None),
    ],
)
async def test_what_is_paid_back_before_shipping_does_not_leave(
    wish: dict[str, Any], left: list[str], paid_back: int | None
) -> None:
    async with connected() as (line, hub, channel):
        [place] = await line.control("/orders", [draft(channel="douyin")])
        number = place["order_no"]
        asked = await line.control(f"/douyin/{number}/refund", wish)
        before = (await orders_of(channel))[number]
        pending = (await refunds_of(channel))[asked["refund_id"]]
        assert (pending.order_id, pending.status) == (before.order_id, RefundStatus.REQUESTED)
        assert with_refunds(before, [pending]).refund_pending
        await line.control(f"/douyin/refunds/{asked['refund_id']}/approve")
        done = (await refunds_of(channel))[asked["refund_id"]]
        assert done.status is RefundStatus.REFUNDED
        assert paid_back in (None, done.amount_fen)
        after = with_refunds(before, [done])
        assert (after.status is ChannelStatus.CANCELLED) == (not left)
        if left:
            assert [each.sku for each in after.lines] == left
        [book] = (await line.book("douyin"))["refunds"]
        assert (book["status"], book["amount_fen"]) == ("refunded", done.amount_fen)
        await hub.heard.until(lambda: len(hub.refunds()) >= 2)
        for document in hub.refunds():  # each is read as the platform has it now, whatever it was told about
            assert await channel.interpret(document) == [RefundNews(done)]


@pytest.mark.parametrize(("verdict", "status"), [("refuse", RefundStatus.REFUSED), ("withdraw", RefundStatus.CLOSED)])
async def test_a_refund_that_comes_to_nothing_lets_the_order_go(verdict: str, status: RefundStatus) -> None:
    async with connected() as (line, _, channel):
        [place] = await line.control("/orders", [draft(channel="douyin")])
        asked = await line.control(f"/douyin/{place['order_no']}/refund", {"line": None, "amount_fen": None})
        await line.control(f"/douyin/refunds/{asked['refund_id']}/{verdict}")
        refund = (await refunds_of(channel))[asked["refund_id"]]
        order = (await orders_of(channel))[place["order_no"]]
        assert refund.status is status
        assert with_refunds(order, [refund]) == order

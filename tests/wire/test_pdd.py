"""The Pinduoduo connector against the sandbox's Pinduoduo: risk control, after-sales, and shipping beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from connectors.errors import Rejected
from connectors.pdd import PddApi, PddChannel
from connectors.ports import Push, Reply, Window
from connectors.transport import Limits
from domain.clock import utc_now
from domain.news import OrderNews, RefundNews
from domain.order import Channel, ChannelStatus, Order
from domain.refund import Refund, RefundStatus, with_refunds
from domain.shipping import Carrier, Shipment
from sandbox.settings import SandboxSettings
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.pdd.conftest import settings
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.wire.wire import SANDBOX, Wire, wire

SHOP = "100001"
MUGS = [{"sku": "MUG-01", "title": "马克杯", "quantity": 2, "unit_price_fen": 4950}]


async def nobody_calls(push: Push) -> Reply:
    raise AssertionError("Pinduoduo pushes nothing")


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Wire, PddChannel]]:
    access = {"access_token": "access-1", "refresh_token": "refresh-of-access-1"}
    played = make_settings().model_dump()
    played["pdd"] = {"client_id": "client-1", "client_secret": "made-up-secret", "mall_id": int(SHOP), **access}
    tokens = MemoryTokens(Channel.PDD)
    tokens.tokens[SHOP] = token("access-1")
    api = PddApi(settings(base_url=f"{SANDBOX}/pdd", limits=Limits(timeout_s=10)), tokens)
    async with wire(SandboxSettings.model_validate(played), nobody_calls) as line:
        yield line, PddChannel(api)
        await api.close()


def recently() -> Window:
    return Window(utc_now() - timedelta(minutes=20), utc_now() + timedelta(seconds=5))


async def placed(line: Wire) -> str:
    [place] = await line.control("/orders", [draft(channel="pdd", lines=MUGS)])
    return str(place["order_no"])


async def order_of(channel: PddChannel, number: str) -> Order:
    page = await channel.pull(SHOP, recently(), None)
    found = [news for document in page.documents for news in await channel.interpret(document)]
    return next(n.order for n in found if isinstance(n, OrderNews) and n.order.channel_order_no == number)


async def refund_of(channel: PddChannel) -> Refund:
    page = await channel.refunds.pull(SHOP, recently(), None)
    [document] = page.documents
    [news] = await channel.interpret(document)
    assert isinstance(news, RefundNews)
    return news.refund


def shipment(number: str) -> Shipment:
    return Shipment(f"pdd:{SHOP}:{number}#1", number, SHOP, Carrier.SF, "SF1000000000001", ("1",), whole_order=True)


async def test_risk_control_locks_an_order_and_lets_it_go() -> None:
    async with connected() as (line, channel):
        number = await placed(line)
        await line.control(f"/pdd/{number}/risk", {"under_review": True})
        locked = await order_of(channel, number)
        await line.control(f"/pdd/{number}/risk", {"under_review": False})
        released = await order_of(channel, number)
    assert (locked.status, released.status) == (ChannelStatus.LOCKED, ChannelStatus.PAID)
    assert (locked.paid_at, locked.lines) == (released.paid_at, released.lines)
    assert released.version >= locked.version


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("approve", RefundStatus.REFUNDED), ("refuse", RefundStatus.REFUSED), ("withdraw", RefundStatus.CLOSED)],
)
async def test_an_order_is_not_shipped_before_its_refund_is_decided(verdict: str, status: RefundStatus) -> None:
    async with connected() as (line, channel):
        number = await placed(line)
        order = await order_of(channel, number)
        asked = await line.control(f"/pdd/{number}/refund", {"line": None, "amount_fen": None})
        pending = await refund_of(channel)
        assert (pending.order_id, pending.status) == (order.order_id, RefundStatus.REQUESTED)
        assert pending.amount_fen == order.amounts.paid_fen
        assert {line.line_no for line in pending.lines} == {line.line_no for line in order.lines}
        with pytest.raises(Rejected, match="售后"):
            await channel.write_back(shipment(number))
        await line.control(f"/pdd/refunds/{asked['refund_id']}/{verdict}")
        decided = await refund_of(channel)
        assert decided.status is status
        if status is RefundStatus.REFUNDED:
            assert with_refunds(order, [decided]).status is ChannelStatus.CANCELLED
            assert (await order_of(channel, number)).status is ChannelStatus.CANCELLED
            return
        assert with_refunds(order, [decided]) == order
        for _ in range(2):
            await channel.write_back(shipment(number))
        [shipped] = (await line.book("pdd"))["shipments"]
        assert (shipped["number"], shipped["times"]) == ("SF1000000000001", 1)

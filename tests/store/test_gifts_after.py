"""A forgotten gift is sent after: in an order of its own, once."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import select

from domain.gifts import GiftStatus
from domain.order import Amounts, Order
from store import gifts, healings, links, orders
from store.database import Database
from store.gifts_after import GiftStays, SentAfter, send_after
from store.steps import UnknownOrder
from store.tables import OrderEventRow, ParcelRow
from tests.store.samples import NOON, index_row, order
from tests.store.test_gifts import CARD, GIFTED, TOTE

OID = "own:main:SO1"


@pytest.fixture
async def left(database: Database) -> Order:
    """An order that left without its gifts, as it turned out."""
    placed = order(**GIFTED)
    async with database.transaction() as tx:
        await orders.take(tx, placed)
        await links.keep(tx, OID, {"buyer": "digest"})
        await orders.mark_started(tx, OID, 1)
        (await index_row(tx, OID)).state = "SIGNED"
    return placed


async def sent(db: Database, line_no: str = "3") -> SentAfter:
    async with db.transaction() as tx:
        return await send_after(tx, OID, line_no, "wei", "buyer called")


async def leaves(db: Database, order_id: str) -> None:
    """What the order that brings the gift ends in."""
    async with db.transaction() as tx:
        body = await orders.body(tx, order_id)
        [line] = body.lines
        box = [{"sku": line.sku, "quantity": line.quantity, "line_no": ""}]
        row = ParcelRow(parcel_id=f"{order_id}#1", order_id=order_id, n=1, package_code="B", items=box, status="packed")
        row.told_at = NOON
        tx.add(row)
        await tx.flush()
        assert [healing.outcome for healing in await gifts.give(tx, body)] == ["healed"]


async def test_it_has_an_order_of_its_own(database: Database, left: Order) -> None:
    made = await sent(database, "4")
    assert made == SentAfter("own:main:SO1-G1", True)
    async with database.reading() as tx:
        after = await orders.body(tx, made.order_id)
        [waiting] = await orders.to_start(tx, 10)
        [event] = (await tx.execute(select(OrderEventRow).where(OrderEventRow.what == "gift.sent_after"))).scalars()
        assert await links.linked(tx, OID) == {made.order_id: ["buyer"]}
    # The dispatcher starts it like every paid order.
    assert (waiting.order_id, waiting.amount_fen) == (made.order_id, 0)
    [line] = after.lines
    assert (line.sku, line.title, line.quantity, line.gift_of) == ("TOTE", TOTE.title, 2, None)
    assert after.amounts == Amounts(goods_fen=0, paid_fen=0)
    assert (after.receiver, after.number_at_channel) == (left.receiver, "SO1")
    assert (event.order_id, event.who, event.why) == (OID, "wei", f"TOTE × 2: {made.order_id}; buyer called")


async def test_asked_twice_it_is_sent_once(database: Database, left: Order) -> None:
    asked = await asyncio.gather(*(sent(database) for _ in range(4)))
    assert {one.order_id for one in asked} == {"own:main:SO1-G1"}
    assert sum(one.fresh for one in asked) == 1
    await leaves(database, "own:main:SO1-G1")
    assert not (await sent(database)).fresh
    # Another gift of the same order is another order.
    assert (await sent(database, "4")).order_id == "own:main:SO1-G2"


async def test_the_gift_is_given_when_it_leaves(database: Database, left: Order) -> None:
    made = await sent(database)
    async with database.reading() as tx:
        [card, _] = await gifts.of_order(tx, OID)
        assert (card.status, card.sent_after) == (GiftStatus.PENDING, made.order_id)
    await leaves(database, made.order_id)
    async with database.reading() as tx:
        [card, tote] = await gifts.of_order(tx, OID)
        assert (card.status, tote.status) == (GiftStatus.GIVEN, GiftStatus.PENDING)
        assert (await healings.counts(tx))["gift"] == {"healed": 1, "failed": 0, "person": 0}
        [healing] = await healings.of_order(tx, OID)
        assert (healing.before, healing.after) == ("CARD × 1", made.order_id)


async def test_what_does_not_leave_may_be_sent_again(database: Database, left: Order) -> None:
    made = await sent(database)
    async with database.transaction() as tx:
        assert [healing.outcome for healing in await gifts.call_off(tx, made.order_id)] == ["failed"]
    assert await sent(database) == SentAfter("own:main:SO1-G2", True)


async def test_what_left_and_never_arrived_may_be_sent_again(database: Database, left: Order) -> None:
    made = await sent(database)
    await leaves(database, made.order_id)
    async with database.transaction() as tx:
        assert [healing.outcome for healing in await gifts.come_back(tx, made.order_id)] == ["failed"]
        assert await gifts.come_back(tx, made.order_id) == []
        assert (await healings.counts(tx))["gift"] == {"healed": 0, "failed": 1, "person": 0}
        [card, tote] = await gifts.of_order(tx, OID)
        assert (card.status, card.sent_after, tote.status) == (GiftStatus.PENDING, "", GiftStatus.PENDING)
    assert (await sent(database)).order_id == "own:main:SO1-G2"


async def test_what_is_not_to_be_sent_stays(database: Database, left: Order) -> None:
    with pytest.raises(GiftStays, match="不是这个订单的赠品"):
        await sent(database, "1")
    async with database.transaction() as tx:
        row = await index_row(tx, OID)
        row.state = "PACKED"
    with pytest.raises(GiftStays, match="还没有发出"):
        await sent(database)
    async with database.transaction() as tx:
        row = await index_row(tx, OID)
        row.state, row.exit = "WAYBILL_RETURNED", "UNDELIVERED"
    with pytest.raises(GiftStays, match="没有送达"):
        await sent(database)
    async with database.transaction() as tx:
        await gifts.call_off(tx, OID)
    with pytest.raises(GiftStays, match="已随主商品取消"):
        await sent(database)
    async with database.transaction() as tx:
        with pytest.raises(UnknownOrder):
            await send_after(tx, "own:main:NONE", CARD.line_no, "wei", "")

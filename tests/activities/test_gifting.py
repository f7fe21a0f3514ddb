"""Gifts that promotions give: lines of ours, whatever the channel sends later, and unknown to it."""

from __future__ import annotations

from typing import Any

import pytest

from activities.channel import _gifts_alone, _lines_in
from activities.contracts import Accepted, OrderAt
from activities.review import ReviewSteps
from domain.gifts import GiftStatus, house_line, of_the_house
from domain.order import Amounts, ChannelStatus, Notes, Order, OrderLine
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from store import gifts, orders, refunds
from store.articles import Article, put
from store.database import Database
from store.orders import take
from store.tables import ParcelRow
from tests.store.samples import NOON, index_row, order

SHOP = "示例店铺"
"""The shop of the examples gets its gifts: a pack of wipes for every two of diapers, and LIVE2026's bag."""
WIPES, BAG = house_line("wipes"), house_line("live")


def _line(no: str, sku: str, pieces: int, fen: int, gift_of: str | None = None) -> OrderLine:
    return OrderLine(
        line_no=no, sku=sku, title=sku, quantity=pieces, unit_price_fen=fen, amount_fen=pieces * fen, gift_of=gift_of
    )


def _order(*lines: OrderLine, **rest: Any) -> Order:
    bought = lines or (_line("1", "CUP", 1, 500), _line("2", "DIAPER-M", 5, 1000))
    fen = sum(line.amount_fen for line in bought)
    return order(**{"shop": SHOP, "lines": bought, "amounts": Amounts(goods_fen=fen, paid_fen=fen), **rest})


async def _kept(db: Database, one: Order) -> None:
    async with db.transaction() as tx:
        await take(tx, one)


async def _reviewed(db: Database, one: Order, revision: int) -> Accepted:
    return await ReviewSteps(db, 0).accept_order(OrderAt(one.order_id, revision))


async def _ours(db: Database, one: Order) -> dict[str, tuple[str, int, str | None]]:
    async with db.reading() as tx:
        body = await orders.body(tx, one.order_id)
    return {line.line_no: (line.sku, line.quantity, line.gift_of) for line in body.lines if of_the_house(line.line_no)}


async def _status(db: Database, one: Order) -> dict[str, str]:
    async with db.reading() as tx:
        return {row.line_no: row.status for row in await gifts.of_order(tx, one.order_id)}


async def test_an_order_gets_its_gifts_once(database: Database) -> None:
    one = _order(tags=("LIVE2026",))
    async with database.transaction() as tx:
        await put(tx, [Article("WIPES", "湿巾")])
    await _kept(database, one)
    accepted = await _reviewed(database, one, 1)
    assert accepted.revision == 2
    assert await _ours(database, one) == {WIPES: ("WIPES", 2, "2"), BAG: ("LIVE-BAG", 1, "1")}
    assert await _status(database, one) == {WIPES: GiftStatus.PENDING, BAG: GiftStatus.PENDING}
    again = await _reviewed(database, one, 2)
    assert (again.revision, again.goods_digest) == (2, accepted.goods_digest)
    async with database.reading() as tx:
        row = await index_row(tx, one.order_id)
        titles = {line.sku: line.title for line in (await orders.body(tx, one.order_id)).lines}
    assert (row.revision, row.signalled_revision) == (2, 2)
    assert (titles["WIPES"], titles["LIVE-BAG"]) == ("湿巾", "LIVE-BAG")


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({"shop": "main"}, set()),
        ({"gift_after": "SO0"}, set()),
        ({"status": ChannelStatus.LOCKED}, set()),
        ({"notes": Notes(seller="主播 #LIVE2026")}, {WIPES, BAG}),
        ({}, {WIPES}),
    ],
)
async def test_who_gets_them(database: Database, changes: dict[str, Any], given: set[str]) -> None:
    one = _order(**changes)
    await _kept(database, one)
    await _reviewed(database, one, 1)
    assert set(await _ours(database, one)) == given


async def test_what_the_channel_gives_already_is_not_given_twice(database: Database) -> None:
    one = _order(_line("1", "DIAPER-M", 2, 1000), _line("2", "WIPES", 1, 0, "1"))
    await _kept(database, one)
    assert (await _reviewed(database, one, 1)).revision == 1


async def test_a_document_that_does_not_know_of_them_loses_none(database: Database) -> None:
    one = _order()
    await _kept(database, one)
    first = await _reviewed(database, one, 1)
    await _kept(database, one.model_copy(update={"version": 2, "notes": Notes(buyer="请尽快")}))
    assert await _status(database, one) == {WIPES: GiftStatus.PENDING}
    second = await _reviewed(database, one, 3)
    assert (second.revision, second.goods_digest) == (4, first.goods_digest)
    assert await _ours(database, one) == {WIPES: ("WIPES", 2, "2")}


@pytest.mark.parametrize(("state", "left"), [("PAID", {}), ("STOCK_LOCKED", {WIPES: ("WIPES", 2, "2")})])
async def test_fewer_goods_earn_fewer_gifts_until_they_are_locked(
    database: Database, state: str, left: dict[str, Any]
) -> None:
    one = _order()
    await _kept(database, one)
    await _reviewed(database, one, 1)
    async with database.transaction() as tx:
        (await index_row(tx, one.order_id)).state = state
    less = _order(_line("1", "CUP", 1, 500), _line("2", "DIAPER-M", 1, 1000), version=2)
    await _kept(database, less)
    await _reviewed(database, one, 3)
    assert await _ours(database, one) == left
    assert await _status(database, one) == {WIPES: GiftStatus.PENDING if left else GiftStatus.CANCELLED}


async def test_a_gift_goes_with_its_main_line(database: Database) -> None:
    one = _order()
    await _kept(database, one)
    await _reviewed(database, one, 1)
    asked = Refund(
        channel=one.channel,
        shop=one.shop,
        channel_order_no=one.channel_order_no,
        refund_id="R1",
        version=1,
        status=RefundStatus.REQUESTED,
        kind=RefundKind.MONEY,
        amount_fen=5000,
        lines=(RefundLine(line_no="2"),),
        asked_at=NOON,
    )
    async with database.transaction() as tx:
        await refunds.take(tx, asked)
    assert set(await _ours(database, one)) == {WIPES}
    async with database.transaction() as tx:
        await refunds.take(tx, asked.model_copy(update={"version": 2, "status": RefundStatus.REFUNDED}))
    assert await _ours(database, one) == {}
    assert await _status(database, one) == {WIPES: GiftStatus.CANCELLED}


def test_no_channel_is_told_of_them() -> None:
    gift = _line(WIPES, "WIPES", 2, 0, "2")
    one = _order(_line("1", "CUP", 1, 500), _line("2", "DIAPER-M", 5, 1000), gift)
    both = [{"line_no": "2", "sku": "DIAPER-M", "quantity": 5}, {"line_no": WIPES, "sku": "WIPES", "quantity": 2}]
    unnamed = [{"line_no": "", "sku": "WIPES", "quantity": 2}]
    for items, told, alone in ((both, ("2",), False), (both[1:], (), True), (unnamed, (), True), ([], (), False)):
        parcel = ParcelRow(parcel_id="P", order_id=one.order_id, n=1, items=items, status="packed", package_code="P")
        assert (_lines_in(one, parcel), _gifts_alone(one, parcel)) == (told, alone)

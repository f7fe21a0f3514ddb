"""Orders that wait for a purchase, and what they get when it comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import pytest

from store import stock
from store.database import Database
from store.stock import Pick, PurchasePromised, StockShort, UnknownPurchase
from tests.store.pool import NORTH, SOUTH, books, do, receive

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


async def _expect(db: Database, quantity: int, number: str = "PO1", warehouse: str = NORTH) -> None:
    await do(db, lambda tx: stock.expect(tx, number, "MUG", warehouse, quantity, NOON))


async def _order(db: Database, n: int, quantity: int, number: str = "PO1") -> str:
    picks = [Pick("MUG", NORTH, quantity, number)]
    at = NOON + timedelta(minutes=n)
    return await do(db, lambda tx: stock.reserve_plan(tx, f"own:main:SO{n}", "own", picks, "orderhub", now=at))


async def _came(db: Database, quantity: int, key: str) -> stock.Arrived:
    return await do(db, lambda tx: stock.receive_incoming(tx, "PO1", {"MUG": quantity}, key, "clerk"))


async def _statuses(db: Database, n: int) -> dict[str, int]:
    async with db.reading() as tx:
        rows = await stock.reservations(tx, f"own:main:SO{n}")
    return {row.status: row.quantity for row in rows}


async def test_goods_that_come_in_go_to_whoever_waited_longest(database: Database) -> None:
    await _expect(database, 10)
    for n, quantity in ((3, 2), (1, 6), (2, 2)):
        await _order(database, n, quantity)
    came = await _came(database, 7, "N1")
    assert (came.fresh, came.ready) == (True, ("own:main:SO1",))
    assert came.locked == {("own:main:SO1", "MUG"): 6, ("own:main:SO2", "MUG"): 1}
    assert await _statuses(database, 2) == {"awaiting": 1, "locked": 1}
    assert await books(database) == {("MUG", NORTH): {"on_hand": 7, "reserved": 7}}
    # The same delivery note again changes nothing.
    assert not (await _came(database, 7, "N1")).fresh
    assert (await _came(database, 3, "N2")).ready == ("own:main:SO2", "own:main:SO3")
    assert await books(database) == {("MUG", NORTH): {"on_hand": 10, "reserved": 10}}
    async with database.reading() as tx:
        assert await stock.purchases(tx) == []
        assert [row.status for row in await stock.purchases(tx, every=True)] == ["received"]


async def test_an_order_of_stock_and_purchase_leaves_in_two_parts(database: Database) -> None:
    await receive(database, "MUG", 2)
    await _expect(database, 3)
    picks = [Pick("MUG", NORTH, 2), Pick("MUG", NORTH, 3, "PO1")]
    token = await do(database, lambda tx: stock.reserve_plan(tx, "own:main:SO1", "own", picks, "orderhub"))
    assert await do(database, lambda tx: stock.ship(tx, "own:main:SO1", "warehouse", warehouse=NORTH, token=token)) == 1
    assert (await _came(database, 3, "N1")).ready == ("own:main:SO1",)
    # What the order was told stays true: the token is the same, and the plan is what it was.
    again = await do(database, lambda tx: stock.reserve_plan(tx, "own:main:SO1", "own", picks, "orderhub"))
    assert again == token
    assert await do(database, lambda tx: stock.ship(tx, "own:main:SO1", "warehouse", warehouse=NORTH, token=token)) == 1
    assert await books(database) == {("MUG", NORTH): {}}


async def test_more_may_come_than_was_expected(database: Database) -> None:
    await _expect(database, 3)
    await _order(database, 1, 3)
    assert (await _came(database, 5, "N1")).ready == ("own:main:SO1",)
    assert await books(database) == {("MUG", NORTH): {"on_hand": 5, "reserved": 3}}


async def test_parts_that_came_are_freed_and_shipped_like_any_other(database: Database) -> None:
    await _expect(database, 9)
    await _order(database, 1, 6)
    for n in range(3):
        await _came(database, 1, f"N{n}")
    assert await do(database, lambda tx: stock.free_excess(tx, "own:main:SO1", {"MUG": 4}, "fit/2", "orderhub"))
    assert await books(database) == {("MUG", NORTH): {"on_hand": 3, "reserved": 3}}
    assert await do(database, lambda tx: stock.free_excess(tx, "own:main:SO1", {"MUG": 2}, "fit/3", "orderhub"))
    assert await do(database, lambda tx: stock.ship(tx, "own:main:SO1", "warehouse")) == 2
    assert await books(database) == {("MUG", NORTH): {"on_hand": 1}}


async def test_a_purchase_that_is_called_off_sets_its_orders_free(database: Database) -> None:
    await _expect(database, 9)
    await _expect(database, 9, "PO2")
    token = await _order(database, 1, 6)
    await _order(database, 2, 6, "PO2")
    await _came(database, 2, "N1")
    assert await do(database, lambda tx: stock.call_off(tx, "PO1", "MUG", "buyer")) == ("own:main:SO1",)
    assert await _statuses(database, 1) == {"released": 4, "locked": 2}
    async with database.reading() as tx:
        assert await stock.reservation_token(tx, "own:main:SO1") not in ("", token)
    with pytest.raises(StockShort):
        await _order(database, 3, 1)
    with pytest.raises(UnknownPurchase):
        await do(database, lambda tx: stock.call_off(tx, "PO9", "MUG", "buyer"))
    assert await books(database) == {("MUG", NORTH): {"on_hand": 2, "reserved": 2}}


async def test_a_purchase_cannot_be_less_than_what_was_promised_of_it(database: Database) -> None:
    await _expect(database, 9)
    await _order(database, 1, 6)
    with pytest.raises(PurchasePromised):
        await _expect(database, 5)
    with pytest.raises(PurchasePromised):
        await _expect(database, 9, warehouse=SOUTH)
    await _expect(database, 6)
    with pytest.raises(StockShort):
        await _order(database, 2, 1)
    with pytest.raises(UnknownPurchase):
        await do(database, lambda tx: stock.receive_incoming(tx, "PO1", {"CUP": 1}, "N1", "clerk"))


async def test_orders_releases_and_receipts_at_the_same_moment(database: Database) -> None:
    await _expect(database, 12)
    for n in range(6):
        await _order(database, n, 1)

    def give_back(n: int) -> Awaitable[int]:
        return do(database, lambda tx: stock.release(tx, f"own:main:SO{n}", "buyer"))

    answers: list[object] = await asyncio.gather(
        *(_came(database, 2, f"N{n}") for n in range(4)),
        *(give_back(n) for n in range(3)),
        *(_order(database, n, 1) for n in range(6, 12)),
        return_exceptions=True,
    )
    # The last orders may find everything promised or on the shelf already, and nothing else goes wrong.
    assert [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, StockShort)] == []
    amounts = (await books(database))["MUG", NORTH]
    assert amounts["on_hand"] == 8

"""Orders out of several warehouses: snapshots, plans, tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import select

from domain.clock import utc_now
from store import stock
from store.database import Database
from store.stock import Movement, Pick, ReservationChanged, StaleReservation, StaleSnapshot, StockShort
from store.tables import IncomingRow, ReservationRow, StockRow

NORTH, SOUTH = "北仓", "南仓"
ORDER = "own:main:SO1"


async def _receive(db: Database, sku: str, warehouse: str, quantity: int) -> None:
    async with db.transaction() as tx:
        await stock.receive(tx, sku, warehouse, quantity, Movement(f"note/{sku}/{warehouse}", "note", "warehouse"))


async def _plan(db: Database, order_id: str, picks: Sequence[Pick], token: str = "") -> str:
    async with db.transaction() as tx:
        return await stock.reserve_plan(tx, order_id, "own", picks, "orderhub", token=token)


async def _snapshot(db: Database, *skus: str) -> stock.Snapshot:
    async with db.reading() as tx:
        return await stock.snapshot(tx, skus)


async def _amounts(db: Database) -> dict[tuple[str, str], tuple[int, int]]:
    async with db.reading() as tx:
        rows = (await tx.execute(select(StockRow))).scalars()
        return {(row.sku, row.warehouse): (row.on_hand, row.reserved) for row in rows}


async def _statuses(db: Database, order_id: str) -> list[tuple[str, str, int, str]]:
    async with db.reading() as tx:
        return [(row.sku, row.warehouse, row.quantity, row.status) for row in await stock.reservations(tx, order_id)]


async def test_an_order_is_locked_out_of_two_warehouses(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 2)
    await _receive(database, "MUG", SOUTH, 3)
    seen = await _snapshot(database, "MUG", "CUP")
    assert seen.available("MUG") == {NORTH: 2, SOUTH: 3}
    assert seen.available("CUP") == {}
    token = await _plan(database, ORDER, [Pick("MUG", NORTH, 2), Pick("MUG", SOUTH, 2)], seen.token)
    assert await _amounts(database) == {("MUG", NORTH): (2, 2), ("MUG", SOUTH): (3, 2)}
    async with database.reading() as tx:
        assert await stock.reservation_token(tx, ORDER) == token
    seen = await _snapshot(database, "MUG")
    assert seen.available("MUG") == {SOUTH: 1}
    assert seen.reserved_by == {("MUG", "own"): 4}


async def test_picks_of_one_place_are_one(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 5)
    first = await _plan(database, ORDER, [Pick("MUG", NORTH, 2), Pick("MUG", NORTH, 3)])
    assert await _plan(database, ORDER, [Pick("MUG", NORTH, 5)]) == first
    assert await _statuses(database, ORDER) == [("MUG", NORTH, 5, "locked")]


async def test_one_pick_that_does_not_fit_locks_nothing_in_any_warehouse(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 2)
    await _receive(database, "MUG", SOUTH, 3)
    with pytest.raises(StockShort) as caught:
        await _plan(database, ORDER, [Pick("MUG", NORTH, 2), Pick("MUG", SOUTH, 5)])
    assert caught.value.short == {"MUG": 2}
    assert await _statuses(database, ORDER) == []


async def test_a_stale_snapshot_is_refused_when_its_picks_fit_no_more(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 2)
    await _receive(database, "MUG", SOUTH, 2)
    seen = await _snapshot(database, "MUG")
    await _plan(database, "own:main:OTHER", [Pick("MUG", NORTH, 1)])
    with pytest.raises(StaleSnapshot):
        await _plan(database, ORDER, [Pick("MUG", NORTH, 2)], seen.token)
    # Planned again on what is there now, it fits.
    seen = await _snapshot(database, "MUG")
    await _plan(database, ORDER, [Pick("MUG", NORTH, 1), Pick("MUG", SOUTH, 1)], seen.token)
    assert await _amounts(database) == {("MUG", NORTH): (2, 2), ("MUG", SOUTH): (2, 1)}


async def test_a_stale_snapshot_whose_picks_fit_does_no_harm(database: Database) -> None:
    """On a SKU that many want every snapshot is stale at once: if that were refused, nobody would ever get it."""
    await _receive(database, "MUG", NORTH, 50)
    seen = await _snapshot(database, "MUG")
    await asyncio.gather(*(_plan(database, f"own:main:SO{n}", [Pick("MUG", NORTH, 2)], seen.token) for n in range(25)))
    assert await _amounts(database) == {("MUG", NORTH): (50, 50)}


async def test_too_much_on_a_true_snapshot_is_short_and_not_stale(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 2)
    seen = await _snapshot(database, "MUG", "CUP")
    await _receive(database, "LAMP", NORTH, 2)
    with pytest.raises(StockShort):
        await _plan(database, ORDER, [Pick("MUG", NORTH, 3)], seen.token)
    assert set(json.loads(seen.token)) == {"MUG", "CUP"}


async def test_a_plan_on_a_firm_snapshot_always_fits(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 60)

    async def take(n: int) -> int:
        async with database.transaction() as tx:
            seen = await stock.snapshot(tx, ["MUG"], firm=True)
            quantity = min(3, seen.available("MUG").get(NORTH, 0))
            if quantity:
                picks = [Pick("MUG", NORTH, quantity)]
                await stock.reserve_plan(tx, f"own:main:SO{n}", "own", picks, "orderhub", token=seen.token)
            return quantity

    assert sum(await asyncio.gather(*(take(n) for n in range(25)))) == 60


async def test_the_same_order_planned_twice_at_once_has_one_plan(database: Database) -> None:
    for warehouse in (NORTH, SOUTH):
        await _receive(database, "MUG", warehouse, 9)
    plans = [[Pick("MUG", NORTH, 4)], [Pick("MUG", NORTH, 4)], [Pick("MUG", NORTH, 4)]]
    tokens = await asyncio.gather(*(_plan(database, ORDER, picks) for picks in plans))
    assert len(set(tokens)) == 1
    assert await _amounts(database) == {("MUG", NORTH): (9, 4), ("MUG", SOUTH): (9, 0)}


async def test_part_of_an_order_leaves_one_warehouse_while_the_rest_waits(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 9)
    await _receive(database, "MUG", SOUTH, 9)
    token = await _plan(database, ORDER, [Pick("MUG", NORTH, 4), Pick("MUG", SOUTH, 1)])
    for _ in range(2):
        async with database.transaction() as tx:
            await stock.ship(tx, ORDER, "warehouse", warehouse=NORTH, token=token)
        assert await _amounts(database) == {("MUG", NORTH): (5, 0), ("MUG", SOUTH): (9, 1)}
    async with database.transaction() as tx:
        assert await stock.ship(tx, ORDER, "warehouse", warehouse=SOUTH, token=token) == 1
    assert await _amounts(database) == {("MUG", NORTH): (5, 0), ("MUG", SOUTH): (8, 0)}


async def test_what_was_planned_again_cannot_leave_under_the_old_token(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 9)
    await _receive(database, "MUG", SOUTH, 9)
    old = await _plan(database, ORDER, [Pick("MUG", NORTH, 4)])
    async with database.transaction() as tx:
        new = await stock.replan(tx, ORDER, "own", [Pick("MUG", SOUTH, 4)], "orderhub")
    assert await _amounts(database) == {("MUG", NORTH): (9, 0), ("MUG", SOUTH): (9, 4)}
    with pytest.raises(StaleReservation):
        async with database.transaction() as tx:
            await stock.ship(tx, ORDER, "warehouse", token=old)
    async with database.transaction() as tx:
        assert await stock.ship(tx, ORDER, "warehouse", token=new) == 1
    assert await _amounts(database) == {("MUG", NORTH): (9, 0), ("MUG", SOUTH): (5, 0)}


async def test_a_refund_and_a_release_make_a_token_stale(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 9)
    old = await _plan(database, ORDER, [Pick("MUG", NORTH, 4)])
    async with database.transaction() as tx:
        assert await stock.free_excess(tx, ORDER, {"MUG": 3}, "fit/2", "orderhub")
        fitted = await stock.reservation_token(tx, ORDER)
    with pytest.raises(StaleReservation):
        async with database.transaction() as tx:
            await stock.ship(tx, ORDER, "warehouse", token=old)
    async with database.transaction() as tx:
        await stock.release(tx, ORDER, "orderhub")
    with pytest.raises(StaleReservation):
        async with database.transaction() as tx:
            await stock.ship(tx, ORDER, "warehouse", token=fitted)
    assert await _amounts(database) == {("MUG", NORTH): (9, 0)}


async def test_planning_again_is_all_or_nothing_and_keeps_what_left(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 4)
    await _receive(database, "CUP", NORTH, 4)
    await _receive(database, "CUP", SOUTH, 4)
    token = await _plan(database, ORDER, [Pick("MUG", NORTH, 4), Pick("CUP", NORTH, 3)])
    async with database.transaction() as tx:
        await tx.execute(select(ReservationRow))
        await stock.release(tx, ORDER, "warehouse", warehouse=SOUTH)
        assert await stock.reservation_token(tx, ORDER) == token
    picks = [Pick("MUG", NORTH, 4), Pick("CUP", SOUTH, 5)]
    with pytest.raises(StockShort):
        async with database.transaction() as tx:
            await stock.replan(tx, ORDER, "own", picks, "orderhub")
    assert await _amounts(database) == {("MUG", NORTH): (4, 4), ("CUP", NORTH): (4, 3), ("CUP", SOUTH): (4, 0)}
    for cups in (2, 1, 3):
        async with database.transaction() as tx:
            picks = [Pick("MUG", NORTH, 4), Pick("CUP", SOUTH, cups), Pick("CUP", NORTH, 3 - cups or 1)]
            await stock.replan(tx, ORDER, "own", picks, "orderhub")
        amounts = await _amounts(database)
        assert amounts == {("MUG", NORTH): (4, 4), ("CUP", NORTH): (4, 3 - cups or 1), ("CUP", SOUTH): (4, cups)}


async def test_what_an_order_freed_is_locked_again_only_by_a_new_plan(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 4)
    await _plan(database, ORDER, [Pick("MUG", NORTH, 4)])
    async with database.transaction() as tx:
        await stock.release(tx, ORDER, "orderhub")
    with pytest.raises(ReservationChanged):
        await _plan(database, ORDER, [Pick("MUG", NORTH, 4)])
    for _ in range(2):
        async with database.transaction() as tx:
            token = await stock.replan(tx, ORDER, "own", [Pick("MUG", NORTH, 4)], "orderhub")
        assert token
        assert await _amounts(database) == {("MUG", NORTH): (4, 4)}
    async with database.transaction() as tx:
        assert await stock.release(tx, ORDER, "orderhub") == 1
    assert await _amounts(database) == {("MUG", NORTH): (4, 0)}


async def test_many_claims_in_one_transaction_are_each_all_or_nothing(database: Database) -> None:
    await _receive(database, "MUG", NORTH, 5)
    await _receive(database, "CUP", NORTH, 1)
    claims = [
        stock.Claim("own:main:A", "own", (Pick("MUG", NORTH, 2), Pick("CUP", NORTH, 1)), "orderhub"),
        stock.Claim("own:main:B", "own", (Pick("MUG", NORTH, 2), Pick("CUP", NORTH, 1)), "orderhub"),
        stock.Claim("own:main:C", "own", (Pick("MUG", NORTH, 2),), "orderhub"),
        stock.Claim("own:main:A", "own", (Pick("MUG", NORTH, 2), Pick("CUP", NORTH, 1)), "orderhub"),
        stock.Claim("own:main:D", "own", (Pick("MUG", NORTH, 0),), "orderhub"),
        stock.Claim("own:main:E", "own", (Pick("MUG", NORTH, 1),), "orderhub"),
    ]
    async with database.transaction() as tx:
        a, b, c, again, d, e = await stock.claim_all(tx, claims)
    assert isinstance(a, str)
    assert isinstance(c, str)
    assert isinstance(e, str)
    assert again == a
    assert isinstance(b, StockShort)
    assert b.short == {"CUP": 1}
    assert isinstance(d, ValueError)
    assert await _amounts(database) == {("MUG", NORTH): (5, 5), ("CUP", NORTH): (1, 1)}
    assert await _statuses(database, "own:main:B") == []
    # B left nothing behind: it is locked when goods have come.
    async with database.transaction() as tx:
        await stock.adjust(tx, "CUP", NORTH, 1, Movement("found", "found", "warehouse"))
        await stock.adjust(tx, "MUG", NORTH, 2, Movement("found", "found", "warehouse"))
    await _plan(database, "own:main:B", [Pick("MUG", NORTH, 2), Pick("CUP", NORTH, 1)])


async def test_a_purchase_is_promised_once(database: Database) -> None:
    async with database.transaction() as tx:
        expected = utc_now() + timedelta(days=3)
        tx.add(IncomingRow(number="PO1", sku="MUG", warehouse=NORTH, quantity=5, expected_at=expected))
    seen = await _snapshot(database, "MUG")
    assert [(item.number, item.warehouse, item.free) for item in seen.incoming] == [("PO1", NORTH, 5)]
    await _plan(database, ORDER, [Pick("MUG", NORTH, 4, "PO1")], seen.token)
    with pytest.raises(StaleSnapshot):
        await _plan(database, "own:main:SO2", [Pick("MUG", NORTH, 2, "PO1")], seen.token)
    with pytest.raises(StockShort):
        await _plan(database, "own:main:SO2", [Pick("MUG", SOUTH, 1, "PO1")])
    async with database.transaction() as tx:
        assert await stock.free_excess(tx, ORDER, {"MUG": 1}, "fit/2", "orderhub")
    await _plan(database, "own:main:SO2", [Pick("MUG", NORTH, 4, "PO1")])
    async with database.transaction() as tx:
        assert await stock.release(tx, ORDER, "orderhub") == 1
    assert [item.free for item in (await _snapshot(database, "MUG")).incoming] == [1]

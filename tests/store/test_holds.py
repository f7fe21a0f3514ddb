from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlmodel import select

from store.database import Database
from store.holds import close_hold, close_task, open_hold, open_holds, open_task
from store.tables import HoldRow, TaskRow
from tests.store.samples import NOON, index_row, taken

DEADLINE = NOON + timedelta(hours=4)


async def _open(db: Database, order_id: str, n: int, reason: str) -> None:
    async with db.transaction() as tx:
        await open_hold(tx, await index_row(tx, order_id), n, reason, f"why {n}", DEADLINE)


async def _close(db: Database, order_id: str, n: int, by: str = "operator", how: str = "released") -> None:
    async with db.transaction() as tx:
        await close_hold(tx, await index_row(tx, order_id), n, by, how)


async def _shown(db: Database, order_id: str) -> list[str]:
    async with db.transaction() as tx:
        return list((await index_row(tx, order_id)).holds)


async def _task(db: Database) -> TaskRow:
    async with db.transaction() as tx:
        row: TaskRow = (await tx.execute(select(TaskRow))).scalar_one()
        return row


async def test_a_hold_is_kept_and_shows_in_the_index(database: Database) -> None:
    order_id = await taken(database)
    async with database.transaction() as tx:
        (await index_row(tx, order_id)).in_flight = True
    await _open(database, order_id, 1, "RISK")
    async with database.transaction() as tx:
        (hold,) = await open_holds(tx, order_id)
        assert (hold.reason, hold.detail, hold.deadline, hold.closed_at) == ("RISK", "why 1", DEADLINE, None)
        row = await index_row(tx, order_id)
        assert row.holds == ["RISK"]
        assert not row.in_flight


async def test_holds_are_listed_in_their_order_and_shown_sorted_without_repeats(database: Database) -> None:
    order_id = await taken(database)
    for n, reason in ((2, "STOCK"), (1, "RISK"), (3, "RISK")):
        await _open(database, order_id, n, reason)
    async with database.transaction() as tx:
        assert [hold.n for hold in await open_holds(tx, order_id)] == [1, 2, 3]
    assert await _shown(database, order_id) == ["RISK", "STOCK"]


async def test_opening_a_hold_again_keeps_the_first(database: Database) -> None:
    order_id = await taken(database)
    await _open(database, order_id, 1, "RISK")
    await _open(database, order_id, 1, "RISK")
    async with database.transaction() as tx:
        assert len(await open_holds(tx, order_id)) == 1


async def test_a_reason_shows_until_its_last_hold_is_closed(database: Database) -> None:
    order_id = await taken(database)
    for n, reason in ((1, "RISK"), (2, "RISK"), (3, "STOCK")):
        await _open(database, order_id, n, reason)
    shown = []
    for n in (1, 2, 3):
        await _close(database, order_id, n)
        shown.append(await _shown(database, order_id))
    assert shown == [["RISK", "STOCK"], ["STOCK"], []]


async def test_who_closed_a_hold_first_stays_on_record(database: Database) -> None:
    order_id = await taken(database)
    await _open(database, order_id, 1, "RISK")
    await _close(database, order_id, 1, "alice", "approved")
    await _close(database, order_id, 1, "timer", "lapsed")
    async with database.transaction() as tx:
        hold = (await tx.execute(select(HoldRow))).scalar_one()
        assert (hold.closed_by, hold.how) == ("alice", "approved")
        assert hold.closed_at is not None
        assert await open_holds(tx, order_id) == []


async def test_closing_a_hold_that_never_was_changes_nothing(database: Database) -> None:
    order_id = await taken(database)
    await _open(database, order_id, 1, "RISK")
    await _close(database, order_id, 7)
    assert await _shown(database, order_id) == ["RISK"]


async def test_holds_of_other_orders_are_left_alone(database: Database) -> None:
    one, two = await taken(database, "SO1"), await taken(database, "SO2")
    await _open(database, one, 1, "RISK")
    await _open(database, two, 1, "RISK")
    await _close(database, one, 1)
    assert await _shown(database, two) == ["RISK"]


async def test_one_need_is_one_task_even_when_noticed_by_many_at_once(database: Database) -> None:
    async def notice(n: int) -> bool:
        async with database.transaction() as tx:
            return await open_task(tx, "O1/address", "address", f"text {n}", order_id="O1", alert=True)

    assert sorted(await asyncio.gather(*(notice(n) for n in range(5)))) == [False] * 4 + [True]
    task = await _task(database)
    assert (task.kind, task.order_id, task.severity, task.closed_at) == ("address", "O1", "alert", None)


async def test_who_did_a_task_first_stays_on_record(database: Database) -> None:
    async with database.transaction() as tx:
        assert await open_task(tx, "K", "credit", "look again later")
        await close_task(tx, "K", "alice")
    first = await _task(database)
    async with database.transaction() as tx:
        await close_task(tx, "K", "bob")
        await close_task(tx, "NONE", "bob")
    second = await _task(database)
    assert (second.closed_by, second.closed_at) == ("alice", first.closed_at)
    assert second.severity == "normal"

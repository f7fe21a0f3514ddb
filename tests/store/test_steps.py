from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import func, select

from domain.golden import Exit, GoldenState, IllegalMove, Trigger
from store.database import Database
from store.holds import open_task
from store.steps import Done, UnknownOrder, run_step
from store.tables import OrderEventRow, OrderRow, TaskRow
from tests.store.samples import index_row, taken

PAID = Done("paid", "the channel says so", Trigger.PAYMENT_CONFIRMED, result={"amount_fen": 4950, "sku": ["MUG"]})


class Work:
    """A step's work that leaves a new trace each time that it runs."""

    def __init__(self, done: Done = PAID, *, fails: Exception | None = None, pause: float = 0) -> None:
        self.done = done
        self.fails = fails
        self.pause = pause
        self.runs = 0

    async def __call__(self, tx: AsyncSession, row: OrderRow) -> Done:
        self.runs += 1
        await open_task(tx, f"trace/{self.runs}", "trace", "", order_id=row.order_id)
        row.courier = "SF"
        await asyncio.sleep(self.pause)
        if self.fails is not None:
            raise self.fails
        return self.done


async def _count(db: Database, table: Any) -> int:
    async with db.transaction() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


async def test_a_step_does_its_work_moves_the_state_and_leaves_an_event(database: Database) -> None:
    order_id = await taken(database)
    assert await run_step(database, order_id, "pay", "workflow", Work()) == {"amount_fen": 4950, "sku": ["MUG"]}
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        assert (row.state, row.courier, row.closed_at) == (GoldenState.PAID, "SF", None)
        event = (await tx.execute(select(OrderEventRow))).scalar_one()
        assert (event.step, event.who, event.what, event.why) == ("pay", "workflow", "paid", "the channel says so")
        assert (event.state_before, event.state_after) == (None, "PAID")


async def test_a_step_runs_once_and_gives_its_result_again(database: Database) -> None:
    order_id = await taken(database)
    work = Work()
    first = await run_step(database, order_id, "pay", "workflow", work)
    assert await run_step(database, order_id, "pay", "workflow", work) == first
    assert work.runs == 1
    assert await _count(database, OrderEventRow) == 1


async def test_failing_work_keeps_nothing_and_may_run_again(database: Database) -> None:
    order_id = await taken(database)
    with pytest.raises(RuntimeError, match="away"):
        await run_step(database, order_id, "pay", "workflow", Work(fails=RuntimeError("away")))
    assert await _count(database, TaskRow) == 0
    async with database.transaction() as tx:
        assert (await index_row(tx, order_id)).courier == ""
    await run_step(database, order_id, "pay", "workflow", Work())
    assert await _count(database, TaskRow) == 1


async def test_an_illegal_move_raises_and_keeps_nothing(database: Database) -> None:
    order_id = await taken(database)
    with pytest.raises(IllegalMove):
        await run_step(database, order_id, "pack", "workflow", Work(Done("x", trigger=Trigger.WAREHOUSE_SCAN_MATCHED)))
    assert await _count(database, TaskRow) == 0
    assert await _count(database, OrderEventRow) == 0
    async with database.transaction() as tx:
        assert (await index_row(tx, order_id)).state is None


async def test_the_same_step_at_the_same_moment_has_one_effect_and_one_answer(database: Database) -> None:
    order_id = await taken(database)
    work = Work(pause=0.1)
    answers = await asyncio.gather(*(run_step(database, order_id, "pay", "workflow", work) for _ in range(3)))
    assert answers == [PAID.result] * 3
    assert await _count(database, TaskRow) == 1
    assert await _count(database, OrderEventRow) == 1


async def test_work_that_refuses_to_be_done_twice_is_not_run_by_the_loser(database: Database) -> None:
    """The loser must hear the winner's answer, not that the work is no longer possible."""
    order_id = await taken(database)

    async def work(_tx: AsyncSession, row: OrderRow) -> Done:
        if row.courier:
            raise RuntimeError("somebody chose a courier already")
        await asyncio.sleep(0.1)
        row.courier = "SF"
        return Done("courier chosen", result={"courier": "SF"})

    answers = await asyncio.gather(*(run_step(database, order_id, "courier", "workflow", work) for _ in range(2)))
    assert answers == [{"courier": "SF"}] * 2


async def test_different_steps_of_one_order_at_the_same_moment_both_count(database: Database) -> None:
    order_id = await taken(database)

    async def add(_tx: AsyncSession, row: OrderRow) -> Done:
        before = row.amount_fen
        await asyncio.sleep(0.05)
        row.amount_fen = before + 1
        return Done("added")

    await asyncio.gather(*(run_step(database, order_id, f"add/{n}", "workflow", add) for n in range(4)))
    async with database.transaction() as tx:
        assert (await index_row(tx, order_id)).amount_fen == 4954


async def test_a_trigger_of_a_state_that_is_passed_changes_nothing(database: Database) -> None:
    order_id = await taken(database)
    for step, trigger in (
        ("1", Trigger.PAYMENT_CONFIRMED),
        ("2", Trigger.REVIEW_CLEAR),
        ("3", Trigger.PAYMENT_CONFIRMED),
    ):
        await run_step(database, order_id, step, "workflow", Work(Done("x", trigger=trigger)))
    async with database.transaction() as tx:
        assert (await index_row(tx, order_id)).state == GoldenState.RISK_PASSED


async def test_an_exit_closes_the_order(database: Database) -> None:
    order_id = await taken(database)
    await run_step(database, order_id, "cancel", "operator", Work(Done("cancelled", exit=Exit.CANCELLED)))
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        assert row.exit == Exit.CANCELLED
        assert row.closed_at is not None


async def test_the_last_state_closes_the_order(database: Database) -> None:
    order_id = await taken(database)
    for trigger in Trigger:
        async with database.transaction() as tx:
            assert (await index_row(tx, order_id)).closed_at is None
        await run_step(database, order_id, trigger, "workflow", Work(Done("x", trigger=trigger)))
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        assert row.state == GoldenState.WARRANTY_ACTIVATED
        assert row.closed_at is not None


async def test_an_unknown_order_is_named(database: Database) -> None:
    with pytest.raises(UnknownOrder, match="own:main:NONE"):
        await run_step(database, "own:main:NONE", "pay", "workflow", Work())

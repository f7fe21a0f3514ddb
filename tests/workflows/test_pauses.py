"""Orders of a slice that is paused wait in sight, and go on by themselves; all others never stop."""

from __future__ import annotations

import uuid
from datetime import timedelta

from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.pauses import Slice
from store import pauses
from store.tables import HoldRow
from tests.store.samples import order as sample_order
from tests.workflows.stage import Stage
from tests.workflows.test_refunds import TWO_LINES
from workflows.contracts import ANOMALY_WORKFLOW, CancelOrder, ReleaseHold, SweepStart


async def _pause(stage: Stage, kind: Slice, name: str, until: timedelta | None = None) -> int:
    now = utc_now()
    async with stage.db.transaction() as tx:
        row = await pauses.begin(tx, kind, name, "破损多", "赵", now=now, until=now + until if until else None)
    assert row is not None
    assert row.n is not None
    return row.n


async def _end(stage: Stage, number: int) -> None:
    async with stage.db.transaction() as tx:
        assert await pauses.end(tx, number, "赵", utc_now())
    await stage.client.execute_workflow(
        ANOMALY_WORKFLOW, SweepStart(), id=f"sweep-{uuid.uuid4()}", task_queue=stage.queue
    )


async def test_a_paused_article_holds_its_orders_until_the_pause_is_ended(stage: Stage) -> None:
    number = await _pause(stage, Slice.SKU, "MUG")
    order = await stage.start()
    await order.held(HoldReason.PAUSED)
    assert "MUG" in (await order.hold(HoldReason.PAUSED)).detail
    assert not (await order.row()).in_flight
    await stage.receive("CUP", 1)
    line = sample_order().lines[0].model_copy(update={"sku": "CUP"})
    other = await stage.start(lines=(line,))
    await other.instructed()  # whoever has nothing to do with it goes on
    assert await other.rows(HoldRow) == []
    await _end(stage, number)
    await order.reaches(GoldenState.STOCK_LOCKED)
    await order.held()
    assert [hold.how for hold in await order.rows(HoldRow)] == ["RETRY"]


async def test_a_paused_warehouse_is_instructed_when_the_pause_is_ended(stage: Stage) -> None:
    number = await _pause(stage, Slice.WAREHOUSE, "WH01")
    order = await stage.start()
    await order.held(HoldReason.PAUSED)
    assert (await order.row()).state == "STOCK_LOCKED"
    assert await order.deliveries() == []
    await _end(stage, number)
    await order.instructed()
    await order.held()
    await order.packed()
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_a_person_may_let_one_order_through_and_another_be_cancelled(stage: Stage) -> None:
    await _pause(stage, Slice.WAREHOUSE, "WH01")
    through, off = await stage.start(), await stage.start()
    for order in (through, off):
        await order.held(HoldReason.PAUSED)
    assert (await through.ask("release_hold", ReleaseHold("PAUSED", "赵", "已检查"))).done
    await through.instructed()
    assert (await off.ask("cancel", CancelOrder("不要了", "buyer"))).done
    assert (await off.end()).exit == "CANCELLED"
    await off.held()


async def test_a_pause_that_ends_by_itself_lets_its_orders_go_on(stage: Stage) -> None:
    await _pause(stage, Slice.SKU, "MUG", timedelta(seconds=1))
    order = await stage.start()
    await order.pass_time(seconds=5)
    await order.reaches(GoldenState.STOCK_LOCKED)
    await order.held()


async def test_a_paused_warehouse_stops_its_own_part_of_an_order_only(stage: Stage) -> None:
    await stage.opens("WH02")
    await stage.receive("PLATE", 5, "WH02")
    number = await _pause(stage, Slice.WAREHOUSE, "WH02")
    order = await stage.start(**TWO_LINES)
    await order.held(HoldReason.PAUSED)
    assert "WH02" in (await order.hold(HoldReason.PAUSED)).detail
    await order.packed_at("WH01")
    await order.channel_knows(1)
    await _end(stage, number)
    await order.packed_at("WH02")
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.held()


async def test_a_paused_courier_is_passed_over_by_the_plan_and_without_any_a_person_gives_the_number(
    stage: Stage,
) -> None:
    await _pause(stage, Slice.COURIER, "sf")
    order = await stage.start()
    await order.packed()
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert (await order.row()).courier.startswith("cainiao:")
    assert not stage.town.sf.calls
    number = await _pause(stage, Slice.COURIER, "cainiao")
    stuck = await stage.start()
    await stuck.packed()
    await stuck.held(HoldReason.WAYBILL_BY_PERSON)
    assert "破损多" in (await stuck.hold(HoldReason.WAYBILL_BY_PERSON)).detail
    await _end(stage, number)
    await stuck.handle.signal("ask_couriers_again")
    await stuck.reaches(GoldenState.WAYBILL_RETURNED)
    await stuck.held()

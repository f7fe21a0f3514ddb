"""Goods that are on their way in: only the part that waits for them waits, with its day in sight, and goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from domain.clock import format_beijing, utc_now
from domain.golden import GoldenState
from domain.holds import POLICIES, HoldReason
from domain.order import Amounts
from store import stock
from store.tables import ReservationRow, StageDeadlineRow
from tests.workflows.goods import mugs
from tests.workflows.stage import Living, Stage, until
from tests.workflows.test_refunds import PLATE, TWO_LINES
from workflows.contracts import CancelOrder, OrderEnd, ReleaseHold


def _in(days: int) -> datetime:
    return utc_now() + timedelta(days=days)


async def _waiting(stage: Stage, days: int = 5) -> Living:
    """A mug is here, plates are on their way to the same warehouse."""
    await stage.expects("PO1", "PLATE", 5, _in(days))
    order = await stage.start(**TWO_LINES)
    await order.held(HoldReason.BACKORDER)
    return order


async def test_what_is_here_goes_and_what_is_not_waits_with_its_day(stage: Stage) -> None:
    order = await _waiting(stage)
    assert (await order.row()).state == "STOCK_LOCKED"
    first, second = await order.consignments()
    assert (first.status, second.status) == ("ready", "waiting")
    hold = await order.hold(HoldReason.BACKORDER)
    assert second.waits_until is not None
    assert hold.detail == f"2 号发货单（WH01）：缺货，等待在途采购，预计 {format_beijing(second.waits_until)[:10]} 可发"
    assert hold.deadline == second.waits_until + POLICIES[HoldReason.BACKORDER].deadline

    await order.packed({"MUG": 1})
    await order.channel_knows(1)
    assert {row.sku: row.status for row in await order.rows(ReservationRow)} == {"MUG": "shipped", "PLATE": "awaiting"}

    await stage.comes("PO1", PLATE=5)
    assert await stage.wakes() == 1
    assert await stage.wakes() == 0
    await order.packed({"PLATE": 1}, n=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert not (await order.row()).holds
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_the_temporal_ui_finds_late_orders_and_no_clock_runs_while_goods_are_to_come(stage: Stage) -> None:
    async def late_at(order: Living, at: datetime) -> bool:
        moment = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        query = f"WorkflowId = '{order.id}' AND OrderDeadline < '{moment}' AND ExecutionStatus = 'Running'"
        return (await stage.client.count_workflows(query)).count == 1

    plain, waits = await stage.start(), await _waiting(stage)
    await plain.instructed()
    stages = {row.stage: row.due_at for row in await plain.rows(StageDeadlineRow) if row.due_at is not None}
    hold = await waits.hold(HoldReason.BACKORDER)
    for order, due in ((plain, min(stages["PACK"], stages["SHIP"])), (waits, hold.deadline)):
        await until(partial(late_at, order, due + timedelta(seconds=2)), f"{order.id} to be late")
        assert not await late_at(order, due - timedelta(seconds=2))
    assert hold.deadline > utc_now() + timedelta(days=5), "a stage would be due long before"


async def test_a_whole_order_may_wait_and_no_warehouse_hears_of_it_before(stage: Stage) -> None:
    await stage.expects("PO1", "MUG", 20, _in(3))
    order = await stage.start(**mugs(12))
    await order.held(HoldReason.BACKORDER)
    await order.rests()
    assert not stage.town.warehouse.orders
    await stage.comes("PO1", MUG=20)
    # Nobody told the order: it looks by itself.
    await order.pass_time(hours=7)
    await order.packed({"MUG": 12})
    await order.reaches(GoldenState.PACKED)


async def test_a_person_need_not_wait_and_cannot_make_goods(stage: Stage) -> None:
    order = await _waiting(stage)
    assert (await order.ask("release_hold", ReleaseHold("BACKORDER", "赵", "看看到了没有"))).done
    await order.step("hold.opened", times=2)
    assert (await order.hold(HoldReason.BACKORDER)).n == 2
    await stage.comes("PO1", PLATE=1)
    assert (await order.ask("release_hold", ReleaseHold("BACKORDER", "赵", "到了"))).done
    await order.instructed(2)
    await order.held()


async def test_a_day_after_the_promise_procurement_is_alerted(stage: Stage) -> None:
    order = await _waiting(stage, days=1)
    # A promise is a day, and begins at its midnight: tomorrow's is 0 to 24 hours away.
    await order.pass_time(hours=23)
    assert "hold_overdue" not in await order.tasks()
    await order.pass_time(hours=26)
    await order.task("hold_overdue")
    assert POLICIES[HoldReason.BACKORDER].who == "role.procurement"


async def test_cancelling_gives_the_promised_goods_to_others(stage: Stage) -> None:
    order = await _waiting(stage)
    await order.instructed()
    assert (await order.ask("cancel", CancelOrder("等不及", "buyer"))).done
    assert (await order.end()).exit == "CANCELLED"
    async with stage.db.transaction() as tx:
        there = await stock.snapshot(tx, ["MUG", "PLATE"])
    assert ([one.available for one in there.on_hand], [one.free for one in there.incoming]) == ([10], [5])
    assert not (await order.row()).holds


async def test_what_was_called_off_is_taken_from_elsewhere(stage: Stage) -> None:
    order = await _waiting(stage)
    async with stage.db.transaction() as tx:
        assert await stock.call_off(tx, "PO1", "PLATE", "test") == (order.id,)
    assert await stage.wakes() == 1
    await order.rests()
    assert (await order.row()).holds == ["BACKORDER"]
    await stage.expects("PO2", "PLATE", 3, _in(9))
    await order.pass_time(hours=7)
    await order.step("stock.locked_again")
    await stage.comes("PO2", PLATE=3)
    assert await stage.wakes() == 1
    await order.instructed(2)
    await order.held()


async def test_of_one_article_what_is_here_and_what_comes_are_kept_apart(stage: Stage) -> None:
    more = PLATE.model_copy(update={"sku": "MUG", "quantity": 10, "amount_fen": 49500})
    await stage.expects("PO1", "MUG", 20, _in(2))
    lines = (TWO_LINES["lines"][0], more)
    order = await stage.start(lines=lines, amounts=Amounts(goods_fen=54450, paid_fen=54450))
    await order.held(HoldReason.BACKORDER)
    await order.packed({"MUG": 1})
    await order.channel_knows(1)
    await stage.comes("PO1", MUG=20)
    await stage.wakes()
    await order.packed({"MUG": 10}, n=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    left = [row.quantity for row in await order.rows(ReservationRow) if row.status == "shipped"]
    assert sum(left) == 11

from __future__ import annotations

from domain.golden import GoldenState
from domain.holds import HoldReason
from store.tables import ReservationRow
from tests.workflows.goods import mugs
from tests.workflows.stage import Stage, until
from workflows.contracts import CancelOrder, ReleaseHold


async def test_short_stock_is_asked_for_again_after_restocking(stage: Stage) -> None:
    order = await stage.start(**mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    assert "MUG × 2" in (await order.hold(HoldReason.STOCK_SHORT)).detail
    assert not await order.rows(ReservationRow)
    assert not (await order.row()).in_flight
    # Still short at the next try.
    await order.pass_time(minutes=11)
    assert (await order.row()).state == "RISK_PASSED"
    await stage.receive("MUG", 2)
    await order.pass_time(minutes=11)
    await order.reaches(GoldenState.STOCK_LOCKED)
    await order.held()
    await order.instructed()


async def test_an_operator_need_not_wait_for_the_next_try(stage: Stage) -> None:
    order = await stage.start(**mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    await stage.receive("MUG", 2)
    assert (await order.ask("release_hold", ReleaseHold("STOCK_SHORT", "赵", "到货了"))).done
    await order.reaches(GoldenState.STOCK_LOCKED)


async def test_goods_that_come_wake_the_order_at_once(stage: Stage) -> None:
    order = await stage.start(**mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    assert await stage.wakes_short() == 0
    await stage.receive("MUG", 1)
    assert await stage.wakes_short() == 0, "one is not enough"
    await stage.receive("MUG", 1)
    assert await stage.wakes_short() == 1
    await order.reaches(GoldenState.STOCK_LOCKED)
    await order.held()
    assert await stage.wakes_short() == 0


async def test_a_release_without_stock_opens_a_new_hold(stage: Stage) -> None:
    order = await stage.start(**mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    assert (await order.ask("release_hold", ReleaseHold("STOCK_SHORT", "赵", "再试试"))).done
    await order.step("hold.opened", times=2)
    assert (await order.hold(HoldReason.STOCK_SHORT)).n == 2


async def test_an_order_without_stock_can_be_cancelled(stage: Stage) -> None:
    order = await stage.start(**mugs(12))
    await order.held(HoldReason.STOCK_SHORT)
    assert (await order.ask("cancel", CancelOrder("等不及", "buyer"))).done
    assert (await order.end()).exit == "CANCELLED"
    assert not (await order.row()).holds


async def test_of_orders_that_want_the_last_goods_exactly_those_get_them_that_fit(stage: Stage) -> None:
    orders = [await stage.start(**mugs(4)) for _ in range(3)]

    async def all_tried() -> bool:
        rows = [await order.row() for order in orders]
        return all(row.state == "STOCK_LOCKED" or row.holds == ["STOCK_SHORT"] for row in rows)

    await until(all_tried, "each has locked its stock or is held")
    assert sorted([str((await order.row()).state) for order in orders]) == [
        "RISK_PASSED",
        "STOCK_LOCKED",
        "STOCK_LOCKED",
    ]

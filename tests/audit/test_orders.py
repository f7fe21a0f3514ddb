"""Lost orders, wrong ends, and states out of order."""

from __future__ import annotations

import pytest
from sqlmodel import col, delete, select

from domain.golden import Trigger
from store.tables import (
    OrderEventRow,
    OrderRow,
)
from tests.audit.clean import CANCELLED, CLEAR, DOUYIN, REFUSED
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World
from tests.store.samples import order

PLANTED = Planted()


@PLANTED.damage("orders_arrived", "own:main:LOST", "missing in the store")
async def a_missing_order(world: World) -> None:
    world.books["own"]["orders"].append({**world.entry("own", "orders", order_no="CLEAR"), "order_no": "LOST"})


@PLANTED.damage("orders_arrived", CLEAR.order_id, "never started")
async def an_order_that_was_never_started(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == CLEAR.order_id, started_at=None)


@PLANTED.damage("orders_arrived", CLEAR.order_id, "at its channel at version 2")
async def a_version_that_was_missed(world: World) -> None:
    world.entry("own", "orders", order_no="CLEAR")["version"] = 2


@PLANTED.damage("orders_arrived", DOUYIN.order_id, "cancelled at its channel")
async def a_cancellation_that_was_missed(world: World) -> None:
    world.entry("douyin", "orders", order_no=DOUYIN.channel_order_no)["status"] = "cancelled"


@PLANTED.damage("orders_arrived", DOUYIN.order_id, "receiver is not the one")
async def a_receiver_that_was_missed(world: World) -> None:
    world.entry("douyin", "orders", order_no=DOUYIN.channel_order_no)["receiver_digest"] = "0" * 16


@PLANTED.damage("orders_arrived", CLEAR.order_id, "requirements of its channel are lost: COLD_CHAIN")
async def a_requirement_lost_at_the_door(world: World) -> None:
    world.entry("own", "orders", order_no="CLEAR")["requirements"] = ["COLD_CHAIN"]


@PLANTED.damage("orders_ended", "own:main:OPEN", "still open: RISK_PASSED")
async def an_order_that_stopped_half_way(world: World) -> None:
    await world.place(order("OPEN"))
    await world.step(order("OPEN"), "pass_review", Trigger.REVIEW_CLEAR)


@PLANTED.damage("orders_ended", CLEAR.order_id, "never closed")
async def an_end_without_a_closing_time(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == CLEAR.order_id, closed_at=None)


@PLANTED.damage("orders_ended", CANCELLED.order_id, "neither its channel nor its buyer nor a person")
async def a_cancellation_that_nobody_asked_for(world: World) -> None:
    world.entry("own", "orders", order_no="CANCELLED")["cancel_asked"] = False


@PLANTED.damage("golden_sequence", CLEAR.order_id, "from RISK_PASSED to STOCK_LOCKED, but the order was at PAID")
async def a_state_that_was_skipped(world: World) -> None:
    async with world.db.transaction() as tx:
        event = OrderEventRow
        await tx.execute(delete(event).where(col(event.order_id) == CLEAR.order_id, col(event.step) == "pass_review"))


@PLANTED.damage("golden_sequence", CLEAR.order_id, "from PAID to STOCK_LOCKED")
async def a_step_over_two_states(world: World) -> None:
    event = OrderEventRow
    of_step = col(event.step) == "reserve_stock"
    await a_state_that_was_skipped(world)
    await change(world, event, (col(event.order_id) == CLEAR.order_id) & of_step, state_before="PAID")


@PLANTED.damage("golden_sequence", CLEAR.order_id, "from WARRANTY_ACTIVATED to PAID")
async def a_step_back(world: World) -> None:
    async with world.db.transaction() as tx:
        [last] = (
            await tx.execute(
                select(OrderEventRow).where(
                    OrderEventRow.order_id == CLEAR.order_id, OrderEventRow.step == "activate_warranty"
                )
            )
        ).scalars()
        again = {"order_id": CLEAR.order_id, "at": last.at, "who": "somebody", "what": "again", "step": "again"}
        tx.add(OrderEventRow(**again, state_before="WARRANTY_ACTIVATED", state_after="PAID"))


@PLANTED.damage("golden_sequence", REFUSED.order_id, "its events end at WAYBILL_RETURNED, its index row says SIGNED")
async def an_index_row_that_ran_ahead(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == REFUSED.order_id, state="SIGNED")


@PLANTED.damage("golden_sequence", CLEAR.order_id, "from PAID to NOWHERE")
async def a_state_that_does_not_exist(world: World) -> None:
    event = OrderEventRow
    which = (col(event.order_id) == CLEAR.order_id) & (col(event.step) == "pass_review")
    await change(world, event, which, state_after="NOWHERE")


@PLANTED.damage(
    "golden_sequence orders_ended told_once cancelled_undone", CLEAR.order_id, "cancelled after it was packed, at WARR"
)
async def a_cancellation_after_the_end(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == CLEAR.order_id, exit="CANCELLED")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)

"""An order that an old system works on: its channel ships it, and nothing of it is ours."""

from __future__ import annotations

import pytest
from sqlmodel import col

from audit.run import run_audit
from domain.clock import utc_now
from domain.shadow import ShownParcel, Slice, Would
from domain.shipping import Carrier
from store import shadows, stock
from store.shadows import Decision
from store.tables import OrderRow, ShadowOrderRow, TaskRow
from tests.audit.clean import WITH_GIFT
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import WAREHOUSE, World
from tests.store.samples import order

PLANTED = Planted()
OLD = order("OLD", placed_at=utc_now(), **WITH_GIFT)


async def in_shadow(world: World) -> None:
    """OLD is decided, and shipped by the old system, whose number its channel has."""
    async with world.db.transaction() as tx:
        await shadows.switch(tx, Slice("own"), True, "wei", "trial", WAREHOUSE)
    await world.place(OLD, started=False)
    async with world.db.transaction() as tx:
        await shadows.keep_decision(tx, OLD.order_id, 1, Decision(Would.SHIP))
        await shadows.shown(tx, OLD.order_id, [ShownParcel("SF-OLD", Carrier.SF)])
    shipment = {"order_no": "OLD", "parcel_no": "1", "carrier": "SF", "number": "SF-OLD", "lines": [], "times": 1}
    world.books["own"]["shipments"].append(shipment)


async def test_an_order_of_an_old_system_is_neither_lost_nor_open(world: World, serve: Serve) -> None:
    await in_shadow(world)
    report = await run_audit(world.db, serve(world.books))
    assert list(report.findings()) == []
    assert [check.looked_at for check in report.checks if check.name == "shadow_silent"] == [1]


@PLANTED.damage("shadow_silent", OLD.order_id, "never decided")
async def an_order_that_nobody_decided(world: World) -> None:
    await in_shadow(world)
    await change(world, ShadowOrderRow, col(ShadowOrderRow.order_id) == OLD.order_id, decided_revision=0)


@PLANTED.damage("shadow_silent", OLD.order_id, "its workflow was started")
async def an_order_that_is_both(world: World) -> None:
    await in_shadow(world)
    await change(world, OrderRow, col(OrderRow.order_id) == OLD.order_id, started_at=utc_now())


@PLANTED.damage("shadow_silent", OLD.order_id, "has a row in tasks")
async def a_person_who_was_asked(world: World) -> None:
    await in_shadow(world)
    async with world.db.transaction() as tx:
        key = f"{OLD.order_id}/look"
        tx.add(TaskRow(key=key, kind="look", text="look", order_id=OLD.order_id, opened_at=utc_now()))


@PLANTED.damage("shadow_silent", OLD.order_id, "has locked stock")
async def goods_that_were_locked(world: World) -> None:
    await in_shadow(world)
    async with world.db.transaction() as tx:
        await stock.receive(tx, "MUG", WAREHOUSE, 5, stock.Movement("receive/OLD", "receive", "test"))
        await stock.reserve(tx, OLD.order_id, {"MUG": 1}, WAREHOUSE, "orderhub")


@PLANTED.damage("shadow_silent one_live_waybill", OLD.order_id, "its channel was told of a number of ours: SF-OLD")
async def a_number_that_we_got(world: World) -> None:
    await in_shadow(world)
    world.books["sf"]["waybills"].append({"key": "OLD", "number": "SF-OLD", "live": True, "remark": ""})


@PLANTED.damage("shadow_silent warehouse_once", OLD.order_id, "a warehouse was told of it")
async def an_instruction_that_was_sent(world: World) -> None:
    await in_shadow(world)
    told = {**world.books["qimen"]["deliveries"][0], "order_no": "OLD", "code": "OLD-1"}
    world.books["qimen"]["deliveries"].append(told)


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)

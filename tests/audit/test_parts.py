"""An order that two warehouses deliver: each part once, by its warehouse, and together the order."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlmodel import col

from audit.run import run_audit
from domain.clock import utc_now
from domain.ids import parcel_id
from store.tables import ConsignmentRow, DeliveryRow, ParcelRow
from tests.audit.clean import TWO_PARCELS
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import WAREHOUSE, World, delivery_code

OID = TWO_PARCELS.order_id
PLANTED = Planted()


async def _in_parts(world: World) -> None:
    """The order of the mugs and the lamp, as if each had had an instruction of its own."""
    parts = {1: ("MUG", 2), 2: ("LAMP", 1)}
    first = world.entry("qimen", "deliveries", code=delivery_code(TWO_PARCELS))
    async with world.db.transaction() as tx:
        for n, (sku, quantity) in parts.items():
            lines = [{"line_no": str(n), "sku": sku, "quantity": quantity}]
            row = ConsignmentRow(order_id=OID, n=n, warehouse=WAREHOUSE, lines=lines, status="packed", at=utc_now())
            tx.add(row)
            box = update(ParcelRow).where(col(ParcelRow.parcel_id) == parcel_id(OID, n))
            await tx.execute(box.values(consignment=n))
        delivery = update(DeliveryRow).where(col(DeliveryRow.code) == delivery_code(TWO_PARCELS))
        await tx.execute(delivery.values(consignment=1, warehouse=WAREHOUSE))
    first["lines"] = [{"sku": "MUG", "quantity": 2}]
    await _instruct(world, 2, 2)


async def _instruct(world: World, n: int, part: int) -> None:
    """One more instruction, for the lamp."""
    code = delivery_code(TWO_PARCELS, n)
    async with world.db.transaction() as tx:
        row = DeliveryRow(code=code, order_id=OID, n=n, revision=1, status="packed", at=utc_now())
        row.consignment, row.warehouse = part, WAREHOUSE
        tx.add(row)
    first = world.entry("qimen", "deliveries", code=delivery_code(TWO_PARCELS))
    world.books["qimen"]["deliveries"].append({**first, "code": code, "lines": [{"sku": "LAMP", "quantity": 1}]})


def _second(world: World) -> dict[str, object]:
    return world.entry("qimen", "deliveries", code=delivery_code(TWO_PARCELS, 2))


async def test_an_order_in_parts_is_clean(world: World, serve: Serve) -> None:
    await _in_parts(world)
    assert [*(await run_audit(world.db, serve(world.books))).findings()] == []


@PLANTED.damage("warehouse_once", OID, "2 delivery orders that count")
async def a_part_that_is_delivered_twice(world: World) -> None:
    await _instruct(world, 3, 2)


@PLANTED.damage("warehouse_once", OID, "3 delivery orders that count")
async def a_part_beside_the_whole(world: World) -> None:
    await _instruct(world, 3, 0)


@PLANTED.damage("warehouse_once", OID, "is in ELSEWHERE, but consignment 2 comes from WH1")
async def a_part_from_another_warehouse(world: World) -> None:
    _second(world)["warehouse"] = "ELSEWHERE"


@PLANTED.damage("warehouse_once", OID, "differs from the consignment 2: missing 1 x LAMP, extra 1 x MUG")
async def a_part_with_the_goods_of_another(world: World) -> None:
    _second(world)["lines"] = [{"sku": "MUG", "quantity": 1}]


@PLANTED.damage("parcels_complete", OID, "consignment 2 is 1 x LAMP, but nothing lie in its parcels")
async def a_parcel_of_nobody(world: World) -> None:
    await change(world, ParcelRow, col(ParcelRow.parcel_id) == parcel_id(OID, 2), consignment=9)


@PLANTED.damage("parcels_complete", OID, "its parcels hold 2 x MUG, but 1 x LAMP, 2 x MUG were to be delivered")
async def a_box_that_is_empty(world: World) -> None:
    await change(world, ParcelRow, col(ParcelRow.parcel_id) == parcel_id(OID, 2), items=[])


@PLANTED.damage("warehouse_once parcels_complete stock_conserved", OID, "consignment 2 is off, but 1 x LAMP lie in")
async def a_part_that_was_given_up_and_left(world: World) -> None:
    part = (col(ConsignmentRow.order_id) == OID) & (col(ConsignmentRow.n) == 2)
    await change(world, ConsignmentRow, part, status="off")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await _in_parts(world)
    await assert_found(world, serve, planted)

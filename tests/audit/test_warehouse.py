"""Instructions that are doubled, wrong, or without what was demanded."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col

from domain.ids import parcel_id
from store.tables import (
    DeliveryRow,
)
from tests.audit.clean import CLEAR, COLD, MOVED
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World, delivery_code

PLANTED = Planted()


def at_warehouse(world: World, code: str) -> dict[str, Any]:
    return world.entry("qimen", "deliveries", code=code)


@PLANTED.damage("warehouse_once", MOVED.order_id, "2 delivery orders that count")
async def an_instruction_that_was_never_cancelled(world: World) -> None:
    at_warehouse(world, delivery_code(MOVED, 1))["status"] = "ACCEPTED"


@PLANTED.damage("warehouse_once", CLEAR.order_id, "missing 1 x TOTE, extra nothing")
async def a_forgotten_gift(world: World) -> None:
    at_warehouse(world, delivery_code(CLEAR))["lines"].pop()


@PLANTED.damage("warehouse_once", MOVED.order_id, "another receiver than revision 2")
async def a_parcel_to_the_old_address(world: World) -> None:
    old = at_warehouse(world, delivery_code(MOVED, 1))["receiver_digest"]
    at_warehouse(world, delivery_code(MOVED, 2))["receiver_digest"] = old


@PLANTED.damage("warehouse_once", COLD.order_id, "has delivery type PTPS, but the order is cold chain")
async def a_cold_chain_that_broke(world: World) -> None:
    at_warehouse(world, delivery_code(COLD))["delivery_type"] = "PTPS"


@PLANTED.damage("warehouse_once", CLEAR.order_id, "has delivery type LLPS, but the order is not cold chain")
async def ice_for_a_mug(world: World) -> None:
    at_warehouse(world, delivery_code(CLEAR))["delivery_type"] = "LLPS"


@PLANTED.damage("warehouse_once", COLD.order_id, "does not say FRAGILE (易碎)")
async def a_remark_that_was_dropped(world: World) -> None:
    at_warehouse(world, delivery_code(COLD))["remark"] = ""


@PLANTED.damage(
    "warehouse_once", parcel_id(COLD.order_id, 1), "waybill SF1000000000002 of sf does not say COLD_CHAIN (冷链)"
)
async def a_waybill_without_the_words(world: World) -> None:
    world.entry("sf", "waybills", number="SF1000000000002")["remark"] = "易碎"


@PLANTED.damage("warehouse_once", CLEAR.order_id, "names order OTHER")
async def an_instruction_in_another_name(world: World) -> None:
    at_warehouse(world, delivery_code(CLEAR))["order_no"] = "OTHER"


@PLANTED.damage("warehouse_once", "nobodys-code", "of which the store knows nothing")
async def an_instruction_of_nobody(world: World) -> None:
    entry = {**at_warehouse(world, delivery_code(CLEAR)), "code": "nobodys-code"}
    world.books["qimen"]["deliveries"].append(entry)


@PLANTED.damage("warehouse_once", CLEAR.order_id, "a revision of the order that the store does not have")
async def an_instruction_of_no_revision(world: World) -> None:
    await change(world, DeliveryRow, col(DeliveryRow.code) == delivery_code(CLEAR), revision=9)


@PLANTED.damage("warehouse_once", CLEAR.order_id, "packed, with 0 packed delivery orders in the store, of 1 parts")
async def a_scan_without_an_instruction(world: World) -> None:
    code = delivery_code(CLEAR)
    world.books["qimen"]["deliveries"].remove(at_warehouse(world, code))
    await change(world, DeliveryRow, col(DeliveryRow.code) == code, status="cancelled")


@PLANTED.damage("warehouse_once", CLEAR.order_id, "is HELD, but packed in the store")
async def a_box_that_is_still_on_the_shelf(world: World) -> None:
    at_warehouse(world, delivery_code(CLEAR))["status"] = "HELD"


@PLANTED.damage("warehouse_once", CLEAR.order_id, "the warehouse does not have it")
async def a_box_that_the_warehouse_never_saw(world: World) -> None:
    world.books["qimen"]["deliveries"].remove(at_warehouse(world, delivery_code(CLEAR)))


@PLANTED.damage("warehouse_once", CLEAR.order_id, "is PACKED, but pushed in the store")
async def a_scan_that_was_not_kept(world: World) -> None:
    await change(world, DeliveryRow, col(DeliveryRow.code) == delivery_code(CLEAR), status="pushed")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)

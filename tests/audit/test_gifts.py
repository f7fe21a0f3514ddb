"""Gifts that were promised and did not come."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from store.tables import GiftRow, ParcelRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found
from tests.audit.world import World, delivery_code

PLANTED = Planted()


async def set_gift(world: World, **values: str) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(update(GiftRow).values(**values))


@PLANTED.damage("gifts_given", CLEAR.order_id, "gift TOTE of line 2 was not given")
async def a_gift_that_is_still_promised(world: World) -> None:
    await set_gift(world, status="pending")


@PLANTED.damage("gifts_given", CLEAR.order_id, "gift TOTE of line 2 was not given")
async def a_gift_that_is_sent_after_and_never_left(world: World) -> None:
    await set_gift(world, status="pending", sent_after="own:main:CLEAR-G1")


@PLANTED.damage("gifts_given parcels_complete", CLEAR.order_id, "gift TOTE of line 2 counts as given, but was in none")
async def a_box_without_the_gift(world: World) -> None:
    async with world.db.transaction() as tx:
        box = update(ParcelRow).where(col(ParcelRow.order_id) == CLEAR.order_id)
        await tx.execute(box.values(items=[{"sku": "MUG", "quantity": 2, "line_no": "1"}]))


@PLANTED.damage("gifts_given", CLEAR.order_id, "gift TOTE of line 2 counts as given, but was in none of its parcels")
async def a_gift_that_was_scanned_and_forgotten(world: World) -> None:
    entry = world.entry("qimen", "deliveries", code=delivery_code(CLEAR))
    entry["left_out"] = [{"sku": "TOTE", "quantity": 1}]


@PLANTED.damage("gifts_given", CLEAR.order_id, "gift TOTE of line 2 is not kept as one")
async def a_gift_that_nobody_keeps(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(delete(GiftRow))


@PLANTED.damage("gifts_given", CLEAR.order_id, "gift TOTE of line 2 is lost")
async def a_gift_in_no_state(world: World) -> None:
    await set_gift(world, status="lost")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)

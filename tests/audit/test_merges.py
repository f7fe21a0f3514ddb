"""Two orders that were packed as one parcel: one instruction, one number, and each channel order told of it once."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.run import run_audit
from domain.clock import utc_now
from domain.golden import Trigger
from domain.ids import parcel_id
from store import stock
from store.steps import Done
from store.tables import MergeMemberRow, MergeRow, OrderRow, ParcelRow, WaybillRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import World, delivery_code
from tests.store.samples import order

WITH = order("WITH")
PLANTED = Planted()
CODE, BOX = delivery_code(CLEAR), f"{delivery_code(CLEAR)}/1"
NUMBER = "SF1000000000001"
COPY = "copy-of-the-number"


async def _merged(world: World) -> None:
    """One more order, packed in the box of the one with a gift."""
    await world.place(WITH)
    await world.lock(WITH)
    async with world.db.transaction() as tx:
        merge = MergeRow(mark="m", group_name="open", warehouse="WH1", leader=CLEAR.order_id, state="packed", rule="r")
        merge.joinable, merge.opened_at = False, utc_now()
        tx.add(merge)
        await tx.flush()
        for n, placed in enumerate((CLEAR, WITH), start=1):
            member = MergeMemberRow(
                order_id=placed.order_id, merge_no=merge.number or 0, n=n, revision=1, state="packed", code=CODE
            )
            member.joined_at = member.changed_at = utc_now()
            tx.add(member)
        own = update(ParcelRow).where(col(ParcelRow.parcel_id) == parcel_id(CLEAR.order_id, 1))
        await tx.execute(own.values(box=BOX, asks=True))

    async def packed(tx: AsyncSession, row: OrderRow) -> Done:
        await stock.ship(tx, row.order_id, "warehouse")
        items = [{"sku": "MUG", "quantity": 1, "line_no": "1"}]
        box = ParcelRow(
            parcel_id=parcel_id(row.order_id, 1),
            order_id=row.order_id,
            n=1,
            package_code="B",
            items=items,
            status="packed",
        )
        box.box = BOX
        tx.add(box)
        bill = WaybillRow(
            key=COPY,
            parcel_id=box.parcel_id,
            order_id=row.order_id,
            provider="sf",
            carrier="SF",
            attempt=0,
            status="live",
        )
        bill.status, bill.number, bill.of_parcel = "live", NUMBER, parcel_id(CLEAR.order_id, 1)
        bill.asked_at = bill.updated_at = utc_now()
        tx.add(bill)
        return Done("warehouse.packed", trigger=Trigger.WAREHOUSE_SCAN_MATCHED)

    await world.step(WITH, "report/1", work=packed)
    lines = Counter({line["sku"]: line["quantity"] for line in _instruction(world)["lines"]})
    lines["MUG"] += 1
    _instruction(world)["lines"] = [{"sku": sku, "quantity": count} for sku, count in lines.items()]
    await world.tell(WITH, NUMBER)
    await world.deliver(WITH)


def _instruction(world: World) -> dict[str, list[dict[str, object]]]:
    return world.entry("qimen", "deliveries", code=CODE)


async def test_orders_packed_together_are_clean(world: World, serve: Serve) -> None:
    await _merged(world)
    report = await run_audit(world.db, serve(world.books))
    assert [*report.findings()] == []
    assert {check.name: check.looked_at for check in report.checks}["merges_kept"] == 1


@PLANTED.damage("merges_kept told_once", BOX, "2 numbers for one box")
async def a_second_number_for_a_box(world: World) -> None:
    await change(world, WaybillRow, col(WaybillRow.key) == COPY, number="SF1")


@PLANTED.damage("merges_kept ciphertext_kept", "merge 1", "has a receiver that its platform keeps encrypted")
async def an_encrypted_order_in_a_merge(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == WITH.order_id, encrypted=True)


@PLANTED.damage("merges_kept warehouse_once", "merge 1", "packed by 2 instructions")
async def members_of_two_instructions(world: World) -> None:
    await change(world, MergeMemberRow, col(MergeMemberRow.order_id) == WITH.order_id, code="OTHER")


@PLANTED.damage("merges_kept warehouse_once", "merge 1", "is joined, and nobody packs it")
async def a_member_that_waits_for_ever(world: World) -> None:
    await change(world, MergeMemberRow, col(MergeMemberRow.order_id) == WITH.order_id, state="joined")


@PLANTED.damage("merges_kept", parcel_id(WITH.order_id, 1), "which lies in another box")
async def the_number_of_another_box(world: World) -> None:
    await change(world, ParcelRow, col(ParcelRow.order_id) == WITH.order_id, box="")


@PLANTED.damage("warehouse_once", CLEAR.order_id, "differs from the 2 orders: missing 1 x MUG")
async def an_instruction_without_the_other_orders_goods(world: World) -> None:
    for line in _instruction(world)["lines"]:
        line["quantity"] = 2 if line["sku"] == "MUG" else line["quantity"]


@PLANTED.damage("told_once", WITH.order_id, "was not told of")
async def a_channel_that_was_not_told_of_the_second_order(world: World) -> None:
    world.books["own"]["shipments"] = [e for e in world.books["own"]["shipments"] if e["order_no"] != "WITH"]


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await _merged(world)
    await assert_found(world, serve, planted)

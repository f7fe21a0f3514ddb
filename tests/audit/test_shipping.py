"""Second waybills, and channels that were told wrong."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, delete

from audit.run import run_audit
from domain.ids import parcel_id
from domain.order import Channel
from store import stock
from store.steps import Done
from store.tables import (
    OrderRow,
    ParcelRow,
)
from tests.audit.clean import BY_HAND, CANCELLED, CIPHER, CLEAR, DOUYIN, TWO_KINDS, TWO_PARCELS
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import WAREHOUSE, World, waybill_key
from tests.store.samples import order

PLANTED = Planted()


@PLANTED.damage(
    "one_live_waybill", parcel_id(TWO_PARCELS.order_id, 2), "SF1000000000004 (sf); SF2000000000002 (store, cainiao)"
)
async def a_second_live_waybill(world: World) -> None:
    """What SF had made was never voided."""
    world.entry("sf", "waybills", number="SF1000000000004")["live"] = True


@PLANTED.damage("one_live_waybill", parcel_id(CLEAR.order_id, 1), "a second live waybill")
async def a_second_live_waybill_in_the_store(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(text("DROP INDEX one_live_waybill"))
    await world.waybill(CLEAR, "manual", "SF1000000000099")


@PLANTED.damage("one_live_waybill", "nobodys-key", "of which the store knows nothing")
async def a_waybill_of_nobody(world: World) -> None:
    entry = {**world.entry("sf", "waybills", number="SF1000000000001"), "key": "nobodys-key", "number": "SF99"}
    world.books["sf"]["waybills"].append(entry)


@PLANTED.damage("one_live_waybill", parcel_id(CLEAR.order_id, 1), "live in the store, but not at sf")
async def a_waybill_that_the_courier_gave_up(world: World) -> None:
    world.entry("sf", "waybills", number="SF1000000000001")["live"] = False


@PLANTED.damage("one_live_waybill", parcel_id(DOUYIN.order_id, 1), "live in the store, but not at douyin")
async def a_waybill_that_the_platform_never_gave(world: World) -> None:
    world.books["douyin"]["waybills"].clear()


@PLANTED.damage("one_live_waybill", parcel_id(BY_HAND.order_id, 1), "a second live waybill")
async def an_answer_that_came_after_the_clerks(world: World) -> None:
    """SF had made one after all, and its question was never settled."""
    await world.waybill(BY_HAND, "sf", "", status="unknown")
    world.entry("sf", "waybills", key=waybill_key(BY_HAND, "sf")).update(number="SF1000000000098", live=True)


@PLANTED.damage(
    "one_live_waybill cancelled_undone", parcel_id(CANCELLED.order_id, 1), "is live at sf, but void in the store"
)
async def a_waybill_that_was_never_voided(world: World) -> None:
    await world.waybill(CANCELLED, "sf", "SF1000000000096", status="void")
    world.entry("sf", "waybills", number="SF1000000000096")["live"] = True


@PLANTED.damage("one_live_waybill", parcel_id(CANCELLED.order_id, 1), "is live at cainiao, but unknown in the store")
async def a_question_that_was_never_settled(world: World) -> None:
    await change(world, OrderRow, col(OrderRow.order_id) == CANCELLED.order_id, exit="UNDELIVERED")
    await world.waybill(CANCELLED, "cainiao", "", status="unknown")
    world.entry("cainiao", "waybills", key=waybill_key(CANCELLED, "cainiao")).update(number="SF2", live=True)


@PLANTED.damage("told_once", TWO_PARCELS.order_id, f"not told of {TWO_PARCELS.order_id}#2")
async def a_parcel_that_the_channel_does_not_know(world: World) -> None:
    told = world.entry("own", "shipments", number="SF2000000000002")
    world.books["own"]["shipments"].remove(told)


@PLANTED.damage("told_once", CLEAR.order_id, "shipped without a parcel")
async def a_shipment_of_nothing(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(delete(ParcelRow).where(col(ParcelRow.order_id) == CLEAR.order_id))


@PLANTED.damage("told_once", CLEAR.order_id, "number SF1000000000001 2 times")
async def a_shipment_told_as_two(world: World) -> None:
    told = world.entry("own", "shipments", number="SF1000000000001")
    world.books["own"]["shipments"].append(dict(told))


@PLANTED.damage("told_once", DOUYIN.order_id, "told number SF99, which is no live waybill")
async def a_number_of_nobody(world: World) -> None:
    told = world.entry("douyin", "shipments", number="SF6000000000001")
    world.books["douyin"]["shipments"].append({**told, "number": "SF99"})


@PLANTED.damage("told_once", CLEAR.order_id, "under ZTO, it is SF")
async def a_number_of_another_courier(world: World) -> None:
    world.entry("own", "shipments", number="SF1000000000001")["carrier"] = "ZTO"


@PLANTED.damage("told_once", TWO_PARCELS.order_id, f"has SF1000000000003 for {TWO_PARCELS.order_id}#2")
async def numbers_told_crosswise(world: World) -> None:
    first = world.entry("own", "shipments", number="SF1000000000003")
    second = world.entry("own", "shipments", number="SF2000000000002")
    first["parcel_no"], second["parcel_no"] = second["parcel_no"], first["parcel_no"]


@PLANTED.damage("told_once", "NOSUCH", "an order that it does not have")
async def a_shipment_of_no_order(world: World) -> None:
    told = world.entry("own", "shipments", number="SF1000000000001")
    world.books["own"]["shipments"].append({**told, "order_no": "NOSUCH"})


@PLANTED.damage("told_once cancelled_undone", CANCELLED.order_id, "its channel was told of a shipment")
async def a_shipment_of_a_cancelled_order(world: World) -> None:
    told = world.entry("own", "shipments", number="SF1000000000001")
    world.books["own"]["shipments"].append({**told, "order_no": "CANCELLED", "number": "SF98"})


CASES = [
    ("1", Channel.DOUYIN, {"MUG": 1}, True, True),
    ("2", Channel.DOUYIN, {"MUG": 1}, False, False),  # nobody said so when it was told
    ("3", Channel.DOUYIN, {"MUG": 1, "LAMP": 1}, True, False),  # no number says how the lamp comes
    ("4", Channel.JD, {"MUG": 1, "LAMP": 1}, True, True),
    ("5", Channel.JD, {"MUG": 1, "LAMP": 1}, False, False),
    ("6", Channel.PDD, {"MUG": 1}, True, False),  # it takes a number for every parcel
]
"""Orders of two boxes, of which the channel shows the first one's number only: what is in the second, whether the trail
says so, and whether that is well."""


async def test_a_channel_may_show_one_number_only_where_it_takes_no_second(world: World, serve: Serve) -> None:
    async def told(tx: AsyncSession, row: OrderRow) -> Done:
        return Done("channel.shows_other")

    async with world.db.transaction() as tx:
        for sku in ("MUG", "LAMP"):
            await stock.receive(tx, sku, WAREHOUSE, 20, stock.Movement(f"more/{sku}", "opening", "warehouse"))
    untold = set()
    for n, channel, second, trail, well in CASES:
        placed = order(f"470000000000000010{n}", channel=channel, shop="7001", receiver=CIPHER, **TWO_KINDS)
        pid = parcel_id(placed.order_id, 2)
        world.books.setdefault(channel, {"orders": [], "shipments": [], "waybills": []})
        await world.place(placed)
        await world.lock(placed)
        await world.instruct(placed)
        first = {"MUG": 2 - second["MUG"]} | ({} if "LAMP" in second else {"LAMP": 1})
        await world.pack(placed, [first, second])
        for box in (1, 2):
            await world.waybill(placed, "sf", f"SF61000000000{n}{box}", box=box)
        if trail:
            await world.step(placed, f"told/{pid}", work=told)
        await world.tell(placed, f"SF61000000000{n}1", f"SF61000000000{n}2")
        await world.deliver(placed)
        world.books[channel]["shipments"].pop()
        if not well:
            untold.add(f"shipped, but its channel was not told of {pid}")
    report = await run_audit(world.db, serve(world.books))
    assert {finding.text for name, finding in report.findings() if name == "told_once"} == untold


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)

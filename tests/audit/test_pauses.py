"""Orders that passed a step that was paused for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import and_, col, select

from audit.run import run_audit
from domain.clock import utc_now
from domain.holds import HoldReason, Release
from domain.ids import parcel_id
from domain.pauses import Slice
from store import pauses
from store.tables import HoldRow, OrderEventRow, ReservationRow, WaybillRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import WAREHOUSE, World, delivery_code, waybill_key
from tests.store.samples import index_row

PLANTED = Planted()
ID = CLEAR.order_id
HOUR = timedelta(hours=1)


async def _locked_in_a_pause(world: World) -> None:
    which: Any = and_(col(OrderEventRow.order_id) == ID, col(OrderEventRow.what) == "stock.locked")
    async with world.db.transaction() as tx:
        sku = (await tx.execute(select(ReservationRow.sku).where(ReservationRow.order_id == ID).limit(1))).scalar_one()
        at = (await tx.execute(select(OrderEventRow.at).where(which))).scalar_one()
        await pauses.begin(tx, Slice.SKU, sku, "x", "wei", now=at - HOUR)
        for other in (await tx.execute(select(ReservationRow).where(ReservationRow.sku == sku))).scalars():
            if other.order_id != ID:
                hold = HoldRow(order_id=other.order_id, n=99, reason=HoldReason.PAUSED, detail="x", opened_at=at)
                hold.deadline, hold.closed_at, hold.closed_by, hold.how = at + HOUR, at, "wei", Release.OPERATOR
                tx.add(hold)


@PLANTED.damage("pauses_kept", ID, "passed while sku")
async def an_article_that_was_locked_while_it_was_paused(world: World) -> None:
    await _locked_in_a_pause(world)


async def _told_in_a_pause(world: World, partner: str, book: str, kind: Slice, name: str) -> dict[str, Any]:
    """What a partner took of the order, an hour into a pause that goes on."""
    key = {"deliveries": delivery_code(CLEAR), "waybills": waybill_key(CLEAR, partner)}[book]
    entry = world.entry(partner, book, **{"code" if book == "deliveries" else "key": key})
    now = utc_now()
    entry["at"] = (now - HOUR).isoformat()
    if book == "waybills":
        await change(world, WaybillRow, col(WaybillRow.key) == key, asked_at=now - HOUR)
    async with world.db.transaction() as tx:
        await pauses.begin(tx, kind, name, "x", "wei", now=now - 2 * HOUR)
    return entry


@PLANTED.damage("pauses_kept", ID, "passed while warehouse")
async def a_warehouse_that_was_told_of_an_order_while_it_was_paused(world: World) -> None:
    await _told_in_a_pause(world, "qimen", "deliveries", Slice.WAREHOUSE, WAREHOUSE)


@PLANTED.damage("pauses_kept", parcel_id(ID, 1), "passed while courier")
async def a_courier_that_gave_a_waybill_while_it_was_paused(world: World) -> None:
    await _told_in_a_pause(world, "sf", "waybills", Slice.COURIER, "sf")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_the_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)


async def test_an_order_that_a_person_released_may_pass(world: World, serve: Serve) -> None:
    await _locked_in_a_pause(world)
    hold = HoldRow(order_id=ID, n=99, reason=HoldReason.PAUSED, detail="x", opened_at=utc_now() - HOUR)
    hold.deadline, hold.closed_at, hold.closed_by, hold.how = utc_now(), utc_now(), "wei", Release.OPERATOR
    async with world.db.transaction() as tx:
        tx.add(hold)
    report = await run_audit(world.db, serve(world.books))
    assert report.clean
    assert [check.looked_at for check in report.checks if check.name == "pauses_kept"] == [1]


async def test_what_partners_had_before_the_pause_or_took_after_it_or_a_person_let_through_is_in_order(
    world: World, serve: Serve
) -> None:
    told = await _told_in_a_pause(world, "qimen", "deliveries", Slice.WAREHOUSE, WAREHOUSE)
    given = await _told_in_a_pause(world, "sf", "waybills", Slice.COURIER, "sf")
    for at in (utc_now() - 3 * HOUR, utc_now() + HOUR):
        told["at"] = given["at"] = at.isoformat()
        assert (await run_audit(world.db, serve(world.books))).clean
    told["at"] = given["at"] = (utc_now() - HOUR).isoformat()
    async with world.db.transaction() as tx:
        hold = HoldRow(order_id=ID, n=99, reason=HoldReason.PAUSED, detail="x", opened_at=utc_now() - HOUR)
        hold.deadline, hold.closed_at, hold.closed_by, hold.how = utc_now(), utc_now() - HOUR, "wei", Release.OPERATOR
        tx.add(hold)
    assert (await run_audit(world.db, serve(world.books))).clean


async def test_an_order_that_began_while_its_channel_was_paused(world: World, serve: Serve) -> None:
    async with world.db.transaction() as tx:
        row = await index_row(tx, ID)
        row.started_at = row.started_at or utc_now()
        tx.add(row)
        began = row.started_at
        pause = await pauses.begin(tx, Slice.CHANNEL, "own", "x", "wei", now=began - HOUR)
        assert pause is not None
        pause.ended_at = began + timedelta(milliseconds=1)
    found = [(name, finding.subject) for name, finding in (await run_audit(world.db, serve(world.books))).findings()]
    assert ("pauses_kept", ID) in found
    assert {name for name, _ in found} == {"pauses_kept"}

"""Nothing is found where nothing is wrong, and the report says what was not looked at."""

from __future__ import annotations

import json

from sqlmodel import col, delete

from audit.checks import CHECKS, UseOfBooks
from audit.run import run_audit
from domain.clock import utc_now
from store.database import Database
from store.tables import InterceptionRow, OrderEventRow, WaybillRow
from tests.audit.clean import CLEAR
from tests.audit.conftest import Serve
from tests.audit.planting import change
from tests.audit.test_interceptions import NUMBER, stopped
from tests.audit.world import World
from tests.store.samples import order


async def test_nothing_is_found_and_everything_is_looked_at(world: World, serve: Serve) -> None:
    report = await run_audit(world.db, serve(world.books))
    assert [*report.findings()] == []
    assert report.clean
    assert report.skipped == []
    assert [check.name for check in report.checks] == [check.name for check in CHECKS]
    looked_at = {check.name: check.looked_at for check in report.checks}
    assert looked_at == {
        "orders_arrived": 10,
        "orders_ended": 10,
        "shadow_silent": 0,
        "golden_sequence": 10,
        "stock_conserved": 3,
        "pool_bound": 4,
        "shares_kept": 1,
        "not_oversold": 3,
        "one_live_waybill": 9,
        "told_once": 10,
        "intercepted_once": 0,
        "stock_told": 0,
        "warehouse_once": 9,
        "gifts_given": 1,
        "parcels_complete": 8,
        "merges_kept": 0,
        "cancelled_undone": 1,
        "splits_sum": 11,
        "ciphertext_kept": 1,
        "messages_once": 1,
        "credit_settled": 2,
        "approvals_given": 0,
        "credit_limits_kept": 0,
        "rules_unmixed": 0,
        "deadlines_follow": 52,
        "pauses_kept": 0,
        "inbox_empty": 10,
        "holds_closed": 2,
    }


async def test_an_empty_store_is_clean(database: Database, serve: Serve) -> None:
    report = await run_audit(database, serve(World(database).books))
    assert report.clean
    assert {check.looked_at for check in report.checks} == {0}


async def test_without_books_the_store_is_looked_at_alone(world: World) -> None:
    report = await run_audit(world.db, None)
    assert report.clean
    ran = {check.name for check in report.checks}
    assert ran == {check.name for check in CHECKS if check.books is not UseOfBooks.NEEDED}
    assert {skipped.check for skipped in report.skipped} == {
        check.name for check in CHECKS if check.books is not UseOfBooks.NONE
    }


async def test_while_orders_move_their_ends_are_not_asked_for(world: World, serve: Serve) -> None:
    moving = order("MOVING")
    await world.place(moving)
    await world.lock(moving)
    await world.instruct(moving)
    await world.hold_open(moving, "WAREHOUSE_EXCEPTION")
    url = serve(world.books)

    report = await run_audit(world.db, url, settled=False)
    assert [*report.findings()] == []
    assert {skipped.check for skipped in report.skipped} == {"orders_ended", "credit_settled", "inbox_empty"}

    settled = await run_audit(world.db, url)
    assert [(name, finding.text) for name, finding in settled.findings()] == [
        ("orders_ended", "still open: STOCK_LOCKED, held by WAREHOUSE_EXCEPTION")
    ]


async def test_books_that_were_read_a_moment_too_early_are_no_finding_while_orders_move(
    world: World, serve: Serve
) -> None:
    url = serve(World(world.db).books)  # as they were before the first order
    report = await run_audit(world.db, url, settled=False)
    assert report.clean
    before = serve({**world.books, "sf": {"waybills": []}})
    assert (await run_audit(world.db, before, settled=False)).clean
    assert not (await run_audit(world.db, before)).clean


async def test_a_waybill_that_was_voided_after_its_book_was_read(world: World, serve: Serve) -> None:
    world.entry("sf", "waybills", number="SF1000000000004")["live"] = True
    url = serve(world.books)
    assert (await run_audit(world.db, url, settled=False)).clean
    assert not (await run_audit(world.db, url)).clean


async def test_a_number_that_was_void_after_its_channel_was_told_of_it(world: World, serve: Serve) -> None:
    """A refund stopped the parcel before its courier collected it."""
    world.entry("sf", "waybills", number=NUMBER)["live"] = False
    await change(world, WaybillRow, col(WaybillRow.number) == NUMBER, status="void")
    await stopped(world, how="void")
    assert (await run_audit(world.db, serve(world.books))).clean
    async with world.db.transaction() as tx:
        await tx.execute(delete(InterceptionRow))
    report = await run_audit(world.db, serve(world.books))
    assert {check for check, _ in report.findings()} == {"told_once"}


async def test_a_parcel_that_its_courier_brings_back(world: World, serve: Serve) -> None:
    await stopped(world)
    world.books["sf"]["interceptions"] = [{"number": NUMBER, "kind": "RETURN", "times": 1}]
    assert (await run_audit(world.db, serve(world.books))).clean


async def test_an_event_may_be_a_note_that_says_nothing_of_states(world: World, serve: Serve) -> None:
    async with world.db.transaction() as tx:
        tx.add(OrderEventRow(order_id=CLEAR.order_id, step="note", at=utc_now(), who="operator", what="noted"))
    assert (await run_audit(world.db, serve(world.books))).clean


async def test_orders_of_an_earlier_life_of_the_partners_are_not_compared(world: World, serve: Serve) -> None:
    report = await run_audit(world.db, serve(World(world.db).books))
    assert report.clean
    assert [(skipped.check, skipped.why) for skipped in report.skipped] == [
        ("orders_arrived", "10 orders of the store are in no channel's book: not compared with it")
    ]


async def test_the_report_as_json(world: World, serve: Serve) -> None:
    world.books["sms"]["messages"] *= 2
    report = (await run_audit(world.db, serve(world.books), settled=False)).to_json()
    assert json.loads(json.dumps(report)) == report
    assert report.keys() == {"checks", "findings", "skipped"}
    assert report["findings"] == [{"check": "messages_once", "subject": "clerk-1", "text": "sent 2 times"}]
    assert report["checks"][0] == {
        "name": "orders_arrived",
        "what": "every paid order of the channels is here, as it is there",
        "looked_at": 10,
        "findings": 0,
    }
    assert {check["name"]: check["findings"] for check in report["checks"]}["messages_once"] == 1
    assert {"check": "inbox_empty", "why": "orders still move"} in report["skipped"]


def test_names_are_unique() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS) == 28


async def test_the_own_shop_is_audited_by_order_id(world: World, serve: Serve) -> None:
    world.entry("own", "orders", order_no="CLEAR")["paid_fen"] += 1
    report = await run_audit(world.db, serve(world.books))
    assert [finding.subject for _, finding in report.findings()] == [CLEAR.order_id]

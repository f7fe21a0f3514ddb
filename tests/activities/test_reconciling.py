"""The nightly comparison: what a channel lists and we do not have is taken in, once, and stands in the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlmodel import select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import Batch, ReconcileAsk, Reconciled
from activities.reconciling import ReconcileSteps
from connectors.ports import Document
from store import inbox, orders, reconciliations
from store.database import Database
from store.tables import InboxRow, ReconciliationRow
from tests.activities.test_pulling import Listing
from tests.store.samples import order

DAY = "2026-02-28"
NIGHT = datetime(2026, 2, 28, 19, tzinfo=UTC)  # three in the morning of the first of March, in Beijing
NOON = datetime(2026, 2, 28, 4, tzinfo=UTC)
ASK = ReconcileAsk("own", "main", DAY)


@pytest.fixture(autouse=True)
def at_night() -> Iterator[None]:
    with time_machine.travel(NIGHT, tick=False):
        yield


async def _compare(db: Database, listing: Listing) -> Reconciled:
    return await ActivityEnvironment().run(ReconcileSteps(db, {"own": listing}).reconcile_shop, ASK)


async def _report(db: Database) -> ReconciliationRow:
    async with db.reading() as tx:
        return (await reconciliations.reports(tx, DAY))["own", "main"]


async def _take(db: Database, number: str, at: datetime) -> None:
    async with db.transaction() as tx:
        await orders.take(tx, order(number, version=int(at.timestamp() * 1000)))


async def _inbox(db: Database) -> list[str]:
    async with db.reading() as tx:
        return sorted((await tx.execute(select(InboxRow.document_id))).scalars())


async def test_what_is_missing_or_stale_is_taken_in_and_the_rest_left_alone(database: Database) -> None:
    listing = Listing({"HERE": NOON, "STALE": NOON, "MISSING": NOON, "YESTERDAY": NOON - timedelta(days=1)})
    await _take(database, "HERE", NOON)
    await _take(database, "STALE", NOON - timedelta(hours=1))
    assert await _compare(database, listing) == Reconciled(listed=3, missing=1, stale=1)
    assert await _inbox(database) == ["main:MISSING", "main:STALE"]
    report = await _report(database)
    assert (report.missing, report.stale) == (["own:main:MISSING"], ["own:main:STALE"])


async def test_a_second_run_changes_nothing_and_the_report_still_says_what_was_repaired(database: Database) -> None:
    listing = Listing({"MISSING": NOON})
    await _compare(database, listing)
    assert await _compare(database, listing) == Reconciled(listed=1, missing=0, stale=0)
    assert await _inbox(database) == ["main:MISSING"]
    report = await _report(database)
    assert (report.listed, report.missing, report.waiting) == (1, ["own:main:MISSING"], ["own:main:MISSING"])


async def test_an_order_in_quarantine_is_named(database: Database) -> None:
    listing = Listing({"BROKEN": NOON})
    await _compare(database, listing)
    async with database.transaction() as tx:
        seq = (await tx.execute(select(InboxRow.seq))).scalar_one()
        await inbox.finish(tx, seq or 0, "unreadable", quarantined=True)
    await _compare(database, listing)
    assert (await _report(database)).quarantined == ["own:main:BROKEN"]


async def test_a_channel_that_goes_away_leaves_what_was_repaired_and_no_report(database: Database) -> None:
    listing = Listing({f"SO{n}": NOON + timedelta(hours=n) for n in range(4)})
    listing.goes_after = 14  # windows of an hour: after noon's are read
    with pytest.raises(ApplicationError):
        await _compare(database, listing)
    assert await _inbox(database)
    async with database.reading() as tx:
        assert await reconciliations.reports(tx, DAY) == {}


async def test_lists_of_orders_are_compared_and_refunds_are_not(database: Database) -> None:
    refunds = Listing({})
    refunds.feed = "own/refunds"
    steps = ReconcileSteps(database, {"own": Listing({}), "own/refunds": refunds})
    assert (await steps.list_feeds(Batch(0))).pairs == [["own", "main"]]


async def test_refunds_beside_the_orders_are_taken_in_and_count_as_no_orders(database: Database) -> None:
    """A refund's version is its own: one of an order that is here may be missing all the same."""

    class Both(Listing):
        def _document(self, no: str, at: datetime) -> Document:
            found = super()._document(no, at)
            return replace(found, kind="refund", document_id="main:refund:1", version=1) if no == "REFUND" else found

    listing = Both({"HERE": NOON, "REFUND": NOON})
    await _take(database, "HERE", NOON)
    await _take(database, "REFUND", NOON)
    for _ in range(2):
        assert await _compare(database, listing) == Reconciled(listed=1, missing=0, stale=0)
        assert await _inbox(database) == ["main:refund:1"]

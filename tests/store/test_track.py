from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import func, select

from domain.shipping import Carrier, TrackCode, TrackNode, TrackReport
from store.database import Database
from store.shipping import CourseChange, apply_track, live_waybill
from store.tables import ParcelRow, TrackNodeRow
from tests.store.samples import NOON
from tests.store.test_shipping import parcel, waybill


async def _underway(db: Database) -> None:
    async with db.transaction() as tx:
        tx.add_all([parcel(), waybill("K1")])


async def _apply(db: Database, *codes: TrackCode) -> CourseChange | None:
    """A report with one node an hour, oldest first."""
    nodes = tuple(TrackNode(NOON + timedelta(hours=n), code, code.value) for n, code in enumerate(codes))
    async with db.transaction() as tx:
        changes = await apply_track(tx, TrackReport(Carrier.SF, "SF1", nodes))
    assert len(changes) < 2
    return changes[0] if changes else None


async def _status(db: Database) -> str:
    async with db.transaction() as tx:
        row = await tx.get(ParcelRow, "O1#1")
        assert row is not None
        return row.status


async def test_news_on_the_way_is_kept_and_changes_no_course(database: Database) -> None:
    await _underway(database)
    assert await _apply(database, TrackCode.COLLECTED, TrackCode.PROBLEM, TrackCode.IN_TRANSIT) is None
    assert await _apply(database) is None
    assert await _status(database) == "numbered"
    async with database.transaction() as tx:
        assert (await tx.execute(select(func.count()).select_from(TrackNodeRow))).scalar_one() == 3
        row = await live_waybill(tx, "O1#1")
        assert row is not None
        assert row.last_news_at is not None


@pytest.mark.parametrize("code", [TrackCode.SIGNED, TrackCode.REFUSED, TrackCode.LOST, TrackCode.RETURNED])
async def test_what_changes_the_course_is_told_each_time(database: Database, code: TrackCode) -> None:
    await _underway(database)
    change = CourseChange("O1", "O1#1", code.value.lower())
    assert await _apply(database, TrackCode.COLLECTED, code) == change
    assert await _apply(database, TrackCode.COLLECTED, code) == change
    assert await _status(database) == code.value.lower()


async def test_the_latest_news_counts_in_whatever_order_the_nodes_come(database: Database) -> None:
    await _underway(database)
    nodes = (
        TrackNode(NOON + timedelta(hours=2), TrackCode.RETURNED, "已退回"),
        TrackNode(NOON, TrackCode.REFUSED, "拒收"),
    )
    async with database.transaction() as tx:
        change = await apply_track(tx, TrackReport(Carrier.SF, "SF1", nodes))
    assert change == [CourseChange("O1", "O1#1", "returned")]


async def test_a_lost_parcel_that_turns_up_is_signed_and_stays_signed(database: Database) -> None:
    await _underway(database)
    await _apply(database, TrackCode.LOST)
    await _apply(database, TrackCode.LOST, TrackCode.SIGNED)
    assert await _status(database) == "signed"
    await _apply(database, TrackCode.LOST, TrackCode.SIGNED, TrackCode.RETURNED)
    await _apply(database, TrackCode.RETURNED)
    assert await _status(database) == "signed"


async def test_news_of_an_unknown_number_is_a_lookup_error_and_keeps_nothing(database: Database) -> None:
    with pytest.raises(LookupError):
        await _apply(database, TrackCode.SIGNED)
    async with database.transaction() as tx:
        assert (await tx.execute(select(func.count()).select_from(TrackNodeRow))).scalar_one() == 0

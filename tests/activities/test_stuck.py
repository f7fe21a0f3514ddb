from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from activities.contracts import FOLLOW_PARCELS, Batch
from activities.stuck import Stuck
from domain.clock import utc_now
from domain.shipping import Carrier, TrackCode
from domain.tracking import ENOUGH
from store.database import Database
from store.shipping import apply_track
from store.tables import ParcelRow, TaskRow, WaybillRow
from tests.activities.conftest import Bench
from tests.store.samples import taken
from tests.store.test_shipping import parcel, waybill
from tests.workflows.partners import track

HOUR = timedelta(hours=1)


async def _underway(db: Database, number: str, hours_ago: float, code: TrackCode = TrackCode.IN_TRANSIT) -> str:
    """A parcel of an order of its own, whose newest node is so old."""
    order_id = await taken(db, number)
    row = parcel(order_id=order_id)
    row.told_at = utc_now()
    bill = waybill(f"K-{number}", row.parcel_id, number=f"SF-{number}")
    bill.order_id, bill.subscribed_at = order_id, utc_now()
    async with db.transaction() as tx:
        tx.add_all([row, bill])
    async with db.transaction() as tx:
        await apply_track(tx, track(bill.number, code, Carrier.SF, utc_now() - hours_ago * HOUR))
    return order_id


async def _stuck(db: Database) -> list[str]:
    async with db.reading() as tx:
        query = select(TaskRow).where(TaskRow.kind == "parcel_stuck")
        return [task.text for task in (await tx.execute(query)).scalars() if task.closed_at is None]


async def test_the_sweep_asks_once_about_a_parcel_that_is_silent_for_too_long(bench: Bench) -> None:
    await _underway(bench.db, "SO1", 40)
    await _underway(bench.db, "SO2", 20)
    await _underway(bench.db, "SO3", 20, TrackCode.OUT_FOR_DELIVERY)
    for _ in range(2):
        await bench.run(FOLLOW_PARCELS, Batch(10))
    [text] = await _stuck(bench.db)
    assert text.startswith("顺丰速运 SF-SO1 已 40 小时没有新轨迹（运输途中），超过通常时长（依据 silence@")
    assert text.endswith("/quick）")
    async with bench.db.reading() as tx:
        due = [await tx.get_one(WaybillRow, f"K-SO{n}") for n in (2, 3)]
    assert all(row.silence_due_at is not None and row.silence_due_at > utc_now() for row in due)

    # Time goes on without news: what was judged comes due by itself.
    assert await Stuck(bench.db).look(utc_now() + 17 * HOUR, 10) == 2
    assert len(await _stuck(bench.db)) == 3


async def test_news_end_the_task_and_begin_a_new_silence(bench: Bench) -> None:
    order_id = await _underway(bench.db, "SO1", 40)
    assert await Stuck(bench.db).look(utc_now(), 10) == 1
    async with bench.db.transaction() as tx:
        await apply_track(tx, track("SF-SO1", TrackCode.OUT_FOR_DELIVERY))
    assert await _stuck(bench.db) == []
    assert await Stuck(bench.db).look(utc_now() + 29 * HOUR, 10) == 0
    assert await Stuck(bench.db).look(utc_now() + 31 * HOUR, 10) == 1
    async with bench.db.reading() as tx:
        assert (await tx.get_one(ParcelRow, f"{order_id}#1")).status == "numbered"


async def test_enough_journeys_teach_what_is_usual(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # Their gaps in transit are one hour: what is usual becomes a third of the table's 36 hours, and no less.
    rows: list[WaybillRow | ParcelRow] = []
    for n in range(ENOUGH):
        row = parcel(n, "signed", "O-old")
        rows += [row, waybill(f"K{n}", row.parcel_id, number=f"SF{n}")]
    async with bench.db.transaction() as tx:
        tx.add_all(rows)
    async with bench.db.transaction() as tx:
        for n in range(ENOUGH):
            for ago, code in ((3, TrackCode.IN_TRANSIT), (2, TrackCode.SIGNED)):
                await apply_track(tx, track(f"SF{n}", code, Carrier.SF, utc_now() - ago * HOUR))
    await _underway(bench.db, "SO1", 13)
    assert await Stuck(bench.db).look(utc_now(), 10) == 1
    [text] = await _stuck(bench.db)
    assert text.endswith("/quick, learnt）")

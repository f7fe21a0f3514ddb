"""Logs are dropped after their time, but never what a channel may still have."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from activities import contracts as c
from activities.contracts import PurgeAsk, Purged
from domain.clock import utc_now
from domain.shelves import Quality
from store.tables import PublishedRow, ShelfChangeRow
from tests.activities.conftest import Bench


async def _told(bench: Bench, item: str, *rows: tuple[str, int]) -> None:
    """Figures of a listing: what came of each, and how many days ago."""
    async with bench.db.transaction() as tx:
        for n, (status, days) in enumerate(rows, start=1):
            at = utc_now() - timedelta(days=days)
            tx.add(
                PublishedRow(
                    channel="own", shop="main", item_id=item, sku_id="", n=n, sku="MUG", pieces=n, inputs={}, rule="r",
                    status=status, at=at, done_at=at,
                )
            )  # fmt: skip


async def _left(bench: Bench) -> dict[str, list[int]]:
    left: dict[str, list[int]] = {}
    async with bench.db.reading() as tx:
        for row in (await tx.execute(select(PublishedRow).order_by(col(PublishedRow.seq)))).scalars():
            left.setdefault(row.item_id, []).append(row.n)
    return left


async def test_only_what_is_old_and_was_followed_by_something_certain_goes(bench: Bench) -> None:
    await _told(bench, "busy", ("taken", 99), ("unknown", 95), ("taken", 91), ("taken", 89), ("taken", 1))
    await _told(bench, "quiet", ("taken", 900))
    await _told(bench, "in doubt", ("taken", 99), ("taken", 98), ("unknown", 97), ("refused", 96), ("refused", 95))
    await _told(bench, "refusing", *(("refused", 200 - n) for n in range(4)))
    assert await bench.run(c.PURGE_LOGS, PurgeAsk(90, batch=2)) == Purged(8, 0)
    assert await _left(bench) == {"busy": [4, 5], "quiet": [1], "in doubt": [2, 3, 5], "refusing": [4]}
    assert await bench.run(c.PURGE_LOGS, PurgeAsk(90, batch=2)) == Purged(0, 0)


async def test_what_warehouses_told_goes_after_its_time(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        for n, days in enumerate((200, 91, 91, 89, 1)):
            at = utc_now() - timedelta(days=days)
            tx.add(
                ShelfChangeRow(
                    code=f"C{n}", warehouse="WH01", sku="MUG", quality=str(Quality.GOOD), quantity=1, kept_at=at
                )
            )
    assert await bench.run(c.PURGE_LOGS, PurgeAsk(90, batch=2)) == Purged(0, 3)
    async with bench.db.reading() as tx:
        assert sorted((await tx.execute(select(ShelfChangeRow.code))).scalars()) == ["C3", "C4"]

"""How far each shop's changes are taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from store.tables import PullCursorRow
from store.upsert import insert_ignore


@dataclass(frozen=True)
class Reach:
    """The next page to ask for: of the window from `start` to `end`, beginning at `page` (None: the first)."""

    until: datetime
    start: datetime
    end: datetime
    page: str | None


async def reach(
    tx: AsyncSession, source: str, shop: str, *, first: datetime, longest: timedelta, overlap: timedelta, now: datetime
) -> Reach:
    """What to pull next. A shop that was never pulled begins at `first`; a window under way is gone on with."""
    values = {"source": source, "shop": shop, "until": first, "page": "", "pulled_at": utc_now()}
    await insert_ignore(tx, PullCursorRow, values)
    row = await tx.get_one(PullCursorRow, (source, shop), with_for_update=True)
    end = row.window_end or min(row.until + longest - overlap, now)  # with its overlap no longer than `longest`
    return Reach(row.until, row.until - overlap, end, row.page or None)


async def advance(tx: AsyncSession, source: str, shop: str, at: Reach, next_page: str | None) -> None:
    """A page is in the inbox: its window goes on at `next_page`, or ends. Call it in the page's own transaction.

    Whoever was slower than another puller of the same shop changes nothing.
    """
    row = await tx.get_one(PullCursorRow, (source, shop), with_for_update=True)
    if row.until != at.until or (row.page or None) != at.page:
        return
    row.pulled_at = utc_now()
    if next_page is None:
        row.until, row.window_end, row.page = max(at.end, row.until), None, ""
    else:
        row.window_end, row.page = at.end, next_page
    tx.add(row)

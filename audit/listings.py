"""Channels have the stock that the log says they were told last, and were told nothing that is not in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.report import Outcome
from domain.clock import utc_now
from store.tables import PublishedRow

_TAKEN, _OPEN = "taken", ("asked", "unknown")
_JUST_NOW = timedelta(seconds=60)
"""The books were read so long before the log, at most."""

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class _Told:
    pieces: int
    status: str
    done_at: datetime | None


async def stock_told(evidence: Evidence) -> Outcome:
    """For each listing: the figure in the channel's book is the last that it took, or one whose answer was lost."""
    seen = Outcome()
    assert evidence.books is not None, "needs the books"
    log = await _log(evidence)
    for channel, book in evidence.books.channels().items():
        told = {(str(channel), one.item_id, one.sku_id): one.pieces for one in book.stock}
        for key, pieces in sorted(told.items()):
            seen.looked_at += 1
            may_be = _may_be(log.get(key, []))
            if pieces not in may_be:
                known = ", ".join(map(str, sorted(may_be))) or "nothing"
                seen.find(_named(key), f"the channel has {pieces} pieces, but was told {known}")
        for key, rows in sorted(log.items()):
            if key[0] == channel and key not in told and any(row.status == _TAKEN and not _fresh(row) for row in rows):
                seen.find(_named(key), "the channel took a figure, but has none")
    return seen


def _may_be(rows: Sequence[_Told]) -> set[int]:
    """What the channel may have: what it took last, and whatever was told after that without an answer."""
    figures = set[int]()
    for row in reversed(rows):
        if row.status == _TAKEN:
            figures.add(row.pieces)
            if not _fresh(row):
                break
        elif row.status in _OPEN:
            figures.add(row.pieces)
    return figures


def _fresh(row: _Told) -> bool:
    """Whether the books may have been read before the channel took it."""
    return row.done_at is not None and utc_now() - row.done_at <= _JUST_NOW


async def _log(evidence: Evidence) -> dict[_Key, list[_Told]]:
    """Every listing's figures, the oldest first."""
    row = PublishedRow
    columns = (row.channel, row.item_id, row.sku_id, row.pieces, row.status, row.done_at)
    query = select(*map(col, columns)).order_by(col(row.seq))
    log: defaultdict[_Key, list[_Told]] = defaultdict(list)
    async with evidence.snapshot() as tx:
        async for channel, item_id, sku_id, pieces, status, done_at in stream(tx, query):
            log[channel, item_id, sku_id].append(_Told(pieces, status, done_at))
    return log


def _named(key: _Key) -> str:
    return "/".join(part for part in key if part)

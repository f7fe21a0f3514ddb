"""How calls to partners went: counted by each process for itself, read for all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.partner_health import COARSE, NOT_TRIED, Breaker, Cell, Health, LineSeen, Outcome, bucket_of, health
from store.tables import PartnerCallRow, PartnerLineRow
from store.types import UtcDateTime
from store.upsert import insert_or_set, insert_selected

FINE_FOR = timedelta(hours=2)
"""After which counts of all processes are summed up, in longer steps: a day of them is a hundredth then."""

KEPT_FOR = timedelta(days=2)
"""After which counts of calls are dropped."""

SUMMED = ""
"""The `process` of counts that are summed up."""

_STEPS_AT_ONCE = 4
_COLUMNS = ("bucket", "process", "partner", "operation", "outcome", "latency_ms", "calls")
_CELL = [
    col(PartnerCallRow.partner),
    col(PartnerCallRow.operation),
    col(PartnerCallRow.outcome),
    col(PartnerCallRow.latency_ms),
]

ALIVE = timedelta(minutes=1)
"""A process that has not shown itself for so long is taken to be dead, and what its breakers were counts no more."""


@dataclass(frozen=True)
class Counted:
    """What one process counts together: one bucket, partner, operation, outcome and latency class."""

    bucket: datetime
    partner: str
    operation: str
    outcome: Outcome
    latency_ms: int


@dataclass(frozen=True)
class Line:
    """A process's line to a partner."""

    partner: str
    number: int
    host: str
    state: Breaker
    since: datetime


async def keep(
    tx: AsyncSession, process: str, counts: Mapping[Counted, int], lines: Sequence[Line], now: datetime
) -> None:
    """Keep what a process has counted up to now, and its lines.

    A count is the whole number of its bucket and not what was added to it: keeping it twice changes nothing.
    """
    calls = [
        {
            "bucket": key.bucket,
            "process": process,
            "partner": key.partner,
            "operation": key.operation,
            "outcome": key.outcome,
            "latency_ms": key.latency_ms,
            "calls": count,
        }
        for key, count in counts.items()
    ]
    alive = [
        {
            "process": process,
            "partner": line.partner,
            "line": line.number,
            "host": line.host,
            "state": line.state,
            "since": line.since,
            "seen_at": now,
        }
        for line in lines
    ]
    await insert_or_set(tx, PartnerCallRow, calls)
    await insert_or_set(tx, PartnerLineRow, alive)


async def drop_lines(tx: AsyncSession, process: str, numbers: Sequence[int]) -> None:
    """Lines of a process that are closed."""
    if numbers:
        theirs = col(PartnerLineRow.process) == process
        await tx.execute(delete(PartnerLineRow).where(theirs, col(PartnerLineRow.line).in_(numbers)))


async def healths(tx: AsyncSession, since: datetime) -> dict[str, dict[str, Health]]:
    """How the calls since a moment went, by partner and operation."""
    query = (
        select(*_CELL, func.sum(PartnerCallRow.calls))
        .where(col(PartnerCallRow.bucket) >= bucket_of(since))
        .group_by(*_CELL)
    )
    cells: dict[str, dict[str, dict[Cell, int]]] = {}
    for partner, operation, outcome, latency_ms, calls in await tx.execute(query):
        cells.setdefault(partner, {}).setdefault(operation, {})[Outcome(outcome), latency_ms] = int(calls)
    return {
        partner: {operation: health(counts) for operation, counts in sorted(operations.items())}
        for partner, operations in cells.items()
    }


async def tried(tx: AsyncSession, since: datetime) -> set[str]:
    """The partners that were really asked something since a moment."""
    query = select(col(PartnerCallRow.partner)).where(
        col(PartnerCallRow.bucket) >= bucket_of(since), col(PartnerCallRow.outcome).not_in(NOT_TRIED)
    )
    return set((await tx.execute(query.distinct())).scalars())


async def lines(tx: AsyncSession, now: datetime) -> dict[str, list[LineSeen]]:
    """The breakers of all processes that live, by partner."""
    query = select(PartnerLineRow).where(col(PartnerLineRow.seen_at) > now - ALIVE)
    found: dict[str, list[LineSeen]] = {}
    for row in (await tx.execute(query)).scalars():
        found.setdefault(row.partner, []).append(LineSeen(Breaker(row.state), row.since))
    return found


async def purge(tx: AsyncSession, now: datetime) -> None:
    """Drop what is too old to be asked for, and the lines of processes that are long dead."""
    await tx.execute(delete(PartnerCallRow).where(col(PartnerCallRow.bucket) < now - KEPT_FOR))
    await tx.execute(delete(PartnerLineRow).where(col(PartnerLineRow.seen_at) < now - 60 * ALIVE))


async def sum_up(tx: AsyncSession, now: datetime) -> None:
    """Sum up the oldest of the counts that are older than `FINE_FOR`: a few steps at once, the next time the next ones.

    What was summed up before stays as it is, so doing it twice, or twice at once, counts nothing twice.
    """
    fine = col(PartnerCallRow.process) != SUMMED
    until = bucket_of(now - FINE_FOR, COARSE)
    for _ in range(_STEPS_AT_ONCE):
        oldest = select(func.min(PartnerCallRow.bucket)).where(fine, col(PartnerCallRow.bucket) < until)
        bucket = (await tx.execute(oldest)).scalar_one()
        if bucket is None:
            return
        start = bucket_of(bucket, COARSE)
        step = (fine, col(PartnerCallRow.bucket) >= start, col(PartnerCallRow.bucket) < start + COARSE)
        sums = (
            select(literal(start, UtcDateTime()), literal(SUMMED), *_CELL, func.sum(PartnerCallRow.calls))
            .where(*step)
            .group_by(*_CELL)
        )
        await insert_selected(tx, PartnerCallRow, _COLUMNS, sums)
        await tx.execute(delete(PartnerCallRow).where(*step))

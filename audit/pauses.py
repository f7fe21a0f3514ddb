"""Pauses: nothing of a slice passed its step while that was paused, but for what a person released."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.evidence import Evidence
from audit.report import Outcome
from domain.clock import utc_now
from domain.holds import HoldReason, Release
from domain.pauses import Slice
from store.tables import HoldRow, OrderEventRow, OrderRow, PauseRow, ReservationRow, WaybillRow

_UNDER_WAY = timedelta(minutes=1)
"""What had been let through when the pause began may be noted so much later; clocks differ."""

_CLOCKS = timedelta(seconds=2)
"""A partner's clock may be behind by so much: what was sent a moment after the pause had ended looks as if before."""


async def pauses_kept(evidence: Evidence) -> Outcome:
    """No order locked an article, none of a channel was begun, no warehouse was told of one, and no courier gave it a
    waybill while that was paused; the last two by the partners' books."""
    seen = Outcome()
    async with evidence.snapshot() as tx:
        rows = (await tx.execute(select(PauseRow).order_by(col(PauseRow.n)))).scalars().all()
        for row in rows:
            seen.looked_at += 1
            for subject, oid in sorted(await _passed(tx, evidence, row)):
                if row.kind == Slice.CHANNEL or not await _released(tx, oid, row):
                    seen.find(subject, f"passed while {row.kind} {row.name} was paused (pause {row.n})")
    return seen


async def _passed(tx: AsyncSession, evidence: Evidence, row: PauseRow) -> set[tuple[str, str]]:
    """What passed while a slice was paused: the subject of a finding, and its order."""
    begins, ends = row.since + _UNDER_WAY, min(filter(None, (row.ended_at, row.until, utc_now())))
    if row.kind == Slice.CHANNEL:
        return {(oid, oid) for oid in (await tx.execute(_begun(row.name, begins, ends))).scalars()}
    if row.kind == Slice.SKU:
        return {(oid, oid) for oid in (await tx.execute(_locked(row.name, begins, ends))).scalars()}
    if row.kind == Slice.WAREHOUSE:
        return set(_instructed(evidence, row.name, begins, ends - _CLOCKS))
    asked = select(col(WaybillRow.key)).where(col(WaybillRow.provider) == row.name, col(WaybillRow.asked_at) > begins)
    return set(_numbered(evidence, row.name, set((await tx.execute(asked)).scalars()), (begins, ends - _CLOCKS)))


def _begun(channel: str, begins: datetime, ends: datetime) -> Select[tuple[str]]:
    started = col(OrderRow.started_at)
    return select(col(OrderRow.order_id)).where(col(OrderRow.channel) == channel, started > begins, started < ends)


def _locked(sku: str, begins: datetime, ends: datetime) -> Select[tuple[str]]:
    event = OrderEventRow
    locked = select(col(ReservationRow.order_id)).where(col(ReservationRow.sku) == sku)
    moments: Any = (col(event.at) > begins, col(event.at) < ends)
    return select(col(event.order_id)).where(
        *moments, col(event.what) == "stock.locked", col(event.order_id).in_(locked)
    )


def _instructed(evidence: Evidence, name: str, begins: datetime, ends: datetime) -> Iterator[tuple[str, str]]:
    """Instructions that a warehouse took then. Told again of what it has had before, it keeps the moment of then."""
    by_code = {row.code: row for rows in evidence.deliveries.values() for row in rows}
    for entry in evidence.books.qimen.deliveries if evidence.books else ():
        row = by_code.get(entry.code)
        if row is not None and (row.warehouse or entry.warehouse) == name and _within(entry.at, begins, ends):
            yield row.order_id, row.order_id


def _numbered(
    evidence: Evidence, name: str, asked: set[str], moments: tuple[datetime, datetime]
) -> Iterator[tuple[str, str]]:
    """Parcels whose waybill a courier gave out then. What was asked before may be found, or have come, later."""
    by_key = evidence.waybills_by_key
    for provider, entry in evidence.waybills_in_books():
        if provider == name and entry.key in asked and _within(entry.at, *moments):
            yield by_key[entry.key].parcel_id, by_key[entry.key].order_id


def _within(at: datetime | None, begins: datetime, ends: datetime) -> bool:
    return at is not None and begins < at < ends


async def _released(tx: AsyncSession, oid: str, row: PauseRow) -> bool:
    """Whether a person let an order through since then."""
    released = select(col(HoldRow.n)).where(
        col(HoldRow.order_id) == oid,
        col(HoldRow.reason) == HoldReason.PAUSED,
        col(HoldRow.how) == Release.OPERATOR,
        col(HoldRow.closed_at) >= row.since,
    )
    return (await tx.execute(released.limit(1))).first() is not None

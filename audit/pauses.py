"""Pauses: nothing of a slice passed its step while that was paused, but for what a person released."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence
from audit.report import Outcome
from domain.clock import utc_now
from domain.holds import HoldReason, Release
from domain.pauses import Slice
from store.tables import HoldRow, OrderEventRow, OrderRow, PauseRow, ReservationRow

_UNDER_WAY = timedelta(minutes=1)
"""What had been let through when the pause began may be noted so much later; clocks differ."""


async def pauses_kept(evidence: Evidence) -> Outcome:
    """No order locked an article, and none of a channel was begun, while that was paused."""
    seen = Outcome()
    async with evidence.snapshot() as tx:
        rows = (await tx.execute(select(PauseRow).order_by(col(PauseRow.n)))).scalars().all()
        for row in rows:
            seen.looked_at += 1
            passed = _passed(row)
            for oid in (await tx.execute(passed)).scalars() if passed is not None else ():
                seen.find(oid, f"passed while {row.kind} {row.name} was paused (pause {row.n})")
    return seen


def _passed(row: PauseRow) -> Any:
    begins, ends = row.since + _UNDER_WAY, min(filter(None, (row.ended_at, row.until, utc_now())))
    if row.kind == Slice.CHANNEL:
        started = col(OrderRow.started_at)
        mine = select(col(OrderRow.order_id)).where(col(OrderRow.channel) == row.name)
        return mine.where(started > begins, started < ends).order_by(col(OrderRow.order_id))
    if row.kind != Slice.SKU:
        return None
    event, hold = OrderEventRow, HoldRow
    released = select(col(hold.n)).where(
        col(hold.order_id) == col(event.order_id),
        col(hold.reason) == HoldReason.PAUSED,
        col(hold.how) == Release.OPERATOR,
    )
    locked = select(col(ReservationRow.order_id)).where(col(ReservationRow.sku) == row.name)
    return (
        select(col(event.order_id))
        .where(col(event.at) > begins, col(event.at) < ends, col(event.what) == "stock.locked")
        .where(col(event.order_id).in_(locked), ~released.exists())
        .order_by(col(event.order_id))
    )

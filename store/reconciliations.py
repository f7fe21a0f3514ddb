"""A channel's own list of a day against what we have of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.inbox import DONE, QUARANTINED
from store.tables import InboxRow, OrderRow, ReconciliationRow

KEPT = 500
"""Orders that a report names at most, of each kind; the counts are of all."""


class Standing(StrEnum):
    """What we have of a listed order."""

    HERE = "here"
    MISSING = "missing"
    STALE = "stale"
    WAITING = "waiting"
    QUARANTINED = "quarantined"


@dataclass
class Findings:
    """What a comparison found: how many orders were listed, and which were not here as listed."""

    listed: int = 0
    orders: dict[Standing, list[str]] = field(
        default_factory=lambda: {kind: [] for kind in Standing if kind is not Standing.HERE}
    )

    def add(self, order_id: str, standing: Standing) -> None:
        """One listed order."""
        self.listed += 1
        if standing is not Standing.HERE:
            self.orders[standing].append(order_id)


async def standing(tx: AsyncSession, source: str, document_id: str, version: int, order_id: str) -> Standing:
    """What we have of an order that its channel lists in `version`."""
    row = await tx.get(OrderRow, order_id)
    if row is not None and row.version >= version:
        return Standing.HERE
    query = select(InboxRow.status).where(
        InboxRow.source == source, InboxRow.document_id == document_id, col(InboxRow.version) >= version
    )
    kept = (await tx.execute(query.order_by(col(InboxRow.version).desc()).limit(1))).scalar_one_or_none()
    if kept == QUARANTINED:
        return Standing.QUARANTINED
    if kept == DONE:
        return Standing.HERE  # it changed nothing (an order that is not ours to keep), or a newer version came since
    if kept is not None:
        return Standing.WAITING
    return Standing.MISSING if row is None else Standing.STALE


async def keep(tx: AsyncSession, feed: str, shop: str, day: str, findings: Findings) -> None:
    """Keep a day's report, in place of an earlier one of the same day: what was repaired then is here now."""
    row = await tx.get(ReconciliationRow, (feed, shop, day), with_for_update=True)
    row = row or ReconciliationRow(feed=feed, shop=shop, day=day, at=utc_now())
    # What an earlier comparison of the day repaired stays in sight.
    missing = {*row.missing, *findings.orders[Standing.MISSING]}
    stale = {*row.stale, *findings.orders[Standing.STALE]}
    row.listed, row.missing, row.stale = findings.listed, sorted(missing)[:KEPT], sorted(stale)[:KEPT]
    row.waiting = findings.orders[Standing.WAITING][:KEPT]
    row.quarantined = findings.orders[Standing.QUARANTINED][:KEPT]
    row.at = utc_now()
    tx.add(row)


async def reports(tx: AsyncSession, day: str) -> Mapping[tuple[str, str], ReconciliationRow]:
    """The reports of a day by (feed, shop)."""
    query = select(ReconciliationRow).where(ReconciliationRow.day == day)
    rows = (await tx.execute(query)).scalars()
    return {(row.feed, row.shop): row for row in rows}

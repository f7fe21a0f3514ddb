"""How often what should not happen has happened of late, by slice: counted in rows that are there anyway."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import Select, union
from sqlalchemy import select as count_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.pauses import MEASURED, Measure, Slice, Spike
from domain.shipping import Provider
from store import partner_calls
from store.tables import ConsignmentRow, OrderEventRow, OrderRow, RefundRow, ReservationRow

_HELD = {
    Measure.SCAN_MISMATCHES: HoldReason.SCAN_MISMATCH,
    Measure.WAREHOUSE_EXCEPTIONS: HoldReason.WAREHOUSE_EXCEPTION,
    Measure.WRITE_BACK_REFUSALS: HoldReason.CHANNEL_REFUSED,
}

_Ids = Select[tuple[str]]

_WAYBILLS = "create"
"""The operation by which couriers give waybills."""


async def measure(tx: AsyncSession, now: datetime, minutes: int, since: datetime | None = None) -> list[Spike]:
    """What was counted within so many minutes, but not before `since`; only slices of which something was.

    An order counts once. A sample is the orders that came to the same point within the window, well or not.
    """
    begins = max(now - timedelta(minutes=minutes), since or now - timedelta(minutes=minutes))
    found = []
    for what, kinds in MEASURED.items():
        if what is Measure.COURIER_FAILURES:
            found += await _couriers(tx, begins, minutes)
            continue
        affected = _affected(what, begins, now)
        sample = union(affected, _sample(what, begins, now)).subquery()
        for kind in kinds:
            counts = await _by_slice(tx, kind, select(affected.subquery().c.order_id))
            if counts:
                totals = await _by_slice(tx, kind, select(sample.c.order_id))
                found += [Spike(kind, name, what, minutes, n, totals[name]) for name, n in sorted(counts.items())]
    return found


def _affected(what: Measure, begins: datetime, now: datetime) -> _Ids:
    if what is Measure.RETURNS:
        # A refund changes after it was asked for: the index of its changes bounds what is looked at.
        asked: _Ids = select(col(RefundRow.order_id).label("order_id"))
        return asked.where(
            col(RefundRow.updated_at) > begins, col(RefundRow.asked_at) > begins, col(RefundRow.asked_at) <= now
        )
    opened: _Ids = select(col(OrderEventRow.order_id).label("order_id"))
    return opened.where(
        col(OrderEventRow.at) > begins,
        col(OrderEventRow.at) <= now,
        col(OrderEventRow.what) == "hold.opened",
        col(OrderEventRow.why).like(f"{_HELD[what]}:%"),
    )


def _sample(what: Measure, begins: datetime, now: datetime) -> _Ids:
    events: _Ids = select(col(OrderEventRow.order_id).label("order_id"))
    events = events.where(col(OrderEventRow.at) > begins, col(OrderEventRow.at) <= now)
    if what is Measure.WRITE_BACK_REFUSALS:
        return events.where(col(OrderEventRow.what).in_(("channel.told", "channel.shows_other")))
    if what is Measure.RETURNS:
        return events.where(
            col(OrderEventRow.state_after) == GoldenState.PAID, col(OrderEventRow.state_before).is_(None)
        )
    packed = col(OrderEventRow.state_after) == GoldenState.PACKED
    return events.where(packed, col(OrderEventRow.state_before) == GoldenState.STOCK_LOCKED)


async def _by_slice(tx: AsyncSession, kind: Slice, orders: _Ids) -> Counter[str]:
    """How many of these orders there are of each slice."""
    if kind is Slice.CHANNEL:
        name, order_id = col(OrderRow.channel), col(OrderRow.order_id)
    elif kind is Slice.SKU:
        name, order_id = col(ReservationRow.sku), col(ReservationRow.order_id)
    else:
        name, order_id = col(ConsignmentRow.warehouse), col(ConsignmentRow.order_id)
    query = count_by(name, func.count(order_id.distinct())).where(order_id.in_(orders)).group_by(name)
    return Counter({str(found): int(count) for found, count in (await tx.execute(query)).tuples()})


async def _couriers(tx: AsyncSession, begins: datetime, minutes: int) -> list[Spike]:
    found = []
    for partner, operations in sorted((await partner_calls.healths(tx, begins)).items()):
        asked = operations.get(_WAYBILLS)
        if asked is not None and asked.failed and partner in set(Provider):
            what = Measure.COURIER_FAILURES
            found.append(Spike(Slice.COURIER, partner, what, minutes, asked.failed, asked.tried))
    return found

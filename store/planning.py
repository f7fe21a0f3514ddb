"""Where an order comes from: its plans and its consignments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import BEIJING, utc_now
from domain.routing import Routing
from domain.sourcing import Consignment
from store.stock import Pick, StockShort, replan, reservations, snapshot
from store.tables import ConsignmentRow, IncomingRow, OrderRow, PlanRow, ReservationRow

WAITING, READY, PACKED, OFF = "waiting", "ready", "packed", "off"


async def keep_plan(tx: AsyncSession, order_id: str, revision: int, routing: Routing) -> list[ConsignmentRow]:
    """Keep how an order was routed, and make its consignments those of this plan."""
    highest = select(func.max(PlanRow.n)).where(PlanRow.order_id == order_id)
    n = int((await tx.execute(highest)).scalar_one() or 0) + 1
    tx.add(
        PlanRow(
            order_id=order_id,
            n=n,
            revision=revision,
            strategy=routing.strategy,
            reason=routing.reason.text(),
            scores=[asdict(score) for score in routing.scores],
            freight_fen=routing.freight_fen,
            at=utc_now(),
        )
    )
    rows = [_row(order_id, consignment) for consignment in routing.consignments]
    for row in rows:
        await tx.merge(row)
    await tx.flush()
    return rows


async def plan(tx: AsyncSession, order_id: str) -> PlanRow | None:
    """The present plan of an order; None of one that was locked before there were plans."""
    query = select(PlanRow).where(PlanRow.order_id == order_id).order_by(col(PlanRow.n).desc()).limit(1)
    return (await tx.execute(query)).scalar_one_or_none()


async def consignments(tx: AsyncSession, order_id: str) -> list[ConsignmentRow]:
    """An order's consignments in their order."""
    query = select(ConsignmentRow).where(ConsignmentRow.order_id == order_id).order_by(col(ConsignmentRow.n))
    return list((await tx.execute(query)).scalars())


async def consignment(tx: AsyncSession, order_id: str, n: int) -> ConsignmentRow | None:
    """One of them; 0 is the first of an order in one piece."""
    return await tx.get(ConsignmentRow, (order_id, n or 1))


def change(tx: AsyncSession, row: ConsignmentRow, status: str) -> None:
    """Note where a consignment is now."""
    row.status, row.at = status, utc_now()
    tx.add(row)


async def close(tx: AsyncSession, order_id: str) -> None:
    """The order's stock is free: what was not packed is delivered no more."""
    for row in await consignments(tx, order_id):
        if row.status in (WAITING, READY):
            change(tx, row, OFF)


@dataclass(frozen=True)
class Fit:
    """What must change so that consignments hold what an order needs now.

    `lines` are the new lines by consignment, of those that change. `missing` is what is in no consignment, `stuck` what
    is in one that is packed, and needed no more; both by SKU.
    """

    lines: Mapping[int, list[dict[str, Any]]]
    missing: Mapping[str, int]
    stuck: Mapping[str, int]


def fit(rows: Iterable[ConsignmentRow], needed: Mapping[tuple[str, str], int]) -> Fit:
    """Take what is needed no more, by (line, SKU), out of the consignments that are not packed, the last one first."""
    rows = [row for row in rows if row.status != OFF]
    held: dict[tuple[str, str], int] = {}
    for row in rows:
        for line in row.lines:
            held[_key(line)] = held.get(_key(line), 0) + line["quantity"]
    excess = {key: count - needed.get(key, 0) for key, count in held.items() if count > needed.get(key, 0)}
    changed: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda one: one.n, reverse=True):
        if row.status == PACKED or not any(excess.get(_key(line)) for line in row.lines):
            continue
        lines = []
        for line in row.lines:
            taken = min(line["quantity"], excess.get(_key(line), 0))
            if taken:
                excess[_key(line)] -= taken
            if taken < line["quantity"]:
                lines.append({**line, "quantity": line["quantity"] - taken})
        changed[row.n] = lines
    missing = {key: count - held.get(key, 0) for key, count in needed.items() if count > held.get(key, 0)}
    return Fit(changed, _by_sku(missing), _by_sku(excess))


def pieces(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Pieces by SKU."""
    return _by_sku({(str(n), line["sku"]): line["quantity"] for n, line in enumerate(lines)})


async def free_rest(tx: AsyncSession, order: OrderRow, rows: Iterable[ConsignmentRow]) -> None:
    """Free what an order has locked and its consignments need no more, what still has to come in first."""
    needs: dict[tuple[str, str], int] = {}
    for one in rows:
        for sku, count in pieces(one.lines if one.status != OFF else ()).items():
            needs[sku, one.warehouse] = needs.get((sku, one.warehouse), 0) + count
    picks: list[Pick] = []
    held = [row for row in await reservations(tx, order.order_id) if row.status != "released"]
    # What was shipped stays in any case, then what lies in the warehouse is kept, then what is to come.
    for row in sorted(held, key=lambda row: ("shipped", "locked", "awaiting").index(row.status)):
        keep = min(row.quantity, needs.get((row.sku, row.warehouse), 0))
        if keep:
            needs[row.sku, row.warehouse] -= keep
            picks.append(Pick(row.sku, row.warehouse, keep, row.incoming_no))
    await replan(tx, order.order_id, order.channel, picks, "orderhub")


async def awaits(tx: AsyncSession, row: ConsignmentRow) -> bool:
    """Whether something of a consignment is still locked against goods that are on their way in."""
    query = select(ReservationRow.sku).where(
        ReservationRow.order_id == row.order_id,
        ReservationRow.warehouse == row.warehouse,
        ReservationRow.status == "awaiting",
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def lock_lost(tx: AsyncSession, order: OrderRow, row: ConsignmentRow) -> bool:
    """Lock anew what a consignment lost because its purchase was called off: in its warehouse, or against another one.

    Whether anything was lost. Raises StockShort (roll back) when it cannot be had there yet.
    """
    held = [one for one in await reservations(tx, order.order_id) if one.status != "released"]
    here = [one for one in await consignments(tx, order.order_id) if one.warehouse == row.warehouse]
    lost: Counter[str] = Counter()
    for one in here:
        lost.update(pieces(one.lines) if one.status in (WAITING, READY) else {})
    for reservation in held:
        if reservation.warehouse == row.warehouse and reservation.status in ("awaiting", "locked"):
            lost[reservation.sku] -= reservation.quantity
    lost = +lost
    if not lost:
        return False
    there = await snapshot(tx, sorted(lost))
    picks = [Pick(one.sku, one.warehouse, one.quantity, one.incoming_no) for one in held]
    for sku, count in sorted(lost.items()):
        sources = [("", there.available(sku).get(row.warehouse, 0))]
        coming = [one for one in there.incoming if (one.sku, one.warehouse) == (sku, row.warehouse)]
        sources += [(one.number, one.free) for one in coming]
        left = count
        for number, free in sources:
            taken = min(left, free)
            left -= taken
            picks += [Pick(sku, row.warehouse, taken, number)] if taken else []
        if left:
            raise StockShort({sku: left})
    await replan(tx, order.order_id, order.channel, picks, "orderhub", token=there.token)
    row.told_at = None
    tx.add(row)
    return True


async def last_awaited(tx: AsyncSession, row: ConsignmentRow) -> tuple[datetime, str] | None:
    """When the last purchase that a consignment waits for is expected by now, and its number; None: no purchase."""
    query = (
        select(IncomingRow.expected_at, IncomingRow.number)
        .where(
            IncomingRow.number == ReservationRow.incoming_no,
            IncomingRow.sku == ReservationRow.sku,
            ReservationRow.order_id == row.order_id,
            ReservationRow.warehouse == row.warehouse,
            ReservationRow.status == "awaiting",
        )
        .order_by(col(IncomingRow.expected_at).desc(), col(IncomingRow.number).desc())
    )
    found = (await tx.execute(query.limit(1))).tuples().first()
    return (found[0], found[1]) if found else None


async def arrived(tx: AsyncSession, limit: int) -> list[str]:
    """Orders whose consignments wait for nothing any more, or for what was called off, and that were not told so."""
    still = select(ReservationRow.order_id).where(
        ReservationRow.order_id == ConsignmentRow.order_id,
        ReservationRow.warehouse == ConsignmentRow.warehouse,
        ReservationRow.status == "awaiting",
    )
    query = select(ConsignmentRow.order_id).where(
        ConsignmentRow.status == WAITING, col(ConsignmentRow.told_at).is_(None), ~still.exists()
    )
    return list((await tx.execute(query.distinct().order_by(ConsignmentRow.order_id).limit(limit))).scalars())


async def mark_told(tx: AsyncSession, order_id: str) -> None:
    """Note that an order was told that what it waited for has come."""
    row = ConsignmentRow
    statement = update(row).where(col(row.order_id) == order_id, col(row.status) == WAITING)
    await tx.execute(statement.values(told_at=utc_now()))


def _row(order_id: str, consignment: Consignment) -> ConsignmentRow:
    lines = [{"line_no": line, "sku": sku, "quantity": count} for line, sku, count in consignment.lines]
    until = consignment.ready_at
    return ConsignmentRow(
        order_id=order_id,
        n=consignment.n,
        warehouse=consignment.warehouse,
        lines=lines,
        status=WAITING if consignment.waits else READY,
        waits_until=datetime.combine(until, time(), BEIJING) if until is not None else None,
        at=utc_now(),
    )


def _key(line: Mapping[str, Any]) -> tuple[str, str]:
    return line["line_no"], line["sku"]


def _by_sku(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (_, sku), count in counts.items():
        if count:
            sums[sku] = sums.get(sku, 0) + count
    return sums

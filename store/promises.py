"""Promises, newest revision first in mind: appended when they move, read for orders, and counted for a day's load."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, delete, func, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from domain.clock import BEIJING
from domain.making import Slot
from domain.promise import Promise
from domain.sourcing import Reason
from store.tables import OrderRow, PromiseRow, WorkBookingRow, WorkCentreRow
from store.upsert import insert_ignore


@dataclass(frozen=True)
class Kept:
    """A promise as it stands now. `ship_by` is None when it was withdrawn."""

    n: int
    revision: int
    warehouse: str
    ship_by: datetime | None
    deliver_by: datetime | None
    why: tuple[Reason, ...]
    at: datetime


async def newest(tx: AsyncSession, order_id: str) -> list[Kept]:
    """The newest promise of each consignment of an order, withdrawn ones too."""
    found: dict[int, Kept] = {}
    for kept in await history(tx, order_id):
        found[kept.n] = kept
    return [found[n] for n in sorted(found)]


async def history(tx: AsyncSession, order_id: str) -> list[Kept]:
    """Every promise that an order ever had, in the order in which they were made."""
    query = select(PromiseRow).where(PromiseRow.order_id == order_id)
    rows = (await tx.execute(query.order_by(col(PromiseRow.revision), col(PromiseRow.n)))).scalars()
    return [_kept(row) for row in rows]


async def keep(
    tx: AsyncSession,
    order_id: str,
    n: int,
    warehouse: str,
    made: Promise | None,
    at: datetime,
    before: Kept | None = None,
) -> bool:
    """Append a promise if it differs in its days or its warehouse from `before`, the newest. None withdraws that."""
    ship_by, deliver_by = (made.ship_by, made.deliver_by) if made else (None, None)
    stood = (before.warehouse, before.ship_by, before.deliver_by) if before else ("", None, None)
    now = (warehouse if made else stood[0], ship_by, deliver_by)
    if now == stood:
        return False
    tx.add(
        PromiseRow(
            order_id=order_id,
            n=n,
            revision=before.revision + 1 if before else 1,
            warehouse=now[0],
            ship_by=ship_by,
            deliver_by=deliver_by,
            why=[[reason.key, dict(reason.params)] for reason in made.why] if made else [],
            at=at,
        )
    )
    await tx.flush()
    return True


async def loads(
    tx: AsyncSession, warehouses: Collection[str], since: date, *, without: str = ""
) -> dict[tuple[str, date], int]:
    """(warehouse, day in Beijing) to how many consignments are promised to leave on it, from a day on.

    Orders that were called off are not counted, nor the order `without`.
    """
    later = aliased(PromiseRow)
    superseded = (
        select(later.order_id)
        .where(later.order_id == PromiseRow.order_id, later.n == PromiseRow.n, later.revision > PromiseRow.revision)
        .exists()
    )
    query = (
        select(PromiseRow.warehouse, PromiseRow.ship_by, func.count())
        .join(OrderRow, col(OrderRow.order_id) == col(PromiseRow.order_id))
        .where(
            col(PromiseRow.warehouse).in_(warehouses),
            col(PromiseRow.ship_by) >= datetime.combine(since, time(), BEIJING),
            col(PromiseRow.order_id) != without,
            col(OrderRow.exit).is_(None),
            ~superseded,
        )
        .group_by(col(PromiseRow.warehouse), col(PromiseRow.ship_by))
    )
    counts: dict[tuple[str, date], int] = {}
    for warehouse, ship_by, count in (await tx.execute(query)).tuples():
        if ship_by is not None:
            place = (warehouse, ship_by.astimezone(BEIJING).date())
            counts[place] = counts.get(place, 0) + count
    return counts


async def lock_centres(tx: AsyncSession, centres: Collection[str]) -> None:
    """Keep others from booking at these work centres until the transaction ends: no minute is booked twice."""
    for centre in sorted(centres):
        await insert_ignore(tx, WorkCentreRow, {"centre": centre, "bookings": 0})
        statement = update(WorkCentreRow).where(col(WorkCentreRow.centre) == centre)
        await tx.execute(statement.values(bookings=col(WorkCentreRow.bookings) + 1))


async def book(tx: AsyncSession, order_id: str, line_no: str, sku: str, slots: Sequence[Slot]) -> None:
    """Book the time of work centres for one line, in place of what it had booked before."""
    rows = col(WorkBookingRow.order_id) == order_id
    await tx.execute(delete(WorkBookingRow).where(rows, _line(line_no, sku)))
    for part, slot in enumerate(slots):
        tx.add(
            WorkBookingRow(
                order_id=order_id,
                line_no=line_no,
                sku=sku,
                part=part,
                step=slot.step,
                centre=slot.centre,
                begins=slot.begins,
                ends=slot.ends,
            )
        )
    await tx.flush()


async def unbook(tx: AsyncSession, order_id: str, keep: Collection[tuple[str, str]] = ()) -> None:
    """Free what an order has booked, but for the (line, SKU) named in `keep`."""
    query = select(WorkBookingRow.line_no, WorkBookingRow.sku).where(WorkBookingRow.order_id == order_id).distinct()
    for line_no, sku in sorted(set((await tx.execute(query)).tuples()) - set(keep)):
        rows = col(WorkBookingRow.order_id) == order_id
        await tx.execute(delete(WorkBookingRow).where(rows, _line(line_no, sku)))


async def booked(
    tx: AsyncSession, centre: str, since: datetime, *, without: tuple[str, str, str] = ("", "", "")
) -> list[tuple[datetime, datetime]]:
    """What a work centre has booked from a moment on, without one (order, line, SKU) and orders called off."""
    query = (
        select(WorkBookingRow)
        .join(OrderRow, col(OrderRow.order_id) == col(WorkBookingRow.order_id))
        .where(WorkBookingRow.centre == centre, col(WorkBookingRow.ends) > since, col(OrderRow.exit).is_(None))
        .order_by(col(WorkBookingRow.begins))
    )
    rows = (await tx.execute(query)).scalars()
    return [(row.begins, row.ends) for row in rows if (row.order_id, row.line_no, row.sku) != without]


async def booking(tx: AsyncSession, order_id: str, line_no: str, sku: str) -> list[WorkBookingRow]:
    """What one line has booked, in the order in which it is done."""
    query = select(WorkBookingRow).where(WorkBookingRow.order_id == order_id, _line(line_no, sku))
    return list((await tx.execute(query.order_by(col(WorkBookingRow.part)))).scalars())


def _line(line_no: str, sku: str) -> ColumnElement[bool]:
    return (col(WorkBookingRow.line_no) == line_no) & (col(WorkBookingRow.sku) == sku)


def _kept(row: PromiseRow) -> Kept:
    return Kept(
        row.n,
        row.revision,
        row.warehouse,
        row.ship_by and row.ship_by.astimezone(BEIJING),
        row.deliver_by and row.deliver_by.astimezone(BEIJING),
        tuple(Reason(key, tuple(sorted(params.items()))) for key, params in row.why),
        row.at,
    )

"""The warehouses' own figures beside ours: what they told, and what a comparison found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import case, exists
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_, select

from domain.clock import utc_now
from domain.shelves import Ours, ShelfChange
from store import stock
from store.holds import close_task
from store.tables import (
    ConsignmentRow,
    DeliveryRow,
    MergeMemberRow,
    ReservationRow,
    ShelfChangeRow,
    ShelfCountRow,
    StockRow,
    TransferRow,
)
from store.upsert import insert_ignore_all, insert_or_set

Place = tuple[str, str]
"""Warehouse and SKU."""


class DifferenceChanged(ValueError):
    """The figures differ otherwise than whoever decided saw; `now` is by how much."""

    def __init__(self, now: int) -> None:
        super().__init__(f"the difference is {now} by now")
        self.now = now


BOOKED_WITHIN = timedelta(hours=24)
"""How long a warehouse has to book what a transfer took or brought, unless the settings say otherwise."""
_TOLD, _DOUBTFUL = ("pushed",), ("asked", "stopping")


async def keep_changes(tx: AsyncSession, changes: Iterable[ShelfChange]) -> int:
    """Keep what a warehouse told; what is here already stays as it is. Returns how many were new."""
    now = utc_now()
    rows = [
        {
            "code": change.code,
            "warehouse": change.warehouse,
            "sku": change.sku,
            "quality": str(change.quality),
            "quantity": change.quantity,
            "order_code": change.order_code,
            "order_type": change.order_type,
            "remark": change.remark,
            "at": change.at,
            "kept_at": now,
        }
        for change in changes
    ]
    rows.sort(key=lambda row: (row["code"], row["warehouse"], row["sku"], row["quality"]))
    return len(await insert_ignore_all(tx, ShelfChangeRow, rows, ("code", "warehouse", "sku", "quality")))


async def warehouses(tx: AsyncSession) -> list[str]:
    """Every warehouse that we have stock of."""
    return list((await tx.execute(select(StockRow.warehouse).distinct().order_by(StockRow.warehouse))).scalars())


async def due(
    tx: AsyncSession, warehouse: str, now: datetime, every: timedelta, again: timedelta, limit: int
) -> list[str]:
    """The SKUs of a warehouse to be compared now, the longest not compared first: all of them `every` so often, those
    that differ `again` so often, those that the warehouse told a change of at once."""
    count, told = ShelfCountRow, ShelfChangeRow
    changed = exists().where(
        col(told.warehouse) == warehouse, col(told.sku) == col(StockRow.sku), col(told.kept_at) >= col(count.asked_at)
    )
    query = (
        select(StockRow.sku)
        .outerjoin(count, and_(col(count.warehouse) == col(StockRow.warehouse), col(count.sku) == col(StockRow.sku)))
        .where(
            StockRow.warehouse == warehouse,
            or_(
                col(count.asked_at).is_(None),
                col(count.asked_at) <= now - every,
                and_(col(count.difference) != 0, col(count.asked_at) <= now - again),
                changed,
            ),
        )
        .order_by(col(count.asked_at).is_not(None), col(count.asked_at), col(StockRow.sku))
        .limit(limit)
    )
    return list((await tx.execute(query)).scalars())


async def ours(
    tx: AsyncSession, warehouse: str, skus: Sequence[str], booked_within: timedelta = BOOKED_WITHIN
) -> dict[str, Ours]:
    """Our own figures of these SKUs. A warehouse is told of no transfer: it books what leaves or comes when its people
    do, perhaps before we do, and at last `booked_within` after it was sent or taken in here."""
    pool = select(StockRow.sku, StockRow.on_hand).where(StockRow.warehouse == warehouse, col(StockRow.sku).in_(skus))
    on_hand = dict((await tx.execute(pool)).tuples().all())

    def pieces(statuses: Sequence[str]) -> object:
        return func.sum(case((col(DeliveryRow.status).in_(statuses), ReservationRow.quantity), else_=0))

    # Orders that one warehouse delivers whole, by what they have locked there.
    whole = (
        select(ReservationRow.sku, pieces(_TOLD), pieces(_DOUBTFUL))  # type: ignore[call-overload]
        .join(DeliveryRow, col(DeliveryRow.order_id) == col(ReservationRow.order_id))
        .where(
            ReservationRow.warehouse == warehouse,
            ReservationRow.status == "locked",
            col(ReservationRow.sku).in_(skus),
            col(DeliveryRow.status).in_((*_TOLD, *_DOUBTFUL)),
            DeliveryRow.consignment == 0,
        )
        .group_by(ReservationRow.sku)
    )
    # Orders that stand in another one's instruction; packed there, until each has booked what left of its own.
    merged = (
        select(ReservationRow.sku, pieces((*_TOLD, "packed")), pieces(_DOUBTFUL))  # type: ignore[call-overload]
        .join(MergeMemberRow, col(MergeMemberRow.order_id) == col(ReservationRow.order_id))
        .join(
            DeliveryRow,
            and_(
                col(DeliveryRow.code) == col(MergeMemberRow.code),
                col(DeliveryRow.order_id) != col(MergeMemberRow.order_id),
            ),
        )
        .where(
            ReservationRow.warehouse == warehouse,
            ReservationRow.status == "locked",
            col(ReservationRow.sku).in_(skus),
        )
        .group_by(ReservationRow.sku)
    )
    told: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    for query in (whole, merged):
        for sku, surely, perhaps in (await tx.execute(query)).all():
            told[sku] += int(surely)
            doubtful[sku] += int(perhaps)
    # Parts of orders, by what they hold: of one order, several may be in one warehouse.
    part = (
        select(DeliveryRow.status, ConsignmentRow.lines)
        .join(
            ConsignmentRow,
            and_(
                col(ConsignmentRow.order_id) == col(DeliveryRow.order_id),
                col(ConsignmentRow.n) == col(DeliveryRow.consignment),
            ),
        )
        .where(col(DeliveryRow.status).in_((*_TOLD, *_DOUBTFUL)), ConsignmentRow.warehouse == warehouse)
    )
    wanted = set(skus)
    for status, lines in (await tx.execute(part)).tuples():
        for line in lines:
            if line["sku"] in wanted:
                (told if status in _TOLD else doubtful)[line["sku"]] += line["quantity"]
    moving = await _transfers(tx, warehouse, wanted, utc_now() - booked_within, doubtful)
    return {sku: Ours(on_hand.get(sku, 0), told[sku], doubtful[sku], moving[sku]) for sku in skus}


async def _transfers(
    tx: AsyncSession, warehouse: str, skus: Collection[str], since: datetime, doubtful: Counter[str]
) -> Counter[str]:
    """Pieces that a warehouse may count beside ours because of transfers; what it may lack is added to `doubtful`."""
    row = TransferRow
    query = select(row.sku, row.source, row.status, func.sum(row.quantity)).where(
        or_(row.source == warehouse, row.target == warehouse),
        or_(col(row.status).in_(("frozen", "sent")), and_(col(row.status) == "received", col(row.at) >= since)),
        # Of what was sent long ago the source has booked its part; the target may still get it at any moment.
        ~and_(col(row.status) == "sent", col(row.source) == warehouse, col(row.at) < since),
    )
    moving: Counter[str] = Counter()
    for sku, source, status, pieces in (
        await tx.execute(query.group_by(col(row.sku), col(row.source), col(row.status)))
    ).tuples():
        if sku not in skus:
            continue
        leaves = source == warehouse
        if (leaves and status == "frozen") or (not leaves and status == "received"):
            doubtful[sku] += int(pieces)  # it may have sent them already, or not have counted them yet
        elif leaves or status == "sent":
            moving[sku] += int(pieces)  # it may not have booked them out yet, or have counted them already
    return moving


async def last(tx: AsyncSession, warehouse: str, skus: Sequence[str]) -> dict[str, ShelfCountRow]:
    """What the last comparison of each of these SKUs found."""
    query = select(ShelfCountRow).where(ShelfCountRow.warehouse == warehouse, col(ShelfCountRow.sku).in_(skus))
    return {row.sku: row for row in (await tx.execute(query)).scalars()}


async def record(tx: AsyncSession, rows: Sequence[Mapping[str, object]]) -> None:
    """Keep what a comparison found; all columns, in the order of the key."""
    await insert_or_set(tx, ShelfCountRow, sorted(rows, key=lambda row: (str(row["warehouse"]), str(row["sku"]))))


async def compared(tx: AsyncSession, *, differing: bool = False) -> list[ShelfCountRow]:
    """Every article's last comparison; with `differing` those whose figures do not agree."""
    query = select(ShelfCountRow).order_by(col(ShelfCountRow.warehouse), col(ShelfCountRow.sku))
    if differing:
        query = query.where(ShelfCountRow.difference != 0)
    return list((await tx.execute(query)).scalars())


async def recent_changes(tx: AsyncSession, warehouse: str, sku: str, limit: int = 5) -> list[ShelfChangeRow]:
    """What the warehouse told of an article, the latest first."""
    query = (
        select(ShelfChangeRow)
        .where(ShelfChangeRow.warehouse == warehouse, ShelfChangeRow.sku == sku)
        .order_by(col(ShelfChangeRow.kept_at).desc(), col(ShelfChangeRow.code))
        .limit(limit)
    )
    return list((await tx.execute(query)).scalars())


async def adopt(tx: AsyncSession, warehouse: str, sku: str, expected: int, who: str, why: str) -> ShelfCountRow:
    """Book the warehouse's figure as counted: the ledger gets the difference that the last comparison found, with who
    and why, and the task about it is closed.

    `expected` is the difference that whoever decided saw. Raises LookupError when the figures were never compared,
    DifferenceChanged when it is another one by now (also when it was adopted before), and StockShort when more would
    go than is free: then orders hold those pieces.
    """
    row = await tx.get(ShelfCountRow, (warehouse, sku), with_for_update=True)
    if row is None:
        raise LookupError(f"{sku} in {warehouse} was never compared")
    if row.difference != expected or not expected:
        raise DifferenceChanged(row.difference)
    # The comparison's own moment is in the key: adopted once, whoever asks twice.
    key = f"count/{warehouse}/{sku}/{row.asked_at.isoformat()}"
    movement = stock.Movement(key, f"count: {why}", who)
    await stock.adjust(tx, sku, warehouse, row.difference, movement)
    row.on_hand += row.difference
    row.difference, row.looks = 0, 0
    tx.add(row)
    await close_task(tx, task_key(warehouse, sku), who)
    return row


def task_key(warehouse: str, sku: str) -> str:
    """The key of the one task about a place."""
    return f"stock_differs/{warehouse}/{sku}"

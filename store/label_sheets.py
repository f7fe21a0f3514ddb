"""Printed sheets as they stand now: what was printed, and what has become of it since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.labels import Item, LabelOrder, LabelParcel, LabelSheet, Lane, Window, contents, must_not_ship
from domain.masks import masked
from domain.order import Order
from domain.paper import Size
from domain.shipping import Carrier, ScannedItem
from domain.texts import text
from store.shipping import LIVE
from store.tables import LabelItemRow, LabelSheetRow, OrderRow, OrderVersionRow, ParcelRow, WaybillRow

AT_HAND = ("packed", "numbered")
"""The states of a parcel that has not come to its end: it may lie in the warehouse."""


@dataclass(frozen=True)
class Entry:
    """A parcel of a sheet, with all that tells how it stands. `waybill` is its live one."""

    item: LabelItemRow
    order: OrderRow
    body: Order
    """As it was printed."""
    parcel: ParcelRow
    waybill: WaybillRow | None

    @property
    def off_why(self) -> str:
        """Why it is taken off the sheet (a code), or ""; true also before it was written down."""
        if self.item.off_at is not None:
            return self.item.off_why
        if self.waybill is None:
            return "voided"
        return "" if self.waybill.key == self.item.waybill_key else "changed"

    @property
    def stops(self) -> tuple[str, ...]:
        """Why this label must not ship, in words; empty when it may, or when the parcel is out of reach."""
        off = (text(f"label.off.{self.off_why}"),) if self.off_why else ()
        if self.parcel.status == "stopped":  # by its courier: it may never have been collected
            return (*off, text("label.state.stopped"))
        if self.parcel.status not in AT_HAND:
            return off
        return off + must_not_ship(self.order.exit, self.order.status, self.order.holds)

    @property
    def items(self) -> tuple[Item, ...]:
        """What is in the box."""
        scanned = (ScannedItem(item["sku"], item["quantity"], item.get("line_no", "")) for item in self.parcel.items)
        return contents(self.body, scanned)


@dataclass(frozen=True)
class Sheet:
    """A sheet and its parcels, in the order in which they are printed."""

    row: LabelSheetRow
    entries: tuple[Entry, ...]

    @property
    def window(self) -> Window:
        """The window that its parcels share."""
        return window_of(self.row)

    def label(self) -> LabelSheet:
        """What is printed. Printed again it is the same, but for parcels that must not ship any more."""
        orders: dict[str, list[Entry]] = {}
        for entry in self.entries:
            orders.setdefault(entry.item.order_id, []).append(entry)
        row = self.row
        return LabelSheet(
            row.sheet_id,
            Size(row.size),
            self.window,
            row.part,
            row.parts,
            row.late,
            row.printed_at,
            tuple(_order(entries) for entries in orders.values()),
        )


def _order(entries: Sequence[Entry]) -> LabelOrder:
    body = entries[0].body
    parcels = tuple(
        LabelParcel(
            entry.parcel.n,
            entry.item.total,
            Carrier(entry.item.carrier),
            entry.item.number,
            entry.items,
            "、".join(entry.stops),
        )
        for entry in entries
    )
    return LabelOrder(
        body.channel_order_no,
        body.channel,
        masked(body.receiver),
        body.notes.requirements,
        entries[0].item.code,
        parcels,
    )


def window_of(row: LabelSheetRow) -> Window:
    """The window of a sheet's group."""
    return Window(Lane(row.warehouse, row.carrier, row.province, row.city, row.district), row.opens_at)


async def load(tx: AsyncSession, sheet_ids: Iterable[str]) -> list[Sheet]:
    """Sheets by their ids, in the order of their groups; ids that there are not are left out."""
    query = select(LabelSheetRow).where(col(LabelSheetRow.sheet_id).in_(list(sheet_ids)))
    rows = list((await tx.execute(query)).scalars())
    rows.sort(key=lambda row: (window_of(row), row.n))
    entries = await _entries(tx, [row.sheet_id for row in rows])
    return [Sheet(row, tuple(entries.get(row.sheet_id, ()))) for row in rows]


async def since(tx: AsyncSession, moment: datetime, warehouse: str = "", size: Size | None = None) -> list[str]:
    """The ids of the sheets whose group began at a moment or after; of one warehouse or size only, if told."""
    query = select(LabelSheetRow.sheet_id).where(LabelSheetRow.opens_at >= moment)
    if warehouse:
        query = query.where(LabelSheetRow.warehouse == warehouse)
    if size is not None:
        query = query.where(LabelSheetRow.size == size)
    return list((await tx.execute(query)).scalars())


async def by_code(tx: AsyncSession, code: str) -> tuple[Sheet, str] | None:
    """The sheet that a code stands on, and the order that it is of; None for a code that was never printed."""
    query = select(LabelItemRow).where(LabelItemRow.code == code).limit(1)
    item = (await tx.execute(query)).scalar_one_or_none()
    if item is None:
        return None
    [sheet] = await load(tx, [item.sheet_id])
    return sheet, item.order_id


async def sheets_of(tx: AsyncSession, parcel_ids: Iterable[str]) -> dict[str, str]:
    """The sheet on which each parcel stands with its live number; parcels without one are left out."""
    query = (
        select(LabelItemRow.parcel_id, LabelItemRow.sheet_id)
        .join(WaybillRow, col(WaybillRow.key) == col(LabelItemRow.waybill_key))
        .where(
            col(LabelItemRow.parcel_id).in_(list(parcel_ids)),
            col(LabelItemRow.off_at).is_(None),
            WaybillRow.status == LIVE,
        )
    )
    return dict((await tx.execute(query)).tuples().all())


async def _entries(tx: AsyncSession, sheet_ids: list[str]) -> dict[str, list[Entry]]:
    query = (
        select(LabelItemRow, OrderRow, OrderVersionRow.body, ParcelRow)
        .join(OrderRow, col(OrderRow.order_id) == col(LabelItemRow.order_id))
        .join(
            OrderVersionRow,
            (col(OrderVersionRow.order_id) == col(LabelItemRow.order_id))
            & (col(OrderVersionRow.revision) == col(LabelItemRow.revision)),
        )
        .join(ParcelRow, col(ParcelRow.parcel_id) == col(LabelItemRow.parcel_id))
        .where(col(LabelItemRow.sheet_id).in_(sheet_ids))
        .order_by(col(LabelItemRow.sheet_id), col(LabelItemRow.place))
    )
    rows = (await tx.execute(query)).tuples().all()
    waybills = await live_waybills(tx, [item.parcel_id for item, *_ in rows])
    found: dict[str, list[Entry]] = {}
    for item, order, body, parcel in rows:
        entry = Entry(item, order, Order.model_validate(body), parcel, waybills.get(item.parcel_id))
        found.setdefault(item.sheet_id, []).append(entry)
    return found


async def live_waybills(tx: AsyncSession, parcel_ids: Iterable[str]) -> dict[str, WaybillRow]:
    """The live waybill of each parcel that has one."""
    query = select(WaybillRow).where(col(WaybillRow.parcel_id).in_(list(parcel_ids)), WaybillRow.status == LIVE)
    return {row.parcel_id: row for row in (await tx.execute(query)).scalars()}

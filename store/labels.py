"""Making combined labels out of the parcels that have a number: planned, printed once, taken off when it changes.

A step of one group is one transaction, and safe to repeat: the parcels that stand on a sheet with their present number
are left alone. The tables' unique keys have the last word between two that print at the same moment.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from domain.labels import WINDOW, Block, Group, Lane, Ready, Window, fill, group, must_not_ship
from domain.order import Region
from domain.paper import PAPERS, Size
from store.database import Database
from store.label_sheets import live_waybills, sheets_of, window_of
from store.shipping import LIVE
from store.steps import Done, load_order, record
from store.tables import (
    DeliveryRow,
    LabelItemRow,
    LabelSheetRow,
    OrderRow,
    OrderVersionRow,
    ParcelRow,
    ReservationRow,
    WaybillRow,
)

_RACES = 5
"""How often a group is tried again when somebody prints it at the same moment."""


@dataclass(frozen=True)
class Held:
    """A parcel with a number that is not printed, and why not, in words."""

    parcel_id: str
    warehouse: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be printed: groups, and what must not ship."""

    groups: list[Group]
    held: list[Held]

    def due(self, now: datetime) -> list[Group]:
        """The groups that no parcel can join any more."""
        return [group for group in self.groups if group.window.closes_at < now]


@dataclass(frozen=True)
class TakenOff:
    """A parcel that is on a printed sheet and must not leave with it. `number` is the printed one.

    `why` is voided, changed or withdrawn; `new_number` and `new_sheet` are what it has now, or "".
    """

    parcel_id: str
    sheet_id: str
    number: str
    why: str
    new_number: str
    new_sheet: str


async def plan(tx: AsyncSession, since: datetime, warehouse: str = "") -> Plan:
    """The parcels that got their number at `since` or later and stand on no sheet with it, in their groups."""
    query = (
        select(ParcelRow, WaybillRow, OrderRow, OrderVersionRow.body)
        .join(WaybillRow, col(WaybillRow.parcel_id) == col(ParcelRow.parcel_id))
        .join(OrderRow, col(OrderRow.order_id) == col(ParcelRow.order_id))
        .join(
            OrderVersionRow,
            (col(OrderVersionRow.order_id) == col(OrderRow.order_id))
            & (col(OrderVersionRow.revision) == func.coalesce(ParcelRow.revision, OrderRow.revision)),
        )
        .where(
            ParcelRow.status == "numbered",
            WaybillRow.status == LIVE,
            WaybillRow.of_parcel == "",  # a box has one label, whoever's goods are in it
            col(WaybillRow.live_at) >= since,
            ~select(LabelItemRow.parcel_id)
            .where(
                LabelItemRow.parcel_id == ParcelRow.parcel_id,
                LabelItemRow.waybill_key == WaybillRow.key,
                col(LabelItemRow.off_at).is_(None),
            )
            .exists(),
        )
        .order_by(col(ParcelRow.parcel_id))
    )
    rows = (await tx.execute(query)).tuples().all()
    places = await _warehouses(tx, [parcel for parcel, *_ in rows])
    ready: list[Ready] = []
    held: list[Held] = []
    for parcel, waybill, order, body in rows:
        place = places[parcel.parcel_id]
        if warehouse not in ("", place) or waybill.live_at is None:
            continue
        why = must_not_ship(order.exit, order.status, order.holds)
        if why:
            held.append(Held(parcel.parcel_id, place, why))
            continue
        lane = Lane.of(place, waybill.carrier, Region.model_validate(body["receiver"]["region"]))
        ready.append(Ready(parcel.parcel_id, parcel.order_id, lane, waybill.live_at))
    return Plan(group(ready, await _printed(tx, since - WINDOW)), held)


async def print_labels(db: Database, groups: Sequence[Group], size: Size, by: str, opens_for: timedelta) -> list[str]:
    """Put groups onto sheets. Returns the ids of the sheets that this call made, none for what was printed before.

    `opens_for` is how long the codes will open the scan page.
    """
    made: list[str] = []
    for wanted in groups:
        for attempt in range(_RACES):
            try:
                async with db.transaction() as tx:
                    made += await _print_group(tx, wanted, size, by, opens_for)
                break
            except IntegrityError:
                if attempt == _RACES - 1:
                    raise
    return made


async def prolong(tx: AsyncSession, sheet_ids: Sequence[str], opens_for: timedelta) -> None:
    """Sheets are printed again: their codes open the scan page for another while."""
    query = select(LabelSheetRow).where(col(LabelSheetRow.sheet_id).in_(list(sheet_ids)))
    until = utc_now() + opens_for
    for row in (await tx.execute(query.with_for_update())).scalars():
        row.expires_at = max(row.expires_at, until)
        tx.add(row)


async def withdraw(tx: AsyncSession, sheet_id: str, by: str) -> int:
    """Take all parcels off a sheet, so that they are printed anew. Returns how many were still on it.

    Raises LookupError when there is no such sheet.
    """
    if await tx.get(LabelSheetRow, sheet_id, with_for_update=True) is None:
        raise LookupError(f"no label sheet {sheet_id}")
    query = select(LabelItemRow).where(LabelItemRow.sheet_id == sheet_id).order_by(col(LabelItemRow.order_id))
    items = [item for item in (await tx.execute(query)).scalars() if item.off_at is None]
    for order_id in sorted({item.order_id for item in items}):
        order = await load_order(tx, order_id)
        await record(tx, order, f"label-withdrawn/{sheet_id}", by, Done("label.withdrawn", sheet_id))
    for item in items:
        _take_off(tx, item, "withdrawn")
    return len(items)


async def taken_off(tx: AsyncSession, since: datetime, warehouse: str = "") -> list[TakenOff]:
    """What must be taken out of sheets printed at `since` or later; written down where it was not yet."""
    query = (
        select(LabelItemRow)
        .join(LabelSheetRow, col(LabelSheetRow.sheet_id) == col(LabelItemRow.sheet_id))
        .join(WaybillRow, col(WaybillRow.key) == col(LabelItemRow.waybill_key))
        .where(
            LabelSheetRow.printed_at >= since,
            col(LabelItemRow.off_at).is_not(None) | (col(WaybillRow.status) != LIVE),
        )
        .order_by(col(LabelItemRow.parcel_id), col(LabelSheetRow.printed_at))
    )
    if warehouse:
        query = query.where(LabelSheetRow.warehouse == warehouse)
    items = list((await tx.execute(query)).scalars())
    waybills = await live_waybills(tx, [item.parcel_id for item in items])
    for item in items:
        if item.off_at is None:
            _take_off(tx, item, "changed" if item.parcel_id in waybills else "voided")
    await tx.flush()
    sheets = await sheets_of(tx, [item.parcel_id for item in items])
    return [
        TakenOff(
            item.parcel_id,
            item.sheet_id,
            item.number,
            item.off_why,
            waybills[item.parcel_id].number if item.parcel_id in waybills else "",
            sheets.get(item.parcel_id, ""),
        )
        for item in items
    ]


async def _print_group(tx: AsyncSession, wanted: Group, size: Size, by: str, opens_for: timedelta) -> list[str]:
    # The orders' locks come first and in their order, as in every step: nothing of them changes from here on.
    orders = {oid: await load_order(tx, oid) for oid in sorted({parcel.order_id for parcel in wanted.parcels})}
    ids = [parcel.parcel_id for parcel in wanted.parcels]
    waybills = await live_waybills(tx, ids)
    on_sheet = select(LabelItemRow).where(col(LabelItemRow.parcel_id).in_(ids), col(LabelItemRow.off_at).is_(None))
    parcels = await _parcels(tx, orders)
    standing = {item.parcel_id: item for item in (await tx.execute(on_sheet)).scalars()}
    fit: list[Ready] = []
    for parcel in wanted.parcels:
        order, waybill, item = orders[parcel.order_id], waybills.get(parcel.parcel_id), standing.get(parcel.parcel_id)
        if waybill is None or must_not_ship(order.exit, order.status, order.holds):
            continue
        if item is not None and item.waybill_key == waybill.key:
            continue
        if item is not None:
            _take_off(tx, item, "changed")
        fit.append(parcel)
    await tx.flush()
    before = await _count(tx, wanted.window)
    filled = fill(fit, PAPERS[size])
    return [
        await _print_sheet(
            tx,
            _sheet_row(wanted.window, before, part, len(filled), size, by, opens_for),
            blocks,
            orders,
            parcels,
            waybills,
        )
        for part, blocks in enumerate(filled, start=1)
    ]


def _sheet_row(
    window: Window, before: int, part: int, parts: int, size: Size, by: str, opens_for: timedelta
) -> LabelSheetRow:
    now = utc_now()
    return LabelSheetRow(
        sheet_id=f"{window.group_id}-{before + part}",
        **vars(window.lane),
        opens_at=window.opens_at,
        n=before + part,
        part=part,
        parts=parts,
        late=before > 0,
        size=size,
        printed_by=by,
        printed_at=now,
        expires_at=now + opens_for,
    )


async def _print_sheet(
    tx: AsyncSession,
    sheet: LabelSheetRow,
    blocks: Sequence[Block],
    orders: dict[str, OrderRow],
    parcels: dict[str, ParcelRow],
    waybills: dict[str, WaybillRow],
) -> str:
    tx.add(sheet)
    await tx.flush()
    place = 0
    for block in blocks:
        code = base64.b32encode(secrets.token_bytes(15)).decode().lower()
        for parcel_id in block.parcel_ids:
            place += 1
            waybill = waybills[parcel_id]
            tx.add(
                LabelItemRow(
                    sheet_id=sheet.sheet_id,
                    parcel_id=parcel_id,
                    place=place,
                    order_id=block.order_id,
                    total=sum(parcel.order_id == block.order_id for parcel in parcels.values()),
                    revision=parcels[parcel_id].revision or orders[block.order_id].revision,
                    waybill_key=waybill.key,
                    carrier=waybill.carrier,
                    number=waybill.number,
                    code=code,
                )
            )
        done = Done("label.printed", sheet.sheet_id)
        await record(tx, orders[block.order_id], f"label/{sheet.sheet_id}", sheet.printed_by, done)
    await tx.flush()
    return sheet.sheet_id


def _take_off(tx: AsyncSession, item: LabelItemRow, why: str) -> None:
    item.off_at, item.off_why = utc_now(), why
    tx.add(item)


async def _printed(tx: AsyncSession, since: datetime) -> set[Window]:
    query = select(LabelSheetRow).where(LabelSheetRow.opens_at >= since)
    return {window_of(row) for row in (await tx.execute(query)).scalars()}


async def _count(tx: AsyncSession, window: Window) -> int:
    lane = window.lane
    query = select(func.coalesce(func.max(LabelSheetRow.n), 0)).where(
        LabelSheetRow.opens_at == window.opens_at,
        LabelSheetRow.warehouse == lane.warehouse,
        LabelSheetRow.carrier == lane.carrier,
        LabelSheetRow.province == lane.province,
        LabelSheetRow.city == lane.city,
        LabelSheetRow.district == lane.district,
    )
    return int((await tx.execute(query)).scalar_one())


async def _parcels(tx: AsyncSession, order_ids: Iterable[str]) -> dict[str, ParcelRow]:
    """All parcels of orders, also those that are on no sheet."""
    query = select(ParcelRow).where(col(ParcelRow.order_id).in_(list(order_ids)))
    return {row.parcel_id: row for row in (await tx.execute(query)).scalars()}


async def _warehouses(tx: AsyncSession, parcels: Sequence[ParcelRow]) -> dict[str, str]:
    """Where each parcel lies: the warehouse that was told to pack it, else the one its stock was taken from."""
    orders = {parcel.order_id for parcel in parcels}
    told = select(DeliveryRow.order_id, DeliveryRow.consignment, DeliveryRow.warehouse).where(
        col(DeliveryRow.order_id).in_(orders), DeliveryRow.status == "packed", DeliveryRow.warehouse != ""
    )
    packed = {(oid, part): place for oid, part, place in (await tx.execute(told)).tuples()}
    taken = select(ReservationRow.order_id, ReservationRow.sku, ReservationRow.warehouse).where(
        col(ReservationRow.order_id).in_(orders), col(ReservationRow.status).in_(("locked", "shipped"))
    )
    stock = {(oid, sku): place for oid, sku, place in (await tx.execute(taken)).tuples()}
    return {
        parcel.parcel_id: packed.get((parcel.order_id, parcel.consignment))
        or next(
            (stock[parcel.order_id, item["sku"]] for item in parcel.items if (parcel.order_id, item["sku"]) in stock),
            "",
        )
        for parcel in parcels
    }

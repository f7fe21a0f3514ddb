"""Deliveries, parcels, waybills and their journeys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from domain.clock import utc_now
from domain.shipping import (
    COURSE_CHANGING,
    Package,
    ScannedItem,
    TrackCode,
    TrackNode,
    TrackReport,
    WarehouseReport,
    WarehouseStatus,
)
from store import tracking
from store.tables import DeliveryRow, OrderRow, ParcelRow, TrackNodeRow, WarehouseReportRow, WaybillRow
from store.upsert import insert_ignore

LIVE = "live"


async def delivery(tx: AsyncSession, code: str) -> DeliveryRow | None:
    """One instruction to a warehouse."""
    return await tx.get(DeliveryRow, code)


async def deliveries(tx: AsyncSession, order_id: str) -> list[DeliveryRow]:
    """All instructions to warehouses for one order, in their order."""
    query = select(DeliveryRow).where(DeliveryRow.order_id == order_id).order_by(col(DeliveryRow.n))
    return list((await tx.execute(query)).scalars())


async def keep_report(tx: AsyncSession, report: WarehouseReport) -> int:
    """Keep what a warehouse reported. The same content again gives the same id."""
    body = asdict(report)
    digest = hashlib.sha256(repr(sorted(body.items())).encode()).hexdigest()
    values = {"delivery_code": report.delivery_code, "fingerprint": digest, "body": body, "at": utc_now()}
    await insert_ignore(tx, WarehouseReportRow, values)
    query = select(WarehouseReportRow.report_id).where(
        WarehouseReportRow.delivery_code == report.delivery_code, WarehouseReportRow.fingerprint == digest
    )
    return int((await tx.execute(query)).scalar_one() or 0)


async def report(tx: AsyncSession, report_id: int) -> WarehouseReport:
    """A warehouse's report by its id. Raises LookupError."""
    row = await tx.get(WarehouseReportRow, report_id)
    if row is None:
        raise LookupError(f"no warehouse report {report_id}")
    return _report(row.body)


async def packed_boxes(tx: AsyncSession, code: str) -> list[Package]:
    """All boxes that a warehouse reported as packed for one instruction, each once."""
    query = select(WarehouseReportRow).where(WarehouseReportRow.delivery_code == code)
    boxes: dict[str, Package] = {}
    for row in (await tx.execute(query.order_by(col(WarehouseReportRow.report_id)))).scalars():
        found = _report(row.body)
        if found.status is WarehouseStatus.PACKED:
            boxes.update({box.package_code: box for box in found.packages})
    return list(boxes.values())


async def parcels(tx: AsyncSession, order_id: str) -> list[ParcelRow]:
    """An order's parcels in their order."""
    query = select(ParcelRow).where(ParcelRow.order_id == order_id).order_by(col(ParcelRow.n))
    return list((await tx.execute(query)).scalars())


async def waybills(tx: AsyncSession, parcel_id: str) -> list[WaybillRow]:
    """Every waybill that was ever asked for of a parcel, the oldest first."""
    query = select(WaybillRow).where(WaybillRow.parcel_id == parcel_id)
    return list((await tx.execute(query.order_by(col(WaybillRow.asked_at), col(WaybillRow.key)))).scalars())


async def live_waybill(tx: AsyncSession, parcel_id: str) -> WaybillRow | None:
    """The one live waybill of a parcel."""
    query = select(WaybillRow).where(WaybillRow.parcel_id == parcel_id, WaybillRow.status == LIVE)
    return (await tx.execute(query)).scalar_one_or_none()


async def numbered(tx: AsyncSession, order: OrderRow, waybill: WaybillRow) -> None:
    """A parcel has its number now."""
    waybill.live_at = utc_now()
    tx.add(waybill)
    parcel = await tx.get(ParcelRow, waybill.parcel_id)
    if parcel is not None and parcel.status == "packed":
        parcel.status = "numbered"
        tx.add(parcel)
    order.courier = f"{waybill.provider}:{waybill.carrier}"
    tx.add(order)


async def waybill_by_number(tx: AsyncSession, number: str) -> WaybillRow | None:
    """The live waybill under a number."""
    query = select(WaybillRow).where(WaybillRow.number == number, WaybillRow.status == LIVE)
    return (await tx.execute(query)).scalars().first()


async def waybills_to_follow(
    tx: AsyncSession, silent_since: datetime, limit: int
) -> tuple[Sequence[WaybillRow], Sequence[WaybillRow]]:
    """Live waybills of parcels on their way: those not subscribed yet, and those silent since a moment."""
    underway = (
        select(WaybillRow)
        .join(ParcelRow, col(ParcelRow.parcel_id) == col(WaybillRow.parcel_id))
        .where(
            WaybillRow.status == LIVE,
            WaybillRow.of_parcel == "",  # a shared box is followed once
            col(ParcelRow.status).in_(("numbered", "lost", "refused")),
        )
        .order_by(col(WaybillRow.updated_at))
        .limit(limit)
    )
    fresh = underway.where(col(WaybillRow.subscribed_at).is_(None))
    silent = underway.where(
        col(WaybillRow.subscribed_at) < silent_since,
        or_(col(WaybillRow.last_news_at).is_(None), col(WaybillRow.last_news_at) < silent_since),
    )
    return (await tx.execute(fresh)).scalars().all(), (await tx.execute(silent)).scalars().all()


async def keep_track(tx: AsyncSession, report: TrackReport) -> int:
    """Keep what a tracker reported. Returns how many nodes were new."""
    new = 0
    for node in report.nodes:
        digest = hashlib.sha256(f"{node.at.astimezone(UTC).isoformat()}|{node.code}|{node.text}".encode()).hexdigest()
        values = {"number": report.number, "fingerprint": digest, "at": node.at, "code": node.code}
        fresh = await insert_ignore(tx, TrackNodeRow, {**values, "text": node.text, "place": node.place})
        if fresh and node.code is not TrackCode.NONE:
            await _no_more_unknown(tx, report.number, node)
        new += fresh
    return new


async def _no_more_unknown(tx: AsyncSession, number: str, node: TrackNode) -> None:
    """A line of a journey means something now: the same line of when nobody knew what is not a second one."""
    row = TrackNodeRow
    same = (col(row.number) == number, col(row.at) == node.at, col(row.text) == node.text)
    await tx.execute(delete(row).where(*same, col(row.code) == str(TrackCode.NONE)))


@dataclass(frozen=True)
class CourseChange:
    """News that changes an order's course: its workflow must be told."""

    order_id: str
    parcel_id: str
    status: str


async def apply_track(tx: AsyncSession, report: TrackReport) -> list[CourseChange]:
    """Keep a tracker's report, and say whose course it changes: of a box that several orders share, each one's parcel.

    A signature is the last word: what comes after it changes nothing. Raises LookupError when no waybill has this
    number (yet: news can be quicker than the courier's own answer).
    """
    query = select(WaybillRow).where(WaybillRow.number == report.number).order_by(col(WaybillRow.key))
    known = (await tx.execute(query)).scalars().all()
    if not known:
        raise LookupError("no waybill has this number")
    await keep_track(tx, report)
    # A void one's journey is nobody's.
    found = [await _apply(tx, waybill, report) for waybill in known if waybill.status == LIVE]
    return [change for change in found if change is not None]


async def _apply(tx: AsyncSession, waybill: WaybillRow, report: TrackReport) -> CourseChange | None:
    waybill.last_news_at = utc_now()
    tx.add(waybill)
    parcel = await tx.get(ParcelRow, waybill.parcel_id, with_for_update=True)
    if parcel is None or not report.nodes:
        return None
    codes = {node.code for node in report.nodes}
    latest = max(report.nodes, key=lambda node: node.at).code
    status = TrackCode.SIGNED if TrackCode.SIGNED in codes else latest
    changes = status in COURSE_CHANGING
    if changes and parcel.status != "signed":
        parcel.status = status.lower()
        tx.add(parcel)
    await tracking.heard(tx, waybill, parcel, report)
    if not changes:
        return None
    if parcel.course_told == parcel.status:
        return None  # a duplicate push wakes nobody
    return CourseChange(parcel.order_id, parcel.parcel_id, parcel.status)


async def mark_course_told(tx: AsyncSession, change: CourseChange) -> None:
    """The order's workflow was told. Before this, a crash lets it be told again, which changes nothing."""
    parcel = await tx.get(ParcelRow, change.parcel_id, with_for_update=True)
    if parcel is not None:
        parcel.course_told = change.status
        tx.add(parcel)


def box_items(items: Iterable[ScannedItem]) -> list[dict[str, Any]]:
    """Scanned items as a parcel row keeps them."""
    return [{"sku": item.sku, "quantity": item.quantity, "line_no": item.line_no} for item in items]


def _report(body: dict[str, Any]) -> WarehouseReport:
    packages = tuple(
        Package(box["package_code"], tuple(ScannedItem(**item) for item in box["items"]), box["weight_g"])
        for box in body["packages"]
    )
    return WarehouseReport(**{**body, "status": WarehouseStatus(body["status"]), "packages": packages})

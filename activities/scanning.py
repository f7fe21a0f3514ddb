"""What the warehouse scanned, compared with what was ordered; what matches leaves the stock as parcels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import RECORD_REPORT, ReportRef, Scan, Scanned
from activities.leaving import NotToBeHad, leave
from activities.merged import boxes_of_each, parts_of
from activities.results import from_json, to_json
from domain.gifts import scan_difference
from domain.golden import Trigger
from domain.holds import HoldReason
from domain.ids import parcel_id
from domain.merging import MemberState
from domain.order import Order, OrderLine
from domain.shipping import Package, WarehouseReport, WarehouseStatus
from domain.texts import text
from rules.fields import definitions
from store import extensions, merges, orders, planning, shipping
from store.database import Database
from store.holds import open_task, say_again
from store.steps import Done, run_step
from store.tables import DeliveryRow, OrderRow, ParcelRow


@dataclass(frozen=True)
class _Heard:
    """A report. `as_it_is`: what is locked leaves, since not all of what was packed can be had."""

    report_id: int
    report: WarehouseReport
    as_it_is: bool


class ScanSteps:
    """Stage four, second half."""

    def __init__(self, db: Database, warehouse_code: str) -> None:
        self._db = db
        self._code = warehouse_code

    @activity.defn(name=RECORD_REPORT.name)
    async def record_report(self, ref: ReportRef) -> Scanned:
        """Understand a report. PACKED when what was scanned is what was ordered: parcels exist, stock is gone."""

        async def work(tx: AsyncSession, row: OrderRow, *, as_it_is: bool = False) -> Done:
            report = await shipping.report(tx, ref.report_id)
            # Locked from here on: in a merge, another order may be stopping it.
            delivery = await tx.get_one(DeliveryRow, report.delivery_code, with_for_update=True)
            scanned = await self._scan(tx, row, _Heard(ref.report_id, report, as_it_is), delivery)
            scanned = replace(scanned, consignment=delivery.consignment)
            packed = scanned.scan is Scan.PACKED and scanned.all_packed
            trigger = Trigger.WAREHOUSE_SCAN_MATCHED if packed else None
            return Done(f"warehouse.{scanned.scan}", scanned.detail, trigger, result=to_json(scanned))

        step = report_step(ref.report_id)
        try:
            kept = await run_step(self._db, ref.order_id, step, "warehouse", work)
        except NotToBeHad:
            # The box is packed, whatever the books say: what is locked leaves, and a person looks after the rest.
            kept = await run_step(self._db, ref.order_id, step, "warehouse", partial(work, as_it_is=True))
        return from_json(Scanned, kept)

    async def _scan(self, tx: AsyncSession, row: OrderRow, heard: _Heard, delivery: DeliveryRow) -> Scanned:
        report = heard.report
        if delivery.order_id != row.order_id:
            return await self._packed_by_another(tx, row, heard, delivery)
        if delivery.status == "cancelled":
            if report.status is WarehouseStatus.PACKED:
                key, sentence = f"{row.order_id}/packed_after_stop", text("task.packed_after_stop")
                await open_task(tx, key, "packed_after_stop", sentence, order_id=row.order_id, alert=True)
            return Scanned(Scan.NOTHING)
        if delivery.status == "packed":
            return Scanned(Scan.NOTHING)
        match report.status:
            case WarehouseStatus.CANCELLED:
                delivery.status = "cancelled"
                tx.add(delivery)
                await merges.dissolve(tx, row.order_id, text("warehouse.cancelled_itself"), "warehouse")
                return Scanned(Scan.CANCELLED, report.message or text("warehouse.cancelled_itself"))
            case WarehouseStatus.EXCEPTION:
                return Scanned(Scan.EXCEPTION, report.message or text("warehouse.exception"))
            case WarehouseStatus.PACKED:
                return await self._compare(tx, row, heard, delivery)
        return Scanned(Scan.NOTHING)

    async def _compare(self, tx: AsyncSession, row: OrderRow, heard: _Heard, delivery: DeliveryRow) -> Scanned:
        report = heard.report
        if not report.final:
            return Scanned(Scan.PARTIAL)
        order = await orders.body(tx, row.order_id, delivery.revision)
        part = await planning.consignment(tx, row.order_id, delivery.consignment)
        lines = list(order.lines)
        if delivery.consignment and part is not None:
            lines = _lines_of(order, part.lines)
        merge = await merges.of_code(tx, delivery.code)
        parts = await parts_of(tx, merge, delivery.code) if merge is not None else []
        for other in parts[1:]:
            lines += other.renumbered()
        wanted = _ordered(lines)
        # A final report carries all boxes, or those that the reports before it did not.
        for boxes in (list(report.packages), await shipping.packed_boxes(tx, report.delivery_code)):
            if _scanned(boxes) == wanted:
                break
        else:
            difference = scan_difference(lines, [item for box in report.packages for item in box.items])
            problem = difference.words()
            says, about = text("scan.mismatch", what=problem), ""
            if delivery.consignment:
                about = text("consignment.name", n=delivery.consignment, warehouse=delivery.warehouse)
                says = text("consignment.says", name=about, sentence=says)
            await say_again(tx, row.order_id, HoldReason.SCAN_MISMATCH, says, about)
            return Scanned(Scan.MISMATCH, text("scan.mismatch", what=problem), problem=problem)
        delivery.status = "packed"
        tx.add(delivery)
        await tx.flush()
        if row.revision > delivery.revision:
            await extensions.ask_people(tx, row, definitions())
        if merge is not None:
            each = boxes_of_each(delivery.code, boxes, parts)
            await merges.pack(tx, merge, delivery.code, heard.report_id, each, text("merge.packed_before"))
            return await self._packed(tx, row, heard, delivery, delivery.token, each[row.order_id])
        whole = [{"box": "", "package_code": b.package_code, "items": shipping.box_items(b.items)} for b in boxes]
        return await self._packed(tx, row, heard, delivery, delivery.token, whole)

    async def _packed_by_another(
        self, tx: AsyncSession, row: OrderRow, heard: _Heard, delivery: DeliveryRow
    ) -> Scanned:
        """Its goods stood in another order's instruction, and that order has compared what was scanned."""
        merge = await merges.find(tx, row.order_id)
        mine = merge.of(row.order_id) if merge is not None else None
        if mine is None or mine.state != MemberState.PACKED or await shipping.parcels(tx, row.order_id):
            return Scanned(Scan.NOTHING)
        packed = await self._packed(tx, row, heard, delivery, mine.token, mine.boxes)
        if row.revision > mine.revision:
            await extensions.ask_people(tx, row, definitions())
        return packed

    async def _packed(
        self,
        tx: AsyncSession,
        row: OrderRow,
        heard: _Heard,
        delivery: DeliveryRow,
        token: str,
        boxes: Sequence[Mapping[str, Any]],
    ) -> Scanned:
        """What lies in the boxes is gone from the stock, as it was reserved under `token`; each box is a parcel."""
        part = await planning.consignment(tx, row.order_id, delivery.consignment)
        wanted: Counter[str] = Counter()
        for box in boxes:
            for item in box["items"]:
                wanted[item["sku"]] += item["quantity"]
        by = heard.report.warehouse or delivery.warehouse or self._code
        await leave(tx, row, delivery, part, wanted, by, token=token, as_it_is=heard.as_it_is)
        if part is not None:
            planning.change(tx, part, planning.PACKED)
        before = len(await shipping.parcels(tx, row.order_id))
        left = [one for one in await planning.consignments(tx, row.order_id) if one.status != planning.OFF]
        parcels, shared = [], []
        for n, box in enumerate(boxes, start=before + 1):
            pid = parcel_id(row.order_id, n)
            parcels.append(pid)
            shared += [pid] if box["box"] else []
            tx.add(
                ParcelRow(
                    parcel_id=pid,
                    order_id=row.order_id,
                    n=n,
                    package_code=box["package_code"],
                    items=box["items"],
                    status="packed",
                    whole_order=len(boxes) == 1 and len(left) < 2,
                    consignment=delivery.consignment,
                    revision=delivery.revision if delivery.consignment else None,
                    box=box["box"],
                )
            )
        all_packed = not delivery.consignment or all(one.status == planning.PACKED for one in left)
        return Scanned(Scan.PACKED, parcels=parcels, all_packed=all_packed, shared=shared)


def report_step(report_id: int) -> str:
    """The step that understands a report."""
    return f"report/{report_id}"


def _lines_of(order: Order, part: Iterable[Mapping[str, Any]]) -> list[OrderLine]:
    """The order's lines, as far as they are in a consignment."""
    known = {line.line_no: line for line in order.lines}
    return [
        known[line["line_no"]].model_copy(update={"sku": line["sku"], "quantity": line["quantity"]}) for line in part
    ]


def _ordered(lines: Iterable[OrderLine]) -> Counter[str]:
    wanted: Counter[str] = Counter()
    for line in lines:
        wanted[line.sku] += line.quantity
    return wanted


def _scanned(boxes: Iterable[Package]) -> Counter[str]:
    scanned: Counter[str] = Counter()
    for box in boxes:
        for item in box.items:
            scanned[item.sku] += item.quantity
    return scanned

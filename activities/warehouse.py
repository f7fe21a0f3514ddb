"""Instructing the warehouse, stopping it, and comparing what it scanned with what was ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    ASK_WAREHOUSE,
    CANCEL_AT_WAREHOUSE,
    HOLD_AT_WAREHOUSE,
    PUSH_TO_WAREHOUSE,
    RECORD_REPORT,
    RESTORE_AT_WAREHOUSE,
    DeliveryRef,
    Pushed,
    ReportRef,
    Scan,
    Scanned,
    Stop,
    Stopped,
)
from activities.leaving import NotToBeHad, leave
from activities.partners import answered
from activities.results import from_json, to_json
from connectors.errors import Rejected
from connectors.ports import Warehouse
from domain.clock import utc_now
from domain.extensions import Scope, rule_of
from domain.gifts import scan_difference
from domain.golden import Trigger
from domain.holds import HoldReason
from domain.ids import parcel_id, partner_key
from domain.order import Order, OrderLine
from domain.shipping import (
    Carrier,
    DeliveryOrder,
    Package,
    StopOutcome,
    WarehouseLine,
    WarehouseReport,
    WarehouseStatus,
)
from domain.texts import text
from rules.fields import definitions
from store import extensions, orders, planning, shipping, stock
from store.database import Database
from store.holds import open_task, say_again
from store.steps import Done, run_step
from store.tables import DeliveryRow, OrderRow, ParcelRow
from store.upsert import insert_ignore

SETTLED_AFTER = timedelta(seconds=20)
"""A push that was under way may still arrive for so long after it was sent (its time limit and a margin)."""


class WarehouseSteps:
    """Stage four."""

    def __init__(self, db: Database, warehouse: Warehouse, warehouse_code: str) -> None:
        self._db = db
        self._warehouse = warehouse
        self._code = warehouse_code

    @activity.defn(name=PUSH_TO_WAREHOUSE.name)
    async def push_to_warehouse(self, ref: DeliveryRef) -> Pushed:
        """Instruct the warehouse to pack. Sent again, it is the same instruction."""
        code = delivery_code(ref.order_id, ref.n)
        async with self._db.transaction() as tx:
            again = await shipping.delivery(tx, code) is not None
            order = await extensions.whole(tx, await orders.body(tx, ref.order_id, ref.revision))
            part = await planning.consignment(tx, ref.order_id, ref.consignment)
            warehouse = part.warehouse if part is not None else ""
            row = await _kept(tx, ref, warehouse, "asked")
            if row.status in {"stopping", "cancelled"}:
                return Pushed(False, text("warehouse.stopped_before"))
            row.at = utc_now()
            # Sent again, it is still the instruction that was made under the reservation of then.
            row.token = row.token or await stock.reservation_token(tx, ref.order_id)
            tx.add(row)
        instruction = _instruction(order, code, Carrier(ref.carrier), warehouse)
        if ref.consignment and part is not None:
            instruction = _of_part(instruction, part.lines)
        try:
            async with answered(self._db, ref.order_id):
                await self._warehouse.push(instruction)
        except Rejected as refused:
            # An earlier run may have got through before its worker died: then the warehouse has it, whatever it says.
            if not again or not await self._knows(row):
                await self._set(code, "refused", unless={"packed", "stopping", "cancelled"})
                return Pushed(False, refused.operator_text)
        await self._set(code, "pushed", unless={"packed", "stopping", "cancelled"})
        return Pushed(True)

    @activity.defn(name=HOLD_AT_WAREHOUSE.name)
    async def hold_at_warehouse(self, ref: DeliveryRef) -> Stopped:
        """Let the warehouse stop work for the time being."""
        code, warehouse = await self._place(ref)
        try:
            async with answered(self._db, ref.order_id):
                outcome = await self._warehouse.hold(code, ref.reason, warehouse)
        except Rejected as refused:
            return Stopped(Stop.TOO_LATE, refused.operator_text)
        return Stopped(Stop.TOO_LATE if outcome is StopOutcome.TOO_LATE else Stop.STOPPED)

    @activity.defn(name=RESTORE_AT_WAREHOUSE.name)
    async def restore_at_warehouse(self, ref: DeliveryRef) -> None:
        """Let the warehouse go on."""
        code, warehouse = await self._place(ref)
        async with answered(self._db, ref.order_id):
            await self._warehouse.restore(code, warehouse)

    @activity.defn(name=CANCEL_AT_WAREHOUSE.name)
    async def cancel_at_warehouse(self, ref: DeliveryRef) -> Stopped:
        """Stop an instruction for good. An instruction that may still be on its way is waited for, then stopped."""
        code = delivery_code(ref.order_id, ref.n)
        async with self._db.transaction() as tx:
            # One that is not here yet stands as cancelled: its push was given up, but may be about to begin.
            row = await _kept(tx, ref, "", "cancelled")
            if row.status == "cancelled":
                return Stopped(Stop.STOPPED)
            if row.status == "packed":
                return Stopped(Stop.TOO_LATE)
            row.status = "stopping"  # from here on no push begins
            tx.add(row)
        try:
            async with answered(self._db, ref.order_id):
                outcome = await self._warehouse.cancel(code, ref.reason, row.warehouse)
        except Rejected as refused:
            await self._set(code, "pushed")
            return Stopped(Stop.TOO_LATE, refused.operator_text)
        if outcome is StopOutcome.TOO_LATE:
            await self._set(code, "pushed")
            return Stopped(Stop.TOO_LATE, text("warehouse.packed_already"))
        if outcome is StopOutcome.UNKNOWN_ORDER and utc_now() - row.at < SETTLED_AFTER:
            raise ApplicationError("an instruction may still be on its way", type="NotSettled")
        await self._set(code, "cancelled")
        return Stopped(Stop.STOPPED)

    @activity.defn(name=ASK_WAREHOUSE.name)
    async def ask_warehouse(self, ref: DeliveryRef) -> ReportRef:
        """Where the instruction is now, in case a report was lost on its way."""
        code, warehouse = await self._place(ref)
        async with answered(self._db, ref.order_id):
            report = await self._warehouse.query(code, warehouse)
        if report is None:
            return ReportRef(ref.order_id, 0)
        async with self._db.transaction() as tx:
            return ReportRef(ref.order_id, await shipping.keep_report(tx, report))

    @activity.defn(name=RECORD_REPORT.name)
    async def record_report(self, ref: ReportRef) -> Scanned:
        """Understand a report. PACKED when what was scanned is what was ordered: parcels exist, stock is gone."""

        async def work(tx: AsyncSession, row: OrderRow, *, as_it_is: bool = False) -> Done:
            report = await shipping.report(tx, ref.report_id)
            delivery = await _delivery(tx, report.delivery_code)
            scanned = await self._scan(tx, row, report, delivery, as_it_is)
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

    async def _scan(
        self, tx: AsyncSession, row: OrderRow, report: WarehouseReport, delivery: DeliveryRow, as_it_is: bool
    ) -> Scanned:
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
                return Scanned(Scan.CANCELLED, report.message or text("warehouse.cancelled_itself"))
            case WarehouseStatus.EXCEPTION:
                return Scanned(Scan.EXCEPTION, report.message or text("warehouse.exception"))
            case WarehouseStatus.PACKED:
                return await self._compare(tx, row, report, delivery, as_it_is)
        return Scanned(Scan.NOTHING)

    async def _compare(
        self, tx: AsyncSession, row: OrderRow, report: WarehouseReport, delivery: DeliveryRow, as_it_is: bool
    ) -> Scanned:
        if not report.final:
            return Scanned(Scan.PARTIAL)
        order = await orders.body(tx, row.order_id, delivery.revision)
        part = await planning.consignment(tx, row.order_id, delivery.consignment)
        lines = list(order.lines)
        if delivery.consignment and part is not None:
            lines = _lines_of(order, part.lines)
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
        by = report.warehouse or delivery.warehouse or self._code
        await leave(tx, row, delivery, part, wanted, by, as_it_is=as_it_is)
        if part is not None:
            planning.change(tx, part, planning.PACKED)
        before = len(await shipping.parcels(tx, row.order_id))
        left = [one for one in await planning.consignments(tx, row.order_id) if one.status != planning.OFF]
        parcels = []
        for n, box in enumerate(boxes, start=before + 1):
            pid = parcel_id(row.order_id, n)
            parcels.append(pid)
            tx.add(
                ParcelRow(
                    parcel_id=pid,
                    order_id=row.order_id,
                    n=n,
                    package_code=box.package_code,
                    items=shipping.box_items(box.items),
                    status="packed",
                    whole_order=len(boxes) == 1 and len(left) < 2,
                    consignment=delivery.consignment,
                    revision=delivery.revision if delivery.consignment else None,
                )
            )
        all_packed = not delivery.consignment or all(one.status == planning.PACKED for one in left)
        return Scanned(Scan.PACKED, parcels=parcels, all_packed=all_packed)

    async def _place(self, ref: DeliveryRef) -> tuple[str, str]:
        """The code of an instruction, and the warehouse that has it."""
        code = delivery_code(ref.order_id, ref.n)
        async with self._db.transaction() as tx:
            row = await shipping.delivery(tx, code)
        return code, row.warehouse if row is not None else ""

    async def _knows(self, row: DeliveryRow) -> bool:
        async with answered(self._db, row.order_id):
            return await self._warehouse.query(row.code, row.warehouse) is not None

    async def _set(self, code: str, status: str, unless: Iterable[str] = ()) -> None:
        async with self._db.transaction() as tx:
            row = await _delivery(tx, code)
            if row.status not in unless:
                row.status = status
                tx.add(row)


def report_step(report_id: int) -> str:
    """The step that understands a report."""
    return f"report/{report_id}"


def delivery_code(order_id: str, n: int) -> str:
    """The code of the nth instruction to the warehouse for an order."""
    return partner_key(f"{order_id}/deliver/{n}", limit=50)


async def _kept(tx: AsyncSession, ref: DeliveryRef, warehouse: str, status: str) -> DeliveryRow:
    """An instruction as it is kept, under its lock; kept with `status` when it is not there."""
    code = delivery_code(ref.order_id, ref.n)
    values = {"code": code, "order_id": ref.order_id, "n": ref.n, "revision": ref.revision, "status": status}
    values |= {"consignment": ref.consignment, "warehouse": warehouse, "at": utc_now()}
    await insert_ignore(tx, DeliveryRow, values)
    return await tx.get_one(DeliveryRow, code, with_for_update=True, populate_existing=True)


async def _delivery(tx: AsyncSession, code: str) -> DeliveryRow:
    row = await shipping.delivery(tx, code)
    if row is None:
        raise LookupError(f"no such instruction: {code}")
    return row


def _instruction(order: Order, code: str, carrier: Carrier, warehouse: str) -> DeliveryOrder:
    return DeliveryOrder(
        code=code,
        order_id=order.order_id,
        channel=order.channel,
        shop=order.shop,
        channel_order_no=order.channel_order_no,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        carrier=carrier,
        receiver=order.receiver,
        lines=tuple(
            WarehouseLine(
                line.line_no,
                line.sku,
                line.title,
                line.quantity,
                line.amount_fen,
                gift=line.gift_of is not None,
                extras=_for_warehouse(Scope.LINE, line.ext),
            )
            for line in order.lines
        ),
        requirements=order.notes.requirements,
        buyer_note=order.notes.buyer,
        seller_note=order.notes.seller,
        total_fen=order.amounts.paid_fen,
        freight_fen=order.amounts.freight_fen,
        discount_fen=order.amounts.discount_fen,
        warehouse=warehouse,
        extras={**_for_warehouse(Scope.CUSTOMER, order.customer.ext), **_for_warehouse(Scope.ORDER, order.ext)},
    )


def _for_warehouse(scope: Scope, ext: Mapping[str, str]) -> dict[str, str]:
    """The merchant's own fields that its warehouses are told of."""
    rules = definitions() if ext else ()
    told = {key: rule_of(rules, scope, key) for key in ext}
    return {key: ext[key] for key, rule in told.items() if rule is not None and rule.to_warehouse}


def _of_part(whole: DeliveryOrder, lines: Iterable[Mapping[str, Any]]) -> DeliveryOrder:
    """The instruction for one consignment: its lines, and of the money what was paid for them."""
    known = {line.line_no: line for line in whole.lines}
    part = []
    for line in lines:
        of, count = known[line["line_no"]], line["quantity"]
        amount = of.amount_fen * count // of.quantity if of.sku == line["sku"] else 0
        part.append(replace(of, sku=line["sku"], quantity=count, amount_fen=amount))
    total = sum(line.amount_fen for line in part)
    return replace(whole, lines=tuple(part), total_fen=total, freight_fen=0, discount_fen=0)


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

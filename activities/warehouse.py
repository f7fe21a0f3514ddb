"""Instructing the warehouse, stopping it, and comparing what it scanned with what was ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from activities.merged import boxes_of_each, instruction_for_all, others, parts_of
from activities.partners import answered
from activities.results import from_json, to_json
from connectors.errors import Rejected
from connectors.ports import Warehouse
from domain.clock import utc_now
from domain.extensions import Scope, for_warehouse, rule_of
from domain.gifts import scan_difference
from domain.golden import Trigger
from domain.holds import HoldReason
from domain.ids import parcel_id, partner_key
from domain.merging import MemberState
from domain.order import Order, OrderLine
from domain.pauses import Slice
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
from store import extensions, merges, orders, pauses, planning, shipping, stock
from store.database import Database
from store.holds import open_task, say_again
from store.steps import Done, run_step
from store.tables import DeliveryRow, OrderRow, ParcelRow
from store.upsert import insert_ignore

SETTLED_AFTER = timedelta(seconds=20)
"""A push that was under way may still arrive for so long after it was sent (its time limit and a margin)."""


@dataclass(frozen=True)
class _Heard:
    """A report. `as_it_is`: what is locked leaves, since not all of what was packed can be had."""

    report_id: int
    report: WarehouseReport
    as_it_is: bool


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
            paused = await pauses.stops(tx, ref.order_id, Slice.WAREHOUSE, [warehouse or self._code])
            if paused is not None and not again:
                return Pushed(False, paused.why, paused=True, paused_until=paused.until)
            row = await _kept(tx, ref, warehouse, "asked")
            merge = await merges.find(tx, ref.order_id)
            if row.status in {"stopping", "cancelled"}:
                # By another order that left the merge, perhaps: then this one goes on at once.
                return Pushed(False, text("warehouse.stopped_before"), again=merge is not None)
            if row.status == "refused" and merge is not None and merge.of(ref.order_id).state == MemberState.LEFT:
                return Pushed(False, text("warehouse.stopped_before"), again=True)  # an earlier run had all go alone
            row.at = utc_now()
            # Sent again, it is still the instruction that was made under the reservation of then.
            row.token = row.token or await stock.reservation_token(tx, ref.order_id)
            tx.add(row)
            merge = await (merges.of_code(tx, code) if again else merges.instruct(tx, ref.order_id, code))
            members = merge.told(code) if merge is not None else []
            for member in members:
                member.token = member.token or await stock.reservation_token(tx, member.order_id)
                tx.add(member)
            bodies = [
                await extensions.whole(tx, await orders.body(tx, one.order_id, one.revision)) for one in members[1:]
            ]
            with_it = [_instruction(body, code, Carrier(ref.carrier), warehouse) for body in bodies]
            lines = [line["line_no"] for line in part.lines] if ref.consignment and part is not None else None
            told = [(body.order_id, for_warehouse(body, definitions())) for body in bodies]
            extensions.note_told(row, [(order.order_id, for_warehouse(order, definitions(), lines)), *told])
        instruction = _instruction(order, code, Carrier(ref.carrier), warehouse)
        if ref.consignment and part is not None:
            instruction = _of_part(instruction, part.lines)
        instruction = instruction_for_all(instruction, members[1:], with_it)
        try:
            async with answered(self._db, ref.order_id):
                await self._warehouse.push(instruction)
        except Rejected as refused:
            # An earlier run may have got through before its worker died: then the warehouse has it, whatever it says.
            if not again or not await self._knows(row):
                async with self._db.transaction() as tx:
                    await _set(tx, code, "refused", unless={"packed", "stopping", "cancelled"})
                    if with_it:  # whosever goods it were: alone, each hears for itself
                        await merges.dissolve(tx, ref.order_id, refused.operator_text, "warehouse")
                return Pushed(False, refused.operator_text, again=bool(with_it))
        async with self._db.transaction() as tx:
            await _set(tx, code, "pushed", unless={"packed", "stopping", "cancelled"})
        return Pushed(True, others=others(members))

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
            await _kept(tx, ref, "", "cancelled")
        return await self.stop(code, ref.order_id, ref.reason)

    async def stop(self, code: str, order_id: str, reason: str) -> Stopped:
        """Stop an instruction that is kept, for good. It is tried until the warehouse has said yes or no."""
        async with self._db.transaction() as tx:
            row = await tx.get_one(DeliveryRow, code, with_for_update=True)
            if row.status == "cancelled":
                return Stopped(Stop.STOPPED)
            if row.status == "packed":
                return Stopped(Stop.TOO_LATE, text("warehouse.packed_already"))
            row.status = "stopping"  # from here on no push begins
            tx.add(row)
        why = ""
        try:
            async with answered(self._db, order_id):
                outcome = await self._warehouse.cancel(code, reason, row.warehouse)
        except Rejected as refused:
            outcome, why = StopOutcome.TOO_LATE, refused.operator_text
        if outcome is StopOutcome.UNKNOWN_ORDER and utc_now() - row.at < SETTLED_AFTER:
            raise ApplicationError("an instruction may still be on its way", type="NotSettled")
        late = outcome is StopOutcome.TOO_LATE
        async with self._db.transaction() as tx:
            # Its report may have come meanwhile: of a merged one, another order takes it.
            status = await _set(tx, code, "pushed" if late else "cancelled", unless={"packed", "cancelled"})
            if status == "cancelled":
                await merges.called_off(tx, code)
        if status == "cancelled":
            return Stopped(Stop.STOPPED)
        return Stopped(Stop.TOO_LATE, why or text("warehouse.packed_already"))

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

    async def _place(self, ref: DeliveryRef) -> tuple[str, str]:
        """The code of an instruction, and the warehouse that has it."""
        code = delivery_code(ref.order_id, ref.n)
        async with self._db.transaction() as tx:
            row = await shipping.delivery(tx, code)
        return code, row.warehouse if row is not None else ""

    async def _knows(self, row: DeliveryRow) -> bool:
        async with answered(self._db, row.order_id):
            return await self._warehouse.query(row.code, row.warehouse) is not None


async def _set(tx: AsyncSession, code: str, status: str, unless: Iterable[str]) -> str:
    """Note where an instruction is, unless it is there already. Returns where it is."""
    row = await tx.get_one(DeliveryRow, code, with_for_update=True)
    if row.status not in unless:
        row.status = status
        tx.add(row)
    return row.status


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

"""Instructing the warehouse, and stopping it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    ASK_WAREHOUSE,
    CANCEL_AT_WAREHOUSE,
    HOLD_AT_WAREHOUSE,
    PUSH_TO_WAREHOUSE,
    RESTORE_AT_WAREHOUSE,
    DeliveryRef,
    Pushed,
    ReportRef,
    Stop,
    Stopped,
)
from activities.instructions import delivery_code, instruction_of, part_of
from activities.merged import instruction_for_all, others
from activities.partners import answered
from connectors.errors import Rejected
from connectors.ports import Warehouse
from domain.clock import utc_now
from domain.extensions import for_warehouse
from domain.merging import MemberState
from domain.pauses import Slice
from domain.shipping import Carrier, StopOutcome
from domain.texts import text
from rules.fields import definitions
from store import extensions, merges, orders, pauses, planning, shipping, stock
from store.database import Database
from store.tables import DeliveryRow
from store.upsert import insert_ignore

SETTLED_AFTER = timedelta(seconds=20)
"""A push that was under way may still arrive for so long after it was sent (its time limit and a margin)."""


class _PausedSince(Exception):
    """The warehouse was paused after an instruction was sent of which it is not known whether it arrived."""

    def __init__(self, answer: Pushed, row: DeliveryRow) -> None:
        super().__init__(row.code)
        self.answer = answer
        self.row = row


class WarehouseSteps:
    """Stage four, first half."""

    def __init__(self, db: Database, warehouse: Warehouse, warehouse_code: str) -> None:
        self._db = db
        self._warehouse = warehouse
        self._code = warehouse_code

    @activity.defn(name=PUSH_TO_WAREHOUSE.name)
    async def push_to_warehouse(self, ref: DeliveryRef) -> Pushed:
        """Instruct the warehouse to pack. Sent again, it is the same instruction."""
        try:
            return await self._push(ref)
        except _PausedSince as stopped:
            # A try from before the pause may have got through, or still be on its way.
            if await self._knows(stopped.row):
                return await self._push(ref, has_it=True)
            if utc_now() - stopped.row.at < SETTLED_AFTER:
                raise ApplicationError("an instruction may still be on its way", type="NotSettled") from None
            return stopped.answer

    async def _push(self, ref: DeliveryRef, *, has_it: bool = False) -> Pushed:
        """Raises _PausedSince when the warehouse is paused, and may have the instruction of an earlier try or not;
        `has_it`: it has."""
        code = delivery_code(ref.order_id, ref.n)
        async with self._db.transaction() as tx:
            earlier = await shipping.delivery(tx, code)
            again = earlier is not None
            order = await extensions.whole(tx, await orders.body(tx, ref.order_id, ref.revision))
            part = await planning.consignment(tx, ref.order_id, ref.consignment)
            warehouse = part.warehouse if part is not None else ""
            paused = await pauses.stops(tx, ref.order_id, Slice.WAREHOUSE, [warehouse or self._code])
            if paused is not None and not has_it:
                not_now = Pushed(False, paused.why, paused=True, paused_until=paused.until)
                if earlier is None:
                    return not_now
                if earlier.status == "asked":
                    tx.expunge(earlier)  # what is rolled back could not be read any more
                    raise _PausedSince(not_now, earlier)
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
            with_it = [instruction_of(body, code, Carrier(ref.carrier), warehouse) for body in bodies]
            lines = [line["line_no"] for line in part.lines] if ref.consignment and part is not None else None
            told = [(body.order_id, for_warehouse(body, definitions())) for body in bodies]
            extensions.note_told(row, [(order.order_id, for_warehouse(order, definitions(), lines)), *told])
        instruction = instruction_of(order, code, Carrier(ref.carrier), warehouse)
        if ref.consignment and part is not None:
            instruction = part_of(instruction, part.lines)
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


async def _kept(tx: AsyncSession, ref: DeliveryRef, warehouse: str, status: str) -> DeliveryRow:
    """An instruction as it is kept, under its lock; kept with `status` when it is not there."""
    code = delivery_code(ref.order_id, ref.n)
    values = {"code": code, "order_id": ref.order_id, "n": ref.n, "revision": ref.revision, "status": status}
    values |= {"consignment": ref.consignment, "warehouse": warehouse, "at": utc_now()}
    await insert_ignore(tx, DeliveryRow, values)
    return await tx.get_one(DeliveryRow, code, with_for_update=True, populate_existing=True)

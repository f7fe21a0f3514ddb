"""Waybill numbers that a person typed."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import RECORD_MANUAL_WAYBILL, ManualWaybill, WaybillAnswer, WaybillOutcome
from activities.results import from_json, to_json
from domain.clock import utc_now
from domain.couriers import normalise_number
from domain.ids import partner_key
from domain.shipping import Provider
from domain.texts import text
from store import merges, shipping
from store.database import Database
from store.steps import Done, run_step
from store.tables import OrderRow, ParcelRow, WaybillRow


class TypedWaybillSteps:
    """Stage five, when no courier gave a number."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @activity.defn(name=RECORD_MANUAL_WAYBILL.name)
    async def record_manual_waybill(self, typed: ManualWaybill) -> WaybillAnswer:
        """Take a number that a person typed, unless another parcel has it or this one has another."""
        number = normalise_number(typed.number)
        key = partner_key(f"{typed.parcel_id}/manual/{number}", limit=64)

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            taken = await shipping.waybill_by_number(tx, number)
            mine = await shipping.live_waybill(tx, typed.parcel_id)
            if mine is not None:
                raise _NumberRefused(text("waybill.has_number", number=mine.number))
            if taken is not None:
                raise _NumberRefused(text("waybill.number_taken"))
            now = utc_now()
            waybill = WaybillRow(
                key=key,
                parcel_id=typed.parcel_id,
                order_id=typed.order_id,
                provider=Provider.MANUAL,
                carrier=typed.carrier,
                attempt=0,
                number=number,
                status="live",
                asked_at=now,
                updated_at=now,
            )
            tx.add(waybill)
            await shipping.numbered(tx, row, waybill)
            await merges.tell_box(tx, await tx.get(ParcelRow, typed.parcel_id))
            return Done(
                "waybill.manual",
                f"{typed.carrier} {number}",
                result=to_json(WaybillAnswer(WaybillOutcome.LIVE, number)),
            )

        try:
            kept = await run_step(self._db, typed.order_id, f"manual/{typed.parcel_id}/{number}", typed.by, work)
        except _NumberRefused as refused:
            # Not kept as the step's answer: what stands in the way today may be gone tomorrow.
            return WaybillAnswer(WaybillOutcome.NONE, why=refused.why)
        return from_json(WaybillAnswer, kept)


class _NumberRefused(Exception):
    """A typed number cannot be taken; `why` is for whoever typed it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

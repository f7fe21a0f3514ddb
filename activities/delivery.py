"""Signatures and warranties."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import ACTIVATE_WARRANTY, ASK_TRACKER, RECORD_SIGNED, OrderRef, Tracked
from activities.partners import HubConfig, answered
from connectors.ports import Tracker
from domain.clock import utc_now
from domain.golden import Trigger
from domain.shipping import Carrier
from domain.warranty import add_months
from store import orders, shipping
from store.database import Database
from store.steps import Done, run_step
from store.tables import OrderRow, WarrantyRow
from store.upsert import insert_ignore


class DeliverySteps:
    """Stages six and seven."""

    def __init__(self, db: Database, tracker: Tracker, config: HubConfig) -> None:
        self._db = db
        self._tracker = tracker
        self._config = config

    @activity.defn(name=ASK_TRACKER.name)
    async def ask_tracker(self, ref: OrderRef) -> Tracked:
        """What the tracker knows of the order's parcels now."""
        async with self._db.transaction() as tx:
            parcels = await shipping.parcels(tx, ref.order_id)
            waybills = [await shipping.live_waybill(tx, parcel.parcel_id) for parcel in parcels]
        for waybill in waybills:
            if waybill is None:
                continue
            async with answered(self._db, ref.order_id):
                report = await self._tracker.query(
                    Carrier(waybill.carrier), waybill.number, self._config.sender_phone_tail
                )
            async with self._db.transaction() as tx:
                await shipping.apply_track(tx, report)
        async with self._db.transaction() as tx:
            return Tracked({parcel.parcel_id: parcel.status for parcel in await shipping.parcels(tx, ref.order_id)})

    @activity.defn(name=RECORD_SIGNED.name)
    async def record_signed(self, ref: OrderRef) -> None:
        """Every parcel is signed: SIGNED."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            unsigned = [p.parcel_id for p in await shipping.parcels(tx, ref.order_id) if p.status != "signed"]
            if unsigned:
                raise ApplicationError(f"not signed: {', '.join(unsigned)}", type="NotSigned")
            return Done("order.signed", trigger=Trigger.ALL_PARCELS_SIGNED)

        await run_step(self._db, ref.order_id, "record_signed", "tracker", work)

    @activity.defn(name=ACTIVATE_WARRANTY.name)
    async def activate_warranty(self, ref: OrderRef) -> None:
        """Write the warranty of each line that has one: WARRANTY_ACTIVATED."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            now = utc_now()
            order = await orders.body(tx, ref.order_id)
            covered = [line for line in order.lines if line.warranty_months > 0]
            for line in covered:
                values = {"order_id": ref.order_id, "line_no": line.line_no, "sku": line.sku, "starts_at": now}
                await insert_ignore(tx, WarrantyRow, {**values, "ends_at": add_months(now, line.warranty_months)})
            return Done("warranty.activated", f"{len(covered)} lines", Trigger.WARRANTY_WRITTEN)

        await run_step(self._db, ref.order_id, "activate_warranty", "orderhub", work)

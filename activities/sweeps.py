"""What runs over many orders at once, on Temporal Schedules."""

from __future__ import annotations

from sqlmodel import col, select
from temporalio import activity

from activities.contracts import FOLLOW_PARCELS, LIST_WAITING, Batch, Followed, Turn, Waiting
from activities.partners import HubConfig
from activities.stuck import Stuck
from connectors.errors import PartnerError
from connectors.ports import Tracker
from domain.clock import utc_now
from domain.holds import HoldReason
from domain.shipping import Carrier
from store import shipping
from store.database import Database
from store.tables import HoldRow, WaybillRow

_JUDGED = 5
"""Silence is judged in our own books: of more parcels at once than a tracker is asked about."""


class SweepSteps:
    """The backstop beside every push, and the second chance for every parcel without a number."""

    def __init__(self, db: Database, tracker: Tracker, config: HubConfig) -> None:
        self._db = db
        self._tracker = tracker
        self._config = config
        self._stuck = Stuck(db)

    @activity.defn(name=LIST_WAITING.name)
    async def list_waiting(self, batch: Batch) -> Waiting:
        """The orders that wait for a number by hand, the longest waiting first."""
        async with self._db.transaction() as tx:
            query = (
                select(HoldRow.order_id)
                .where(HoldRow.reason == HoldReason.WAYBILL_BY_PERSON, col(HoldRow.closed_at).is_(None))
                .order_by(col(HoldRow.opened_at))
                .limit(batch.limit)
            )
            return Waiting(list((await tx.execute(query)).scalars()))

    @activity.defn(name=FOLLOW_PARCELS.name)
    async def follow_parcels(self, batch: Batch) -> Followed:
        """Subscribe new waybills at the tracker, ask for those that were silent for too long, and ask people about
        those that are silent for longer than is usual.

        A tracker that is away holds up nobody: what failed is taken up by the next sweep.
        """
        async with self._db.transaction() as tx:
            since = utc_now() - self._config.track_silent_after
            fresh, silent = await shipping.waybills_to_follow(tx, since, batch.limit)
        subscribed, turns = 0, []
        for waybill in fresh:
            subscribed += await self._subscribe(waybill)
        for waybill in silent:
            turns += await self._ask(waybill)
        await self._stuck.look(utc_now(), batch.limit * _JUDGED)
        return Followed(subscribed, len(silent), turns)

    async def _subscribe(self, waybill: WaybillRow) -> bool:
        try:
            await self._tracker.subscribe(Carrier(waybill.carrier), waybill.number, self._config.sender_phone_tail)
        except PartnerError as error:
            activity.logger.warning("subscribe failed", extra={"key": waybill.key, "error": str(error)})
            return False
        async with self._db.transaction() as tx:
            row = await tx.get(WaybillRow, waybill.key)
            if row is not None:
                row.subscribed_at = utc_now()
                tx.add(row)
        return True

    async def _ask(self, waybill: WaybillRow) -> list[Turn]:
        try:
            report = await self._tracker.query(Carrier(waybill.carrier), waybill.number, self._config.sender_phone_tail)
        except PartnerError as error:
            activity.logger.warning("query failed", extra={"key": waybill.key, "error": str(error)})
            return []
        async with self._db.transaction() as tx:
            changes = await shipping.apply_track(tx, report)
        return [Turn(change.order_id, change.parcel_id, change.status) for change in changes]

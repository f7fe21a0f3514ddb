"""Merging 合单: an order joins others of its buyer, leaves them again, and takes the number of a box that is shared."""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import (
    CHECK_MERGE,
    LEAVE_MERGE,
    TAKE_TURN,
    BoxTurn,
    DeliveryRef,
    MergeAsk,
    MergeFact,
    MergeLeave,
    MergeRole,
    MergeStanding,
    ParcelRef,
    Stop,
    Stopped,
)
from activities.instructions import delivery_code
from activities.merged import others
from activities.warehouse import WarehouseSteps
from domain.clock import utc_now
from domain.couriers import CourierPlan
from domain.ids import partner_key
from domain.merging import MemberState, merge_mark
from domain.order import Order
from domain.shipping import Provider
from domain.texts import text
from rules.merging import merge_rule
from store import merges, planning, shipping
from store.database import Database
from store.shipping import numbered
from store.steps import Done, load_order, ran_before, record
from store.tables import DeliveryRow, MergeMemberRow, OrderRow, ParcelRow, WaybillRow

LEFT = "merge/left"
"""The step in which an order left its merge."""


async def offer(
    tx: AsyncSession, row: OrderRow, order: Order, revision: int, plan: CourierPlan, secret: bytes
) -> MergeFact | None:
    """Let an order join another one of its buyer that is not packed yet, or be joined, if the rules allow either.

    Only an order that one warehouse delivers whole, whose goods were there from the start, that nothing holds, and that
    was never instructed.
    """
    rule = merge_rule(order)
    if not rule.merge or row.holds:
        return None
    parts = await planning.consignments(tx, order.order_id)
    if len(parts) != 1 or parts[0].status != planning.READY or parts[0].waits_until is not None:
        return None
    couriers = " ".join(f"{step.provider}:{step.carrier}" for step in plan.steps)
    mark = merge_mark(order, rule, parts[0].warehouse, couriers)
    if not mark or await shipping.deliveries(tx, order.order_id):
        return None
    digest = hmac.new(secret, f"merge|{mark}".encode(), hashlib.sha256).hexdigest()[:32]
    merge = await merges.join(tx, order.order_id, revision, digest, rule, parts[0].warehouse)
    if merge is None:
        return None
    leader = merge.row.leader
    if leader != order.order_id and await ran_before(tx, order.order_id, "merge/joined") is None:
        joined = Done("merge.joined", f"{merge.number}: {leader} ({rule.name})")
        await record(tx, row, "merge/joined", "rules", joined)
    return MergeFact(merge.number, leader)


class MergeSteps:
    """What an order does in its merge; `warehouse` stops instructions."""

    def __init__(self, db: Database, warehouse: WarehouseSteps) -> None:
        self._db = db
        self._warehouse = warehouse

    @activity.defn(name=CHECK_MERGE.name)
    async def check_merge(self, ask: MergeAsk) -> MergeStanding:
        """How an order's merge stands now."""
        async with self._db.transaction() as tx:
            row = await load_order(tx, ask.order_id)
            merge = await merges.find(tx, ask.order_id)
            if merge is None:
                return MergeStanding(MergeRole.ALONE)
            if ask.shut and merge.row.leader == ask.order_id and merge.of(ask.order_id).state == MemberState.JOINED:
                await merges.shut(tx, merge, text("merge.leader_held", order=ask.order_id))
                merge = await merges.find(tx, ask.order_id) or merge
            own = await tx.get(DeliveryRow, delivery_code(ask.order_id, ask.n)) if ask.n else None
            mine, leader = merge.of(ask.order_id), merge.row.leader
            if len(merge.members) > 1:
                await _note(tx, row, mine)
        stopped = own is not None and own.status == "cancelled"
        if mine.state == MemberState.PACKED:
            return MergeStanding(MergeRole.PACKED, leader=leader, report_id=mine.report_id)
        if mine.state == MemberState.LEFT:
            return MergeStanding(MergeRole.ALONE, stopped=stopped)
        if leader != ask.order_id:
            return MergeStanding(MergeRole.FOLLOWS, leader=leader)
        return MergeStanding(MergeRole.LEADS, others(merge.joined()), leader, stopped)

    @activity.defn(name=LEAVE_MERGE.name)
    async def leave_merge(self, ask: MergeLeave) -> Stopped:
        """An order goes alone, or all of its merge do, once the instruction that tells of them is stopped."""
        async with self._db.transaction() as tx:
            code = await merges.begin_leaving(tx, ask.order_id, everyone=ask.everyone)
        stopped = Stopped(Stop.STOPPED)
        if ask.n and code in ("", delivery_code(ask.order_id, ask.n)):
            # Its own: one whose push was given up may be about to begin.
            stopped = await self._warehouse.cancel_at_warehouse(DeliveryRef(ask.order_id, ask.n, "", ask.reason))
        elif code:
            stopped = await self._warehouse.stop(code, ask.order_id, ask.reason)
        if stopped.outcome is not Stop.STOPPED:
            async with self._db.transaction() as tx:
                await merges.stay(tx, ask.order_id)
            return stopped
        async with self._db.transaction() as tx:
            row = await load_order(tx, ask.order_id)
            if ask.everyone:
                gone = await merges.dissolve(tx, ask.order_id, ask.reason, ask.by)
            else:
                gone = [ask.order_id] if await merges.leave(tx, ask.order_id, ask.reason, ask.by) else []
            if gone:
                done = Done("merge.undone" if ask.everyone else "merge.left", f"{ask.reason}: {', '.join(gone)}")
                await record(tx, row, LEFT, ask.by, done)
        return Stopped(Stop.STOPPED)

    @activity.defn(name=TAKE_TURN.name)
    async def take_turn(self, ref: ParcelRef) -> BoxTurn:
        """Whose it is to ask for the number of a shared box: whoever comes first. The others take what it gets."""
        try:
            async with self._db.transaction() as tx:
                order = await load_order(tx, ref.order_id)
                parcel = await tx.get_one(ParcelRow, ref.parcel_id)
                # Under the lock of the merge: two that come at the same moment come one after the other.
                await merges.find(tx, ref.order_id)
                mine = await shipping.live_waybill(tx, ref.parcel_id)
                if mine is not None:
                    return _has(mine)
                asking = next((one for one in await merges.parcels_in(tx, parcel.box) if one.asks), None)
                if asking is None or asking.parcel_id == ref.parcel_id:
                    parcel.asks = True
                    tx.add(parcel)
                    return BoxTurn(True)
                theirs = await shipping.live_waybill(tx, asking.parcel_id)
                if theirs is None:
                    return BoxTurn(False)
                return _has(await _take_over(tx, order, parcel, theirs))
        except IntegrityError:
            return BoxTurn(False)  # somebody was quicker: it looks again


async def _note(tx: AsyncSession, row: OrderRow, mine: MergeMemberRow) -> None:
    """An order that others let go has an event of it, once."""
    if mine.state == MemberState.LEFT and await ran_before(tx, row.order_id, LEFT) is None:
        await record(tx, row, LEFT, mine.left_by, Done("merge.left", mine.why))


def _has(waybill: WaybillRow) -> BoxTurn:
    return BoxTurn(False, waybill.number, f"{waybill.provider}:{waybill.carrier}")


async def _take_over(tx: AsyncSession, order: OrderRow, parcel: ParcelRow, theirs: WaybillRow) -> WaybillRow:
    """The number of the box is this parcel's as well."""
    now = utc_now()
    waybill = WaybillRow(
        key=partner_key(f"{parcel.parcel_id}/box/{theirs.number}", limit=64),
        parcel_id=parcel.parcel_id,
        order_id=parcel.order_id,
        provider=Provider(theirs.provider),
        carrier=theirs.carrier,
        attempt=0,
        number=theirs.number,
        of_parcel=theirs.parcel_id,
        status="live",
        subscribed_at=now,  # the tracker follows a number once
        asked_at=now,
        updated_at=now,
    )
    tx.add(waybill)
    await numbered(tx, order, waybill)
    done = Done("waybill.of_box", f"{theirs.provider}:{theirs.carrier} {theirs.number}: {theirs.parcel_id}")
    await record(tx, order, f"waybill/{waybill.key}", "orderhub", done)
    return waybill

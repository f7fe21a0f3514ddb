"""Telling the channel each parcel's number."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import FINISH_SHIPPING, WRITE_BACK, OrderRef, ParcelRef, StagesDue, Told
from activities.healing import count
from activities.partners import answered
from activities.results import stages
from connectors.errors import Rejected
from connectors.ports import SalesChannel
from domain.clock import utc_now
from domain.gifts import of_the_house
from domain.golden import Trigger
from domain.order import Channel, Order
from domain.shipping import Carrier, SentParcel, Shipment
from domain.texts import text
from store import credit_limits, gifts, orders, planning, shipping
from store.database import Database
from store.healings import Healing
from store.steps import STAGES, Done, run_step
from store.tables import OrderRow, ParcelRow


class ChannelSteps:
    """Stage five, second half."""

    def __init__(self, db: Database, channels: Mapping[Channel, SalesChannel]) -> None:
        self._db = db
        self._channels = channels

    @activity.defn(name=WRITE_BACK.name)
    async def write_back(self, ref: ParcelRef) -> Told:
        """Tell the channel a parcel's number. A refusal is for a person."""
        async with self._db.transaction() as tx:
            order = await orders.body(tx, ref.order_id)
            parcel = await tx.get(ParcelRow, ref.parcel_id)
            waybill = await shipping.live_waybill(tx, ref.parcel_id)
            others = await _others(tx, order, ref)
            to_come = await _to_come(tx, ref.order_id)
        if parcel is None or waybill is None:
            raise ApplicationError(f"{ref.parcel_id} has no live waybill", type="NoWaybill")
        shipment = Shipment(
            parcel_id=ref.parcel_id,
            channel_order_no=order.channel_order_no,
            shop=order.shop,
            carrier=Carrier(waybill.carrier),
            number=waybill.number,
            line_nos=_lines_in(order, parcel),
            whole_order=parcel.whole_order,
            others=tuple(other for other in others if other is not None),
            numberless=others.count(None),
            to_come=to_come,
        )
        try:
            if order.gift_after or (not shipment.line_nos and _gifts_alone(order, parcel)):
                # The channel has its order's shipment already: a second one would be an error there, or a riddle.
                return await self._tell(ref, order, "channel.not_told", "orderhub", text("gift.not_told"))
            async with answered(self._db, ref.order_id):
                shown = await self._channels[order.channel].write_back(shipment)
        except Rejected as error:
            return Told(False, error.operator_text)

        who, number = f"channel:{order.channel}", f"{waybill.carrier} {waybill.number}"
        if shown is not None:
            why = text("channel.shows_other", number=number, other=f"{shown.carrier} {shown.number}")
            return await self._tell(ref, order, "channel.shows_other", who, why)
        return await self._tell(ref, order, "channel.told", who, number)

    async def _tell(self, ref: ParcelRef, order: Order, what: str, who: str, why: str) -> Told:
        """The parcel has left, and with it the gifts in it."""
        sent: list[Healing] = []

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            told = await tx.get(ParcelRow, ref.parcel_id)
            if told is not None:
                told.told_at = utc_now()
                tx.add(told)
                await tx.flush()
                await credit_limits.has_left(tx, order, told)
            sent[:] = await gifts.give(tx, order)
            return Done(what, why)

        await run_step(self._db, ref.order_id, f"told/{ref.parcel_id}", who, work)
        count(sent)
        return Told(True)

    @activity.defn(name=FINISH_SHIPPING.name)
    async def finish_shipping(self, ref: OrderRef) -> StagesDue | None:
        """Every parcel has one live waybill, and the channel took its number: WAYBILL_RETURNED."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            untold = [p.parcel_id for p in await shipping.parcels(tx, ref.order_id) if p.told_at is None]
            if untold:
                raise ApplicationError(f"the channel was not told of {', '.join(untold)}", type="NotTold")
            return Done("shipping.finished", trigger=Trigger.CHANNEL_ACCEPTED_WAYBILLS, result={STAGES: None})

        return stages(await run_step(self._db, ref.order_id, "finish_shipping", "orderhub", work))


def _gifts_alone(order: Order, parcel: ParcelRow) -> bool:
    """Whether there is nothing in a box but gifts that we added."""
    ours = {line.line_no: line.sku for line in order.lines if of_the_house(line.line_no)}
    return bool(parcel.items) and all(
        item["line_no"] in ours or (not item["line_no"] and item["sku"] in ours.values()) for item in parcel.items
    )


async def _others(tx: AsyncSession, order: Order, ref: ParcelRef) -> list[SentParcel | None]:
    """The order's other parcels in their order; None for one without a number, and for a part that is still to come."""
    found: list[SentParcel | None] = []
    for parcel in await shipping.parcels(tx, ref.order_id):
        if parcel.parcel_id == ref.parcel_id:
            continue
        waybill = await shipping.live_waybill(tx, parcel.parcel_id)
        if waybill is None:
            found.append(None)
        else:
            found.append(SentParcel(Carrier(waybill.carrier), waybill.number, _lines_in(order, parcel)))
    parts = await planning.consignments(tx, ref.order_id)
    return found + [None for part in parts if part.status in (planning.WAITING, planning.READY)]


async def _to_come(tx: AsyncSession, order_id: str) -> int:
    """How many consignments have still to be packed."""
    consignments = await planning.consignments(tx, order_id)
    return sum(one.status not in (planning.OFF, planning.PACKED) for one in consignments)


def _lines_in(order: Order, parcel: ParcelRow) -> tuple[str, ...]:
    """The order lines that are in a box: by the scanned line number, else by SKU. Gifts that we added are none: no
    channel knows of them."""
    numbers = {item["line_no"] for item in parcel.items if item["line_no"]}
    skus = {item["sku"] for item in parcel.items if not item["line_no"]}
    found = (line.line_no for line in order.lines if line.line_no in numbers or line.sku in skus)
    return tuple(line_no for line_no in found if not of_the_house(line_no))

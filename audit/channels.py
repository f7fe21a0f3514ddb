"""The channel was told of every parcel, once, with the number that is live."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from audit.books import BookShipment
from audit.evidence import Evidence
from audit.facts import OrderFact, ParcelFact, WaybillFact
from audit.report import Outcome
from domain.ids import split_order_id
from domain.order import Channel

_WHOLE_LINES = frozenset({Channel.TAOBAO, Channel.DOUYIN, Channel.XIAOHONGSHU})
"""They have one number for a line, whatever number of parcels it is in."""
_ONE_CALL = frozenset({Channel.JD})
"""It takes the numbers of an order once: what is packed later has none there."""
_OUR_PROTOCOL = frozenset({Channel.OWN, Channel.POS, Channel.B2B})


async def told_once(evidence: Evidence) -> Outcome:
    """Each shipped order's parcels are in its channel's book exactly once; of a cancelled order there is nothing."""
    seen = Outcome()
    told = _told(evidence, seen)
    live = evidence.tellable_waybills()
    for oid in evidence.book_orders:
        order, shipments = evidence.orders.get(oid), told.get(oid, [])
        if order is None or oid in evidence.shadows:
            continue  # a missing order is another check's finding, and so is one that an old system works on
        seen.looked_at += 1
        if order.cancelled and shipments:
            seen.find(oid, "cancelled, but its channel was told of a shipment")
            continue
        for text in _wrong(order.channel, live.get(oid, []), shipments):
            seen.find(oid, text)
        if evidence.settled and order.shipped:
            for text in _untold(evidence, order, live.get(oid, []), shipments):
                seen.find(oid, text)
    return seen


def _told(evidence: Evidence, seen: Outcome) -> dict[str, list[BookShipment]]:
    """The shipments by order; a channel's order numbers are unique in its book."""
    told: defaultdict[str, list[BookShipment]] = defaultdict(list)
    if evidence.books is None:
        return told
    oids = {(split_order_id(oid)[0], book.order_no): oid for oid, book in evidence.book_orders.items()}
    for channel, book in evidence.books.channels().items():
        for shipment in book.shipments:
            oid = oids.get((channel, shipment.order_no))
            if oid is None:
                seen.find(shipment.order_no, f"{channel} was told of a shipment of an order that it does not have")
            else:
                told[oid].append(shipment)
    return told


def _wrong(channel: str, live: Sequence[WaybillFact], shipments: Sequence[BookShipment]) -> Iterator[str]:
    by_number = {waybill.number: waybill for waybill in live}
    for number, times in Counter(shipment.number for shipment in shipments).items():
        if times > 1:
            yield f"its channel has number {number} {times} times"
    for shipment in shipments:
        waybill = by_number.get(shipment.number)
        if waybill is None:
            yield f"its channel was told number {shipment.number}, which is no live waybill of its parcels"
        elif waybill.carrier != shipment.carrier:
            yield f"its channel has {shipment.number} under {shipment.carrier}, it is {waybill.carrier}"
        # Platforms name parcels by ids of their own.
        elif channel in _OUR_PROTOCOL and shipment.parcel_no != waybill.parcel_id:
            yield f"its channel has {shipment.number} for {shipment.parcel_no}, it is {waybill.parcel_id}"


def _untold(
    evidence: Evidence, order: OrderFact, live: Sequence[WaybillFact], shipments: Sequence[BookShipment]
) -> Iterator[str]:
    parcels = {parcel.parcel_id: parcel for parcel in evidence.parcels.get(order.order_id, [])}
    if not parcels:
        yield "shipped without a parcel"
    numbers = {shipment.number for shipment in shipments}
    told = {waybill.parcel_id for waybill in live if waybill.number in numbers}
    shown = [parcels[parcel_id] for parcel_id in parcels.keys() & told]
    for parcel_id in sorted(parcels.keys() - told):
        by_trail = parcel_id in evidence.shown_by_other
        if not (by_trail and _shows_other(order.channel, parcels[parcel_id], shown)):
            yield f"shipped, but its channel was not told of {parcel_id}"


def _shows_other(channel: str, untold: ParcelFact, shown: Sequence[ParcelFact]) -> bool:
    """Whether a channel that takes no second number has that of other parcels for all that is in this one."""
    if channel in _ONE_CALL:
        return bool(shown)
    lines = {_line(channel, item) for parcel in shown for item in parcel.items}
    return channel in _WHOLE_LINES and {_line(channel, item) for item in untold.items} <= lines


def _line(channel: str, item: Mapping[str, Any]) -> str:
    """What the channel calls a line of a box; where the warehouse named none, the goods have to tell."""
    line_no = item["line_no"] or item["sku"]
    # A gift of a SKU that was bought as well is the same to Xiaohongshu.
    return str(line_no).partition("-")[0] if item["line_no"] and channel == Channel.XIAOHONGSHU else str(line_no)

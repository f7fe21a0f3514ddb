"""The channel was told of every parcel, once, with the number that is live."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from audit.books import BookShipment
from audit.evidence import Evidence
from audit.facts import WaybillFact
from audit.report import Outcome
from domain.ids import split_order_id
from domain.order import Channel

_OUR_PROTOCOL = frozenset({Channel.OWN, Channel.POS, Channel.B2B})


async def told_once(evidence: Evidence) -> Outcome:
    """Each shipped order's parcels are in its channel's book exactly once; of a cancelled order there is nothing."""
    seen = Outcome()
    told = _told(evidence, seen)
    live = evidence.tellable_waybills()
    for oid in evidence.book_orders:
        order, shipments = evidence.orders.get(oid), told.get(oid, [])
        if order is None:
            continue  # a missing order is another check's finding
        seen.looked_at += 1
        if order.cancelled and shipments:
            seen.find(oid, "cancelled, but its channel was told of a shipment")
            continue
        for text in _wrong(order.channel, live.get(oid, []), shipments):
            seen.find(oid, text)
        if evidence.settled and order.shipped:
            for text in _untold(evidence, oid, live.get(oid, []), shipments):
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
    evidence: Evidence, oid: str, live: Sequence[WaybillFact], shipments: Sequence[BookShipment]
) -> Iterator[str]:
    parcels = {parcel.parcel_id for parcel in evidence.parcels.get(oid, [])}
    if not parcels:
        yield "shipped without a parcel"
    numbers = {shipment.number for shipment in shipments}
    told = {waybill.parcel_id for waybill in live if waybill.number in numbers}
    for parcel_id in sorted(parcels - told):
        yield f"shipped, but its channel was not told of {parcel_id}"

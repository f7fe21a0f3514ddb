"""Of a cancelled order nothing is left."""

from __future__ import annotations

from collections.abc import Iterator

from audit.books import Books
from audit.evidence import Evidence
from audit.report import Outcome
from domain.golden import Exit

_AT_WAREHOUSE = frozenset({"pushed", "stopping", "packed"})
"""Of an instruction that is refused (or "asked", as refused ones were noted once) there is nothing to cancel."""


async def cancelled_undone(evidence: Evidence) -> Outcome:
    """No locked stock, no delivery order, no credit, no waybill and no shipment of an order that was cancelled."""
    seen = Outcome()
    left: dict[str, list[str]] = {oid: [] for oid, order in evidence.orders.items() if order.exit == Exit.CANCELLED}
    seen.looked_at = len(left)
    remnants = [*_in_store(evidence)]
    if evidence.final_books is not None:
        remnants += _in_books(evidence, evidence.final_books)
    for oid, text in remnants:
        if oid in left:
            seen.find(oid, f"cancelled, but {text}")
    return seen


def _in_store(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for reservations in evidence.reservations.values():
        for reservation in reservations:
            if reservation.status != "released":
                yield reservation.order_id, f"{reservation.quantity} x {reservation.sku} are {reservation.status}"
    for deliveries in evidence.deliveries.values():
        for delivery in deliveries:
            if delivery.status in _AT_WAREHOUSE:
                yield delivery.order_id, f"delivery order {delivery.code} is {delivery.status}"
    for check in evidence.credit:
        if check.reservation in {"reserved", "committed"}:
            yield check.order_id, f"its credit is {check.reservation} in the store"
    for waybill in evidence.waybills:
        if waybill.status == "live":
            yield waybill.order_id, f"waybill {waybill.number} is live in the store"


def _in_books(evidence: Evidence, books: Books) -> Iterator[tuple[str, str]]:
    of_delivery = {row.code: row.order_id for rows in evidence.deliveries.values() for row in rows}
    for entry in books.qimen.deliveries:
        if entry.status != "CANCELLED" and entry.code in of_delivery:
            yield of_delivery[entry.code], f"delivery order {entry.code} is {entry.status} at the warehouse"
    of_request = {check.request_id: check.order_id for check in evidence.credit}
    for reservation in books.credit.reservations:
        if reservation.status != "RELEASED" and reservation.request_id in of_request:
            yield of_request[reservation.request_id], f"its credit is {reservation.status} at the bureau"
    by_key = evidence.waybills_by_key
    for provider, waybill in evidence.waybills_in_books():
        if waybill.live and waybill.key in by_key:
            yield by_key[waybill.key].order_id, f"waybill {waybill.number} is live at {provider}"
    of_number = {(order.channel, order.channel_order_no): oid for oid, order in evidence.orders.items()}
    for channel, book in books.channels().items():
        for shipment in book.shipments:
            if (channel, shipment.order_no) in of_number:
                yield of_number[channel, shipment.order_no], f"its channel was told of number {shipment.number}"

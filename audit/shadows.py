"""Of an order that an old system works on, nothing is sent, locked or moved here; and it is decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Protocol

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.facts import OrderFact
from audit.report import Outcome
from domain.order import ChannelStatus
from store.tables import (
    ApprovalRequestRow,
    FlagRow,
    PlanRow,
    PromiseRow,
    ShadowOrderRow,
    ShortageRow,
    StageDeadlineRow,
    TaskRow,
    WarrantyRow,
    WorkBookingRow,
)

_NEVER = (
    ApprovalRequestRow,
    TaskRow,
    PlanRow,
    PromiseRow,
    ShortageRow,
    WarrantyRow,
    WorkBookingRow,
    FlagRow,
    StageDeadlineRow,
)
"""Tables that are too large to load, and in which such an order has no row."""


class _OfOrder(Protocol):
    @property
    def order_id(self) -> str | None: ...


async def shadow_silent(evidence: Evidence) -> Outcome:
    """No order in shadow has a row, or an entry in a partner's book, that only doing something makes."""
    seen = Outcome()
    for oid, decided in evidence.shadows.items():
        seen.looked_at += 1
        order = evidence.orders.get(oid)
        if order is None:
            seen.find(oid, "in shadow, but missing in the store")
            continue
        for text in _moved(order):
            seen.find(oid, text)
        if evidence.settled and order.status == ChannelStatus.PAID and not decided:
            seen.find(oid, "in shadow, but never decided")
    for what, found in _rows(evidence).items():
        for oid in sorted(found & evidence.shadows.keys()):
            seen.find(oid, f"in shadow, but has {what}")
    async with evidence.snapshot() as tx:
        for table in _NEVER:
            key = col(table.order_id)
            both = select(key).where(key == col(ShadowOrderRow.order_id)).distinct()
            async for (oid,) in stream(tx, both):
                seen.find(oid, f"in shadow, but has a row in {table.__tablename__}")
    for oid, text in _told(evidence):
        seen.find(oid, text)
    return seen


def _moved(order: OrderFact) -> Iterator[str]:
    if order.started_at is not None:
        yield "in shadow, but its workflow was started"
    if order.state is not None or order.exit is not None:
        yield f"in shadow, but it is {order.exit or order.state}"
    if order.holds:
        yield f"in shadow, but held by {', '.join(order.holds)}"


def _rows(evidence: Evidence) -> dict[str, set[str]]:
    by_order: dict[str, Mapping[str, Sized]] = {
        "locked stock": evidence.reservations,
        "consignments": evidence.consignments,
        "instructions to a warehouse": evidence.deliveries,
        "parcels": evidence.parcels,
        "promised gifts": evidence.gifts,
    }
    listed: dict[str, Iterable[_OfOrder]] = {
        "waybills": evidence.waybills,
        "interceptions": evidence.interceptions,
        "questions to a credit bureau": evidence.credit,
        "holds": evidence.holds,
        "messages": evidence.notifications,
    }
    found = {what: set(rows) for what, rows in by_order.items()}
    return found | {what: {row.order_id for row in rows if row.order_id} for what, rows in listed.items()}


def _told(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """What partners have of it by us. What its channel has by the old system is no number of ours."""
    books = evidence.books
    if books is None:
        return
    numbers = {evidence.orders[oid].channel_order_no: oid for oid in evidence.shadows if oid in evidence.orders}
    real = {delivery.code for rows in evidence.deliveries.values() for delivery in rows}
    for delivery in books.qimen.deliveries:
        if delivery.order_no in numbers and delivery.code not in real:
            yield numbers[delivery.order_no], f"in shadow, but a warehouse was told of it: {delivery.code}"
    ours = {entry.number for _, entry in evidence.waybills_in_books()}
    for channel, book in books.channels().items():
        for shipment in book.shipments:
            oid = numbers.get(shipment.order_no)
            if oid is not None and evidence.orders[oid].channel == channel and shipment.number in ours:
                yield oid, f"in shadow, but its channel was told of a number of ours: {shipment.number}"

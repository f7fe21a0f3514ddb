"""No order is lost, and every order comes to its right end."""

from __future__ import annotations

from collections.abc import Iterator

from audit.books import BookOrder
from audit.evidence import Evidence
from audit.facts import OrderFact
from audit.report import Outcome
from domain.golden import Exit, GoldenState
from domain.order import Channel, ChannelStatus

_OUR_PROTOCOL = frozenset({Channel.OWN, Channel.POS, Channel.B2B})


async def orders_arrived(evidence: Evidence) -> Outcome:
    """Every paid order of the channels is in the store; in the end it was started, as its channel has it now."""
    seen = Outcome()
    for oid, wanted in evidence.book_orders.items():
        seen.looked_at += 1
        order = evidence.orders.get(oid)
        if order is None:
            seen.find(oid, "paid at its channel, but missing in the store")
        elif evidence.settled:
            for text in _differences(evidence, order, wanted):
                seen.find(oid, text)
    return seen


async def orders_ended(evidence: Evidence) -> Outcome:
    """Every order has its warranty, or left by an exit that is right for it."""
    seen = Outcome()
    for oid, order in evidence.orders.items():
        seen.looked_at += 1
        if oid in evidence.shadows:
            continue  # it ends at the old system
        if order.exit is None and order.state != GoldenState.WARRANTY_ACTIVATED:
            if order.started_at is not None or order.status == ChannelStatus.PAID:
                holds = f", held by {', '.join(order.holds)}" if order.holds else ""
                seen.find(oid, f"still open: {order.state or 'before the first state'}{holds}")
        elif order.closed_at is None:
            seen.find(oid, f"at its end ({order.exit or order.state}), but never closed")
        if order.exit == Exit.CANCELLED and not _asked_to_cancel(evidence, oid):
            seen.find(oid, "cancelled, though neither its channel nor its buyer nor a person of ours asked for that")
    return seen


def _differences(evidence: Evidence, order: OrderFact, wanted: BookOrder) -> Iterator[str]:
    if order.started_at is None and not order.cancelled and order.order_id not in evidence.shadows:
        yield "in the store, but never started"
    if wanted.status == "cancelled" and not order.cancelled and order.exit != Exit.UNDELIVERED:
        yield f"cancelled at its channel, but here it is {order.exit or order.state}"
    # Only of our own protocol the versions are ours, too: Douyin's book counts, its documents carry a time.
    if order.channel in _OUR_PROTOCOL and order.version != wanted.version:
        yield f"here at version {order.version}, at its channel at version {wanted.version}"
        return
    newest = next((body for body in reversed(evidence.bodies.get(order.order_id, [])) if body.of_channel), None)
    if newest is None:
        return
    if newest.channel_digest != wanted.receiver_digest:
        yield "its receiver is not the one that its channel has"
    if lost := sorted(set(wanted.requirements) - newest.requirements):
        yield f"delivery requirements of its channel are lost: {', '.join(lost)}"


def _asked_to_cancel(evidence: Evidence, oid: str) -> bool:
    book = evidence.book_orders.get(oid)
    # Without a book nobody can tell.
    asked_there = book is None or book.cancel_asked or book.status == "cancelled"
    return asked_there or oid in evidence.cancelled_by_person

"""Every gift was given, or is off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from audit.evidence import Evidence
from audit.facts import BodyFact, GiftFact, OrderFact
from audit.report import Outcome

_PENDING, _GIVEN, _CANCELLED = "pending", "given", "cancelled"


async def gifts_given(evidence: Evidence) -> Outcome:
    """What an order that left was promised with it, was in its parcels, by the store and by the warehouse's book."""
    seen = Outcome()
    left_out = _left_out(evidence)
    for oid, order in evidence.orders.items():
        gifts = {gift.line_no: gift for gift in evidence.gifts.get(oid, [])}
        body = evidence.packed_body(oid)
        if oid in evidence.shadows or (not gifts and (body is None or not body.gifts)):
            continue  # what an old system owes its buyers is no promise of ours
        seen.looked_at += 1
        for text in (
            *_unkept(order, body, gifts, boxed=bool(evidence.parcels.get(oid))),
            *_faults(evidence, order, body, gifts, left_out),
        ):
            seen.find(oid, text)
    return seen


def _unkept(order: OrderFact, body: BodyFact | None, gifts: dict[str, GiftFact], boxed: bool) -> Iterator[str]:
    for line_no, (sku, _) in body.gifts.items() if body is not None else ():
        if line_no not in gifts:
            yield f"gift {sku} of line {line_no} is not kept as one"
    for gift in gifts.values():
        if gift.status not in {_PENDING, _GIVEN, _CANCELLED}:
            yield f"gift {gift.sku} of line {gift.line_no} is {gift.status}"
        elif gift.status == _GIVEN and not order.shipped and not order.packed and not boxed:
            yield f"gift {gift.sku} of line {gift.line_no} counts as given, but nothing has left"


def _faults(
    evidence: Evidence,
    order: OrderFact,
    body: BodyFact | None,
    gifts: dict[str, GiftFact],
    left_out: dict[str, Counter[str]],
) -> Iterator[str]:
    """Gifts that should have been given and were not."""
    packed = Counter[str]()
    parcels = evidence.parcels.get(order.order_id, [])  # none of an order that left is another check's finding
    for parcel in parcels:
        for item in parcel.items:
            packed[item["sku"]] += item["quantity"]
    packed -= left_out.get(order.order_id, Counter())
    lacking = body.ordered - packed if body is not None and parcels else Counter[str]()
    for gift in gifts.values():
        name = f"gift {gift.sku} of line {gift.line_no}"
        if gift.status == _PENDING and (order.shipped or (evidence.settled and order.closed_at is not None)):
            if evidence.settled or not gift.sent_after:
                yield f"{name} was not given"
        elif gift.status == _GIVEN and not gift.sent_after and order.shipped and lacking[gift.sku] > 0:
            yield f"{name} counts as given, but was in none of its parcels"


def _left_out(evidence: Evidence) -> dict[str, Counter[str]]:
    """What the warehouse's book says was not in the box, though it was scanned."""
    of_delivery = {row.code: row.order_id for rows in evidence.deliveries.values() for row in rows}
    found: dict[str, Counter[str]] = {}
    for entry in evidence.books.qimen.deliveries if evidence.books else []:
        if entry.code in of_delivery and entry.status == "PACKED":
            # Of a merged box the book does not say whose they were: each missed what it had, one after another.
            together = [one.order_id for one in evidence.told_together(entry.code)] or [of_delivery[entry.code]]
            for line in entry.left_out:
                rest = line.quantity
                for oid in together:
                    body = evidence.packed_body(oid)
                    had = body.ordered[line.sku] if body is not None and len(together) > 1 else rest
                    found.setdefault(oid, Counter())[line.sku] += min(rest, had)
                    rest -= min(rest, had)
    return found

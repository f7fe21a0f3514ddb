"""What lies in an order's parcels is what its warehouses were to deliver, and together it is the order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from audit.evidence import Evidence
from audit.report import Outcome


async def parcels_are_the_order(evidence: Evidence) -> Outcome:
    """Of each packed order: every consignment lies in its own parcels, and all parcels sum to what was ordered."""
    seen = Outcome()
    for oid, order in evidence.orders.items():
        if not evidence.parcels.get(oid):
            continue
        seen.looked_at += 1
        for text in _of_parts(evidence, oid):
            seen.find(oid, text)
        if order.packed and evidence.packed_body(oid) is not None:  # without one, the warehouse's check says so
            in_boxes, wanted = _in_boxes(evidence, oid), _wanted(evidence, oid)
            if in_boxes != wanted:
                seen.find(oid, f"its parcels hold {_listed(in_boxes)}, but {_listed(wanted)} were to be delivered")
    return seen


def _of_parts(evidence: Evidence, oid: str) -> Iterator[str]:
    for part in evidence.in_parts(oid):
        in_boxes = _in_boxes(evidence, oid, part.n)
        if part.status == "packed" and in_boxes != part.pieces:
            yield f"consignment {part.n} is {_listed(part.pieces)}, but {_listed(in_boxes)} lie in its parcels"
        if part.status != "packed" and in_boxes:
            yield f"consignment {part.n} is {part.status}, but {_listed(in_boxes)} lie in its parcels"


def _wanted(evidence: Evidence, oid: str) -> Counter[str]:
    """What was ordered when the last part was packed; what was packed before, even if it was paid back since."""
    body = evidence.packed_body(oid)
    parts = evidence.in_parts(oid)
    if body is None or not parts:
        return body.ordered if body is not None else Counter()
    told = {row.consignment: row.revision for row in evidence.deliveries.get(oid, []) if row.status == "packed"}
    last = max(told.values(), default=0)
    newest = evidence.body_at(oid, last)
    wanted = Counter(newest.ordered if newest is not None else {})
    before: Counter[str] = Counter()
    for part in parts:
        if told.get(part.n, last) < last:
            before += part.pieces
    return wanted | before


def _in_boxes(evidence: Evidence, oid: str, part: int | None = None) -> Counter[str]:
    found: Counter[str] = Counter()
    for parcel in evidence.parcels.get(oid, []):
        if part in (None, parcel.consignment):
            for item in parcel.items:
                found[item["sku"]] += item["quantity"]
    return found


def _listed(pieces: Counter[str]) -> str:
    return ", ".join(f"{count} x {sku}" for sku, count in sorted(pieces.items())) or "nothing"

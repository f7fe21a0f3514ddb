"""The warehouse has each order once, as it was ordered, with every delivery requirement."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from audit.books import BookDelivery
from audit.evidence import Evidence
from audit.facts import BodyFact, DeliveryFact, OrderFact
from audit.report import Outcome
from domain.order import Requirement

COLD_CHAIN_DELIVERY = "LLPS"

WORDS: dict[Requirement, str] = {
    Requirement.COLD_CHAIN: "冷链",
    Requirement.FRAGILE: "易碎",
    Requirement.UPRIGHT: "向上",
}
"""What people in warehouses and on the road read on their papers."""


async def warehouse_once(evidence: Evidence) -> Outcome:
    """Each order has at most one delivery order that counts, as it was ordered, and all papers say what is demanded."""
    seen = Outcome()
    for oid, deliveries in _instructions(evidence, seen).items():
        seen.looked_at += 1
        order = evidence.orders.get(oid)
        valid = [(row, entry) for row, entry in deliveries if entry.status != "CANCELLED"]
        for doubled in _doubled(row for row, _ in valid):
            seen.find(oid, f"{len(doubled)} delivery orders that count: {', '.join(row.code for row in doubled)}")
        for row, entry in valid:
            if row.status == "cancelled" and not evidence.settled:
                continue  # stopped since the book was read
            body = evidence.body_at(oid, row.revision)
            if order is None or body is None:
                seen.find(oid, f"delivery order {row.code} is for a revision of the order that the store does not have")
                continue
            for text in (*_faults(order, body, entry), *_lines_wrong(evidence, row, body, entry)):
                seen.find(oid, f"delivery order {row.code} {text}")
        if evidence.settled:
            for row, entry in deliveries:
                if (entry.status == "PACKED") is not (row.status == "packed"):
                    seen.find(oid, f"delivery order {row.code} is {entry.status}, but {row.status} in the store")
    _find_unpacked(evidence, seen)
    _read_waybills(evidence, seen)
    return seen


def _instructions(evidence: Evidence, seen: Outcome) -> dict[str, list[tuple[DeliveryFact, BookDelivery]]]:
    by_code = {row.code: row for rows in evidence.deliveries.values() for row in rows}
    found: defaultdict[str, list[tuple[DeliveryFact, BookDelivery]]] = defaultdict(list)
    for entry in evidence.books.qimen.deliveries if evidence.books else []:
        row = by_code.get(entry.code)
        if row is None:
            seen.find(entry.code, "the warehouse has a delivery order of which the store knows nothing")
        else:
            found[row.order_id].append((row, entry))
    return dict(found)


def _doubled(rows: Iterable[DeliveryFact]) -> list[list[DeliveryFact]]:
    """Several instructions for the same part of an order."""
    by_part: defaultdict[int, list[DeliveryFact]] = defaultdict(list)
    for row in rows:
        by_part[row.consignment].append(row)
    whole = by_part.get(0, [])
    if whole and len(by_part) > 1:
        return [[row for some in by_part.values() for row in some]]  # all of it, and a part of it once more
    return [some for some in by_part.values() if len(some) > 1]


def _lines_wrong(evidence: Evidence, row: DeliveryFact, body: BodyFact, entry: BookDelivery) -> Iterator[str]:
    """Where an instruction was given, and of what."""
    if row.warehouse and entry.warehouse != row.warehouse:
        yield f"is in {entry.warehouse}, but was meant for {row.warehouse}"
    ordered, of = body.ordered, "order"
    if row.consignment:
        parts = {one.n: one for one in evidence.in_parts(row.order_id)}
        part = parts.get(row.consignment)
        if part is None:
            yield f"is for consignment {row.consignment}, which the store does not have"
            return
        if entry.warehouse != part.warehouse:
            yield f"is in {entry.warehouse}, but consignment {part.n} comes from {part.warehouse}"
        ordered, of = part.pieces, f"consignment {part.n}"
    together = [one for one in evidence.told_together(row.code) if one.order_id != row.order_id]
    for other in together:
        packed_with = evidence.body_at(other.order_id, other.revision)
        ordered = ordered + (packed_with.ordered if packed_with is not None else Counter())
        of = f"{len(together) + 1} orders"
    lines: Counter[str] = Counter()
    for line in entry.lines:
        lines[line.sku] += line.quantity
    if lines != ordered:
        yield f"differs from the {of}: missing {_listed(ordered - lines)}, extra {_listed(lines - ordered)}"


def _faults(order: OrderFact, body: BodyFact, entry: BookDelivery) -> Iterator[str]:
    if entry.order_no != order.channel_order_no:
        yield f"names order {entry.order_no}"
    if entry.receiver_digest != body.warehouse_digest:
        yield f"has another receiver than revision {body.revision} of the order"
    cold = Requirement.COLD_CHAIN in body.requirements
    if (entry.delivery_type == COLD_CHAIN_DELIVERY) is not cold:
        yield f"has delivery type {entry.delivery_type}, but the order {'is' if cold else 'is not'} cold chain"
    if missing := _missing(body.requirements - {Requirement.COLD_CHAIN}, entry.remark):
        yield f"does not say {missing}"


def _find_unpacked(evidence: Evidence, seen: Outcome) -> None:
    """What the store has as packed is packed at the warehouse; only of orders that the books know."""
    if evidence.final_books is None:
        return
    known = {entry.code for entry in evidence.final_books.qimen.deliveries}
    for oid in evidence.book_orders:
        packed = evidence.packed_by(oid)
        parts = {one.n for one in evidence.in_parts(oid) if one.status != "off"} or {0}
        if oid in evidence.orders and evidence.orders[oid].packed and sorted(r.consignment for r in packed) != [*parts]:
            seen.find(oid, f"packed, with {len(packed)} packed delivery orders in the store, of {len(parts)} parts")
        for row in packed:
            if row.code not in known:
                seen.find(oid, f"delivery order {row.code} is packed, but the warehouse does not have it")


def _read_waybills(evidence: Evidence, seen: Outcome) -> None:
    """What was demanded when the order was packed, and ever since, stands on every live waybill."""
    by_key = evidence.waybills_by_key
    for provider, entry in evidence.waybills_in_books():
        row = by_key.get(entry.key)
        packed = evidence.packed_body(row.order_id) if row is not None else None
        if row is None or packed is None or not entry.live:
            continue
        bodies = [body for body in evidence.bodies[row.order_id] if body.revision >= packed.revision]
        if missing := _missing(packed.requirements.intersection(*(body.requirements for body in bodies)), entry.text):
            seen.find(row.parcel_id, f"waybill {entry.number} of {provider} does not say {missing}")


def _missing(requirements: Iterable[Requirement], text: str) -> str:
    return ", ".join(f"{one} ({WORDS[one]})" for one in sorted(requirements) if WORDS[one] not in text)


def _listed(pieces: Counter[str]) -> str:
    return ", ".join(f"{count} x {sku}" for sku, count in sorted(pieces.items())) or "nothing"

"""Merging 合单: several orders of one buyer to one address, packed by one warehouse as one parcel.

Each stays an order of its own: its number, its golden state, its stock, its channel. What they share is the instruction
to the warehouse, the box, and the box's waybill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.declaring import HOME, destination
from domain.order import ClearReceiver, Order, OrderLine
from domain.shipping import Package, ScannedItem


class MergeState(StrEnum):
    """Where a merge is."""

    OPEN = "open"
    PACKED = "packed"
    UNDONE = "undone"


class MemberState(StrEnum):
    """Where an order is in its merge."""

    JOINED = "joined"
    LEAVING = "leaving"
    """The warehouse is being asked to stop: until it has answered nobody knows."""
    LEFT = "left"
    PACKED = "packed"


@dataclass(frozen=True)
class MergeRule:
    """Whether an order may be merged, with which others, for how long, and how many there may be in all."""

    merge: bool
    group: str
    window: timedelta
    most: int
    name: str


def merge_mark(order: Order, rule: MergeRule, warehouse: str, couriers: str) -> str:
    """What orders must have alike to be merged; "" for one that never is. Personal: only a digest of it may be kept.

    Never an order whose receiver its platform keeps encrypted: the same buyer has other ciphertexts in each order, so
    nobody but the platform can tell who they are, and its e-waybill belongs to the order. Nor a gift sent after, nor
    what goes abroad: each order has a declaration of its own.
    """
    receiver = order.receiver
    if not rule.merge or rule.most < 2 or order.gift_after or not isinstance(receiver, ClearReceiver):
        return ""
    if destination(order) != HOME:
        return ""
    region, buyer = receiver.region, order.customer
    parts = (
        rule.group,
        warehouse,
        couriers,
        " ".join(sorted(order.notes.requirements)),
        *(receiver.name, receiver.phone, region.province, region.city, region.district, region.town, receiver.detail),
        # A company's orders go with its own only.
        *(buyer.name, buyer.tax_no),
    )
    return "\n".join("".join(part.split()) for part in parts)


@dataclass(frozen=True)
class Part:
    """One order in a merged instruction. `n` is 0 for the order that leads it: its lines keep their numbers."""

    order_id: str
    n: int
    lines: tuple[OrderLine, ...]

    def at_warehouse(self, line_no: str) -> str:
        """The number of a line in the instruction, unlike those of all other orders in it."""
        return f"M{self.n}-{line_no}" if self.n else line_no

    def renumbered(self) -> list[OrderLine]:
        """Its lines as the instruction has them."""
        return [
            line.model_copy(
                update={
                    "line_no": self.at_warehouse(line.line_no),
                    "gift_of": self.at_warehouse(line.gift_of) if line.gift_of is not None else None,
                }
            )
            for line in self.lines
        ]


def share_out(boxes: Sequence[Package], parts: Sequence[Part]) -> dict[str, dict[int, list[ScannedItem]]]:
    """What of each box belongs to which order: by order, then by the box's place.

    By the line that the warehouse names; what names none goes to whoever still lacks the article, in the order of the
    parts, bought pieces first. The boxes hold in sum what all parts order.
    """
    lacks = {(part.order_id, line.line_no): line.quantity for part in parts for line in part.lines}
    named = {part.at_warehouse(line.line_no): (part.order_id, line) for part in parts for line in part.lines}
    shares: dict[str, dict[int, list[ScannedItem]]] = {part.order_id: {} for part in parts}
    loose: list[tuple[int, str, int]] = []

    def give(order_id: str, line: OrderLine, place: int, at_most: int) -> int:
        taken = min(at_most, lacks[order_id, line.line_no])
        if taken:
            lacks[order_id, line.line_no] -= taken
            shares[order_id].setdefault(place, []).append(ScannedItem(line.sku, taken, line.line_no))
        return taken

    for place, box in enumerate(boxes):
        for item in box.items:
            rest = item.quantity
            found = named.get(item.line_no)
            if found is not None and found[1].sku == item.sku:
                rest -= give(*found, place, rest)
            if rest:
                loose.append((place, item.sku, rest))
    for place, sku, count in loose:
        rest = count
        for order_id, line in _wanting(sku, parts):
            rest -= give(order_id, line, place, rest)
    return shares


def _wanting(sku: str, parts: Iterable[Part]) -> list[tuple[str, OrderLine]]:
    found = [(part.order_id, line) for part in parts for line in part.lines if line.sku == sku]
    return sorted(found, key=lambda one: one[1].gift_of is not None)

"""Whether the same buyer ordered the same goods to the same address a moment ago."""

from __future__ import annotations

from domain.holds import HoldReason
from domain.order import Order
from domain.review.dossier import Dossier, Flag
from domain.texts import text


def duplicate_check(dossier: Dossier) -> list[Flag]:
    """A flag for each order that says the same; by rule it holds this one, or is a note."""
    return [
        Flag(
            "duplicate.hold" if twin.holds else "duplicate.note",
            HoldReason.DUPLICATE if twin.holds else None,
            text("flag.duplicate", order=twin.order_id, minutes=max(1, twin.minutes)),
            twin.order_id,
        )
        for twin in dossier.twins
    ]


def says_the_same(one: Order, other: Order) -> bool:
    """Whether two orders ask for the same goods at the same place. Parts of one purchase are meant to be several."""
    if one.parent_no and one.parent_no == other.parent_no:
        return False
    return one.receiver == other.receiver and _goods(one) == _goods(other)


def _goods(order: Order) -> list[tuple[str, int]]:
    return sorted((line.sku, line.quantity) for line in order.lines)

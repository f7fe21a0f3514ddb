"""Gifts: lines that go with a main line, and whether what a warehouse scanned has forgotten one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from domain.order import Order, OrderLine
from domain.shipping import ScannedItem
from domain.texts import text

_OF_THE_HOUSE = "hubgift-"


class GiftStatus(StrEnum):
    """Where a gift is: 待发放, 已发放, 已取消."""

    PENDING = "pending"
    """Promised, and not on its way yet."""
    GIVEN = "given"
    """In a parcel that left."""
    CANCELLED = "cancelled"
    """Its order or its main line is off: the buyer has no claim to it."""


def house_line(code: str) -> str:
    """The number of the line in which a promotion of ours gives something. No channel knows of it."""
    return _OF_THE_HOUSE + sha256(code.encode()).hexdigest()[:12]


def of_the_house(line_no: str) -> bool:
    """Whether a line is a gift that we added, and not the channel."""
    return line_no.startswith(_OF_THE_HOUSE)


def with_house_gifts(order: Order, gifts: Iterable[OrderLine]) -> Order:
    """An order with these gifts of ours and no other; those without their main line are off."""
    lines = tuple(line for line in order.lines if not of_the_house(line.line_no))
    there = {line.line_no for line in lines}
    kept = tuple(gift for gift in gifts if of_the_house(gift.line_no) and gift.gift_of in there)
    return order if lines + kept == order.lines else order.model_copy(update={"lines": lines + kept})


@dataclass(frozen=True)
class ScanDifference:
    """What a scan has otherwise than the order, as pieces by SKU."""

    gifts: Counter[str] = field(default_factory=Counter)
    """Gifts that are missing."""
    missing: Counter[str] = field(default_factory=Counter)
    """Other goods that are missing."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Goods that nobody ordered."""
    extra: Counter[str] = field(default_factory=Counter)
    """Too many of what was ordered."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return any((self.gifts, self.missing, self.wrong, self.extra))

    def words(self) -> str:
        """The difference in words for the warehouse, gifts first; "" when there is none."""
        kinds = (("gift", self.gifts), ("missing", self.missing), ("wrong", self.wrong), ("extra", self.extra))
        return "；".join(text(f"scan.{kind}", items=_listed(pieces)) for kind, pieces in kinds if pieces)


def scan_difference(lines: Sequence[OrderLine], scanned: Iterable[ScannedItem]) -> ScanDifference:
    """Compare what was scanned with the lines, piece by piece.

    A piece whose line the warehouse names counts for that line. Of an article that is bought and given at once, what
    names no line counts for the bought pieces first: the gift is what was forgotten.
    """
    filled, rest = fill(lines, scanned)
    gifts: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for line in lines:
        lacking = line.quantity - filled[line.line_no]
        if lacking > 0:
            (missing if line.gift_of is None else gifts)[line.sku] += lacking
    ordered = {line.sku for line in lines}
    return ScanDifference(
        gifts=gifts,
        missing=missing,
        wrong=Counter({sku: count for sku, count in rest.items() if sku not in ordered}),
        extra=Counter({sku: count for sku, count in rest.items() if sku in ordered}),
    )


def fill(lines: Sequence[OrderLine], scanned: Iterable[ScannedItem]) -> tuple[Counter[str], Counter[str]]:
    """How many pieces of each line are there, by line number, and the pieces by SKU that no line wants."""
    filled: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    by_no = {line.line_no: line for line in lines}
    for item in scanned:
        line = by_no.get(item.line_no)
        taken = 0
        if line is not None and line.sku == item.sku:
            taken = min(item.quantity, line.quantity - filled[line.line_no])
            filled[line.line_no] += taken
        rest[item.sku] += item.quantity - taken
    for line in sorted(lines, key=lambda line: line.gift_of is not None):
        taken = min(rest[line.sku], line.quantity - filled[line.line_no])
        filled[line.line_no] += taken
        rest[line.sku] -= taken
    return filled, +rest


def _listed(pieces: Counter[str]) -> str:
    return "，".join(f"{sku} × {count}" for sku, count in sorted(pieces.items()))

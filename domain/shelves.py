"""What a warehouse itself says that it has, and how its figures moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Quality(StrEnum):
    """In which condition pieces are."""

    GOOD = "good"
    """正品, can be sold."""
    DEFECTIVE = "defective"
    """残次, 机损, 箱损."""
    IN_TRANSIT = "in_transit"
    """在途: not there yet."""


@dataclass(frozen=True)
class Shelf:
    """A warehouse's figure for one article in one condition, in pieces.

    `available` is what can still be promised there, `locked` what waits for packing or is frozen there; together they
    lie on the shelf.
    """

    warehouse: str
    sku: str
    quality: Quality
    available: int
    locked: int


@dataclass(frozen=True)
class ShelfChange:
    """The warehouse's figure moved, by `quantity` pieces (signed). (`code`, warehouse, sku, quality) tells it from any
    other; `order_code` and `order_type` say by what, in the warehouse's own words."""

    code: str
    warehouse: str
    sku: str
    quality: Quality
    quantity: int
    order_code: str = ""
    order_type: str = ""
    remark: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Ours:
    """Our own figures of one article in one warehouse, in pieces.

    `told`: what the warehouse was told to pack, and has not reported as packed. `doubtful`: what it is being told or
    asked to give up at this moment, or what a transfer binds or has brought, so that it may count it either way.
    `moving`: what a transfer has taken away or will bring, which it may count as well.
    """

    on_hand: int
    told: int = 0
    doubtful: int = 0
    moving: int = 0

    @property
    def most(self) -> int:
        """What the warehouse may call available, at most. Packing changes nothing in it: what is packed was promised
        before, here as there."""
        return self.on_hand - self.told + self.moving

    @property
    def least(self) -> int:
        """What it may call available, at least."""
        return self.on_hand - self.told - self.doubtful


def difference(available: int, before: Ours, after: Ours) -> int:
    """How many pieces more than ours the warehouse has; 0 when its figure fits to ours from before or after the
    question, or to anything between."""
    least, most = min(before.least, after.least), max(before.most, after.most)
    return available - most if available > most else min(0, available - least)

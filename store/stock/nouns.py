"""The words of the stock pool: what moves, what is picked, and why something is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

Place = tuple[str, str]
"""SKU and warehouse: one row of the stock."""

OPEN = ("awaiting", "locked")
"""Statuses of reservations that still bind something."""


class Kind(StrEnum):
    """What a line of the ledger tells."""

    RECEIVE = "receive"
    ADJUST = "adjust"
    COUNT = "count"
    DEFECT = "defect"
    SCRAP = "scrap"
    RESERVE = "reserve"
    ARRIVE = "arrive"
    """Goods that an order was waiting for came in, and are locked for it."""
    RELEASE = "release"
    REFUND = "refund"
    SHIP = "ship"
    FREEZE = "freeze"
    THAW = "thaw"
    SEND = "send"
    TAKE_IN = "take_in"
    """A transfer arrived."""


@dataclass(frozen=True)
class Movement:
    """Why and by whom stock moves. `key` makes it happen once."""

    key: str
    reason: str
    who: str
    order_id: str | None = None


@dataclass(frozen=True)
class Delta:
    """By how many pieces the quantities of one place change."""

    on_hand: int = 0
    reserved: int = 0
    frozen: int = 0
    defective: int = 0
    in_transit: int = 0


@dataclass(frozen=True, order=True)
class Pick:
    """So many pieces of a SKU out of one warehouse, or out of a purchase that is on its way to it."""

    sku: str
    warehouse: str
    quantity: int
    incoming_no: str = ""


class StockShort(Exception):
    """Not all lines can be had; the transaction must be rolled back. `short` maps SKU to the missing quantity.

    `shared` are those of these SKUs of which there is enough, but not for this channel: its share is used up.
    """

    def __init__(self, short: Mapping[str, int], shared: Collection[str] = ()) -> None:
        super().__init__(", ".join(f"{sku}: {missing} short" for sku, missing in short.items()))
        self.short = dict(short)
        self.shared = frozenset(shared)


class StaleSnapshot(Exception):
    """The picks were planned on numbers that are true no more, and do not fit: plan again (roll back first)."""


class ReservationChanged(ValueError):
    """The order has locked this SKU before, in another quantity, or has freed it since: one order locks a SKU once."""


class StaleReservation(ValueError):
    """What is to leave is not what the order has locked now: it was planned again, fitted or freed meanwhile."""


class StockBroken(RuntimeError):
    """What an order has locked is not in the stock: the books were changed from outside."""


class CountBelowBound(ValueError):
    """Fewer pieces were counted than are locked and frozen: free some of these first, or count again."""

    def __init__(self, place: Place, counted: int, reserved: int, frozen: int) -> None:
        sku, warehouse = place
        super().__init__(
            f"{sku} in {warehouse}: {counted} counted, but {reserved} are locked for orders and {frozen} frozen"
        )
        self.counted, self.reserved, self.frozen = counted, reserved, frozen

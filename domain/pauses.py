"""Pauses: one step stands still for one slice (a channel, an article, a warehouse, a courier) while others go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.texts import channel_name, partner_name, text


class Slice(StrEnum):
    """What can be paused, each at one step."""

    CHANNEL = "channel"
    """Its paid orders are not begun."""
    SKU = "sku"
    """Orders with this article lock no stock."""
    WAREHOUSE = "warehouse"
    """It is given no new instruction."""
    COURIER = "courier"
    """It is asked for no new waybill: the next one of the plan is."""


def slice_words(kind: str, name: str) -> str:
    """What of a slice stands still, in words: channels and partners as people know them."""
    if kind == Slice.COURIER:
        name = partner_name(name)
    elif kind == Slice.CHANNEL:
        name = channel_name(name)
    return text(f"pause.slice.{kind}", name=name)


class Measure(StrEnum):
    """What is counted. Of orders, each once, or of calls to a courier."""

    RETURNS = "returns"
    SCAN_MISMATCHES = "scan_mismatches"
    WAREHOUSE_EXCEPTIONS = "warehouse_exceptions"
    WRITE_BACK_REFUSALS = "write_back_refusals"
    COURIER_FAILURES = "courier_failures"


MEASURED: dict[Measure, tuple[Slice, ...]] = {
    Measure.RETURNS: (Slice.CHANNEL, Slice.SKU, Slice.WAREHOUSE),
    Measure.SCAN_MISMATCHES: (Slice.SKU, Slice.WAREHOUSE),
    Measure.WAREHOUSE_EXCEPTIONS: (Slice.WAREHOUSE,),
    Measure.WRITE_BACK_REFUSALS: (Slice.CHANNEL,),
    Measure.COURIER_FAILURES: (Slice.COURIER,),
}
"""Of which slices each is counted."""

WINDOWS = (15, 120)
"""Over how many minutes it is counted."""


@dataclass(frozen=True)
class Spike:
    """What was counted of a slice within a window: `count` of a sample of so many."""

    slice: Slice
    name: str
    measure: Measure
    window: int
    count: int
    sample: int
    again: bool = False
    """It is on trial: its last pause ended by its time within the window, and this is what happened since."""

    @property
    def permille(self) -> int:
        """The share of the sample that it is."""
        return self.count * 1000 // self.sample if self.sample else 0


@dataclass(frozen=True)
class Trip:
    """What a spike leads to: who is told, and for how many minutes it is paused; 0: until a person ends it."""

    minutes: int
    who: str
    rule: str


@dataclass(frozen=True)
class Paused:
    """Why a step may not be done now, and until when; None: until a person says so."""

    n: int
    why: str
    until: datetime | None

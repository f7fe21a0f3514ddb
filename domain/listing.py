"""What a channel offers: its own numbers for an article of ours, and how many pieces of it may be sold there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from domain.clock import BEIJING
from domain.order import Channel


@dataclass(frozen=True)
class StockFigure:
    """How many pieces a shop may sell of one of its listings from now on: the whole figure, never a change of one.

    `item_id` and `sku_id` are the channel's own numbers ("" where it has none). `key` names this figure of this
    listing: told twice under it, it is the same thing; `n` grows with every figure of the listing.
    """

    channel: Channel
    shop: str
    item_id: str
    sku_id: str
    sku: str
    pieces: int
    key: str
    n: int = 1


@dataclass(frozen=True)
class Quantities:
    """What a publication formula may reckon with: one article as one channel sees it, in pieces over all warehouses."""

    on_hand: int = 0
    reserved: int = 0
    frozen: int = 0
    """Bound by transfers."""
    in_transit: int = 0
    """Between our own warehouses."""
    available: int = 0
    """Free to lock."""
    safety: int = 0
    """Safety stock."""
    room: int = 0
    """What the channel's share leaves it; as much as is available where it has none."""


@dataclass(frozen=True)
class Classed:
    """How an article is to be published: its ABC class ("" counts as A), and whether its sale pauses below safety."""

    abc: str = ""
    pauses: bool = False


def last_slot(times: str, now: datetime) -> datetime | None:
    """The last of some clock times of Beijing ("08:00 14:00 20:00") that is not after `now`; None for "" (at once).

    Raises ValueError.
    """
    if not times.strip():
        return None
    here = now.astimezone(BEIJING)
    clocks = [time.fromisoformat(clock) for clock in times.split()]
    days = (here.date(), here.date() - timedelta(days=1))
    moments = (datetime.combine(day, clock, BEIJING) for day in days for clock in clocks)
    return max(moment for moment in moments if moment <= here)


def next_slot(times: str, now: datetime) -> datetime:
    """The first of some clock times of Beijing that is after `now`; `now` itself for "". Raises ValueError."""
    if not times.strip():
        return now
    here = now.astimezone(BEIJING)
    clocks = [time.fromisoformat(clock) for clock in times.split()]
    days = (here.date(), here.date() + timedelta(days=1))
    moments = (datetime.combine(day, clock, BEIJING) for day in days for clock in clocks)
    return min(moment for moment in moments if moment > here)

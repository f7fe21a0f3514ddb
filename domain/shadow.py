"""Running beside an old system: which slices only watch, what would have been done, and how that compares.

A *slice* is a channel, one shop of it, or a warehouse. While a slice is in shadow, everything is decided and recorded,
and nothing is sent to anybody: the old system does the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.clock import BEIJING
from domain.order import Channel, ChannelStatus
from domain.shipping import Carrier

WAREHOUSE = "warehouse"


@dataclass(frozen=True)
class Slice:
    """What can be in shadow. `channel` is empty for a warehouse; `name` is the shop ("": all of them), or its code."""

    channel: str
    name: str = ""

    def __str__(self) -> str:
        """As people type it: `douyin`, `douyin/4463798`, `warehouse/HZ`."""
        if not self.channel:
            return f"{WAREHOUSE}/{self.name}"
        return f"{self.channel}/{self.name}" if self.name else self.channel

    def covers(self, channel: str, shop: str) -> bool:
        """Whether a shop's orders belong to it."""
        return self.channel == channel and self.name in ("", shop)


def slice_of(typed: str) -> Slice:
    """A slice as a person typed it. Raises ValueError for what is none."""
    head, _, name = typed.strip().partition("/")
    if any(letter.isspace() for letter in name) or (name == "" and "/" in typed):
        raise ValueError(typed)
    if head == WAREHOUSE and name:
        return Slice("", name)
    return Slice(Channel(head), name)


@dataclass(frozen=True)
class Switch:
    """One entry of the history: from `at` on the slice is in shadow, or is not."""

    slice: Slice
    on: bool
    at: datetime
    by: str
    why: str


def in_force(history: Iterable[Switch]) -> list[Switch]:
    """The newest switch of each slice, out of a history that is oldest first.

    What a later switch of the whole channel overrides is gone.
    """
    newest: dict[Slice, Switch] = {}
    for switch in history:
        if switch.slice.channel and not switch.slice.name:
            newest = {one: kept for one, kept in newest.items() if one.channel != switch.slice.channel}
        newest[switch.slice] = switch
    return sorted(newest.values(), key=lambda switch: str(switch.slice))


def shop_in_shadow(history: Sequence[Switch], channel: str, shop: str) -> bool:
    """Whether a shop is in shadow: what was said last about it, or about its channel, counts. Oldest first."""
    last = _last(history, channel, shop)
    return last is not None and last.on


def order_in_shadow(history: Sequence[Switch], channel: str, shop: str, placed_at: datetime) -> bool:
    """Whether an order that comes in now is the old system's.

    It is while its shop is in shadow, and also when it was placed before the shop was switched over: so what was bought
    before, and comes in later, is not shipped by both.
    """
    last = _last(history, channel, shop)
    return last is not None and (last.on or placed_at < last.at)


def _last(history: Sequence[Switch], channel: str, shop: str) -> Switch | None:
    return next((one for one in reversed(history) if one.slice.covers(channel, shop)), None)


class Would(StrEnum):
    """What orderhub would have done with an order."""

    SHIP = "ship"
    HOLD = "hold"
    """A check found something: the order would have waited for it."""
    WAIT = "wait"
    """Goods are missing."""
    FAIL = "fail"
    """It could not be decided: the reason says what is broken."""


@dataclass(frozen=True)
class Decided:
    """What was decided, as far as it is compared."""

    would: Would
    at: datetime
    carrier: str = ""
    consignments: int = 0
    ship_by: datetime | None = None


@dataclass(frozen=True)
class ShownParcel:
    """A parcel as the channel shows it. `carrier` is None where it does not say, or in words that we do not know."""

    number: str
    carrier: Carrier | None = None
    word: str = ""
    """The channel's own word for the carrier."""
    at: datetime | None = None


@dataclass(frozen=True)
class Seen:
    """What the channel shows of an order that the old system works on."""

    status: str
    shipped_at: datetime | None = None
    cancelled_at: datetime | None = None
    parcels: tuple[ShownParcel, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether the order was cancelled, or paid back as a whole before it left."""
        return self.status == ChannelStatus.CANCELLED


class Kind(StrEnum):
    """What a comparison comes to. Of one order several differences may be true; the others stand alone."""

    AGREED = "agreed"
    OPEN = "open"
    """Nothing can be said yet."""
    CALLED_OFF = "called_off"
    """The buyer or the channel took it back before anybody was due to ship it."""
    UNDECIDED = "undecided"
    """It was shipped before it came here, or could not be decided."""
    HELD_BUT_SHIPPED = "held_but_shipped"
    """We would have held it, the old system shipped it."""
    SHORT_BUT_SHIPPED = "short_but_shipped"
    """We had no goods for it, the old system had."""
    NOT_SHIPPED = "not_shipped"
    """We would have shipped it by now, the old system did not."""
    COURIER = "courier"
    """Another courier."""
    LATER = "later"
    """The old system shipped on a later day than we would have promised."""
    EARLIER = "earlier"
    SPLIT = "split"
    """One of the two sent it in several parts, and the other did not."""


DIFFERENCES = frozenset(Kind) - {Kind.AGREED, Kind.OPEN, Kind.CALLED_OFF, Kind.UNDECIDED}


def compare(decided: Decided | None, seen: Seen, now: datetime) -> tuple[Kind, ...]:
    """What the two did with one order. Days are Beijing's: who ships on the promised day ships in time."""
    shipped = seen.shipped_at is not None
    if decided is None or decided.would is Would.FAIL:
        if seen.gone and not shipped:
            return (Kind.CALLED_OFF,)
        return (Kind.OPEN if decided is None and not shipped else Kind.UNDECIDED,)
    if not shipped:
        return (_not_shipped(decided, seen, now),)
    if decided.would is Would.HOLD:
        return (Kind.HELD_BUT_SHIPPED,)
    if decided.would is Would.WAIT:
        return (Kind.SHORT_BUT_SHIPPED,)
    return tuple(_shipped(decided, seen)) or (Kind.AGREED,)


def _not_shipped(decided: Decided, seen: Seen, now: datetime) -> Kind:
    ended = seen.cancelled_at if seen.gone else None
    due = decided.ship_by
    if decided.would is Would.SHIP and due is not None and due < (ended or now):
        return Kind.NOT_SHIPPED
    if seen.gone:
        return Kind.CALLED_OFF
    return Kind.OPEN


def _shipped(decided: Decided, seen: Seen) -> Iterable[Kind]:
    carriers = {parcel.carrier for parcel in seen.parcels if parcel.carrier is not None}
    if decided.carrier and carriers and carriers != {decided.carrier}:
        yield Kind.COURIER
    if decided.ship_by is not None and seen.shipped_at is not None:
        shipped, promised = _day(seen.shipped_at), _day(decided.ship_by)
        if shipped != promised:
            yield Kind.LATER if shipped > promised else Kind.EARLIER
    if seen.parcels and decided.consignments and (len(seen.parcels) > 1) != (decided.consignments > 1):
        yield Kind.SPLIT


def _day(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()


class PlanKind(StrEnum):
    """What a warehouse in shadow would have changed about a real order's plan."""

    SAME = "same"
    MOVED = "moved"
    """Something would leave from the warehouse in shadow."""
    FEWER_PARTS = "fewer_parts"
    MORE_PARTS = "more_parts"
    CHEAPER = "cheaper"
    """Less freight, as it is reckoned for choosing."""
    DEARER = "dearer"


@dataclass(frozen=True)
class PlanFacts:
    """A plan, as far as it is compared: the warehouse of each consignment, and the freight."""

    warehouses: tuple[str, ...]
    freight_fen: int


def compare_plans(real: PlanFacts, beside: PlanFacts) -> tuple[PlanKind, ...]:
    """What the plan with the warehouses in shadow would have changed."""
    if sorted(real.warehouses) == sorted(beside.warehouses):
        return (PlanKind.SAME,)
    found = [PlanKind.MOVED]
    if len(beside.warehouses) != len(real.warehouses):
        fewer = len(beside.warehouses) < len(real.warehouses)
        found.append(PlanKind.FEWER_PARTS if fewer else PlanKind.MORE_PARTS)
    if beside.freight_fen != real.freight_fen:
        found.append(PlanKind.CHEAPER if beside.freight_fen < real.freight_fen else PlanKind.DEARER)
    return tuple(found)

"""Deadlines of an order's stages: which stage lies between which states, and when its time is up.

A stage's clock runs in the hours of a calendar, and stands while something stops it that is not ours to end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum

from domain.clock import BEIJING
from domain.golden import GoldenState
from domain.order import Order, Requirement
from domain.warehouses import Official, WorkWeek

_DAY = timedelta(days=1)
_HORIZON = 400
"""Days; who does not work within them is taken never to."""

_URGENT = ("加急", "急单", "特急", "URGENT")


class Stage(StrEnum):
    """A stretch of an order's way that has a time limit."""

    REVIEW = "REVIEW"
    LOCK = "LOCK"
    PACK = "PACK"
    WAYBILL = "WAYBILL"
    SHIP = "SHIP"
    """From the payment until the channel has every parcel's number: what the buyer was promised."""
    SIGN = "SIGN"


@dataclass(frozen=True)
class Span:
    """The golden state with which a stage begins, and the one that ends it."""

    begins: GoldenState
    ends: GoldenState


SPANS: dict[Stage, Span] = {
    Stage.REVIEW: Span(GoldenState.PAID, GoldenState.RISK_PASSED),
    Stage.LOCK: Span(GoldenState.RISK_PASSED, GoldenState.STOCK_LOCKED),
    Stage.PACK: Span(GoldenState.STOCK_LOCKED, GoldenState.PACKED),
    Stage.WAYBILL: Span(GoldenState.PACKED, GoldenState.WAYBILL_RETURNED),
    Stage.SHIP: Span(GoldenState.PAID, GoldenState.WAYBILL_RETURNED),
    Stage.SIGN: Span(GoldenState.WAYBILL_RETURNED, GoldenState.SIGNED),
}


class NeverOver(ValueError):
    """The hours of this calendar never come."""


@dataclass(frozen=True)
class Hours:
    """The minutes of a day, Beijing, in which a clock runs, and the days on which it does."""

    opens: int = 0
    closes: int = 24 * 60
    week: WorkWeek = field(default_factory=WorkWeek)

    def __post_init__(self) -> None:
        """Raises ValueError for hours that never come."""
        if not 0 <= self.opens < self.closes <= 24 * 60:
            raise ValueError(f"hours from minute {self.opens} to minute {self.closes} of a day")


@dataclass(frozen=True)
class Stop:
    """A stretch in which the clock stood; `ends` is None while it does. `why` is what stopped it."""

    begins: datetime
    ends: datetime | None
    why: str = ""


@dataclass(frozen=True)
class Level:
    """Who is told when a stage is late for so long."""

    who: str
    after: timedelta


@dataclass(frozen=True)
class Limit:
    """How long a stage may take, in which hours, how long before somebody is warned, and who is told when it is late.

    A limit of nothing is none.
    """

    lasts: timedelta
    hours: Hours
    calendar: str
    warn_before: timedelta = timedelta()
    path: tuple[Level, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Call:
    """Somebody is told at a moment: level 0 is the warning, 1 the first who hears that it is late."""

    level: int
    who: str
    at: datetime


@dataclass(frozen=True)
class Due:
    """When a stage must be over, and who is told when. `due` is None while its clock stands before that moment."""

    due: datetime | None
    calls: tuple[Call, ...] = ()
    stopped: Stop | None = None

    def to_do(self, done: int, now: datetime) -> tuple[Call, ...]:
        """The calls above level `done` (-1: none was made) whose moment has come."""
        return tuple(call for call in self.calls if call.level > done and call.at <= now)

    def next(self, done: int, now: datetime) -> datetime | None:
        """When the next call is to be made after those of now; None: not as long as the clock stands, or never."""
        later = (call.at for call in self.calls if call.level > done and call.at > now)
        return min(later, default=None)


def urgent(order: Order) -> bool:
    """Whether the seller says so, or the goods do. What the buyer writes does not count: everybody is in a hurry."""
    note = order.notes.seller.upper()
    return Requirement.COLD_CHAIN in order.notes.requirements or any(word in note for word in _URGENT)


def due(began: datetime, limit: Limit, stops: Sequence[Stop], official: Official) -> Due:
    """When a stage that began then is due, and when whom is told.

    Raises NeverOver when the calendar never lets so much time pass, and ValueError for a naive moment.
    """
    standing = next((stop for stop in stops if stop.ends is None), None)
    if not limit.lasts:
        return Due(None, (), None)

    def at(minutes: timedelta) -> datetime | None:
        return over(began, minutes, limit.hours, official, stops)

    moment = at(limit.lasts)
    calls = []
    if limit.path and limit.warn_before:
        warned = at(max(limit.lasts - limit.warn_before, timedelta()))
        if warned is not None:
            calls.append(Call(0, limit.path[0].who, warned))
    for n, level in enumerate(sorted(limit.path, key=lambda one: one.after), start=1):
        told = at(limit.lasts + level.after)
        if told is not None:
            calls.append(Call(n, level.who, told))
    return Due(moment, tuple(calls), standing)


def over(
    began: datetime, lasts: timedelta, hours: Hours, official: Official, stops: Sequence[Stop] = ()
) -> datetime | None:
    """When so much time of a calendar has passed, without what was stopped; None while a stop keeps it from passing.

    Raises NeverOver.
    """
    if began.tzinfo is None:
        raise ValueError("a naive datetime has no place on a time line")
    left = lasts
    for begins, ends in _running(began.astimezone(BEIJING), hours, official, stops):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    if any(stop.ends is None for stop in stops):
        return None
    raise NeverOver(f"{lasts} do not pass within {_HORIZON} days")


def _running(
    since: datetime, hours: Hours, official: Official, stops: Sequence[Stop]
) -> Iterator[tuple[datetime, datetime]]:
    """The stretches in which the clock runs, from a moment on."""
    stood = sorted((stop for stop in stops if stop.ends is None or stop.ends > since), key=lambda stop: stop.begins)
    for n in range(_HORIZON):
        day = since.date() + n * _DAY
        midnight = datetime.combine(day, time(), BEIJING)
        if any(stop.ends is None and stop.begins <= midnight for stop in stood):
            return
        if not hours.week.works(day, official):
            continue
        begins = max(midnight + timedelta(minutes=hours.opens), since)
        ends = midnight + timedelta(minutes=hours.closes)
        for stop in stood:
            if begins >= ends or stop.begins >= ends:
                break
            if stop.ends is not None and stop.ends <= begins:
                continue
            if stop.begins > begins:
                yield begins, stop.begins
            if stop.ends is None:
                return
            begins = stop.ends.astimezone(BEIJING)
        if begins < ends:
            yield begins, ends


# How long stages took is kept in buckets, so that percentiles of millions of orders are a sum over a few hundred.
# A bucket is at most a sixteenth of its value wide.

_FINE = 4


def bucket_of(lasted: timedelta) -> int:
    """The bucket of a length of time, in whole seconds; of a negative one that of nothing."""
    seconds = max(int(lasted.total_seconds()), 0)
    shift = max(seconds.bit_length() - _FINE - 1, 0)
    return (shift << _FINE) + (seconds >> shift)


def seconds_of(bucket: int) -> int:
    """The middle of a bucket, in seconds."""
    shift = max((bucket >> _FINE) - 1, 0)
    least = (bucket - (shift << _FINE)) << shift
    return least + ((1 << shift) >> 1)


def percentile(counts: Mapping[int, int], percent: int) -> int:
    """The nearest-rank percentile of what is counted by bucket, in seconds. Raises ValueError when nothing is."""
    rank = -(-sum(counts.values()) * percent // 100)
    for bucket in sorted(counts):
        rank -= counts[bucket]
        if rank <= 0 and counts[bucket]:
            return seconds_of(bucket)
    raise ValueError("no percentile of nothing")

"""Made-to-order goods: which work centre does what, when, with finite capacity.

Each step 工序 begins as early as it can: not before the one before it has ended, and only in minutes in which its work
centre is open and not booked. A step that is not done by the evening goes on in the next free minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.clock import BEIJING
from domain.promise import HORIZON, NeverReady
from domain.warehouses import Official, WorkWeek

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Centre:
    """A work centre 工作中心: one place that does one thing at a time, from `opens` to `closes`, Beijing."""

    code: str
    title: str
    opens: time
    closes: time
    week: WorkWeek

    def __post_init__(self) -> None:
        """Raises ValueError when it would never be open."""
        if self.opens >= self.closes:
            raise ValueError(f"work centre {self.code} closes before it opens")


@dataclass(frozen=True)
class Step:
    """One step: so many minutes to set up, and so many for each piece, at one work centre."""

    centre: str
    setup_min: int
    piece_min: int

    def __post_init__(self) -> None:
        """Raises ValueError for negative minutes."""
        if self.setup_min < 0 or self.piece_min < 0:
            raise ValueError("minutes cannot be negative")

    def minutes(self, pieces: int) -> int:
        """How long it takes for so many pieces."""
        return self.setup_min + self.piece_min * pieces


@dataclass(frozen=True)
class Slot:
    """A stretch of a work centre's time, taken by one step of one line; `ends` is not part of it."""

    step: int
    centre: str
    begins: datetime
    ends: datetime


Busy = Sequence[tuple[datetime, datetime]]
"""What a work centre has booked, in any order."""


def schedule(
    steps: Sequence[Step],
    pieces: int,
    start: datetime,
    centres: Mapping[str, Centre],
    busy: Mapping[str, Busy],
    official: Official,
) -> tuple[Slot, ...]:
    """The earliest slots for all steps, one after the other, to the minute.

    Raises NeverReady, KeyError for a work centre that is not there, ValueError for no pieces or a naive moment.
    """
    if start.tzinfo is None:
        raise ValueError("a naive datetime has no place on a time line")
    if pieces < 1:
        raise ValueError("nothing is to be made")
    moment = start.astimezone(BEIJING)
    if moment.second or moment.microsecond:
        moment = moment.replace(second=0, microsecond=0) + _MINUTE
    slots: list[Slot] = []
    for n, step in enumerate(steps):
        left = step.minutes(pieces) * _MINUTE
        taken = list(busy.get(step.centre, ()))
        # What this order itself has planned there: a centre may come twice.
        taken += [(slot.begins, slot.ends) for slot in slots if slot.centre == step.centre]
        for begins, ends in _free(centres[step.centre], moment, taken, official) if left else ():
            until = min(ends, begins + left)
            slots.append(Slot(n, step.centre, begins, until))
            left -= until - begins
            moment = until
            if not left:
                break
    return tuple(slots)


def done_at(slots: Sequence[Slot], start: datetime) -> datetime:
    """When the last step ends; `start` where there is nothing to do."""
    return max((slot.ends for slot in slots), default=start)


def _free(centre: Centre, start: datetime, busy: Busy, official: Official) -> Iterator[tuple[datetime, datetime]]:
    taken = sorted((begins, ends) for begins, ends in busy if ends > start)
    day = start.date()
    last = day + HORIZON
    while day <= last:
        if centre.week.works(day, official):
            yield from _gaps(*_hours(centre, day, start), taken)
        day += _DAY
    raise NeverReady(f"work centre {centre.code} has no time until {last}")


def _hours(centre: Centre, day: date, start: datetime) -> tuple[datetime, datetime]:
    opens, closes = (datetime.combine(day, at, BEIJING) for at in (centre.opens, centre.closes))
    return max(opens, start), closes


def _gaps(opens: datetime, closes: datetime, taken: Busy) -> Iterator[tuple[datetime, datetime]]:
    at = opens
    for begins, ends in taken:
        if ends <= at:
            continue
        if begins >= closes:
            break
        if begins > at:
            yield at, begins
        at = max(at, ends)
    if at < closes:
        yield at, closes

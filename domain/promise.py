"""The delivery promise: by when a consignment leaves, and by when it is there.

A consignment leaves on the first day on which its warehouse works, has hands left, and is not past its cut-off for what
is ready; it is there as many calendar days later as the courier takes. Days end at 23:59 Beijing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.clock import BEIJING
from domain.sourcing import Reason
from domain.warehouses import Official, Warehouse

HORIZON = timedelta(days=400)
"""A warehouse that does not work within so many days is taken never to."""

_DAY = timedelta(days=1)
_END = time(23, 59)


class NeverReady(ValueError):
    """There is no day on which it could be done, within the horizon."""


@dataclass(frozen=True)
class Promise:
    """By when a consignment leaves and is there; `deliver_by` is None where no courier promises a day."""

    ship_by: datetime
    deliver_by: datetime | None
    why: tuple[Reason, ...]


@dataclass(frozen=True)
class Road:
    """What is between the warehouse and the receiver: the zone, and the courier's calendar days (0: not promised)."""

    zone: str
    days: int


def promise(
    ready: datetime,
    warehouse: Warehouse,
    road: Road,
    official: Official,
    booked: Callable[[date], int] = lambda day: 0,
    because: Sequence[Reason] = (),
) -> Promise:
    """Promise a consignment whose goods are all there at `ready`, and ordered by then.

    `booked` says how many consignments a day has already; `because` are the reasons for `ready`. What is ready in the
    very minute of the cut-off still goes. Raises NeverReady, and ValueError for a naive moment.
    """
    if ready.tzinfo is None:
        raise ValueError("a naive datetime has no place on a time line")
    local = ready.astimezone(BEIJING).replace(second=0, microsecond=0)
    why = list(because)
    day = local.date()
    if local.time() > warehouse.cut_off:
        day += _DAY
        why.append(_reason("promise.after_cut_off", cut_off=f"{warehouse.cut_off:%H:%M}", day=day))
    leaves = _first_day(day, warehouse, official, booked, why)
    ship_by = _end_of(leaves)
    if road.days <= 0:
        why.append(_reason("promise.no_days", zone=f"zone.{road.zone}"))
        return Promise(ship_by, None, tuple(why))
    why.append(_reason("promise.road", zone=f"zone.{road.zone}", days=road.days))
    return Promise(ship_by, _end_of(leaves + road.days * _DAY), tuple(why))


def _first_day(
    day: date, warehouse: Warehouse, official: Official, booked: Callable[[date], int], why: list[Reason]
) -> date:
    closed = full = 0
    last = day + HORIZON
    while day <= last:
        if not warehouse.week.works(day, official):
            closed += 1
        elif warehouse.daily_capacity and booked(day) >= warehouse.daily_capacity:
            full += 1
        else:
            if closed:
                why.append(_reason("promise.closed", days=closed))
            if full:
                why.append(_reason("promise.full", days=full))
            return day
        day += _DAY
    raise NeverReady(f"{warehouse.code} has no free working day until {last}")


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _END, BEIJING)


def _reason(key: str, **params: object) -> Reason:
    return Reason(key, tuple((name, str(value)) for name, value in params.items()))

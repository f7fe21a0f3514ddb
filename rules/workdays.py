"""China's official holidays and the weekend days that are worked for them, from the package `holidays`.

The shifts of a year are published in the November before; for later years only the holidays themselves are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

_DAY = timedelta(days=1)
_SATURDAY = 5


@cache
def official(day: date) -> bool | None:
    """True: a day off. False: a weekend day that is worked. None: whatever the weekday is.

    A weekend that touches a holiday belongs to it, unless it is worked.
    """
    known = _china()
    if day in known:
        return True
    if day in known.weekend_workdays:
        return False
    if day.weekday() >= _SATURDAY and any(_touches(day, step) for step in (_DAY, -_DAY)):
        return True
    return None


_DECEMBER = 12


@cache
def known(year: int) -> bool:
    """Whether a year's shifted weekends are there: every published calendar has some. Without them it is only known
    when the holidays themselves are."""
    return any(day.year == year for day in holidays.country_holidays("CN", years=year).weekend_workdays)


@dataclass(frozen=True)
class MissingYear:
    """A year whose calendar is not there. `now`: it counts already, and is not only to come."""

    year: int
    now: bool


def missing(today: date) -> MissingYear | None:
    """The year whose calendar is missed: the present one, or from December on the next one."""
    if not known(today.year):
        return MissingYear(today.year, now=True)
    if today.month == _DECEMBER and not known(today.year + 1):
        return MissingYear(today.year + 1, now=False)
    return None


def _touches(day: date, step: timedelta) -> bool:
    known = _china()
    near = day + step
    while near.weekday() >= _SATURDAY and near not in known and near not in known.weekend_workdays:
        near += step
    return near in known


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")

"""China's official holidays and the weekend days that are worked for them, from the package `holidays`.

The shifts of a year are published in the November before; for later years only the holidays themselves are known.
"""

from __future__ import annotations

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


def _touches(day: date, step: timedelta) -> bool:
    known = _china()
    near = day + step
    while near.weekday() >= _SATURDAY and near not in known and near not in known.weekend_workdays:
        near += step
    return near in known


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")

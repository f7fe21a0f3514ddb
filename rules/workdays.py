"""China's official holidays and the weekend days that are worked for them.

The table `official_days` is laid over what the package `holidays` knows, day by day. The shifts of a year are published
in the November before: whoever enters them there need not wait for the package. Beyond what is published the package
knows the holidays themselves only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

import holidays

from domain.deciding import deciding
from rules.engine import Decision, Table, collect, deciding_table

NAME = "official_days"
OFF, WORK = "off", "work"

_DAY = timedelta(days=1)
_SATURDAY = 5
_DECEMBER = 12


@deciding()
def official(day: date) -> bool | None:
    """True: a day off. False: a day that is worked though it is a weekend's. None: whatever the weekday is.

    Asks the version that the decision under way is bound to. Where a version covers a year that the package only
    guesses at, the guesses do not count: what it does not name is a day as any other.
    """
    said = _said(collect(NAME, {"day": number(day)}))
    if said is None and not (not packaged(day.year) and _covers(deciding_table(NAME), day.year)):
        return by_package(day)
    return said


def number(day: date) -> int:
    """A day as the table compares it: 20270101."""
    return day.year * 10_000 + day.month * 100 + day.day


@cache
def by_package(day: date) -> bool | None:
    """The same by the package alone.

    A weekend that touches a holiday belongs to it, unless it is worked.
    """
    china = _china()
    if day in china:
        return True
    if day in china.weekend_workdays:
        return False
    if day.weekday() >= _SATURDAY and any(_touches(day, step) for step in (_DAY, -_DAY)):
        return True
    return None


@cache
def packaged(year: int) -> bool:
    """Whether the package has a year's shifted weekends: every published calendar has some."""
    return any(day.year == year for day in holidays.country_holidays("CN", years=year).weekend_workdays)


def known(year: int) -> bool:
    """Whether a year's days are known: the package has them, or the version that decides covers them.

    A version covers a year when it says `off` of every holiday by law (without the days around them, which are
    published each year) and `work` of a day at least. Half an arrangement does not count as one.
    """
    return packaged(year) or _covers(deciding_table(NAME), year)


@dataclass(frozen=True)
class MissingYear:
    """A year whose calendar is not there. `now`: it counts already, and is not only to come.

    `begun`: the version that decides names days of it; `lacks` are the holidays by law that it does not.
    """

    year: int
    now: bool
    begun: bool = False
    lacks: tuple[date, ...] = ()


@deciding()
def missing(today: date) -> MissingYear | None:
    """The year whose calendar is missed: the present one, or from December on the next one."""
    if not known(today.year):
        return _missing(today.year, now=True)
    if today.month == _DECEMBER and not known(today.year + 1):
        return _missing(today.year + 1, now=False)
    return None


def _missing(year: int, *, now: bool) -> MissingYear:
    entered = _entered(deciding_table(NAME), year)
    return MissingYear(year, now, bool(entered), tuple(day for day in _by_law(year) if entered.get(day) is not True))


def _covers(table: Table, year: int) -> bool:
    entered = _entered(table, year)
    return False in entered.values() and all(entered.get(day) is True for day in _by_law(year))


@lru_cache(maxsize=32)
def _entered(table: Table, year: int) -> dict[date, bool]:
    """The days of a year of which a version says something, and whether they are off. A version never changes."""
    days = (date(year, 1, 1) + n * _DAY for n in range(366))
    said = {day: _said(table.ask({"day": number(day)})) for day in days if day.year == year}
    return {day: off for day, off in said.items() if off is not None}


def _said(found: Sequence[Decision]) -> bool | None:
    return str(found[0].result["kind"]) == OFF if found else None


@cache
def _by_law(year: int) -> tuple[date, ...]:
    """A year's holidays themselves, which are law years ahead."""
    return tuple(day for day in sorted(holidays.country_holidays("CN", years=year, observed=False)) if day.year == year)


def _touches(day: date, step: timedelta) -> bool:
    china = _china()
    near = day + step
    while near.weekday() >= _SATURDAY and near not in china and near not in china.weekend_workdays:
        near += step
    return near in china


@cache
def _china() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")

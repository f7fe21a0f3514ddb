"""What is wrong with a row of the table `official_days`: a slip of the pen there moves everybody's deadlines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from domain.texts import text
from rules.documents import BadRule
from rules.workdays import WORK, by_package

_LONGEST = 15
"""Days of one row: half as many again as were ever published for one holiday."""
_DATE = r"\d{8}"
_RANGE = re.compile(rf"\[\s*({_DATE})\s*\.\.\s*({_DATE})\s*\]", re.ASCII)
_LIST = re.compile(rf"{_DATE}(?:\s*,\s*{_DATE})*", re.ASCII)
_WEEKDAYS = 5


def check_days(conditions: Mapping[str, str], said: Mapping[str, Any]) -> None:
    """Raises BadRule with what is wrong. `conditions` are the cells by fact, `said` the outputs."""
    days = days_of(conditions.get("day", ""))
    if said["kind"] == WORK:
        plain = [day for day in days if day.weekday() < _WEEKDAYS and not by_package(day)]
        if plain:
            raise BadRule(text("rules.days.weekday", days=", ".join(map(str, plain))))


def days_of(cell: str) -> list[date]:
    """The days of a condition: `20270101`, several of them, or `[20270101..20270103]`. Raises BadRule.

    A stretch that ends before it begins is none: the linter says so of every table.
    """
    cell = cell.strip()
    if (ends := _RANGE.fullmatch(cell)) is not None:
        first, last = _day(ends[1]), _day(ends[2])
        count = (last - first).days + 1
        if count > _LONGEST:  # before they are counted up: a year may be wrong
            raise BadRule(text("rules.days.long", days=count, most=_LONGEST))
        return [first + timedelta(days=n) for n in range(count)]
    if _LIST.fullmatch(cell):
        return [_day(one.strip()) for one in cell.split(",")]
    raise BadRule(text("rules.days.form"))


def _day(written: str) -> date:
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        raise BadRule(text("rules.days.no_day", written=written)) from None

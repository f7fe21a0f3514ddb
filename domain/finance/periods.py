"""The days that an export is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time

from domain.clock import BEIJING
from domain.texts import text

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BadPeriod(ValueError):
    """No period that there can be, in words."""


@dataclass(frozen=True)
class Period:
    """Days in Beijing, `until` not among them; of one channel or shop where that is named."""

    since: date
    until: date
    channel: str = ""
    shop: str = ""

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.since, clock_time.min, BEIJING)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.until, clock_time.min, BEIJING)

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment is in it."""
        return moment is not None and self.begins <= moment < self.ends

    def words(self) -> str:
        """As people read it: both days are in it."""
        return text("finance.period", first=self.since, last=self.until - timedelta(days=1))


def period(since: str, until: str, channel: str = "", shop: str = "") -> Period:
    """A period as people write it: `2026-11-01`, `2026-12-01`. Raises BadPeriod."""
    found = Period(_day(since), _day(until), channel, shop)
    if found.until <= found.since:
        raise BadPeriod(text("finance.bad.order", first=since, until=until))
    return found


def _day(written: str) -> date:
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise BadPeriod(text("finance.bad.day", day=written[:20]))

"""A warehouse: where it is, when it works, how much it can do in a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

EVERY_DAY = "1234567"

Official = Callable[[date], bool | None]
"""What the State Council says of a day: True a day off, False a day to work (a shifted weekend), None nothing."""


@dataclass(frozen=True)
class WorkWeek:
    """On which days somebody works. `weekdays` are digits, 1 for Monday.

    Who `rests` on official holidays also works on the weekend days that make up for them.
    """

    weekdays: str = EVERY_DAY
    rests: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError when nobody would ever work."""
        if not self.weekdays or len(set(self.weekdays)) != len(self.weekdays) or set(self.weekdays) - set(EVERY_DAY):
            raise ValueError(f"weekdays are digits from 1 (Monday) to 7, each at most once: {self.weekdays!r}")

    def works(self, day: date, official: Official) -> bool:
        """Whether that is a working day."""
        said = official(day) if self.rests else None
        return str(day.isoweekday()) in self.weekdays if said is None else not said


@dataclass(frozen=True)
class Warehouse:
    """`cut_off` is the time of day, Beijing, until which what is ready leaves the same day.

    `daily_capacity` is how many consignments leave on a day at most (0: any). Who is not `active` sends nothing new;
    who is in `shadow` sends nothing for us, for the old system works with it.
    """

    code: str
    name: str = ""
    province: str = ""
    city: str = ""
    cut_off: time = time(16, 0)
    week: WorkWeek = WorkWeek()
    daily_capacity: int = 0
    active: bool = True
    shadow: bool = False

    @property
    def sends(self) -> bool:
        """Whether real orders are routed to it."""
        return self.active and not self.shadow

    def __post_init__(self) -> None:
        """Raises ValueError for what no warehouse can be."""
        if not self.code or any(letter.isspace() for letter in self.code):
            raise ValueError("a warehouse needs a code without blanks")
        if self.daily_capacity < 0:
            raise ValueError("a capacity cannot be negative")
        if self.cut_off.tzinfo is not None:
            raise ValueError("a cut-off is a time of day in Beijing, without a zone")

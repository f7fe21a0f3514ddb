"""When an article runs out, and how much of it to order. Exact arithmetic: fractions of pieces, never floats.

The forecast is the median of each weekday over a window of sales. A median is not moved by one flash sale; an article
that sells so seldom that every median is zero counts with its plain average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

LONGEST = 400
"""Nobody looks further ahead, in days."""

_WEEK = 7


@dataclass(frozen=True)
class Policy:
    """How an article is ordered: days until goods are here, days that an order shall last, and by how much more than
    the forecast (percent: 100 is the forecast itself)."""

    lead_days: int
    cover_days: int
    factor_percent: int
    rule: str = ""


@dataclass(frozen=True)
class Standing:
    """What there is of an article. `coming` are the pieces that are promised to nobody, by the day they come."""

    free: int
    safety: int
    coming: Mapping[date, int]


@dataclass(frozen=True)
class Suggestion:
    """What to order, and why. Quantities are pieces; `sold` in `window` days before today.

    `lasts` is the number of days for which there is enough, LONGEST for no end in sight; `out_days` how many days there
    will be nothing even if somebody orders now.
    """

    quantity: int
    sold: int
    window: int
    forecast: Fraction
    """Expected in the days until an order of today is here, and the days that it shall last."""
    lasts: int
    out_days: int
    policy: Policy

    @property
    def per_day(self) -> Fraction:
        """Sold per day in the window."""
        return Fraction(self.sold, self.window) if self.window else Fraction(0)

    def turnover_days(self, on_hand: int) -> Fraction | None:
        """In how many days the stock is sold once over at this pace; None where nothing is sold."""
        return Fraction(on_hand) / self.per_day if self.sold else None


def suggest(sales: Sequence[int], today: date, standing: Standing, policy: Policy) -> Suggestion:
    """What to order of an article. `sales` are the pieces sold on each day before `today`, the oldest first."""
    demand = forecast(sales, today)
    horizon = policy.lead_days + policy.cover_days
    expected = sum((demand(today + timedelta(days=n)) for n in range(1, horizon + 1)), Fraction(0))
    lasts = _lasts(demand, today, standing)
    coming = sum(pieces for day, pieces in standing.coming.items() if day <= today + timedelta(days=horizon))
    wanted = ceil(expected * policy.factor_percent / 100) + standing.safety
    return Suggestion(
        quantity=max(0, wanted - max(0, standing.free) - coming),
        sold=sum(sales),
        window=len(sales),
        forecast=expected,
        lasts=lasts,
        out_days=_without(demand, today, standing, policy.lead_days),
        policy=policy,
    )


class forecast:  # noqa: N801 - called like the function that it is
    """Pieces that will be sold on a day."""

    def __init__(self, sales: Sequence[int], today: date) -> None:
        first = today - timedelta(days=len(sales))
        by_weekday: dict[int, list[int]] = {n: [] for n in range(_WEEK)}
        for n, pieces in enumerate(sales):
            by_weekday[(first + timedelta(days=n)).weekday()].append(pieces)
        medians = {day: median(values) for day, values in by_weekday.items()}
        if sales and not any(medians.values()):
            medians = dict.fromkeys(by_weekday, Fraction(sum(sales), len(sales)))
        self._by_weekday = medians

    def __call__(self, day: date) -> Fraction:
        """What a day will sell."""
        return self._by_weekday[day.weekday()]


def median(values: Sequence[int]) -> Fraction:
    """The middle one, or the mean of the two middle ones; 0 of none."""
    if not values:
        return Fraction(0)
    ordered = sorted(values)
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


def _lasts(demand: forecast, today: date, standing: Standing) -> int:
    """For how many whole days from tomorrow on there is enough, with what is coming."""
    left = Fraction(max(0, standing.free))
    for n in range(1, LONGEST + 1):
        day = today + timedelta(days=n)
        left += standing.coming.get(day, 0)
        left -= demand(day)
        if left < 0:
            return n - 1
    return LONGEST


def _without(demand: forecast, today: date, standing: Standing, lead_days: int) -> int:
    """On how many days before an order of today is here there will be nothing to sell, whatever comes meanwhile."""
    left, out = Fraction(max(0, standing.free)), 0
    for n in range(1, lead_days + 1):
        day = today + timedelta(days=n)
        left += standing.coming.get(day, 0)
        wanted = demand(day)
        if left <= 0 and wanted > 0:
            out += 1
        left = max(Fraction(0), left - wanted)
    return out

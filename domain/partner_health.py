"""How well partners' interfaces serve: what a call came to, success rates, latencies, and when a person is told.

Pure. Calls are counted in cells of (outcome, latency class); everything else is computed from such counts, so counts of
several processes and moments simply add up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum


class Outcome(StrEnum):
    """What a call to a partner came to."""

    OK = "ok"
    REJECTED = "rejected"
    """A business no: the interface works."""
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    """The answer was lost, or could not be read."""
    MISCONFIGURED = "misconfigured"
    BREAKER_OPEN = "breaker_open"
    """Not even tried."""
    CANCELLED = "cancelled"
    """Given up by the caller, which says nothing about the partner."""


class Breaker(StrEnum):
    """Whether calls are let through."""

    CLOSED = "closed"
    OPENED = "opened"
    HALF_OPENED = "half-opened"


WORKED = frozenset({Outcome.OK, Outcome.REJECTED})
"""The interface answered as it should."""
NOT_TRIED = frozenset({Outcome.BREAKER_OPEN, Outcome.CANCELLED})
"""Counted apart: they are neither a success nor a failure of the partner."""

BOUNDS_MS = (10, 25, 50, 100, 150, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 5500, 7500, 10_000, 30_000, 60_000)
"""Upper bounds of the latency classes, fine around the usual time limit; what took longer counts in the last one."""

BUCKET = timedelta(seconds=10)
"""Calls are counted by time in steps of this; a window begins at such a step."""

COARSE = timedelta(minutes=5)
"""Counts that are no longer looked at so closely are summed up in steps of this."""

SHORT = timedelta(minutes=5)
LONG = timedelta(hours=1)
"""The two windows that a partner is looked at over."""


def latency_class(seconds: float) -> int:
    """The upper bound, in milliseconds, of the class that a call of so many seconds belongs to."""
    return BOUNDS_MS[min(bisect_left(BOUNDS_MS, seconds * 1000), len(BOUNDS_MS) - 1)]


def bucket_of(moment: datetime, width: timedelta = BUCKET) -> datetime:
    """The beginning of the bucket that a moment lies in."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(width.total_seconds()), UTC)


Cell = tuple[Outcome, int]
"""(outcome, latency class in ms)"""


@dataclass(frozen=True)
class Health:
    """How a number of calls went."""

    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    latencies: Mapping[int, int] = field(default_factory=dict)
    """Tried calls by latency class."""

    @property
    def tried(self) -> int:
        """Calls that the partner was really asked."""
        return sum(count for outcome, count in self.outcomes.items() if outcome not in NOT_TRIED)

    @property
    def failed(self) -> int:
        """Tried calls that the interface did not answer as it should."""
        return self.tried - sum(self.outcomes.get(outcome, 0) for outcome in WORKED)

    @property
    def success_percent(self) -> Decimal | None:
        """How many of the tried calls worked, in percent; None when none was tried."""
        return Decimal(100 * (self.tried - self.failed)) / self.tried if self.tried else None

    def quantile_ms(self, part: float) -> float | None:
        """So many milliseconds, at most, the quickest `part` (0 < part <= 1) of the tried calls took.

        Interpolated within a latency class. None when none was tried.
        """
        total = sum(self.latencies.values())
        rank = part * total
        below, seen = 0, 0
        for bound in sorted({*BOUNDS_MS, *self.latencies}):  # an older build's classes may be others
            here = self.latencies.get(bound, 0)
            if here and seen + here >= rank:
                return below + (bound - below) * (rank - seen) / here
            below, seen = bound, seen + here
        return None


def health(cells: Mapping[Cell, int]) -> Health:
    """How the calls in these cells went."""
    outcomes: Counter[Outcome] = Counter()
    latencies: Counter[int] = Counter()
    for (outcome, bound), count in cells.items():
        outcomes[outcome] += count
        if outcome not in NOT_TRIED:
            latencies[bound] += count
    return Health(outcomes, latencies)


def together(parts: Iterable[Health]) -> Health:
    """Several healths as one."""
    outcomes: Counter[Outcome] = Counter()
    latencies: Counter[int] = Counter()
    for part in parts:
        outcomes.update(part.outcomes)
        latencies.update(part.latencies)
    return Health(outcomes, latencies)


def worst(operations: Mapping[str, Health]) -> str | None:
    """The operation that most failures belong to; of equals the one with the lower success rate. None: none failed."""
    failing = [(-part.failed, part.success_percent or Decimal(0), name) for name, part in operations.items()]
    return min(failing)[2] if any(part.failed for part in operations.values()) else None


@dataclass(frozen=True)
class Rule:
    """When a partner counts as unhealthy: too few successes among enough calls."""

    threshold_percent: Decimal = Decimal("99.5")
    min_calls: int = 20
    """Fewer calls than this say nothing."""

    def well(self, seen: Health) -> bool:
        """Whether enough of the calls worked, however few they were. True for none."""
        return seen.success_percent is None or seen.success_percent >= self.threshold_percent

    def ill(self, seen: Health) -> bool:
        """Whether there were enough calls to say that too many failed."""
        return seen.tried >= self.min_calls and not self.well(seen)


@dataclass(frozen=True)
class LineSeen:
    """The breaker of one line, in one process that lives."""

    state: Breaker
    since: datetime


class Verdict(StrEnum):
    """What is known of a partner."""

    ILL = "ill"
    WELL = "well"
    UNSURE = "unsure"
    """Neither: what was said last stays."""


def judge(rule: Rule, short: Health, lines: Sequence[LineSeen], now: datetime, *, quiet: bool) -> Verdict:
    """Whether a person must look after a partner, by its calls in the short window.

    WELL takes evidence: calls that went well, and breakers that were closed all the time. A partner that nobody called
    for the whole long window (`quiet`) is WELL too, since there is nothing to look after any more.
    """
    if any(line.state is not Breaker.CLOSED for line in lines) or rule.ill(short):
        return Verdict.ILL
    if not short.tried:
        return Verdict.WELL if quiet else Verdict.UNSURE
    settled = all(now - line.since >= SHORT for line in lines)
    return Verdict.WELL if rule.well(short) and settled else Verdict.UNSURE


def breaker_of(states: Iterable[Breaker]) -> Breaker | None:
    """The worst of several breakers; None when there is none."""
    found = set(states)
    order = (Breaker.OPENED, Breaker.HALF_OPENED, Breaker.CLOSED)
    return next((state for state in order if state in found), None)


def percent(rate: Decimal | None) -> str:
    """A success rate in words, never better than it is."""
    return "-" if rate is None else f"{rate.quantize(Decimal('0.01'), ROUND_DOWN)} %"

"""What goes in and out of the stock pool: warehouses' own figures, and those that channels are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from activities.contracts.base import PartnerStep


@dataclass(frozen=True)
class CompareAsk:
    """Compare what is due: every article `every_s` so often, one that differs `again_s` so often. `batch` articles are
    asked for at once. `booked_within_s`: how long a warehouse has to book a transfer."""

    batch: int = 200
    every_s: float = 3600
    again_s: float = 60
    booked_within_s: float = 24 * 3600


@dataclass(frozen=True)
class Compared:
    """How many articles were looked at, how many differ now, how many tasks were opened and closed."""

    looked: int
    differing: int
    opened: int
    closed: int


COMPARE_SHELVES = PartnerStep(
    "compare_shelves",
    CompareAsk,
    Compared,
    timeout=timedelta(minutes=10),
    within=timedelta(minutes=30),
    heartbeat=timedelta(seconds=90),
)


@dataclass(frozen=True)
class PublishAsk:
    """Tell channels what moved, `batch` listings at once, for so many `seconds` at most. Each `everything_s` all
    listings are looked at."""

    batch: int = 200
    everything_s: float = 3600
    seconds: float = 120


@dataclass(frozen=True)
class Published:
    """How many listings were looked at, how many figures the channels took, and how many they did not."""

    looked: int
    taken: int
    not_taken: int


PUBLISH_STOCK = PartnerStep(
    "publish_stock",
    PublishAsk,
    Published,
    timeout=timedelta(minutes=5),
    within=timedelta(minutes=10),
    heartbeat=timedelta(seconds=90),
)


@dataclass(frozen=True)
class SafetyAsk:
    """Look at all articles that have a safety stock, so many at once."""

    batch: int = 200


@dataclass(frozen=True)
class SafetySeen:
    """How many articles have a safety stock, how many are below it, and of how many more should be ordered."""

    looked: int
    short: int
    suggested: int


WATCH_SAFETY = PartnerStep(
    "watch_safety",
    SafetyAsk,
    SafetySeen,
    timeout=timedelta(minutes=5),
    within=timedelta(minutes=10),
    heartbeat=timedelta(seconds=90),
)


@dataclass(frozen=True)
class PurgeAsk:
    """Drop logs older than so many days, `batch` rows in a transaction."""

    days: int = 90
    batch: int = 1000


@dataclass(frozen=True)
class Purged:
    """How many figures told to channels, and changes told by warehouses, were dropped."""

    published: int
    shelf_changes: int


PURGE_LOGS = PartnerStep(
    "purge_logs",
    PurgeAsk,
    Purged,
    timeout=timedelta(minutes=30),
    within=timedelta(hours=2),
    heartbeat=timedelta(seconds=90),
)

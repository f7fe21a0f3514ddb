"""What schedules do: pulling, following, comparing, renewing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from activities.contracts.base import OwnStep, PartnerStep


@dataclass(frozen=True)
class Batch:
    """How many rows a sweep takes at once."""

    limit: int


@dataclass(frozen=True)
class Waiting:
    """The orders that wait for a number by hand."""

    order_ids: list[str]


@dataclass(frozen=True)
class Turn:
    """A parcel whose course changed: its order must be told."""

    order_id: str
    parcel_id: str
    status: str


@dataclass(frozen=True)
class Followed:
    """What following parcels came to."""

    subscribed: int
    asked: int
    turns: list[Turn]


@dataclass(frozen=True)
class PullAsk:
    """Pull what one shop changed; `source` is the feed.

    `pages` bounds one try; `first_s` is how far back a new shop begins.
    """

    source: str
    shop: str
    pages: int = 50
    first_s: float = 24 * 3600


@dataclass(frozen=True)
class Pulled:
    """How many documents were new, and how many seconds of changes are still to come."""

    pages: int
    fresh: int
    behind_s: int


@dataclass(frozen=True)
class PartnerWatch:
    """Look at how all partners' interfaces serve."""


@dataclass(frozen=True)
class PartnersSeen:
    """The partners that are not well, and those whose alert opened or closed just now."""

    ill: list[str]
    opened: list[str]
    closed: list[str]


@dataclass(frozen=True)
class ReconcileAsk:
    """Compare one shop's own list of a Beijing day's changes (2026-11-11) with ours, and repair what was missed."""

    feed: str
    shop: str
    day: str


@dataclass(frozen=True)
class Reconciled:
    """What came of it: how many orders the channel lists, and how many of them were missing or stale here."""

    listed: int
    missing: int
    stale: int


@dataclass(frozen=True)
class Renewed:
    """How many shops were looked at, how many of them are refused, and how many end soon."""

    looked: int
    refused: int
    ending: int


@dataclass(frozen=True)
class Feeds:
    """The (feed, shop) pairs whose lists can be compared."""

    pairs: list[list[str]]


LIST_WAITING = OwnStep("list_waiting", Batch, Waiting)

WATCH_PARTNERS = OwnStep("watch_partners", PartnerWatch, PartnersSeen)

PULL_CHANGES = PartnerStep(
    "pull_changes",
    PullAsk,
    Pulled,
    timeout=timedelta(minutes=5),
    within=timedelta(minutes=15),
    heartbeat=timedelta(seconds=60),
)

RENEW_AUTHORISATIONS = PartnerStep(
    "renew_authorisations",
    Batch,
    Renewed,
    timeout=timedelta(minutes=5),
    within=timedelta(minutes=9),
    heartbeat=timedelta(seconds=60),
)

LIST_FEEDS = OwnStep("list_feeds", Batch, Feeds)

RECONCILE_SHOP = PartnerStep(
    "reconcile_shop",
    ReconcileAsk,
    Reconciled,
    timeout=timedelta(minutes=30),
    within=timedelta(hours=4),
    heartbeat=timedelta(seconds=60),
)

FOLLOW_PARCELS = PartnerStep(
    "follow_parcels", Batch, Followed, timeout=timedelta(minutes=2), within=timedelta(minutes=10)
)


@dataclass(frozen=True)
class ShadowAsk:
    """Compare the orders of the last so many Beijing days that an old system works on."""

    days: int = 14


@dataclass(frozen=True)
class ShadowCompared:
    """How many reports of a day and slice were made, of how many orders, and how often the two did not do the same."""

    reports: int
    orders: int
    differences: int


COMPARE_SHADOWS = PartnerStep(
    "compare_shadows",
    ShadowAsk,
    ShadowCompared,
    timeout=timedelta(hours=1),
    within=timedelta(hours=4),
    heartbeat=timedelta(seconds=90),
)

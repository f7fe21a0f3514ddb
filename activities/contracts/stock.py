"""Locking stock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from activities.contracts.base import OwnStep
from activities.contracts.orders import OrderAt, OrderRef, StagesDue
from activities.contracts.sweeps import Batch


@dataclass(frozen=True)
class ConsignmentFact:
    """The part of an order that one warehouse delivers; `n` counts from 1."""

    n: int
    warehouse: str
    ready: bool = True
    """False: some of it is locked against goods that are on their way in."""
    waits_until: datetime | None = None
    """The moment at which those are promised."""


@dataclass(frozen=True)
class Reserved:
    """Whether all lines are locked; what is short if not. Old histories know of no consignments."""

    ok: bool
    short: str = ""
    consignments: list[ConsignmentFact] = field(default_factory=list)
    paused: str = ""
    """Why nothing may be locked now, where an article of it is paused."""
    paused_until: datetime | None = None
    """Until when; None: until a person says so."""
    stages: StagesDue | None = None
    """None: nothing is locked, or it is not known, as in old histories."""


@dataclass(frozen=True)
class ConsignmentRef:
    """One consignment of an order."""

    order_id: str
    n: int


@dataclass(frozen=True)
class Arrived:
    """Whether the goods that a consignment waited for are all in its warehouse."""

    ready: bool
    waits_until: datetime | None = None


@dataclass(frozen=True)
class FitAsk:
    """What a revision of an order does to its consignments. `change`: do it to those `stopped`; else only look."""

    order_id: str
    revision: int
    stopped: list[int] = field(default_factory=list)
    change: bool = False


@dataclass(frozen=True)
class ConsignmentsFitted:
    """Which consignments hold more than is needed, which hold nothing any more, and whether that is all there is to it.

    Not `ok`: more is needed than is locked, or what is needed no more is in a consignment that cannot be changed.
    """

    ok: bool
    affected: list[int] = field(default_factory=list)
    emptied: list[int] = field(default_factory=list)
    all_packed: bool = False
    """Whether the whole order is packed now, since what was not is empty."""
    stages: StagesDue | None = None
    """None: nothing was changed, or it is not known, as in old histories."""


@dataclass(frozen=True)
class Fitted:
    """Whether what is locked is now what the order needs."""

    ok: bool


@dataclass(frozen=True)
class Thawed:
    """The numbers of the transfers whose freezes were ended."""

    numbers: list[str]


RESERVE_STOCK = OwnStep("reserve_stock", OrderRef, Reserved)

FIT_STOCK = OwnStep("fit_stock", OrderAt, Fitted)

CHECK_ARRIVAL = OwnStep("check_arrival", ConsignmentRef, Arrived)

FIT_CONSIGNMENTS = OwnStep("fit_consignments", FitAsk, ConsignmentsFitted)

RELEASE_STOCK = OwnStep("release_stock", OrderRef, type(None))

LET_FREEZES_GO = OwnStep("let_freezes_go", Batch, Thawed)

"""Looking after deadlines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from activities.contracts.base import PartnerStep


@dataclass(frozen=True)
class DeadlineAsk:
    """Look at all stages whose turn it is, those of `batch` orders at once, for so many `seconds` at most."""

    batch: int = 50
    seconds: float = 50


@dataclass(frozen=True)
class DeadlinesSeen:
    """How many stages were looked at, how many people were warned or told that one is late, and how many are late."""

    looked: int
    warned: int
    escalated: int
    late: int


WATCH_DEADLINES = PartnerStep(
    "watch_deadlines",
    DeadlineAsk,
    DeadlinesSeen,
    timeout=timedelta(minutes=2),
    within=timedelta(minutes=5),
    heartbeat=timedelta(seconds=60),
)

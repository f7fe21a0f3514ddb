"""Looking after what goes wrong more often than it should."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from activities.contracts.base import PartnerStep


@dataclass(frozen=True)
class AnomalyAsk:
    """Measure, pause and resume; tell so many waiting orders at once."""

    batch: int = 500


@dataclass(frozen=True)
class AnomaliesSeen:
    """How many slices were paused now, how many pauses ended, how many are in force, which orders are to be told."""

    begun: int
    ended: int
    in_force: int
    wake: list[str] = field(default_factory=list)


WATCH_ANOMALIES = PartnerStep(
    "watch_anomalies",
    AnomalyAsk,
    AnomaliesSeen,
    timeout=timedelta(minutes=2),
    within=timedelta(minutes=5),
)

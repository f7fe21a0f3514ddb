"""How long a courier is usually silent, by the table `tables/silence.json`."""

from __future__ import annotations

from datetime import timedelta

from domain.shipping import Carrier
from domain.tracking import Phase, Zone
from rules.engine import decide


def usual_silence(carrier: Carrier, zone: Zone, phase: Phase) -> tuple[timedelta, str]:
    """The longest usual silence, and the rule (table, version, row) that says so."""
    decision = decide("silence", {"carrier": str(carrier), "zone": str(zone), "phase": str(phase)})
    return timedelta(hours=int(decision.result["hours"])), decision.rule

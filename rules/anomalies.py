"""Which spikes pause the step of their slice, for how long, and who is told: by the table `tables/anomalies.json`."""

from __future__ import annotations

from domain.pauses import Spike, Trip
from rules.engine import decide


def trip(spike: Spike) -> Trip | None:
    """What a spike leads to; None when it is none."""
    said = decide(
        "anomalies",
        {
            "kind": str(spike.slice),
            "name": spike.name,
            "measure": str(spike.measure),
            "window_minutes": spike.window,
            "count": spike.count,
            "sample": spike.sample,
            "permille": spike.permille,
            "again": spike.again,
        },
    )
    if not said.result["pauses"]:
        return None
    return Trip(int(said.result["minutes"]), str(said.result["who"]), said.rule)

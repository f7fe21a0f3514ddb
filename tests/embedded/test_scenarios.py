"""What the demo can play is what its command offers."""

from __future__ import annotations

from commands.demo_app import ScenarioName
from embedded.scenarios import SCENARIOS


def test_every_scenario_can_be_asked_for() -> None:
    assert list(ScenarioName) == list(SCENARIOS)

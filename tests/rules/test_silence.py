from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from domain.shipping import Carrier
from domain.tracking import Phase, Zone
from rules.silence import usual_silence


@pytest.mark.parametrize(
    ("carrier", "zone", "phase", "hours", "row"),
    [
        (Carrier.SF, Zone.MAINLAND, Phase.IN_TRANSIT, 36, "quick"),
        (Carrier.ZTO, Zone.MAINLAND, Phase.IN_TRANSIT, 72, "usual"),
        (Carrier.ZTO, Zone.MAINLAND, Phase.COLLECTED, 36, "collected"),
        (Carrier.ZTO, Zone.REMOTE, Phase.IN_TRANSIT, 120, "remote"),
        (Carrier.SF, Zone.REMOTE, Phase.OUT_FOR_DELIVERY, 48, "out_remote"),
        (Carrier.ZTO, Zone.MAINLAND, Phase.OUT_FOR_DELIVERY, 30, "out"),
        (Carrier.ZTO, Zone.REMOTE, Phase.WAITING, 24, "waiting"),
        (Carrier.SF, Zone.BORDER, Phase.IN_TRANSIT, 168, "border"),
    ],
)
def test_the_table(carrier: Carrier, zone: Zone, phase: Phase, hours: int, row: str) -> None:
    usual, rule = usual_silence(carrier, zone, phase)
    assert usual == timedelta(hours=hours)
    assert rule.startswith("silence@")
    assert rule.endswith(f"/{row}")


def test_there_is_a_row_for_everything() -> None:
    assert all(usual_silence(*facts)[0] >= timedelta(hours=12) for facts in product(Carrier, Zone, Phase))

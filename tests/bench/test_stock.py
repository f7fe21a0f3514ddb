"""`orderhub bench stock` as a user runs it, on both databases. No speed is judged; it judges its own books."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.test_intake import orderhub


@pytest.mark.xdist_group("bench")
def test_stock_on_both_databases(tmp_path: Path) -> None:
    ran = orderhub("stock", "--json", "--orders", "40", "--seconds", "1", "--home", str(tmp_path))
    assert ran.returncode == 0, ran.stderr[-3000:]
    report = json.loads(ran.stdout)
    for name in ("sqlite", "postgresql"):
        for case in ("hot", "spread"):
            figures = report[name][case]
            assert figures["oversold"] == 0
            assert figures["ratio"] == pytest.approx(
                figures["reservations_per_second"] / figures["floor_per_second"], abs=0.02, rel=0.01
            )

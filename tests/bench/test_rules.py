"""`orderhub bench rules` as a user runs it. No speed is judged; it judges whether rules applied at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.test_intake import orderhub


@pytest.mark.xdist_group("bench")
def test_a_review_is_measured_in_its_parts(tmp_path: Path) -> None:
    ran = orderhub("rules", "--json", "--orders", "5", "--home", str(tmp_path))
    assert ran.returncode == 0, ran.stderr[-3000:]
    report = json.loads(ran.stdout)
    assert report["rules"] == 1000
    assert report["promotion_ms"] > 0
    parts = [report[name] for name in ("collecting_ms", "checks_ms")]
    assert report["cpu_ms_per_order"] == pytest.approx(sum(parts), abs=0.01)
    assert report["orders_per_second"] == pytest.approx(1000 / report["cpu_ms_per_order"], rel=0.01)
    assert report["statements_per_order"] == 3
    assert report["step_cpu_ms"] > 0

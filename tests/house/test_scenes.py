"""The catalogue of scenes says the truth: each names a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCENES = ROOT / "docs" / "scenes.md"

CELL = r"([^|]+) \| "
ROW = re.compile(rf"\| (\d+) \| {CELL * 5}\[([^]]+)\]\(\.\./(tests/[^)]+)\) \|")

LINES = [line for line in SCENES.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]
ROWS = [row.groups() for row in map(ROW.fullmatch, LINES) if row]


def test_all_rows_can_be_read() -> None:
    assert len(ROWS) == len(LINES)
    assert [int(row[0]) for row in ROWS] == list(range(1, len(ROWS) + 1))


def test_no_scene_is_told_twice() -> None:
    names = [row[1] for row in ROWS]
    assert len(set(names)) == len(names)
    assert len(names) >= 87


@pytest.mark.parametrize(("name", "path"), [(row[6], row[7]) for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_scene_is_proved_by_a_test(name: str, path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def test_{name.replace(' ', '_')}\(", source, re.MULTILINE)

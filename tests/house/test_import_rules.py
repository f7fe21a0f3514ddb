"""The rules in `.importlinter` really forbid what they say: tried on a copy of the house with nothing in its rooms."""

from __future__ import annotations

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ALLOWED: dict[str, set[str]] = {
    "domain": set(),
    "rules": {"domain"},
    "store": {"domain"},
    "connectors": {"domain"},
    "sandbox": {"domain"},
    "workflows": {"domain", "activities.contracts", "activities.contracts.shipping"},
    "activities": {"domain", "store", "connectors", "rules"},
    "intake": {"domain", "store", "connectors", "workflows"},
    "audit": {"domain", "store"},
    "gateway": {"domain", "store", "rules", "views", "workflows", "connectors", "intake", "printing"},
    "views": {"domain", "store", "rules"},
    "console": {"domain", "store", "rules", "views", "workflows"},
    "printing": {"domain", "store"},
    "embedded": {
        "domain", "rules", "store", "sandbox", "workflows", "activities", "intake", "audit", "gateway", "console",
        "printing", "views",
    },
    "bench": {"domain", "rules", "store", "activities", "sandbox", "embedded"},
}  # fmt: skip
"""The table of rooms (docs/architecture.md, section 1)."""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for room, allowed in ALLOWED.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("")
        (tmp_path / room / "deep.py").write_text("".join(f"import {name}\n" for name in sorted(allowed)))
    (tmp_path / "activities" / "contracts").mkdir()
    for name in ("__init__", "shipping"):
        (tmp_path / "activities" / "contracts" / f"{name}.py").write_text("")
    return tmp_path


def test_every_room_has_a_contract() -> None:
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    assert set(config["importlinter"]["root_packages"].split()) == set(ALLOWED)
    contracts = {name.rpartition(":")[2] for name in config.sections() if ":contract:" in name}
    assert contracts == set(ALLOWED)


def test_what_is_allowed_passes(house: Path) -> None:
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_other_import_is_found(house: Path) -> None:
    forbidden = {(room, other) for room, allowed in ALLOWED.items() for other in set(ALLOWED) - allowed - {room}}
    for room, other in forbidden:
        with (house / room / "deep.py").open("a") as file:
            file.write(f"import {other}.deep\n")
    done = lint(house)
    assert done.returncode == 1
    missed = {(room, other) for room, other in forbidden if f"{room}.deep -> {other}.deep" not in done.stdout}
    assert missed == set()

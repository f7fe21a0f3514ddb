"""Where a command is: one guess finds it. And how little is loaded before one is called."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli import app

ROOT = Path(__file__).parents[2]
HEAVY = ("activities", "connectors", "pydantic", "rules", "runtime", "settings", "sqlalchemy", "store", "temporalio")
COMMANDS: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]


def leaves(command: Any) -> Iterator[Any]:
    """The commands under a command that has some; else itself."""
    below = getattr(command, "commands", {})
    if not below:
        yield command
    for one in below.values():
        yield from leaves(one)


@pytest.mark.parametrize("name", COMMANDS)
def test_how_a_command_is_called_stands_in_the_file_of_its_name(name: str) -> None:
    assert {leaf.callback.__module__ for leaf in leaves(COMMANDS[name])} == {f"commands.{name}_app"}


def test_every_file_of_a_command_is_put_into_the_command_line() -> None:
    files = {path.stem.removesuffix("_app") for path in (ROOT / "commands").glob("*_app.py")}
    assert files == set(COMMANDS)


def test_nothing_heavy_is_loaded_before_a_command_is_called() -> None:
    loaded = [sys.executable, "-c", "import sys, cli; print(*sys.modules)"]
    names = subprocess.run(loaded, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split()
    assert "commands.rules_app" in names
    assert {name for name in names if name.partition(".")[0] in HEAVY} == set()

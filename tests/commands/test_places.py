"""Where a command is: one guess finds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli import app

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
    files = {path.stem.removesuffix("_app") for path in (Path(__file__).parents[2] / "commands").glob("*_app.py")}
    assert files == set(COMMANDS)

"""Import rules of the modules that are no packages, which import-linter cannot hold."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = {
    "domain", "rules", "store", "connectors", "activities", "workflows", "intake", "audit", "gateway", "console",
    "printing", "sandbox", "embedded", "views",
}  # fmt: skip
PURE = ROOMS - {"gateway", "console", "intake", "embedded"}


def imported(folder: Path) -> dict[str, set[str]]:
    """Top-level names that each module below a folder (or one module) imports."""
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]
    return {str(file.relative_to(ROOT)): set(_names(ast.parse(file.read_text(encoding="utf-8")))) for file in files}


def _names(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.append((node.module or "").partition(".")[0])
    return names


def offences(source: Path, forbidden: set[str]) -> dict[str, set[str]]:
    return {file: names & forbidden for file, names in imported(source).items() if names & forbidden}


def test_imports_are_seen() -> None:
    assert "ast" in imported(Path(__file__))["tests/house/test_top_level_modules.py"]


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_room_is_told_its_settings_and_does_not_fetch_them(room: str) -> None:
    assert offences(ROOT / room, {"cli", "worker", "settings", "telemetry"}) == {}


@pytest.mark.parametrize("room", sorted(ROOMS - {"embedded"}))
def test_nobody_but_the_supervisor_imports_the_commands(room: str) -> None:
    assert offences(ROOT / room, {"cli", "worker"}) == {}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_the_product_imports_neither_tests_nor_benchmarks(room: str) -> None:
    assert offences(ROOT / room, {"tests", "bench"}) == {}


def test_the_worker_knows_no_pages_and_no_sandbox() -> None:
    assert offences(ROOT / "worker.py", {"console", "sandbox"}) == {}


@pytest.mark.parametrize("module", ["settings.py", "telemetry.py"])
def test_settings_and_telemetry_stand_below_the_commands(module: str) -> None:
    assert offences(ROOT / module, {"cli", "worker", "embedded", "tests", "bench"}) == {}

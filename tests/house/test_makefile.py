"""What a newcomer meets first: `make`, with whatever Python there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def python(folder: Path, *, version: str, new_enough: bool) -> Path:
    """An interpreter of which only the version is known: it passes the check of the version or it does not, and has
    no venv package."""
    file = folder / "other-python"
    file.write_text(
        f"#!/bin/sh\ncase $2 in\n  *version_info*) exit {0 if new_enough else 1};;\n"
        f"  *ensurepip*) exit 1;;\nesac\necho Python {version}\n"
    )
    file.chmod(0o755)
    return file


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_make_alone_lists_every_target() -> None:
    done = make(ROOT)
    assert done.returncode == 0
    listed = set(re.findall(r"^  make (\w+)", done.stdout, re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony is not None
    assert listed == set(phony.group(1).split()) == {"help", "demo", "up", "test", "check", "format", "lock", "clean"}


def test_an_old_python_is_refused_in_one_line(checkout: Path) -> None:
    old = python(checkout, version="3.10.4", new_enough=False)
    done = make(checkout, "demo", f"PYTHON={old}")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr.splitlines()[0]
    assert "Python 3.10.4" in done.stderr.splitlines()[0]
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_says_what_to_install(checkout: Path) -> None:
    bare = python(checkout, version="3.12.1", new_enough=True)
    done = make(checkout, "test", f"PYTHON={bare}")
    assert done.returncode != 0
    assert "python3-venv" in done.stderr.splitlines()[0]
    assert not (checkout / ".venv").exists()

"""What must not be written down in the tree, and what must."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# In pieces, for this file is read too.
FORBIDDEN = {
    "package index option": re.compile("--(extra-)?index" + "-url"),
    "package index address": re.compile("files[.]python" + "hosted|pypi[.]org/" + "simple"),
    "address of a package file": re.compile(r"https?://\S+[.](whl|tgz|tar[.]gz)\b"),
    "path of one machine": re.compile(r"(?<![\w.$}])/(" + "work|root" + r")/\w"),
}


def repository_files() -> list[Path]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    return [file for file in files if file.is_file()]


def test_the_patterns_find_what_they_should() -> None:
    bad = {
        "package index option": "pip install --extra-index" + "-url x",
        "package index address": "https://files.python" + "hosted.org/packages/x",
        "address of a package file": "https://host.example/x-1.0" + ".whl",
        "path of one machine": "see /wo" + "rk/main",
    }
    assert {name for name, text in bad.items() if FORBIDDEN[name].search(text)} == set(FORBIDDEN)


def test_no_index_addresses_and_no_paths_of_a_machine() -> None:
    files = repository_files()
    assert ROOT / "pyproject.toml" in files
    found = [
        f"{file.relative_to(ROOT)}:{number}: {name}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        for name, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert found == []


def test_the_lock_holds_pins_and_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    entries = [entry for entry in re.split(r"\n(?=\S)", lock) if entry.strip()]
    assert len(entries) > 50
    bare = [entry.split()[0] for entry in entries if "==" not in entry.split()[0] or "--hash=sha256:" not in entry]
    assert bare == []


def test_the_vectors_are_here() -> None:
    assert (ROOT / "tests" / "vectors.json").is_file()


def code_of(readme: Path) -> str:
    """Only what stands in code blocks and code spans: prose may say "make" and "orderhub" as it likes."""
    text = readme.read_text(encoding="utf-8")
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return "\n".join(blocks + spans)


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("make targets", r"(?:^|[\s;&])make (?:\w+=\S+ )*([a-z]+)"),
        ("orderhub commands", r"(?:^|[\s;&/])orderhub ([a-z]+(?: (?:check|test|publish|history))?)"),
    ],
)
def test_both_readmes_name_the_same(what: str, pattern: str) -> None:
    english = set(re.findall(pattern, code_of(ROOT / "README.md"), re.MULTILINE))
    chinese = set(re.findall(pattern, code_of(ROOT / "README.zh-CN.md"), re.MULTILINE))
    assert english, f"no {what} in README.md"
    assert english == chinese


def test_the_readmes_name_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for name in ("README.md", "README.zh-CN.md"):
        named = set(re.findall(r"(?:^|[\s;&])make (?:\w+=\S+ )*([a-z]+)", code_of(ROOT / name), re.MULTILINE))
        assert named <= targets

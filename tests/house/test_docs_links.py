"""What the documents point at exists: files, headings, commands, settings; and their tables say what the code says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.main import get_command

from cli import app
from domain.golden import SEQUENCE, TRIGGERS
from domain.holds import POLICIES
from domain.texts import CATALOGUE
from tests.house.test_env_example import LEAVES
from tests.house.test_import_rules import ALLOWED
from workflows.details import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def documents() -> list[Path]:
    """Every Markdown file that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def anchor(heading: str) -> str:
    """What a heading is linked by: lower case, punctuation gone, blanks as hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(document: Path) -> set[str]:
    return {anchor(heading) for heading in _HEADING.findall(_FENCE.sub("", document.read_text(encoding="utf-8")))}


def broken(document: Path, root: Path = ROOT) -> Iterator[str]:
    """The relative links of a document that lead nowhere."""
    for target in _LINK.findall(_FENCE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        there = (document.parent / name).resolve() if name else document
        if not (there.is_relative_to(root) and there.exists()):
            yield f"{target}: no such file here"
        elif fragment and fragment not in anchors(there):
            yield f"{target}: no such heading"


def rows(document: str, first_cell: str) -> list[list[str]]:
    """The rows of the tables of a document whose first cell matches, each as its plain cells."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [cells for cells in tables if re.fullmatch(first_cell, cells[0])]


def test_what_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page, of mine\n[a](no.md) [b](#no) [c](#a-page-of-mine) [d](page.md) [e](https://x.example) [f](../)\n"
    )
    found = ["no.md: no such file here", "#no: no such heading", "../: no such file here"]
    assert list(broken(page, root=tmp_path)) == found


def test_every_relative_link_leads_somewhere() -> None:
    pages = documents()
    assert {ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "docs" / "architecture.md"} <= set(pages)
    assert {str(page.relative_to(ROOT)): found for page in pages if (found := list(broken(page)))} == {}


def test_every_command_named_is_one() -> None:
    named = {
        (str(page.relative_to(ROOT)), name)
        for page in documents()
        for name in re.findall(r"(?<![\w.:-])(?<!-U )orderhub ([a-z]+)(?=[`\s])", _code(page), re.MULTILINE)
    }
    assert len({name for _, name in named}) > 5
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert {pair for pair in named if pair[1] not in commands} == set()


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readmes_list_every_command(readme: str) -> None:
    listed = {cells[0].strip("`").removeprefix("orderhub ") for cells in rows(readme, r"`orderhub [a-z]+`")}
    assert listed == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_every_setting_named_is_one() -> None:
    named = {
        (str(page.relative_to(ROOT)), name)
        for page in documents()
        if page.parent != ROOT / "infra"  # compose has variables of its own
        for name in re.findall(r"ORDERHUB_[A-Z0-9_]+[A-Z0-9]", page.read_text(encoding="utf-8"))
    }
    assert named
    assert {pair for pair in named if pair[1] not in LEAVES} == set()


def test_the_table_of_holds_is_the_table_of_the_code() -> None:
    shown = {cells[0].strip("`"): cells[1:] for cells in rows("docs/architecture.md", r"`[A-Z_]+`")}
    assert shown == {
        str(reason): [
            str(policy.blocks),
            ", ".join(sorted(policy.releases)),
            _span(policy.deadline),
            str(policy.at_deadline),
            CATALOGUE[policy.who][1],
        ]
        for reason, policy in POLICIES.items()
    }


def test_operations_say_what_to_do_about_every_hold() -> None:
    shown = [cells[0] for cells in rows("docs/operations.md", r"`[A-Z_]+` \S+")]
    assert shown == [f"`{reason}` {CATALOGUE[f'hold.{reason}'][0]}" for reason in POLICIES]


def test_the_table_of_golden_states_is_the_sequence_of_the_code() -> None:
    shown = [(cells[1], re.findall(r"`([A-Z_]+)`", cells[2])) for cells in rows("docs/architecture.md", r"[1-7]")]
    triggers = {state: str(trigger) for trigger, state in TRIGGERS.items()}
    assert shown == [(f"{state} {CATALOGUE[f'state.{state}'][0]}", [triggers[state]]) for state in SEQUENCE]


def test_the_table_of_rooms_is_what_the_import_rules_allow() -> None:
    shown = {cells[0].strip("`/"): set(re.findall(r"`([a-z.]+)`", cells[2])) for cells in _rooms()}
    allowed = {room: names - {"activities.contracts.shipping"} for room, names in ALLOWED.items()}
    assert shown.pop("embedded") == set(ALLOWED) - allowed.pop("embedded") - {"embedded"}  # "all but"
    assert shown == allowed


def test_operations_name_every_search_attribute() -> None:
    shown = {cells[0].strip("`") for cells in rows("docs/operations.md", r"`Order[A-Za-z]+`")}
    assert shown == {key.name for key in SEARCH_ATTRIBUTES}


@pytest.mark.parametrize("picture", sorted(path.name for path in (ROOT / "docs" / "img").glob("*.svg")))
def test_every_picture_is_shown_somewhere(picture: str) -> None:
    assert any(f"img/{picture})" in page.read_text(encoding="utf-8") for page in documents())


def _code(page: Path) -> str:
    """Code blocks and code spans."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*_FENCE.findall(text), *re.findall(r"`[^`\n]+`", _FENCE.sub("", text))])


def _rooms() -> list[list[str]]:
    return [cells for cells in rows("docs/architecture.md", r"`[a-z]+/`") if len(cells) == 3]


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"

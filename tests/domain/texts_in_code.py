"""Which keys of the text catalogue the source names, read off the syntax trees and templates."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("activities", "audit", "commands", "connectors", "console", "domain", "embedded", "gateway", "intake"),
    *("printing", "rules", "runtime", "store", "views", "workflows"),
)
KEY = re.compile(r"[a-z]+(\.\w+)+")
_IN_TEMPLATE = re.compile(r"""text\(\s*["']([\w.]+)["']\s*(~?)""")
_STEP_RUNNERS = {"own", "partner"}


@dataclass
class Uses:
    """What the source names. `families` are the beginnings of keys that are put together: `hold.`, then a reason."""

    literals: set[str] = field(default_factory=set)
    """Every text constant that looks like a key."""
    asked: set[str] = field(default_factory=set)
    """Keys that `text` or a template asks for by name."""
    families: set[str] = field(default_factory=set)
    given: list[tuple[str, frozenset[str], str]] = field(default_factory=list)
    """Calls `text("key", a=…)`: the key, the names given, the place."""
    steps: list[tuple[str, frozenset[str], str]] = field(default_factory=list)
    """Calls `own(STEP, …, a=…)` and `partner(STEP, …)`: the constant's name, the names given, the place."""
    tasks: list[tuple[str, frozenset[str], str]] = field(default_factory=list)
    """Calls `ask_person("kind", …)`."""


def uses() -> Uses:
    """Read all rooms and top-level modules."""
    found = Uses()
    for path in _sources():
        relative = str(path.relative_to(ROOT))
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                found.literals.add(node.value)
            elif isinstance(node, ast.Call) and node.args:
                _read_call(node, f"{relative}:{node.lineno}", found)
    for room in ROOMS:
        for template in (ROOT / room).rglob("*.html"):
            for key, more in _IN_TEMPLATE.findall(template.read_text(encoding="utf-8")):
                (found.families if more else found.asked).add(key)
    return found


def _sources() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.py"))
    for room in ROOMS:
        yield from (path for path in sorted((ROOT / room).rglob("*.py")) if path.parent != ROOT / "domain" / "texts")


def _read_call(call: ast.Call, place: str, found: Uses) -> None:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    names = frozenset(keyword.arg or "**" for keyword in call.keywords)
    first = call.args[0]
    if name == "text" and isinstance(call.func, ast.Name):
        if isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
            found.families.add(str(first.values[0].value))
        elif isinstance(first, ast.Constant) and KEY.fullmatch(str(first.value)):
            found.asked.add(str(first.value))
            found.given.append((str(first.value), names, place))
    elif name in _STEP_RUNNERS and isinstance(first, ast.Name) and first.id.isupper():
        found.steps.append((first.id, names, place))
    elif name == "ask_person" and isinstance(first, ast.Constant):
        found.tasks.append((str(first.value), names, place))

"""The thin wrapper around the rule engine: load tables, check their cells, decide.

The engine swallows bad cells silently (a misspelt condition simply never matches), so every cell is compiled before a
table may be used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import zen

TABLES = Path(__file__).with_name("tables")


_WORDS_OF_THE_ENGINE = frozenset({"true", "false", "null"})


class BadRule(ValueError):
    """A table that must not be used. The message names table, row and column."""


@dataclass(frozen=True)
class Decision:
    """What a table said. `rule` is `{table}@{version}/{row}`, kept with whatever was decided by it."""

    result: dict[str, Any]
    rule: str


@dataclass(frozen=True)
class Table:
    """A loaded table. `version` is a digest of its content."""

    name: str
    version: str
    decision: Any


def decide(name: str, facts: dict[str, Any]) -> Decision:
    """Evaluate the table `name` on `facts`. Raises BadRule for a broken table, LookupError when no row applies."""
    table = _load(name)
    result = table.decision.evaluate(facts)["result"]
    if not result:
        raise LookupError(f"no row of {name} applies")
    return Decision(result, f"{name}@{table.version}/{result.get('row', '')}")


def collect(name: str, facts: dict[str, Any]) -> list[Decision]:
    """All rows of a table with the hit policy `collect` that apply, in their order; [] when none does."""
    table = _load(name)
    rows = table.decision.evaluate(facts)["result"]
    return [Decision(row, f"{name}@{table.version}/{row.get('row', '')}") for row in rows]


def check(name: str) -> int:
    """Compile every cell of a table. Returns how many rows it has; raises BadRule at the first bad cell."""
    content = _content(name)
    rows = 0
    for node in content["nodes"]:
        if node["type"] != "decisionTableNode":
            continue
        for row in node["content"]["rules"]:
            rows += 1
            for kind, checked in (("inputs", _check_condition), ("outputs", _check_output)):
                for column in node["content"][kind]:
                    checked(str(row.get(column["id"], "")), f"{name}, row {row['_id']}, {column['name']}")
    return rows


def tables() -> list[str]:
    """The names of all tables."""
    return sorted(path.stem for path in TABLES.glob("*.json"))


def _content(name: str) -> Any:
    try:
        return json.loads(_file(name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadRule(f"{name} is not JSON: {error}") from error


def _check_condition(cell: str, where: str) -> None:
    if not cell.strip():
        return  # an empty condition means "any"
    _compile(zen.compile_unary_expression, cell, where)
    # To the engine a word without quotes is a fact that nobody gave: the row would never match.
    if cell.strip().isidentifier() and cell.strip() not in _WORDS_OF_THE_ENGINE:
        raise BadRule(f"{where}: {cell!r} is a text without quotes")


def _check_output(cell: str, where: str) -> None:
    expression = _compile(zen.compile_expression, cell, where)
    try:
        value = expression.evaluate({})
    except RuntimeError:
        value = None
    if value is None:
        raise BadRule(f"{where}: {cell!r} is not a value; a text needs quotes")


def _compile(compiler: Any, cell: str, where: str) -> Any:
    try:
        return compiler(cell)
    except Exception as error:
        reason = str(error).partition("\n")[0]  # the rest is the engine's own stack
        raise BadRule(f"{where}: {cell!r} is not an expression: {reason}") from None


@cache
def _load(name: str) -> Table:
    check(name)
    raw = _file(name).read_bytes()
    return Table(name, hashlib.sha256(raw).hexdigest()[:8], zen.ZenEngine().create_decision(raw.decode("utf-8")))


def _file(name: str) -> Path:
    path = TABLES / f"{name}.json"
    if not path.is_file():
        raise BadRule(f"no such table: {name}; there are {', '.join(tables())}")
    return path

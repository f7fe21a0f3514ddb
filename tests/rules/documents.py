"""Decision documents for tests."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from rules import engine


def changed(name: str, row: str, /, **cells: str) -> dict[str, Any]:
    """A default table with other cells in one row, by column id."""
    document = deepcopy(engine.default(name))
    for node in document["nodes"]:
        for found in node.get("content", {}).get("rules", ()):
            if found["_id"] == row:
                found.update(cells)
    assert document != engine.default(name), f"{name} has no row {row}"
    return document


def table_of(document: dict[str, Any]) -> dict[str, Any]:
    """The content of a document's only table, to change it."""
    [content] = [node["content"] for node in document["nodes"] if node["type"] == "decisionTableNode"]
    found: dict[str, Any] = content
    return found


def with_row(name: str, like: str, /, **cells: str) -> dict[str, Any]:
    """A default table with one more row at its end: as the row `like`, with other cells."""
    document = deepcopy(engine.default(name))
    rows = table_of(document)["rules"]
    [old] = [row for row in rows if row["_id"] == like]
    rows.append({**old, **cells})
    return document

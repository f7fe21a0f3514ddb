"""A rule set as a document: its decision tables, what is declared of them, and the version that its content has.

The document is the engine's own JSON. Beside its nodes stands what is declared of them, under the key `orderhub`:

- `bounds`: what an output may be at least and at most, in its own unit; one that changes money must have it;
- `one_of`: the words that an output may say;
- `fits`: the words that an output may say beside a value of a fact, `{"ours": {"by": "kind", "words": {...}}}`;
- `matches`: regular expressions that outputs must match; `regexes`: outputs that must be regular expressions;
- `optional`: outputs that a version may do without, in the table that came with orderhub;
- `disjoint`: true when no two rows may apply to the same facts;
- `examples`: facts, and what must come of them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]

DECLARED = "orderhub"


class BadRule(ValueError):
    """A table that must not be used. The message names table, row and column."""


@dataclass(frozen=True)
class Column:
    """A column of a table: `id` is its key in the rows, `title` what people read, `field` the fact or the output."""

    id: str
    title: str
    field: str


@dataclass(frozen=True)
class Grid:
    """One decision table of a document. `rows` are the cells by column id, `_id` is the row's name."""

    node: str
    title: str
    hit_policy: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rows: tuple[dict[str, str], ...]

    @property
    def first(self) -> bool:
        """Whether only the first row that applies decides."""
        return self.hit_policy == "first"


def grids(document: Document) -> list[Grid]:
    """The decision tables of a document. Raises BadRule when they have not the engine's form."""
    try:
        return [_grid(node) for node in document["nodes"] if node["type"] == "decisionTableNode"]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRule(f"not a decision document: {error}") from None


def declared(document: Document) -> dict[str, Any]:
    """What is declared of a document's tables."""
    found: dict[str, Any] = document.get(DECLARED, {})
    return found


def parse(text: str, name: str) -> Document:
    """A document out of its JSON. Raises BadRule."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise BadRule(f"{name} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRule(f"{name} is not a decision document")
    return _filled(document)


def version_of(document: Document) -> str:
    """A digest of the content: how it is laid out in a file does not matter."""
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def _filled(document: Document) -> Document:
    """The document with what is absent as empty: cells and expectations mean the same, and so it is one version."""
    for grid in grids(document):
        for row in next(node for node in document["nodes"] if node["id"] == grid.node)["content"]["rules"]:
            for column in (*grid.inputs, *grid.outputs):
                row.setdefault(column.id, "")
    own = document.get(DECLARED)
    examples = own.get("examples") if isinstance(own, dict) else None
    for example in examples if isinstance(examples, list) else ():
        if isinstance(example, dict) and example.get("expect") is None:
            example["expect"] = {}
    return document


def _grid(node: dict[str, Any]) -> Grid:
    content = node["content"]
    return Grid(
        str(node["id"]),
        str(node.get("name", node["id"])),
        str(content.get("hitPolicy", "first")),
        tuple(_column(column) for column in content["inputs"]),
        tuple(_column(column) for column in content["outputs"]),
        tuple({str(key): str(cell) for key, cell in row.items()} for row in content["rules"]),
    )


def _column(column: dict[str, Any]) -> Column:
    return Column(str(column["id"]), str(column.get("name", column["id"])), str(column.get("field", "")))

"""What keeps a version from being published: every reason at once, each with its place and what to do about it.

The file that came with orderhub is the contract: the program that asks the table gives the facts that stand there, and
reads those outputs. What is declared there holds for every version of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import zen

from domain import patterns
from domain.texts import text
from rules import engine, mistakes
from rules.cover import Boxes, literal_kinds
from rules.day_rows import check_days
from rules.declarations import Declarations, kind_of, undeclarable
from rules.documents import BadRule, Column, Document, Grid, declared, grids
from rules.problems import Problem, Verdict
from rules.promotion_rows import CHECKED
from rules.workdays import NAME as OFFICIAL_DAYS

_CHECKED_DAYS = {OFFICIAL_DAYS: check_days}
"""Tables whose rows must mean something beyond their cells, their conditions included."""

_NODES = frozenset({"inputNode", "outputNode", "decisionTableNode", "expressionNode", "switchNode"})

_MONEY = ("_fen", "_permille", "_percent", "_rate")

_NAME = re.compile(r"[^\s/@\"']{1,100}")
"""A row's name stands in `table@version/name`."""

_SHOWN = 60
"""So much of a cell is repeated."""

_OF_THE_ROW = frozenset({"_id", "_description"})


def lint(name: str, document: Document) -> Verdict:
    """Everything that keeps a version of a rule set from being published. Raises BadRule when there is no such set."""
    contract = engine.default(name)
    try:
        found = grids(document)
        problems = [*_structure(document, found)]
    except (BadRule, KeyError, TypeError, AttributeError) as error:
        return Verdict((Problem("form", params=(("reason", str(error)),)),), 0, 0)
    if (key := undeclarable(declared(document))) is not None:
        return Verdict((*problems, Problem("declaration", params=(("name", key),))), 0, 0)
    house = grids(contract)
    if sorted(grid.node for grid in found) != sorted(grid.node for grid in house):
        problems.append(Problem("tables", params=(("tables", ", ".join(grid.title for grid in house)),)))
        return Verdict(tuple(problems), 0, 0)
    by_node = {grid.node: grid for grid in house}
    rules = Declarations(declared(contract), declared(document))
    for grid in found:
        problems += _Look(grid, by_node[grid.node], rules).problems()
    examples = rules.examples()
    if not problems and (name in CHECKED or name in _CHECKED_DAYS):
        problems += [problem for grid in found for problem in _meanings(name, grid)]
    if not problems:
        problems += _examples(name, document, examples, found)
    return Verdict(tuple(problems), sum(len(grid.rows) for grid in found), len(examples))


class _Look:
    """One table of a version, beside the one of the house."""

    def __init__(self, grid: Grid, house: Grid, rules: Declarations) -> None:
        self._grid = grid
        self._house = house
        self._rules = rules
        self._facts: dict[str, set[str]] = {}

    def problems(self) -> list[Problem]:
        found = [*self._columns(), *self._names()]
        cells = [*self._cells()]
        found += cells
        if not cells:  # rows can be compared only when all of them can be read
            found += self._rows()
        return found

    def _bad(self, what: str, n: int | None = None, column: str = "", **params: object) -> Problem:
        row = self._grid.rows[n].get("_id", "") if n is not None else ""
        number = n + 1 if n is not None else 0
        return Problem(what, self._grid.title, number, row, column, tuple(params.items()))

    def _columns(self) -> Iterator[Problem]:
        if self._grid.hit_policy != self._house.hit_policy:
            yield self._bad("policy", policy=self._house.hit_policy)
        facts = [column.field for column in self._house.inputs]
        for column in self._grid.inputs:
            if column.field not in facts:
                yield self._bad("fact", column=column.title, field=column.field, facts=", ".join(facts))
        read = {column.field for column in self._house.outputs}
        here = {column.field for column in self._grid.outputs}
        for column in self._grid.outputs:
            if column.field not in read:
                yield self._bad("output", column=column.title, field=column.field, outputs=", ".join(sorted(read)))
        for column in self._house.outputs:
            if column.field not in here and not self._rules.optional(column.field):
                yield self._bad("missing", field=column.field, title=column.title)
        if "row" not in here:
            yield self._bad("no_row")
        for column in self._grid.outputs:
            if column.field.endswith(_MONEY) and not self._rules.bounds(column.field):
                yield self._bad("unbounded", column=column.title, field=column.field)

    def _names(self) -> Iterator[Problem]:
        if not self._grid.rows:
            yield self._bad("empty")
        seen: dict[str, int] = {}
        known = {column.id for column in (*self._grid.inputs, *self._grid.outputs)} | _OF_THE_ROW
        for n, row in enumerate(self._grid.rows):
            name = row.get("_id", "")
            if not name:
                yield self._bad("nameless", n)
            elif not _NAME.fullmatch(name):
                yield self._bad("name_form", n)
            elif name in seen:
                yield self._bad("twice", n, other=seen[name] + 1)
            seen.setdefault(name, n)
            for key in sorted(row.keys() - known):
                yield self._bad("column", n, column=key)

    def _cells(self) -> Iterator[Problem]:
        for n, row in enumerate(self._grid.rows):
            for column in self._grid.inputs:
                cell = row.get(column.id, "")
                try:
                    engine.check_condition(cell)
                except BadRule as error:
                    yield self._unread("condition", mistakes.in_condition(cell), n, column, cell, str(error))
                else:
                    yield from self._condition(n, column, cell)
            for column in self._grid.outputs:
                cell = row.get(column.id, "")
                try:
                    value = engine.check_output(cell)
                except BadRule as error:
                    yield self._unread("value", mistakes.in_output(cell), n, column, cell, str(error))
                else:
                    yield from self._value(n, column, row.get("_id", ""), value)
                    yield from self._fit(n, column, value)
                    yield from self._form(n, column, value)

    def _unread(self, what: str, mistake: str | None, n: int, column: Column, cell: str, reason: str) -> Problem:
        if mistake is None:
            return self._bad(what, n, column.title, reason=reason)
        return self._bad(f"cell.{mistake}", n, column.title, cell=cell.strip()[:_SHOWN])

    def _condition(self, n: int, column: Column, cell: str) -> Iterator[Problem]:
        """Whether it means what it says: what is compared without quotes, or with another kind, never applies."""
        facts = [one.field for one in self._house.inputs]
        if (found := mistakes.misread(cell, facts)) is not None:
            yield self._bad(f"cell.{found[0]}", n, column.title, cell=cell.strip()[:_SHOWN], **found[1])
            return
        known = self._fact_kinds(column.field)
        if known and (other := sorted(literal_kinds(cell) - known)):
            kinds = text("rules.kind.or").join(text(f"rules.kind.{one}") for one in sorted(known))
            yield self._bad("fact_kind", n, column.title, kind=kinds, found=text(f"rules.kind.{other[0]}"))

    def _fact_kinds(self, field: str) -> set[str]:
        """What a fact is, as far as the house's table and its examples show it."""
        if field not in self._facts:
            cells = [
                row.get(one.id, "") for one in self._house.inputs if one.field == field for row in self._house.rows
            ]
            given = [example.get("facts", {}) for example in self._rules.house_examples()]
            self._facts[field] = {kind for cell in cells for kind in literal_kinds(cell)} | {
                kind_of(facts[field]) for facts in given if facts.get(field) is not None
            }
        return self._facts[field]

    def _value(self, n: int, column: Column, name: str, value: Any) -> Iterator[Problem]:
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # a lone expression gives floats only
        if column.field == "row" and value != name:
            yield self._bad("row_name", n, column.title, name=json.dumps(name, ensure_ascii=False))
        wanted = self._kind(column.field)
        if wanted is not None and kind_of(value) != wanted:
            yield self._bad("kind", n, column.title, kind=text(f"rules.kind.{wanted}"))
            return
        if isinstance(value, float) and 0 < abs(value) < 1 and (whole := self._hundredths(column.field)):
            yield self._bad("fraction", n, column.title, value=value, whole=f"{value * whole:.15g}")
            return
        if column.field.endswith("_fen") and not float(value).is_integer():
            yield self._bad("fen", n, column.title)
        for least, most in self._rules.bounds(column.field):
            if isinstance(value, int | float) and not least <= value <= most:
                yield self._bad("bound", n, column.title, value=value, least=least, most=most)
        for words in self._rules.one_of(column.field):
            if value not in words:
                shown = ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
                yield self._bad("word", n, column.title, value=value, words=shown)

    def _hundredths(self, field: str) -> int:
        """What 1 is in a column of percent or permille; 0 for other columns."""
        title = next((one.title for one in self._house.outputs if one.field == field), "")
        if field.endswith("_permille") or "千分" in title or "‰" in title:
            return 1000
        return 100 if field.endswith("_percent") or "%" in title else 0

    def _form(self, n: int, column: Column, value: Any) -> Iterator[Problem]:
        for pattern in self._rules.matches(column.field):
            if not patterns.matches(pattern, str(value)):
                yield self._bad("form_of_text", n, column.title, value=value, pattern=pattern)
        if self._rules.is_regex(column.field) and (reason := patterns.wrong_with(str(value))):
            yield self._bad("regex", n, column.title, value=value, reason=reason)

    def _fit(self, n: int, column: Column, value: Any) -> Iterator[Problem]:
        """Whether an output is one of those that there are for the fact beside it."""
        for fact, words in self._rules.fits(column.field):
            beside = next((one for one in self._grid.inputs if one.field == fact), None)
            cell = self._grid.rows[n].get(beside.id, "").strip() if beside is not None else ""
            wanted = words.get(cell[1:-1]) if cell[:1] == cell[-1:] == '"' else None
            if wanted is None:
                shown = ", ".join(json.dumps(word, ensure_ascii=False) for word in words)
                yield self._bad("fact_word", n, beside.title if beside is not None else fact, words=shown)
            elif value not in wanted:
                shown = ", ".join(json.dumps(word, ensure_ascii=False) for word in wanted)
                yield self._bad("word", n, column.title, value=value, words=shown)

    def _kind(self, field: str) -> str | None:
        """What the house's table says under an output: text, number, yes or no."""
        kinds = {
            kind_of(engine.check_output(row.get(column.id, "")))
            for column in self._house.outputs
            if column.field == field
            for row in self._house.rows
        }
        return kinds.pop() if len(kinds) == 1 else None

    def _rows(self) -> Iterator[Problem]:
        boxes = Boxes(self._grid)
        unreachable = boxes.unreachable()
        here = {column.field for column in self._grid.inputs}
        for column in self._house.inputs if unreachable else ():
            if column.field not in here:
                yield self._bad("fact_gone", title=column.title, field=column.field)
        for found in unreachable:
            if found.impossible:
                yield self._bad("impossible", found.row)
            elif not self._grid.first:
                continue
            elif found.by:
                yield self._bad("shadowed", found.row, by=found.by)
            else:
                yield self._bad("shadowed_together", found.row)
        if self._rules.disjoint():
            for i, j in boxes.overlapping():
                yield self._bad("overlap", j, other=self._grid.rows[i].get("_id", ""))
        if Boxes(self._house).total() and not boxes.total():
            yield self._bad("gap")


def _structure(document: Document, found: list[Grid]) -> Iterator[Problem]:
    for node in document["nodes"]:
        if node["type"] not in _NODES:
            yield Problem("node", params=(("node", node.get("name", node["id"])), ("type", node["type"])))
    try:
        zen.ZenEngine().create_decision(json.dumps(document, ensure_ascii=False)).validate()
    except Exception as error:  # the engine has no error class of its own
        yield Problem("form", params=(("reason", str(error).partition("\n")[0]),))
    if not found:
        yield Problem("form", params=(("reason", "no decision table"),))
    for grid in found:
        ids = [column.id for column in (*grid.inputs, *grid.outputs)]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield Problem("form", grid.title, params=(("reason", f"two columns have the id {twice}"),))


def _meanings(name: str, grid: Grid) -> Iterator[Problem]:
    """Rows that can be read and mean nothing."""
    for number, row in enumerate(grid.rows, 1):
        said = {column.field: engine.check_output(row.get(column.id, "")) for column in grid.outputs}
        try:
            if name in CHECKED:
                CHECKED[name](said, "")
            else:
                cells = {column.field: row.get(column.id, "") for column in grid.inputs}
                _CHECKED_DAYS[name](cells, said)
        except (BadRule, ValueError) as error:
            yield Problem("meaning", grid.title, number, row.get("_id", ""), params=(("reason", str(error)),))


def _examples(name: str, document: Document, examples: list[dict[str, Any]], found: list[Grid]) -> Iterator[Problem]:
    table = engine.Table(name, document)
    for number, example in enumerate(examples, 1):
        shown = json.dumps(example.get("facts", {}), ensure_ascii=False)
        try:
            rows = table.ask(dict(example.get("facts", {})))
        except BadRule as error:
            yield Problem("example_fails", params=(("number", number), ("facts", shown), ("reason", str(error))))
            continue
        said = [row.result for row in rows]
        wanted = example.get("expect") or {}
        first = found[0].first
        came: Any = {
            key: ([one.get(key) for one in said] if not first else said[0].get(key) if said else None) for key in wanted
        }
        if came != wanted or (not wanted and said):
            rule = ", ".join(str(one.get("row", "")) for one in said) or "-"
            yield Problem(
                "example",
                params=(
                    ("number", number),
                    ("facts", shown),
                    ("wanted", json.dumps(wanted, ensure_ascii=False)),
                    ("came", json.dumps(came, ensure_ascii=False)),
                    ("row", rule),
                ),
            )

"""The thin wrapper around the rule engine: load tables, check their cells, decide.

The engine swallows bad cells silently (a misspelt condition simply never matches), so every cell is compiled before a
table may be used.

The files in `tables/` are the default of each rule set. What is published goes before them: a `Book` holds both, and a
process swaps its book for a new one when something was published. A decision is bound to the book and the moment of its
first question (domain.deciding).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import zen

from domain.clock import utc_now
from domain.deciding import Asked, Deciding, deciding, new_decision
from domain.rulesets import RuleEvent, in_force
from rules.documents import BadRule, Document, grids, parse, version_of

TABLES = Path(__file__).with_name("tables")

_SAID = 4096
"""Of so many different facts each table remembers what it said."""

_WORDS_OF_THE_ENGINE = frozenset({"true", "false", "null"})


@dataclass(frozen=True)
class Decision:
    """What a table said. `rule` is `{table}@{version}/{row}`, kept with whatever was decided by it."""

    result: dict[str, Any]
    rule: str


class Table:
    """A table that may be decided by. `version` is a digest of its content."""

    def __init__(self, name: str, document: Document) -> None:
        """Raises BadRule for a bad cell."""
        check_document(name, document)
        self.name = name
        self.version = version_of(document)
        self.document = document
        self.rows = tuple(row.get("_id", "") for grid in grids(document) for row in grid.rows)
        # Prepared once: `create_decision` would prepare it anew for each evaluation.
        content = zen.ZenDecisionContent(json.dumps(document, ensure_ascii=False))
        self._engine = zen.ZenEngine({"loader": lambda _: content})
        self._said: dict[object, tuple[Decision, ...]] = {}

    def ask(self, facts: dict[str, Any]) -> tuple[Decision, ...]:
        """The rows that apply: one at most, or all in their order when the table collects.

        What was said of the same facts is said again: orders go to the same places over and over.
        """
        # Type and value: to Python True is 1, to a table it is not.
        key = tuple((name, type(value), value) for name, value in facts.items())
        try:
            known = self._said.get(key)
        except TypeError:  # a list among the facts
            return self._evaluated(facts)
        if known is None:
            if len(self._said) >= _SAID:
                self._said.clear()
            known = self._said[key] = self._evaluated(facts)
        return known

    def _evaluated(self, facts: dict[str, Any]) -> tuple[Decision, ...]:
        try:
            said = self._engine.evaluate(self.name, facts)["result"]
        except RuntimeError as error:
            raise BadRule(f"{self.name}@{self.version} cannot be evaluated: {_reason(error)}") from None
        rows = said if isinstance(said, list) else [said] if said else []
        return tuple(Decision(row, f"{self.name}@{self.version}/{row.get('row', '')}") for row in rows)


class Book:
    """The rules of a process at a time: what is published, and the files beneath. Never changed, only swapped."""

    def __init__(self, published: Iterable[RuleEvent] = (), tables: Iterable[Table] = ()) -> None:
        """`published` are events of any rule sets, `tables` the versions that they name."""
        self._events: dict[str, list[RuleEvent]] = {}
        for event in published:
            self._events.setdefault(event.name, []).append(event)
        self._tables = {(table.name, table.version): table for table in tables}

    def table(self, name: str, at: datetime) -> Table:
        """The version of a rule set that is in force at a moment. Raises BadRule."""
        found = in_force(self._events.get(name, ()), at)
        return self._tables[name, found.version] if found is not None else _load(name)


@dataclass(frozen=True)
class Bound:
    """What one decision is bound to. `instead` are versions that are tried out, by the name of their rule set."""

    book: Book
    at: datetime
    instead: Mapping[str, Table]
    _found: dict[str, Table] = field(init=False, default_factory=dict, compare=False, repr=False)
    """The versions by name, each looked for once: neither the book nor the moment changes."""

    def table(self, name: str) -> Table:
        """The version of a rule set for this decision. Raises BadRule."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self.instead.get(name) or self.book.table(name, self.at)
        return found


_current = {"book": Book()}


def use(book: Book) -> None:
    """Decide by another book from the next decision on."""
    _current["book"] = book


def current() -> Book:
    """The book of this process."""
    return _current["book"]


@contextmanager
def trying(*instead: Table, at: datetime | None = None, book: Book | None = None) -> Iterator[Deciding]:
    """One decision by versions that need not be in force, or as of another moment."""
    with new_decision() as one:
        one.bound = Bound(book or current(), at or utc_now(), {table.name: table for table in instead})
        yield one


@contextmanager
def as_of(at: datetime) -> Iterator[None]:
    """Ask tables as they were at a moment, within the decision under way: what was promised then."""
    with deciding() as one:
        before = _bound(one)
        one.bound = replace(before, at=at)
        try:
            yield
        finally:
            one.bound = before


def rows(name: str) -> tuple[str, ...]:
    """The names of a table's rows in their order, in the version that the decision under way is bound to."""
    return deciding_table(name).rows


def decide(name: str, facts: dict[str, Any]) -> Decision:
    """Evaluate the table `name` on `facts`. Raises BadRule for a broken table, LookupError when no row applies."""
    found = _ask(name, facts)
    if not found:
        raise LookupError(f"no row of {name} applies")
    return found[0]


def collect(name: str, facts: dict[str, Any]) -> list[Decision]:
    """All rows of a table with the hit policy `collect` that apply, in their order; [] when none does."""
    return list(_ask(name, facts))


def deciding_table(name: str) -> Table:
    """The version of a rule set that decides in the decision under way (outside of one: now). Raises BadRule."""
    with deciding() as one:
        return _bound(one).table(name)


def _bound(one: Deciding) -> Bound:
    """What a decision is bound to: from its first question on, what is in force then."""
    if one.bound is None:
        one.bound = Bound(current(), utc_now(), {})
    bound: Bound = one.bound
    return bound


def _ask(name: str, facts: dict[str, Any]) -> tuple[Decision, ...]:
    with deciding() as one:
        found = _bound(one).table(name).ask(facts)
        one.asked.append(Asked(name, facts, tuple(row.result for row in found), tuple(row.rule for row in found)))
        return found


def check(name: str) -> int:
    """Compile every cell of a default table. Returns how many rows it has; raises BadRule at the first bad cell."""
    return check_document(name, default(name))


def check_document(name: str, document: Document) -> int:
    """Compile every cell of a document's tables. Returns how many rows it has; raises BadRule at the first bad cell."""
    rows = 0
    for grid in grids(document):
        for row in grid.rows:
            rows += 1
            for columns, checked in ((grid.inputs, check_condition), (grid.outputs, check_output)):
                for column in columns:
                    try:
                        checked(row.get(column.id, ""))
                    except BadRule as error:
                        raise BadRule(f"{name}, row {row.get('_id', '')}, {column.title}: {error}") from None
    return rows


def tables() -> list[str]:
    """The names of all default tables."""
    return sorted(path.stem for path in TABLES.glob("*.json"))


def default(name: str) -> Document:
    """The document that came with orderhub. Raises BadRule."""
    path = TABLES / f"{name}.json"
    if not path.is_file():
        raise BadRule(f"no such table: {name}; there are {', '.join(tables())}")
    return parse(path.read_text(encoding="utf-8"), name)


def check_condition(cell: str) -> Any:
    """Compile a condition; None for an empty one, which means "any". Raises BadRule."""
    if not cell.strip():
        return None
    compiled = _compile(zen.compile_unary_expression, cell)
    # To the engine a word without quotes is a fact that nobody gave: the row would never match.
    if cell.strip().isidentifier() and cell.strip() not in _WORDS_OF_THE_ENGINE:
        raise BadRule(f"{cell!r} is a text without quotes")
    return compiled


def check_output(cell: str) -> Any:
    """Compile an output, and return its value. Raises BadRule."""
    expression = _compile(zen.compile_expression, cell)
    try:
        value = expression.evaluate({})
    except RuntimeError:
        value = None
    if value is None:
        raise BadRule(f"{cell!r} is not a value; a text needs quotes")
    return value


def _compile(compiler: Any, cell: str) -> Any:
    try:
        return compiler(cell)
    except Exception as error:
        raise BadRule(f"{cell!r} is not an expression: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    said = str(error).partition("\n")[0]  # the rest is the engine's own stack
    try:
        return str(json.loads(said)["source"])
    except (ValueError, KeyError, TypeError):
        return said


@cache
def _load(name: str) -> Table:
    return Table(name, default(name))

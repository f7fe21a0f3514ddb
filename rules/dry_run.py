"""What a version would have decided differently about what was decided already. It changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from domain.deciding import Asked
from rules.documents import BadRule, grids
from rules.engine import Book, Table, trying
from rules.subjects import Effect, Of, Thing, about, asked_of

_EXAMPLES = 3

Changed = dict[str, tuple[Any, Any]]
"""What was and what would be, by output."""


@dataclass(frozen=True)
class Difference:
    """One question about one thing that has another answer."""

    about: str
    facts: dict[str, Any]
    rows_before: tuple[str, ...]
    rows_after: tuple[str, ...]
    changed: Changed
    alike: frozenset[str] = frozenset()
    """Rows that say the same in both."""
    by_row: dict[str, Changed] = field(default_factory=dict)
    """What is changed in rows that decide in both."""


@dataclass(frozen=True)
class Failure:
    """A question about one thing that has no answer any more, or never had one."""

    about: str
    facts: dict[str, Any]
    reason: str


@dataclass(frozen=True)
class Kind:
    """Differences that say the same, of how many things, and the first of them. Rows that say the same are left out.

    `changed` is by row; where one row decides instead of another it stands under the new one. It is empty where rows
    only come on top, fall away, or change places.
    """

    rows_before: tuple[str, ...]
    rows_after: tuple[str, ...]
    changed: dict[str, Changed]
    things: int
    examples: tuple[str, ...]


@dataclass
class DryRun:
    """What came of trying a version. `rows` counts how often each of its rows would have decided.

    `moved` counts answers that stay the same and come from another row. `effects` are those of the things for which
    something else comes of it, `totals` the sums over all of them (how many, where it is yes or no).
    """

    of: Of
    collects: bool
    """Whether all rows that apply count."""
    tried: int = 0
    asked: int = 0
    moved: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    rows_before: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    effects: dict[str, Changed] = field(default_factory=dict)
    totals: dict[str, tuple[int, int]] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    """The version's rows that decide nothing of all this."""

    @property
    def changed(self) -> int:
        """Of how many things something would have been decided differently."""
        return len({one.about for one in self.differences} | self.effects.keys())

    @property
    def failed(self) -> int:
        """Of how many things something cannot be answered."""
        return len({one.about for one in self.failures})

    def kinds(self) -> list[Kind]:
        """The differences, those that say the same as one; what concerns most things first."""
        found: dict[str, tuple[Kind, dict[str, None]]] = {}
        for one in self.differences:
            kind = _kind(one, self.collects)
            key = json.dumps([kind.rows_before, kind.rows_after, kind.changed], sort_keys=True, default=str)
            found.setdefault(key, (kind, {}))[1][one.about] = None
        kinds = [replace(kind, things=len(names), examples=tuple(names)[:_EXAMPLES]) for kind, names in found.values()]
        return sorted(kinds, key=lambda kind: -kind.things)


def _kind(one: Difference, collects: bool) -> Kind:
    before = tuple(row for row in one.rows_before if row not in one.alike)
    after = tuple(row for row in one.rows_after if row not in one.alike)
    changed = one.by_row
    if not changed and not collects:
        changed = {(one.rows_after or ("",))[0]: one.changed}
    if not before and not after:
        before, after = one.rows_before, one.rows_after  # they change places
    return Kind(before, after, changed, 1, (one.about,))


def dry_run(draft: Table, things: Iterable[Thing], book: Book) -> DryRun:
    """Try a version, beside what a book has in force. Raises KeyError for a table without a subject."""
    run = DryRun(about(draft.name), not all(grid.first for grid in grids(draft.document)))
    for thing in things:
        run.tried += 1
        with trying(book=book) as one:
            try:
                before = thing.ask()
            except (BadRule, LookupError) as error:
                if isinstance(error, KeyError):
                    raise
                run.failures.append(Failure(thing.name, {}, str(error)))
                continue
        answered = [_try(run, draft, thing.name, question) for question in asked_of(draft.name, one.asked)]
        if before and all(answered):
            _effect(run, draft, thing, before, book)
    run.idle = tuple(row for row in draft.rows if not run.rows[row])
    return run


def _try(run: DryRun, draft: Table, name: str, asked: Asked) -> bool:
    """Whether the version has an answer."""
    run.asked += 1
    before = [rule.rpartition("/")[2] for rule in asked.rules]
    run.rows_before.update(before)
    try:
        found = draft.ask(asked.facts)
    except BadRule as error:
        run.failures.append(Failure(name, asked.facts, str(error)))
        return False
    after = [one.rule.rpartition("/")[2] for one in found]
    run.rows.update(after)
    changed = difference(asked.results, [one.result for one in found])
    if changed:
        old = dict(zip(before, asked.results, strict=True))
        new = {row: one.result for row, one in zip(after, found, strict=True)}
        by_row = {row: difference([old[row]], [new[row]]) for row in old if row in new}
        alike = frozenset(row for row, fields in by_row.items() if not fields)
        by_row = {row: fields for row, fields in by_row.items() if fields}
        run.differences.append(Difference(name, asked.facts, tuple(before), tuple(after), changed, alike, by_row))
    elif before != after:
        run.moved += 1
    return True


def _effect(run: DryRun, draft: Table, thing: Thing, before: Effect, book: Book) -> None:
    try:
        with trying(draft, book=book):
            after = thing.ask()
    except (BadRule, LookupError) as error:
        run.failures.append(Failure(thing.name, {}, str(error)))
        return
    changed = {}
    for name in dict.fromkeys((*before, *after)):
        was, would = before.get(name, 0), after.get(name, 0)
        old, new = run.totals.get(name, (0, 0))
        run.totals[name] = (old + was, new + would)
        if was != would:
            changed[name] = (was, would)
    if changed:
        run.effects[thing.name] = changed


def difference(before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]) -> Changed:
    """The outputs in which two answers differ, the row's own name left out; lists where several rows applied."""
    was, would = list(before), list(after)
    names = dict.fromkeys(name for row in (*was, *would) for name in row if name != "row")
    one = max(len(was), len(would)) <= 1
    found = {}
    for name in names:
        old, new = [row.get(name) for row in was], [row.get(name) for row in would]
        if old != new:
            found[name] = ((old or [None])[0], (new or [None])[0]) if one else (old, new)
    return found

"""What a version would have decided differently about orders that were decided already. It changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from domain.deciding import Asked
from rules.documents import BadRule
from rules.engine import Book, Table
from rules.subjects import Case, questions


@dataclass(frozen=True)
class Difference:
    """One question about one order that has another answer. `changed` is what was and what would be, by output."""

    order_id: str
    facts: dict[str, Any]
    rows_before: tuple[str, ...]
    rows_after: tuple[str, ...]
    changed: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Failure:
    """A question about one order that has no answer any more, or never had one."""

    order_id: str
    facts: dict[str, Any]
    reason: str


@dataclass
class DryRun:
    """What came of trying a version on orders. `rows` counts how often each of its rows would have decided.

    `moved` counts answers that stay the same and come from another row.
    """

    orders: int = 0
    asked: int = 0
    moved: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    rows_before: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def orders_changed(self) -> int:
        """How many orders would have been decided differently."""
        return len({one.order_id for one in self.differences})


def dry_run(draft: Table, cases: Iterable[Case], book: Book) -> DryRun:
    """Try a version on orders, beside what a book has in force. Raises KeyError for a table without a subject."""
    run = DryRun()
    for case in cases:
        run.orders += 1
        try:
            asked = questions(draft.name, case, book)
        except (BadRule, LookupError) as error:
            if isinstance(error, KeyError):
                raise
            run.failures.append(Failure(case.order.order_id, {}, str(error)))
            continue
        for one in asked:
            _try(run, draft, case.order.order_id, one)
    return run


def _try(run: DryRun, draft: Table, order_id: str, asked: Asked) -> None:
    run.asked += 1
    before = [rule.rpartition("/")[2] for rule in asked.rules]
    run.rows_before.update(before)
    try:
        found = draft.ask(asked.facts)
    except BadRule as error:
        run.failures.append(Failure(order_id, asked.facts, str(error)))
        return
    after = [one.rule.rpartition("/")[2] for one in found]
    run.rows.update(after)
    changed = difference(asked.results, [one.result for one in found])
    if changed:
        run.differences.append(Difference(order_id, asked.facts, tuple(before), tuple(after), changed))
    elif before != after:
        run.moved += 1


def difference(before: Iterable[dict[str, Any]], after: Iterable[dict[str, Any]]) -> dict[str, tuple[Any, Any]]:
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

"""Which versions and rows decided about an order, what they say of it again, and what is in force says now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.deciding import Asked
from domain.rulesets import Refused
from domain.texts import text
from rules.documents import BadRule
from rules.dry_run import difference
from rules.engine import Book, Table, trying
from rules.subjects import SUBJECTS, Case
from runtime.rule_desk import RuleDesk
from runtime.rule_trials import case_of
from store import dossiers, orders, rules, warehouses
from store.rules import ACCEPTED


@dataclass(frozen=True)
class Explained:
    """A row that decided. `result` is what that version says of the order again, by the row `again`.

    `now` is the row of the version in force, and `differs_now` what it would change. "" and None: the version is not
    here any more, or the order does not make the house ask that table (its own facts have changed since). Without a
    `row` no row of that version decided, and one of the version in force would.
    """

    table: str
    version: str
    row: str
    facts: dict[str, Any] | None
    again: str
    result: dict[str, Any] | None
    in_force: str
    now: str
    differs_now: dict[str, tuple[Any, Any]] | None


@dataclass(frozen=True)
class ExplainedStep:
    """A step of an order, and the rows that decided in it."""

    step: str
    what: str
    at: datetime
    decisions: tuple[Explained, ...]


_REVIEWED = ("risk_rules", "duplicate_rules", "compliance_rules", "declaration_rules", "approvals")
"""What a review asks, whether a row applies or not: those that did not left no trace."""


async def explain(desk: RuleDesk, order_id: str) -> list[ExplainedStep]:
    """Explain an order, step by step. Raises Refused when no rule has decided about it."""
    async with desk.db.reading() as tx:
        steps = await rules.decided_steps(tx, order_id)
        if not steps:
            raise Refused(text("rules.explain.nothing", order=order_id))
        book, now = await desk.book(tx), utc_now()
        sites = await warehouses.all_warehouses(tx, desk.of_settings)
        found = []
        for step in steps:
            order = await orders.body_at(tx, order_id, step.at)
            goods, _ = await dossiers.goods(tx, {line.sku for line in order.lines})
            names = {name for name, _, _ in map(_parts, step.rules)}
            names |= set(_REVIEWED) if step.what == ACCEPTED else set()
            case = await case_of(tx, names, order, step.at, sites, goods, alike=True)
            tables = await _versions(tx, step.rules)
            decided = _questions(names, case, tuple(tables.values()), book, step.at)
            book_tables = {name: book.table(name, now) for name in decided}
            decisions = [_explained(rule, tables, decided, book_tables) for rule in step.rules]
            for name, table in sorted(book_tables.items()):
                then = tables.get(name) or book.table(name, step.at)
                if then.version != table.version:
                    decisions += _on_top(then, table, decided[name])
            found.append(ExplainedStep(step.step, step.what, step.at, tuple(decisions)))
    return found


async def _versions(tx: AsyncSession, decided: tuple[str, ...]) -> dict[str, Table]:
    """The versions of a step, by the name of their rule set."""
    tables = {}
    for kept in await rules.contents(tx, {(name, version) for name, version, _ in map(_parts, decided)}):
        try:
            tables[kept.name] = Table(kept.name, kept.content)
        except BadRule:  # an older build took what this one does not
            continue
    return tables


def _questions(
    names: set[str], case: Case, tables: tuple[Table, ...], book: Book, at: datetime
) -> dict[str, list[Asked]]:
    """What these versions, and those in force at a moment, are asked about the order, by table."""
    found: dict[str, list[Asked]] = {name: [] for name in names}
    for name in names & SUBJECTS.keys():
        with trying(*tables, at=at, book=book) as one, suppress(BadRule, LookupError):
            SUBJECTS[name](case)  # what was asked before it failed is there
        found[name] = [asked for asked in one.asked if asked.table == name]
    return found


def _explained(
    rule: str, tables: dict[str, Table], decided: dict[str, list[Asked]], book: dict[str, Table]
) -> Explained:
    name, version, row = _parts(rule)
    asked = next((one for one in decided[name] if rule in one.rules), None)
    table = tables.get(name)
    in_force = book[name].version
    if asked is None or table is None:
        return Explained(name, version, row, None, "", None, in_force, "", None)
    result = next(one for one, said in zip(asked.results, asked.rules, strict=True) if said == rule)
    now = book[name].ask(asked.facts)
    return Explained(
        name,
        version,
        row,
        asked.facts,
        row,
        result,
        in_force,
        " ".join(one.rule.rpartition("/")[2] for one in now),
        difference(asked.results, [one.result for one in now]),
    )


def _on_top(then: Table, now: Table, asked: list[Asked]) -> list[Explained]:
    """What another version would decide where none of the rows of then did."""
    found = []
    for one in asked:
        rows = [] if one.rules else now.ask(one.facts)
        if rows:
            names = " ".join(row.rule.rpartition("/")[2] for row in rows)
            changed = difference([], [row.result for row in rows])
            found.append(Explained(then.name, then.version, "", one.facts, "", {}, now.version, names, changed))
    return found


def _parts(rule: str) -> tuple[str, str, str]:
    """`{table}@{version}/{row}`."""
    table, _, rest = rule.partition("@")
    version, _, row = rest.partition("/")
    return table, version, row

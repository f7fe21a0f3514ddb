"""What came of a dry run, for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from domain.money import format_yuan
from domain.texts import language, text
from rules.documents import grids
from rules.dry_run import Difference, DryRun, Kind
from rules.engine import Table

AS_OF_REVIEW = frozenset({"risk_rules", "duplicate_rules", "declaration_rules", "official_days"})
"""Tables for which it counts when an order was reviewed."""
_IDLE = 10
"""So many rows that decide nothing are named."""


def sentences(name: str, run: DryRun) -> list[str]:
    """What was tried, what comes of it, and what that rests on: a sentence each, the most important one first."""
    asks = text(f"rules.asks.{name}")
    if not run.tried:
        return [text(f"rules.run.none.{run.of}", asks=asks)]
    if not run.asked and not run.failures:
        return [text("rules.run.not_asked", tried=run.tried, things=text(f"rules.run.things.{run.of}"), asks=asks)]
    said = [
        text(
            "rules.run",
            tried=run.tried,
            things=text(f"rules.run.things.{run.of}"),
            changed=run.changed,
            percent=_percent(run.changed, run.tried),
            moved=run.moved,
            failed=run.failed,
        )
    ]
    said += [
        text(f"rules.run.total.{effect}", before=_amount(effect, was), after=_amount(effect, would))
        for effect, (was, would) in run.totals.items()
        if run.changed
    ]
    if not run.changed and not run.failures:
        said.append(text("rules.run.same"))
    if run.idle:
        shown = ", ".join(run.idle[:_IDLE]) + (" …" if len(run.idle) > _IDLE else "")
        said.append(text("rules.run.idle", count=len(run.idle), rows=shown))
    said.append(text("rules.run.asks", asks=asks))
    if name in AS_OF_REVIEW:
        said.append(text(f"rules.run.facts.{name}"))
    return [*said, text(f"rules.run.facts.{run.of}")]


def changes(table: Table, kind: Kind) -> str:
    """What changes, in words: outputs by their titles, rows by their names where there are several."""
    titles = {column.field: column.title for grid in grids(table.document) for column in grid.outputs}
    lost = [row for row in kind.rows_before if row not in kind.rows_after]
    gained = [row for row in kind.rows_after if row not in kind.rows_before]
    several = max(len(kind.rows_before), len(kind.rows_after)) > 1
    parts = []
    for row, changed in kind.changed.items():
        for field, (was, would) in changed.items():
            title = titles.get(field, field) if language() == "zh" else field
            parts.append(f"{f'{row} ' if several else ''}{title}: {_value(was)} → {_value(would)}")
    if not kind.changed or several:
        parts += [f"- {row}" for row in lost] + [f"+ {row}" for row in gained]
    return "; ".join(parts) or text("rules.run.places")


def effects(run: DryRun, about: str) -> str:
    """What else comes of it for one thing; "" when nothing does."""
    return "; ".join(
        text(f"rules.run.effect.{effect}", before=_amount(effect, was), after=_amount(effect, would))
        for effect, (was, would) in run.effects.get(about, {}).items()
    )


def as_json(table: Table, run: DryRun, most: int | None = None) -> dict[str, Any]:
    """All of it; with `most`, so many differences, kinds and failures at most."""
    return {
        "of": str(run.of),
        "tried": run.tried,
        "changed": run.changed,
        "asked": run.asked,
        "moved": run.moved,
        "failed": run.failed,
        "text": sentences(table.name, run),
        "rows": [
            {"row": row, "before": run.rows_before[row], "after": run.rows[row]} for row in sorted(_rows(table, run))
        ],
        "totals": {effect: list(both) for effect, both in run.totals.items()},
        "kinds": [{**asdict(one), "text": changes(table, one)} for one in run.kinds()[:most]],
        "differences": [_difference(one) for one in run.differences[:most]],
        "effects": dict(list(run.effects.items())[:most]),
        "failures": [asdict(one) for one in run.failures[:most]],
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "about": one.about,
        "facts": one.facts,
        "rows_before": one.rows_before,
        "rows_after": one.rows_after,
        "changed": one.changed,
    }


def rows(table: Table, run: DryRun) -> list[tuple[str, int, int]]:
    """How often each row decided and would decide, those that gain or lose most first; without those that never do."""
    found = [(row, run.rows_before[row], run.rows[row]) for row in _rows(table, run)]
    return sorted((one for one in found if one[1] or one[2]), key=lambda one: (-abs(one[2] - one[1]), -one[1], one[0]))


def _rows(table: Table, run: DryRun) -> set[str]:
    return {*table.rows, *run.rows_before, *run.rows}


def _percent(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f}%"


def _amount(effect: str, value: int) -> str:
    if isinstance(value, bool):
        return text("rules.run.yes" if value else "rules.run.no")
    return format_yuan(value) if effect.endswith("_fen") else str(value)


def _value(value: Any) -> str:
    if value is None:
        return text("rules.run.nothing")
    return json.dumps(value, ensure_ascii=False)

"""`orderhub healings`."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from commands.house import house
from domain.clock import BEIJING
from domain.texts import text
from settings import Settings
from store import healings


async def main(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print how many mendings ended how, and the latest."""
    async with house(settings) as db, db.reading() as tx:
        counts, rows = await healings.counts(tx), await healings.newest(tx, limit)
    if as_json:
        listed = [
            {
                **row.model_dump(include={"order_id", "rule", "outcome", "before", "after"}),
                "at": row.at.astimezone(BEIJING).isoformat(),
            }
            for row in rows
        ]
        print(json.dumps({"counts": counts, "healings": listed}, ensure_ascii=False))  # noqa: T201
        return 0
    console = Console()
    summary = Table("", *(text(f"healing.{outcome}") for outcome in next(iter(counts.values()))))
    for rule, ends in counts.items():
        summary.add_row(text(f"healing.rule.{rule}"), *(str(count) for count in ends.values()))
    console.print(summary)
    table = Table(*(text(f"healings.{column}") for column in ("at", "order", "rule", "outcome", "before", "after")))
    for row in rows:
        at = f"{row.at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
        names = text(f"healing.rule.{row.rule}"), text(f"healing.{row.outcome}")
        table.add_row(at, row.order_id, *names, row.before, row.after)
    console.print(table)
    return 0

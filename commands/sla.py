"""`orderhub sla`: how the orders stand in each stage, which are late, and how long stages take."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from commands.house import house
from domain.clock import utc_now
from domain.texts import text
from settings import Settings
from store.deadline_report import report


async def main(settings: Settings, *, days: int, limit: int, as_json: bool) -> int:
    """Print the report."""
    async with house(settings) as db, db.reading() as tx:
        found = await report(tx, utc_now(), timedelta(days=days), limit)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))  # noqa: T201
    else:
        _show(found, Console())
    return 0


def _show(found: dict[str, Any], console: Console) -> None:
    columns = ("open", "stopped", "warned", "late")
    stages = Table(text("sla.stage"), *(text(f"sla.{column}") for column in columns), title=text("sla.title"))
    for one in found["stages"]:
        stages.add_row(_stage(one), *(str(one[column]) for column in columns))
    console.print(stages)
    if found["latest"]:
        late = Table(*(text(f"sla.{column}") for column in ("order", "stage", "due", "told")), title=text("sla.latest"))
        for one in found["latest"]:
            told = one["told"][-1]["who"] if one["told"] else "-"
            late.add_row(one["order_id"], _stage(one), one["due_at"][:16].replace("T", " "), told)
        console.print(late)
    title = text("sla.durations", days=found["days"])
    took = Table(*(text(f"sla.{column}") for column in ("stage", "name", "count", "in_time")), title=title)
    for percentile in ("p50", "p90", "p99"):
        took.add_column(percentile, justify="right")
    for one in found["durations"]:
        kind = "channel" if "channel" in one else "warehouse"
        name = f"{text(f'sla.{kind}')} {one[kind]}"
        lengths = (str(timedelta(seconds=seconds)) for seconds in one["seconds"].values())
        took.add_row(_stage(one), name, str(one["orders"]), str(one["in_time"]), *lengths)
    console.print(took)


def _stage(one: dict[str, Any]) -> str:
    return text(f"deadline.stage.{one['stage']}")

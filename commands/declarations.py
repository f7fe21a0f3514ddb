"""`orderhub declarations`: the orders whose customs declarations lack something."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from commands.house import house
from domain.clock import BEIJING
from domain.declaring import Standing
from domain.texts import country_name, text
from settings import Settings
from store import declarations

COLUMNS = ("order", "destination", "status", "opened", "missing")
STATUSES = (str(Standing.INCOMPLETE), str(Standing.BLOCKED))


async def show(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print the queue, the longest waiting first, and what may not go out at all."""
    async with house(settings) as db, db.reading() as tx:
        found = await declarations.queue(tx, STATUSES, limit)
    if as_json:
        listed = [
            {
                "order_id": one.order_id,
                "destination": one.destination,
                "status": one.status,
                "opened_at": one.opened_at.astimezone(BEIJING).isoformat(),
                "missing": [{"field": lack.field, "line_no": lack.line_no, "why": lack.why} for lack in one.missing],
            }
            for one in found
        ]
        print(json.dumps({"declarations": listed}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"declarations.{name}") for name in COLUMNS))
    for one in found:
        opened = one.opened_at.astimezone(BEIJING).strftime("%m-%d %H:%M")
        lacks = "\n".join(lack.sentence() for lack in one.missing)
        table.add_row(
            one.order_id, country_name(one.destination), text(f"declarations.status.{one.status}"), opened, lacks
        )
    Console().print(table)
    return 0

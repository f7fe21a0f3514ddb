"""`orderhub stock compare` and `orderhub stock adopt`: our stock beside the warehouse's own figures."""

from __future__ import annotations

import getpass
import json

from rich.console import Console
from rich.table import Table

from commands.house import house, refuse
from domain.clock import format_beijing
from domain.texts import text
from settings import Settings
from store import counts
from store.counts import DifferenceChanged
from store.stock import StockShort
from store.tables import ShelfCountRow


async def compare(settings: Settings, *, every: bool, as_json: bool) -> int:
    """Print what the last comparisons found: the articles that differ, or all of them."""
    async with house(settings) as db, db.reading() as tx:
        rows = await counts.compared(tx, differing=not every)
    if as_json:
        print(json.dumps({"articles": [_plain(row) for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    columns = ("warehouse", "sku", "available", "locked", "on_hand", "told", "difference", "asked_at")
    table = Table(*(text(f"shelves.{name}") for name in columns))
    for row in rows:
        figures = (row.available, row.locked, row.on_hand, row.told + row.doubtful)
        table.add_row(row.warehouse, row.sku, *map(str, figures), f"{row.difference:+d}", format_beijing(row.asked_at))
    Console().print(table)
    return 0


async def adopt(settings: Settings, sku: str, warehouse: str, difference: int, why: str) -> int:
    """Book the warehouse's figure as counted. Exit code 1 when nothing was booked."""
    place = warehouse or settings.company.warehouse
    try:
        async with house(settings) as db, db.transaction() as tx:
            row = await counts.adopt(tx, place, sku, difference, getpass.getuser(), why)
    except LookupError:
        return refuse(text("stock.never_compared", warehouse=place, sku=sku))
    except DifferenceChanged as error:
        return refuse(text("stock.difference_changed", warehouse=place, sku=sku, now=error.now))
    except StockShort as error:
        return refuse(text("stock.held_by_orders", warehouse=place, sku=sku, missing=error.short[sku]))
    print(text("stock.adopted", warehouse=place, sku=sku, difference=f"{difference:+d}", on_hand=row.on_hand))  # noqa: T201
    return 0


def _plain(row: ShelfCountRow) -> dict[str, object]:
    return row.model_dump() | {"since": row.since.isoformat(), "asked_at": row.asked_at.isoformat()}

"""`orderhub stock`."""

from __future__ import annotations

import getpass
import json
import sys

from rich.console import Console
from rich.table import Table
from sqlmodel import col, select

from settings import Settings
from store import stock
from store.database import Database
from store.tables import StockRow


async def show(settings: Settings, *, as_json: bool) -> int:
    """Print the pool."""
    db = Database(settings.database_url.get_secret_value())
    try:
        async with db.reading() as tx:
            query = select(StockRow).order_by(col(StockRow.sku), col(StockRow.warehouse))
            rows = list((await tx.execute(query)).scalars())
    finally:
        await db.close()
    if as_json:
        print(json.dumps({"stock": [{**row.model_dump(), "free": row.on_hand - row.reserved} for row in rows]}))  # noqa: T201
        return 0
    table = Table("SKU", "warehouse", "on hand", "locked", "free")
    for row in rows:
        free = row.on_hand - row.reserved
        table.add_row(row.sku, row.warehouse, str(row.on_hand), str(row.reserved), str(free))
    Console().print(table)
    return 0


async def receive(settings: Settings, sku: str, quantity: int, key: str, warehouse: str) -> int:
    """Book goods that came in, once per delivery note."""
    place = warehouse or settings.company.warehouse
    db = Database(settings.database_url.get_secret_value())
    try:
        async with db.transaction() as tx:
            movement = stock.Movement(f"receive/{key}/{sku}", f"delivery note {key}", getpass.getuser())
            fresh = await stock.receive(tx, sku, place, quantity, movement)
    finally:
        await db.close()
    words = f"{quantity} × {sku} received at {place}" if fresh else f"delivery note {key} was booked before"
    print(words, file=sys.stdout)  # noqa: T201
    return 0

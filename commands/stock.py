"""`orderhub stock ...`: what people do with the pool; what is refused is said in words, with exit code 1."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from commands.house import house
from domain.clock import BEIJING
from domain.texts import text
from settings import Settings
from store.stock import incoming, shares, transfers
from store.stock.desk import QUANTITIES, Refused, Said, at_desk, ledger, pool

Deed = Callable[[AsyncSession, str], Awaitable[Said]]
"""What is to be done, given who does it."""


async def do(settings: Settings, deed: Deed, *, as_json: bool) -> int:
    """Do something at the desk and say what came of it. Exit code 1 when it was refused, or is not as asked."""
    try:
        async with house(settings) as db, at_desk(db) as tx:
            said = await deed(tx, getpass.getuser())
    except Refused as refused:
        if as_json:
            print(json.dumps({"result": "refused", "text": refused.text}, ensure_ascii=False))  # noqa: T201
        else:
            print(refused.text, file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(said.public(), ensure_ascii=False) if as_json else said.text)  # noqa: T201
    return 0 if said.data.get("sent", True) else 1


async def show(settings: Settings, sku: str, *, as_json: bool) -> int:
    """Print the pool."""
    rows = await _read(settings, lambda tx: pool(tx, sku))
    columns = {
        "sku": text("pool.sku"),
        "warehouse": text("pool.warehouse"),
        "on_hand": text("pool.on_hand"),
        "reserved": text("pool.reserved"),
        "frozen": text("pool.frozen_pieces"),
        "free": text("pool.free"),
        "defective": text("pool.defective_pieces"),
        "in_transit": text("pool.in_transit"),
    }
    return _print("stock", rows, columns, as_json=as_json)


async def movements(settings: Settings, sku: str, warehouse: str, limit: int, *, as_json: bool) -> int:
    """Print the last movements of an article."""
    rows = await _read(settings, lambda tx: ledger(tx, sku, warehouse, limit))
    columns = {name: name.replace("_", " ") for name in ("at", "warehouse", "kind", "who", "reason", "order_id")}
    for row in rows:
        changed = [f"{name} {row[f'{name}_delta']:+d} = {row[f'{name}_after']}" for name in QUANTITIES]
        row["change"] = ", ".join(part for part in changed if " +0 " not in part)
    return _print("movements", rows, {**columns, "change": "change"}, as_json=as_json)


async def list_transfers(settings: Settings, *, every: bool, as_json: bool) -> int:
    """Print transfers that are under way."""
    rows = await _read(settings, lambda tx: transfers.list_transfers(tx, every=every))
    names = ("number", "sku", "source", "target", "quantity", "status", "expires_at", "who")
    listed = [row.model_dump(mode="json") for row in rows]
    return _print("transfers", listed, {name: name.replace("_", " ") for name in names}, as_json=as_json)


async def list_incoming(settings: Settings, *, every: bool, as_json: bool) -> int:
    """Print purchases that are on their way."""
    rows = await _read(settings, lambda tx: incoming.purchases(tx, every=every))
    names = ("number", "sku", "warehouse", "quantity", "reserved", "received", "expected_at", "status")
    listed = [row.model_dump(mode="json") for row in rows]
    return _print("incoming", listed, {name: name.replace("_", " ") for name in names}, as_json=as_json)


async def list_shares(settings: Settings, *, as_json: bool) -> int:
    """Print what channels may take."""
    rows = [row.model_dump(mode="json") for row in await _read(settings, shares.list_shares)]
    names = ("sku", "channel", "percent", "who", "changed_at")
    return _print("shares", rows, {name: name.replace("_", " ") for name in names}, as_json=as_json)


def goods_of(pairs: Sequence[str]) -> dict[str, int]:
    """SKU=PIECES pairs as they were typed. Raises ValueError naming the wrong one."""
    goods: dict[str, int] = {}
    for pair in pairs:
        sku, equals, pieces = pair.rpartition("=")
        if not (sku and equals and pieces.isdecimal()):
            raise ValueError(f"{pair!r} is not SKU=PIECES")
        goods[sku] = goods.get(sku, 0) + int(pieces)
    return goods


def moment_of(typed: str) -> datetime:
    """A day (its end) or a moment, Beijing time: 2026-03-01, or 2026-03-01 18:00. Raises ValueError."""
    moment = datetime.fromisoformat(typed)
    if len(typed.strip()) <= len("2026-03-01"):
        moment = moment.replace(hour=23, minute=59)
    return moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)


async def _read(settings: Settings, read: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
    async with house(settings) as db, db.reading() as tx:
        return await read(tx)


def _print(name: str, rows: Sequence[dict[str, Any]], columns: dict[str, str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({name: list(rows)}, ensure_ascii=False, default=str))  # noqa: T201
        return 0
    table = Table(*columns.values())
    for row in rows:
        table.add_row(*("" if row.get(key) is None else str(row[key]) for key in columns))
    Console().print(table)
    return 0

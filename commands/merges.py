"""`orderhub merges`: which orders are packed together, and letting them go alone."""

from __future__ import annotations

import getpass
import json

from rich.console import Console
from rich.table import Table

from commands.house import house, refuse
from domain.texts import text
from gateway.deps import InWords, OrderGate
from gateway.temporal_orders import TemporalOrders
from runtime.client import connect
from settings import Settings
from store import merges
from store.merges import Merge
from workflows.contracts import UndoMerge


async def listed(settings: Settings, *, limit: int, as_json: bool) -> int:
    """Print the last merges of several orders, the newest first."""
    async with house(settings) as db, db.reading() as tx:
        found = await merges.newest(tx, limit)
    if as_json:
        print(json.dumps({"merges": [merges.facts(one) for one in found]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(
        *(text(f"merges.{name}") for name in ("number", "state", "group", "warehouse", "orders", "opened_at"))
    )
    for facts in map(merges.facts, found):
        orders = "\n".join(f"{one['order_id']} {one['state_text']}" for one in facts["orders"])
        cells = (facts["number"], facts["state_text"], facts["group"], facts["warehouse"], orders, facts["opened_at"])
        table.add_row(*map(str, cells))
    Console().print(table)
    return 0


async def show(settings: Settings, number: int, *, as_json: bool) -> int:
    """Print one merge, and why each order left it that did."""
    merge = await _find(settings, number)
    if merge is None:
        return refuse(text("merge.no_such", number=number))
    facts = merges.facts(merge)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))  # noqa: T201
        return 0
    console = Console()
    console.print(f"{facts['number']}: {facts['state_text']}, {facts['warehouse']}, {facts['rule']}")
    table = Table(*(text(f"merges.{name}") for name in ("order", "state", "instruction", "why", "by", "joined_at")))
    for one in facts["orders"]:
        table.add_row(*(str(one[name]) for name in ("order_id", "state_text", "code", "why", "left_by", "joined_at")))
    console.print(table)
    return 0


async def undo(settings: Settings, number: int, why: str, *, as_json: bool) -> int:
    """Let every order of a merge be packed alone, if the warehouse can still be stopped."""
    return await undo_by(TemporalOrders(lambda: connect(settings)), settings, number, why, as_json=as_json)


async def undo_by(gate: OrderGate, settings: Settings, number: int, why: str, *, as_json: bool) -> int:
    """The same, over a given way to reach orders."""
    merge = await _find(settings, number)
    if merge is None:
        return refuse(text("merge.no_such", number=number))
    outcome = await InWords(gate).update(merge.row.leader, "undo_merge", UndoMerge(why, getpass.getuser()))
    if not outcome.done:
        return refuse(outcome.text)
    done = {"number": number, "result": "done", "text": outcome.text}
    print(json.dumps(done, ensure_ascii=False) if as_json else outcome.text)  # noqa: T201
    return 0


async def _find(settings: Settings, number: int) -> Merge | None:
    async with house(settings) as db, db.reading() as tx:
        return await merges.by_number(tx, number)

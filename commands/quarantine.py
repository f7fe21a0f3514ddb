"""`orderhub quarantine`: documents that nobody could read, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from commands.house import REFUSED, house
from domain.clock import format_beijing
from domain.texts import text
from settings import Settings
from store import quarantine
from store.database import Database
from store.quarantine import shop_of
from store.tables import InboxRow

_COLUMNS = ("seq", "source", "shop", "kind", "order_id", "at", "why")


async def listed(settings: Settings, limit: int, *, as_json: bool) -> int:
    """Print what is in quarantine: never the documents, which name people."""
    async with house(settings) as db, db.reading() as tx:
        groups = await quarantine.groups(tx)
        found = [_facts(row) for row in await quarantine.documents(tx, limit)]
    if as_json:
        counted = [{"source": one.source, "shop": one.shop, "kind": one.kind, "documents": one.count} for one in groups]
        print(json.dumps({"groups": counted, "documents": found}, ensure_ascii=False))  # noqa: T201
        return 0
    console = Console()
    for group in groups:
        console.print(f"{group.source} {group.shop or '-'} {group.kind}: {group.count}")
    table = Table(*(text(f"quarantine.column.{name}") for name in _COLUMNS))
    for facts in found:
        table.add_row(*(str(facts[name]) for name in _COLUMNS))
    console.print(table)
    return 0


async def again(settings: Settings, seqs: Sequence[int], *, as_json: bool) -> int:
    """Have documents read again; exit code 1 when one of them is not in quarantine."""
    async with house(settings) as db:
        async with db.transaction() as tx:
            out = await quarantine.again(tx, seqs)
        return await _done(db, seqs, out, as_json=as_json)


async def drop(settings: Settings, seqs: Sequence[int], by: str, why: str, *, as_json: bool) -> int:
    """Have nothing come of documents; exit code 1 when one of them is not in quarantine."""
    async with house(settings) as db:
        async with db.transaction() as tx:
            out = await quarantine.drop(tx, seqs, by, why)
        return await _done(db, seqs, out, as_json=as_json)


async def _done(db: Database, seqs: Sequence[int], out: Sequence[int], *, as_json: bool) -> int:
    await quarantine.heed(db)
    missing = sorted(set(seqs) - set(out))
    if as_json:
        print(json.dumps({"out": list(out), "not_there": missing}))  # noqa: T201
    else:
        print(text("quarantine.out", count=len(out)))  # noqa: T201
        if missing:
            print(text("quarantine.not_there", numbers=", ".join(map(str, missing))))  # noqa: T201
    return REFUSED if missing else 0


def _facts(row: InboxRow) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "source": row.source,
        "shop": shop_of(row.order_id),
        "kind": row.kind,
        "order_id": row.order_id or "",
        "at": format_beijing(row.received_at),
        "why": row.outcome,
    }

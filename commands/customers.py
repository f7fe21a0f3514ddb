"""`orderhub customers`: how much customers on account may owe, what they do, and what they paid."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table

from commands.house import NO_SUCH, house, refuse
from domain.clock import format_beijing
from domain.money import format_yuan, parse_yuan
from domain.order import Channel
from domain.texts import text
from settings import Settings
from store import credit_limits
from views.credit import entry_facts, limit_facts

_LIMITS = ("channel", "customer", "name", "limit", "reserved", "used", "free")
_ENTRIES = ("at", "kind", "order", "reserved", "used", "after", "by", "why")


async def show_all(settings: Settings, *, as_json: bool) -> int:
    """Every limit, and what is reserved and owed."""
    async with house(settings) as db, db.reading() as tx:
        rows = [limit_facts(row) for row in await credit_limits.all_limits(tx)]
    if as_json:
        print(json.dumps({"customers": rows}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"customers.{name}") for name in _LIMITS))
    for row in rows:
        money = (format_yuan(row[f"{name}_fen"]) for name in ("limit", "reserved", "used", "free"))
        table.add_row(row["channel"], row["customer_id"], row["name"], *money)
    Console().print(table)
    return 0


async def show(settings: Settings, channel: str, customer_id: str, *, as_json: bool) -> int:
    """What moved a customer's credit, the newest first."""
    async with house(settings) as db, db.reading() as tx:
        rows = await credit_limits.entries(tx, channel, customer_id)
    if as_json:
        print(json.dumps({"entries": [entry_facts(row) for row in rows]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"customers.{name}") for name in _ENTRIES))
    for row in rows:
        money = (format_yuan(fen) for fen in (row.reserved_delta, row.used_delta, row.after_fen))
        kind = text(f"customers.kind.{row.kind}")
        table.add_row(format_beijing(row.at), kind, row.order_id, *money, row.by, row.why)
    Console().print(table)
    return 0


async def limit(
    settings: Settings, channel: str, customer_id: str, yuan: str, name: str, by: str, why: str, *, as_json: bool
) -> int:
    """Let a customer owe so much; orders that wait for credit are reviewed again."""
    try:
        known, fen = Channel(channel), parse_yuan(yuan)
        async with house(settings) as db:
            async with db.transaction() as tx:
                await credit_limits.set_limit(tx, known, customer_id, fen, by, why, name)
            woken = await credit_limits.wake(db, known, customer_id)
    except ValueError as error:
        return refuse(str(error), NO_SUCH)
    said = {"channel": channel, "customer_id": customer_id, "limit_fen": fen, "reviewed_again": woken}
    words = text("customers.limited", customer=customer_id, limit=format_yuan(fen), count=len(woken))
    print(json.dumps(said) if as_json else words)  # noqa: T201
    return 0


async def payment(
    settings: Settings, channel: str, customer_id: str, yuan: str, key: str, by: str, *, as_json: bool
) -> int:
    """A customer paid what was delivered, once per key."""
    try:
        fen = parse_yuan(yuan)
        async with house(settings) as db:
            async with db.transaction() as tx:
                booked = await credit_limits.paid(tx, channel, customer_id, fen, key, by)
            woken = await credit_limits.wake(db, channel, customer_id)
    except LookupError:
        return refuse(text("customers.no_limit", customer=customer_id), NO_SUCH)
    except ValueError as error:
        return refuse(str(error), NO_SUCH)
    words = text("customers.paid" if booked else "customers.paid_before", amount=format_yuan(fen))
    print(json.dumps({"booked": booked, "reviewed_again": woken}) if as_json else words)  # noqa: T201
    return 0

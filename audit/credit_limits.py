"""Customers' credit adds up, and no order was let in over a limit but by a person."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.report import Outcome
from store.tables import CreditEntryRow, CreditLimitRow


async def credit_limits_kept(evidence: Evidence) -> Outcome:
    """A limit's figures are the sums of its entries, reservations fitted when they were made, and what is closed
    reserves nothing."""
    seen = Outcome()
    reserved: defaultdict[tuple[str, str], int] = defaultdict(int)
    used: defaultdict[tuple[str, str], int] = defaultdict(int)
    of_order: defaultdict[str, int] = defaultdict(int)
    entry, limit = CreditEntryRow, CreditLimitRow
    columns: list[Any] = [entry.channel, entry.customer_id, entry.order_id, entry.kind]
    columns += [entry.reserved_delta, entry.used_delta, entry.limit_fen, entry.after_fen]
    async with evidence.snapshot() as tx:
        async for channel, customer, oid, kind, more, owed, most, after in stream(
            tx, select(*columns).order_by(col(entry.seq))
        ):
            reserved[channel, customer] += more
            used[channel, customer] += owed
            of_order[oid] += more
            if kind == "reserve" and after > most:
                seen.find(oid, f"reserved credit over the limit of {most} fen: {after} fen")
        kept: list[Any] = [limit.channel, limit.customer_id, limit.reserved_fen, limit.used_fen]
        async for channel, customer, has, owes in stream(tx, select(*kept)):
            seen.looked_at += 1
            if (has, owes) != (reserved[channel, customer], used[channel, customer]):
                seen.find(f"{channel}:{customer}", "its credit is not what its entries sum up to")
    for oid, left in of_order.items():
        order = evidence.orders.get(oid)
        if oid and left and (order is None or order.closed_at is not None):
            seen.find(oid, f"is closed, and {left} fen of credit are still reserved for it")
    return seen

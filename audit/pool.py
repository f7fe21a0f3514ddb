"""What binds the stock beside orders' locks: transfers, purchases, channels' shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func

from audit.evidence import Evidence, stream
from audit.report import Outcome
from store.tables import (
    ChannelShareRow,
    ChannelStockRow,
    IncomingRow,
    ReservationPlanRow,
    ReservationRow,
    StockLedgerRow,
    StockRow,
    TransferRow,
)

Sums = dict[tuple[str, ...], int]

_ALL = "*"
_KNOWN_AFTER = timedelta(minutes=1)
"""How long after a share was set an order may still not have known of it."""


async def pool_bound(evidence: Evidence) -> Outcome:
    """What is frozen and on its way is in transfers, what is promised of purchases is promised to orders, and what
    channels have locked and shipped is what their orders did."""
    seen = Outcome()
    async with evidence.snapshot() as tx:
        for what, ours, theirs in [
            ("frozen, but transfers froze", *await _frozen(tx)),
            ("in transit, but transfers sent", *await _in_transit(tx)),
            ("promised, but orders wait for", *await _promised(tx)),
            ("locked for the channel, but its orders have locked", *await _locked(tx)),
            ("shipped since goods came in, but the ledger says", *await _shipped(tx)),
        ]:
            for key in sorted(ours.keys() | theirs.keys()):
                seen.looked_at += 1
                if ours.get(key, 0) != theirs.get(key, 0):
                    seen.find("@".join(key), f"{ours.get(key, 0)} {what} {theirs.get(key, 0)}")
        row = IncomingRow
        beyond = select(col(row.sku), col(row.number)).where(
            (col(row.reserved) + col(row.received) > col(row.quantity)) | (col(row.reserved) < 0)
        )
        async for sku, number in stream(tx, beyond):
            seen.find(f"{sku}@{number}", "more is promised than was ordered")
    return seen


async def shares_kept(evidence: Evidence) -> Outcome:
    """Walk through the ledger of each SKU that has shares: no order was given more than its channel's share left."""
    seen = Outcome()
    async with evidence.snapshot() as tx:
        share = ChannelShareRow
        rows = select(col(share.sku), col(share.channel), col(share.percent), col(share.changed_at))
        shares = {(sku, channel): (percent, since) async for sku, channel, percent, since in stream(tx, rows)}
        if not shares:
            return seen
        walk = _Walk("", shares)
        async for line in stream(tx, _ledger(shares)):
            if line.sku != walk.sku:
                walk = _Walk(line.sku, shares)
                seen.looked_at += 1
            for fault in walk.step(line):
                seen.find(f"{line.sku}@{line.channel}", fault)
    return seen


@dataclass
class _Walk:
    """One SKU's pool, as its ledger tells it line by line."""

    sku: str
    shares: Mapping[tuple[str, str], tuple[int, datetime]]
    pool: int = 0
    reserved: Counter[str] = field(default_factory=Counter)
    shipped: Counter[str] = field(default_factory=Counter)

    def step(self, line: Any) -> Iterator[str]:
        self.pool += line.on_hand_delta - line.frozen_delta
        if line.kind == "receive":
            self.shipped.clear()
        if line.channel:
            self.reserved[line.channel] += line.reserved_delta
        if line.kind == "ship":
            self.shipped[line.channel] -= line.on_hand_delta
        share = self.shares.get((self.sku, line.channel), self.shares.get((_ALL, line.channel)))
        if line.kind != "reserve" or share is None or line.at < share[1] + _KNOWN_AFTER:
            return
        used = self.reserved[line.channel] + self.shipped[line.channel]
        pool = self.pool + self.shipped.total()
        if used > pool * share[0] // 100:
            yield f"{used} of a pool of {pool} for {line.order_id}, but the share is {share[0]} %"


def _ledger(shares: Mapping[tuple[str, str], object]) -> Select[Any]:
    line = StockLedgerRow
    columns = (line.sku, line.channel, line.kind, line.on_hand_delta, line.frozen_delta, line.reserved_delta)
    query = select(*columns, line.order_id, line.at).order_by(col(line.sku), col(line.seq))  # type: ignore[call-overload]
    skus = {sku for sku, _ in shares}
    return query if _ALL in skus else query.where(col(line.sku).in_(sorted(skus)))  # type: ignore[no-any-return]


async def _sums(tx: AsyncSession, value: Any, *keys: Any, where: Any) -> Sums:
    query = select(*keys, func.sum(value)).where(where).group_by(*keys)
    return {tuple(key): int(total) async for *key, total in stream(tx, query) if total}


async def _frozen(tx: AsyncSession) -> tuple[Sums, Sums]:
    stock, transfer = StockRow, TransferRow
    ours = await _sums(tx, stock.frozen, stock.sku, stock.warehouse, where=col(stock.frozen) != 0)
    return ours, await _sums(
        tx, transfer.quantity, transfer.sku, transfer.source, where=col(transfer.status) == "frozen"
    )


async def _in_transit(tx: AsyncSession) -> tuple[Sums, Sums]:
    stock, transfer = StockRow, TransferRow
    ours = await _sums(tx, stock.in_transit, stock.sku, stock.warehouse, where=col(stock.in_transit) != 0)
    return ours, await _sums(tx, transfer.quantity, transfer.sku, transfer.target, where=col(transfer.status) == "sent")


async def _promised(tx: AsyncSession) -> tuple[Sums, Sums]:
    purchase, held = IncomingRow, ReservationRow
    ours = await _sums(tx, purchase.reserved, purchase.sku, purchase.number, where=col(purchase.reserved) != 0)
    return ours, await _sums(tx, held.quantity, held.sku, held.incoming_no, where=col(held.status) == "awaiting")


async def _locked(tx: AsyncSession) -> tuple[Sums, Sums]:
    account, held, plan = ChannelStockRow, ReservationRow, ReservationPlanRow
    ours = await _sums(tx, account.reserved, account.sku, account.channel, where=col(account.reserved) != 0)
    query = (
        select(col(held.sku), col(plan.channel), func.sum(col(held.quantity)))
        .join(plan, col(plan.order_id) == col(held.order_id), isouter=True)
        .where(col(held.status) == "locked")
        .group_by(col(held.sku), col(plan.channel))
    )
    return ours, {(sku, channel or "no plan"): int(total) async for sku, channel, total in stream(tx, query)}


async def _shipped(tx: AsyncSession) -> tuple[Sums, Sums]:
    account, line = ChannelStockRow, StockLedgerRow
    ours = await _sums(tx, account.shipped, account.sku, account.channel, where=col(account.shipped) != 0)
    came = (
        select(col(line.sku).label("sku"), func.max(col(line.seq)).label("seq"))
        .where(col(line.kind) == "receive")
        .group_by(col(line.sku))
        .subquery()
    )
    query = (
        select(col(line.sku), col(line.channel), -func.sum(col(line.on_hand_delta)))
        .join(came, came.c.sku == col(line.sku), isouter=True)
        .where(col(line.kind) == "ship", col(line.seq) > func.coalesce(came.c.seq, 0))
        .group_by(col(line.sku), col(line.channel))
    )
    return ours, {(sku, channel): int(total) async for sku, channel, total in stream(tx, query)}

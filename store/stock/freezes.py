"""Freezes whose time is up: they bind nothing from that second on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from store.stock.moving import fresh, lock, move, padded
from store.stock.nouns import Delta, Kind, Movement, Place, StockBroken
from store.tables import TransferRow


async def expired_freezes(
    tx: AsyncSession, at: datetime, skus: Collection[str] | None = None, *, limit: int | None = None
) -> list[TransferRow]:
    """The freezes (of some SKUs) whose time was up at a moment, locked against whoever would send them."""
    query = select(TransferRow).where(TransferRow.status == "frozen", col(TransferRow.expires_at) <= at)
    if skus is not None:
        query = query.where(col(TransferRow.sku).in_(padded(skus)))
    query = query.order_by(col(TransferRow.number), col(TransferRow.sku)).limit(limit)
    return await fresh(tx, query.with_for_update())


async def thaw(
    tx: AsyncSession,
    rows: Sequence[TransferRow],
    status: str,
    who: str,
    at: datetime,
    *,
    beside: Collection[Place] = (),
) -> None:
    """End freezes, which the caller has locked. `beside` are places that the transaction moves afterwards."""
    places = {(row.sku, row.source) for row in rows}
    await lock(tx, places | set(beside))
    for row in sorted(rows, key=lambda row: (row.sku, row.source, row.number)):
        movement = Movement(f"transfer/{row.number}/{status}", f"transfer {row.number} {status}", who)
        if not await move(tx, (row.sku, row.source), Delta(frozen=-row.quantity), movement, Kind.THAW):
            raise StockBroken(f"transfer {row.number}: {row.quantity} of {row.sku} are not frozen in {row.source}")
        row.status, row.at = status, at
        tx.add(row)
    await tx.flush()


def frozen_by(rows: Sequence[TransferRow]) -> Counter[Place]:
    """How much transfers bind where."""
    bound: Counter[Place] = Counter()
    for row in rows:
        bound[row.sku, row.source] += row.quantity
    return bound

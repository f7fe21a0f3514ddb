"""Orders that are short of goods, and which of them are worth waking by now.

Nobody who moves stock has to think of them: what is free is compared with what it was when they were told last. So
whatever makes it more wakes them (a receipt, a correction, a freeze that is over, a reservation that was freed), the
oldest first, and at a time no more of them than there are goods for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_, select

from domain.clock import utc_now
from domain.golden import GoldenState
from store.tables import OrderRow, ShortageRow, StockRow, TransferRow
from store.upsert import insert_ignore


@dataclass(frozen=True)
class Look:
    """Whom to wake; `seen` is what was free of each article, to be noted once they were told.

    `hopeless` lack an article of which there is not enough at all: they are not looked at before there is more of it.
    """

    wake: list[str] = field(default_factory=list)
    hopeless: list[str] = field(default_factory=list)
    seen: Mapping[str, int] = field(default_factory=dict)


async def note(tx: AsyncSession, order_id: str, needed: Mapping[str, int]) -> None:
    """Nothing could be locked for an order, which needs so many pieces by SKU. What it was told stays noted."""
    row, now = ShortageRow, utc_now()
    mine = {one.sku: one for one in (await tx.execute(select(row).where(row.order_id == order_id))).scalars()}
    for sku, pieces in sorted(needed.items()):
        known = mine.pop(sku, None)
        if known is None:
            values = {"order_id": order_id, "sku": sku, "needed": pieces, "free": 0, "since": now}
            await insert_ignore(tx, row, values)
        elif known.needed != pieces:
            known.needed = pieces
            tx.add(known)
    for gone in mine.values():
        await tx.delete(gone)


async def any_short(tx: AsyncSession) -> bool:
    """Whether any order is noted as short."""
    return (await tx.execute(select(ShortageRow.order_id).limit(1))).first() is not None


async def look(tx: AsyncSession, limit: int) -> Look:
    """Which orders, the longest waiting first, may be filled now although they could not when they were told last.

    An order is left for the next look when those before it need the same goods. Orders that are short no more are
    forgotten. Only sums are compared: whether an order can really be planned (shares, splits), it finds out itself.
    """
    await _forget(tx)
    free = await _free(tx, utc_now())
    row = ShortageRow
    marks = select(row.sku, func.min(row.free), func.max(row.free)).group_by(row.sku).order_by(row.sku)
    risen = []
    for sku, least, most in (await tx.execute(marks)).tuples():
        now = free.setdefault(sku, 0)
        if most > now:
            lower = update(row).where(col(row.sku) == sku, col(row.free) > now).values(free=now)
            await tx.execute(lower.execution_options(synchronize_session=False))
        if least < now:
            risen.append(sku)
    if not risen:
        return Look()
    return await _choose(tx, await _worth_a_look(tx, risen, free, limit), free)


async def told(tx: AsyncSession, looked: Look) -> None:
    """Note what was free when these were told (or need not be told)."""
    row, orders = ShortageRow, [*looked.wake, *looked.hopeless]
    if not orders:
        return
    for sku, free in sorted(looked.seen.items()):
        mark = update(row).where(col(row.sku) == sku, col(row.order_id).in_(orders), col(row.free) < free)
        await tx.execute(mark.values(free=free).execution_options(synchronize_session=False))


async def _forget(tx: AsyncSession) -> None:
    """Orders that have locked their stock since, or have ended."""
    row = OrderRow
    waits = select(row.order_id).where(
        row.order_id == ShortageRow.order_id, row.state == GoldenState.RISK_PASSED, col(row.closed_at).is_(None)
    )
    await tx.execute(delete(ShortageRow).where(~waits.exists()).execution_options(synchronize_session=False))


async def _free(tx: AsyncSession, at: datetime) -> dict[str, int]:
    """Pieces that may be locked of what anybody is short of. A freeze whose time is up binds nothing, swept or not."""
    short = select(ShortageRow.sku)
    pool, transfer = StockRow, TransferRow
    pieces = func.sum(col(pool.on_hand) - col(pool.reserved) - col(pool.frozen))
    there = select(pool.sku, pieces).where(col(pool.sku).in_(short)).group_by(pool.sku)
    over = (
        select(transfer.sku, func.sum(transfer.quantity))
        .where(transfer.status == "frozen", col(transfer.expires_at) <= at, col(transfer.sku).in_(short))
        .group_by(transfer.sku)
    )
    free: dict[str, int] = defaultdict(int)
    for query in (there, over):
        for sku, count in (await tx.execute(query)).tuples():
            free[sku] += int(count)
    return dict(free)


async def _worth_a_look(tx: AsyncSession, risen: Collection[str], free: Mapping[str, int], limit: int) -> list[str]:
    """The orders that were not told of as much as there is now, the longest waiting first."""
    row = ShortageRow
    more = or_(*((col(row.sku) == sku) & (col(row.free) < free[sku]) for sku in sorted(risen)[:_SKUS]))
    query = select(row.order_id).where(more).group_by(row.order_id).order_by(func.min(row.since), row.order_id)
    return list((await tx.execute(query.limit(limit))).scalars())


_SKUS = 100
"""Of so many articles at a time it is asked who needs them."""


async def _choose(tx: AsyncSession, orders: Collection[str], free: Mapping[str, int]) -> Look:
    needs: dict[str, dict[str, int]] = {order_id: {} for order_id in orders}
    rows = await tx.execute(select(ShortageRow).where(col(ShortageRow.order_id).in_(orders)))
    for row in rows.scalars():
        needs[row.order_id][row.sku] = row.needed
    left, wake, hopeless = dict(free), [], []
    for order_id, needed in needs.items():
        if any(count > free[sku] for sku, count in needed.items()):
            hopeless.append(order_id)
        elif all(count <= left[sku] for sku, count in needed.items()):
            wake.append(order_id)
            for sku, count in needed.items():
                left[sku] -= count
    return Look(wake, hopeless, free)

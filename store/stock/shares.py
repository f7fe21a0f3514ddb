"""How much of the pool a channel may take.

A share is a percentage of the *pool* of a SKU. The pool is what is on hand in all warehouses, without what transfers
have frozen, plus what orders of any channel shipped since goods last came in. Against the share count the pieces that
the channel's orders have locked now, and those that they shipped since goods last came in. So shipping changes nothing
(what leaves the shelf stays counted on both sides), and each goods receipt begins a new count.

Nobody can lock beyond a share, however many try at once: whoever locks a SKU that has one holds all its rows. What an
order was promised of a purchase is not refused when it comes in, and a share that is lowered, or a pool that shrinks,
takes nothing from anybody: there is just nothing more for that channel until it is below its share again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.stock.moving import fresh, padded
from store.stock.nouns import Place
from store.tables import ChannelShareRow, ChannelStockRow, StockRow
from store.upsert import insert_or_set

ALL = "*"
"""In place of a SKU: every SKU that has no row of its own for the channel."""


async def set_share(
    tx: AsyncSession, sku: str, channel: str, percent: int, who: str, *, now: datetime | None = None
) -> None:
    """Let a channel take at most so many percent of the pool of a SKU, or of each ("*"). Raises ValueError."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a share is 0 to 100 percent, not {percent}")
    row = {"sku": sku, "channel": channel, "percent": percent, "who": who, "changed_at": now or utc_now()}
    await insert_or_set(tx, ChannelShareRow, [row])


async def remove_share(tx: AsyncSession, sku: str, channel: str) -> bool:
    """Let a channel take what it can get again. False when there was no such row."""
    row = ChannelShareRow
    statement = delete(row).where(col(row.sku) == sku, col(row.channel) == channel).returning(col(row.sku))
    return (await tx.execute(statement)).first() is not None


async def list_shares(tx: AsyncSession) -> list[ChannelShareRow]:
    """All shares, by SKU and channel."""
    return await fresh(tx, select(ChannelShareRow).order_by(col(ChannelShareRow.sku), col(ChannelShareRow.channel)))


@dataclass
class Shares:
    """The shares that concern some claims, and how much of them is used."""

    percent: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(SKU, channel) to the share; channels without one are not here."""
    pool: Counter[str] = field(default_factory=Counter)
    used: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def skus(self) -> set[str]:
        """SKUs of which a share must be watched."""
        return {sku for sku, _ in self.percent}

    async def read(self, tx: AsyncSession, stock: Mapping[Place, StockRow]) -> None:
        """Read pools and what is used of them. All rows of these SKUs are locked, and `stock` has them all."""
        if not self.percent:
            return
        for (sku, _), row in stock.items():
            if sku in self.skus:
                self.pool[sku] += row.on_hand - row.frozen
        query = select(ChannelStockRow).where(col(ChannelStockRow.sku).in_(padded(self.skus)))
        for held in await fresh(tx, query):
            self.pool[held.sku] += held.shipped
            self.used[held.sku, held.channel] = held.reserved + held.shipped

    def missing(self, sku: str, channel: str, quantity: int) -> int:
        """How many of these pieces would be beyond the channel's share; below one: none."""
        percent = self.percent.get((sku, channel))
        if percent is None:
            return 0
        return self.used[sku, channel] + quantity - self.pool[sku] * percent // 100

    def take(self, sku: str, channel: str, quantity: int) -> None:
        """The channel's orders have so much more."""
        self.used[sku, channel] += quantity


async def shares_of(tx: AsyncSession, pairs: Collection[tuple[str, str]]) -> Shares:
    """The shares that concern these (SKU, channel)."""
    row = ChannelShareRow
    query = select(row).where(
        col(row.channel).in_(padded(channel for _, channel in pairs)),
        col(row.sku).in_(padded([ALL, *(sku for sku, _ in pairs)])),
    )
    return Shares(_resolved(await fresh(tx, query), pairs))


def _resolved(rows: Iterable[ChannelShareRow], pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    given = {(row.sku, row.channel): row.percent for row in rows}
    resolved = {}
    for sku, channel in pairs:
        percent = given.get((sku, channel), given.get((ALL, channel)))
        if percent is not None:
            resolved[sku, channel] = percent
    return resolved

"""What can be had of some SKUs at a moment, for whoever plans picks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from store.stock.moving import fresh, lock, padded
from store.stock.nouns import Place
from store.tables import ChannelStockRow, IncomingRow, StockRow, TransferRow


@dataclass(frozen=True)
class OnHand:
    """One SKU in one warehouse: `available` pieces may be locked. `version` grows with every movement there."""

    sku: str
    warehouse: str
    available: int
    version: int


@dataclass(frozen=True)
class Incoming:
    """One SKU of a purchase on its way to a warehouse: `free` pieces of it are promised to nobody."""

    number: str
    sku: str
    warehouse: str
    expected_at: datetime
    free: int


@dataclass(frozen=True)
class Snapshot:
    """What was read at one moment. `token` goes with the picks that are planned on it."""

    on_hand: tuple[OnHand, ...]
    incoming: tuple[Incoming, ...]
    """The earliest first."""
    reserved_by: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(SKU, channel) to what the channel's orders have locked in the stock."""
    token: str = ""

    def available(self, sku: str) -> dict[str, int]:
        """Warehouse to pieces that may be locked, without warehouses that have none."""
        return {place.warehouse: place.available for place in self.on_hand if place.sku == sku and place.available > 0}


async def snapshot(
    tx: AsyncSession, skus: Collection[str], *, now: datetime | None = None, firm: bool = False
) -> Snapshot:
    """Read what can be had of some SKUs. A freeze whose time is up binds nothing here, swept or not.

    `firm` locks the rows that were read until the transaction ends: picks that fit it will fit. Take it for a second
    try, when a plan on a plain snapshot was stale; nobody else can lock these SKUs meanwhile.
    """
    at = now or utc_now()
    if firm:
        number = select(IncomingRow.number).where(IncomingRow.status == "open", col(IncomingRow.sku).in_(padded(skus)))
        await tx.execute(number.order_by(col(IncomingRow.number), col(IncomingRow.sku)).with_for_update())
        await lock(tx, (), whole=skus)
    stock = select(StockRow).where(col(StockRow.sku).in_(padded(skus)))
    expired = await _expired(tx, skus, at)
    rows = await fresh(tx, stock.order_by(col(StockRow.sku), col(StockRow.warehouse)))
    on_hand = tuple(
        OnHand(
            row.sku,
            row.warehouse,
            row.on_hand - row.reserved - row.frozen + expired.get((row.sku, row.warehouse), 0),
            row.version,
        )
        for row in rows
    )
    incoming = await _incoming(tx, skus)
    held = select(ChannelStockRow).where(col(ChannelStockRow.sku).in_(padded(skus)), col(ChannelStockRow.reserved) > 0)
    reserved_by = {(row.sku, row.channel): row.reserved for row in await fresh(tx, held)}
    return Snapshot(on_hand, incoming, reserved_by, _token(skus, on_hand, incoming))


async def outdated(tx: AsyncSession, token: str, now: datetime) -> bool:
    """Whether what a snapshot read is not what is there now."""
    seen = json.loads(token)
    return bool((await snapshot(tx, seen, now=now)).token != token)


def _token(skus: Collection[str], on_hand: Collection[OnHand], incoming: Collection[Incoming]) -> str:
    """A digest of what was read of each SKU, as JSON, so that the same SKUs can be read again."""
    digests = {}
    for sku in sorted(set(skus)):
        here = [(place.warehouse, place.available, place.version) for place in on_hand if place.sku == sku]
        coming = [(item.number, item.free, item.expected_at.timestamp()) for item in incoming if item.sku == sku]
        digests[sku] = hashlib.sha256(repr((here, coming)).encode()).hexdigest()[:12]
    return json.dumps(digests, separators=(",", ":"))


async def _incoming(tx: AsyncSession, skus: Collection[str]) -> tuple[Incoming, ...]:
    query = select(IncomingRow).where(IncomingRow.status == "open", col(IncomingRow.sku).in_(padded(skus)))
    query = query.order_by(col(IncomingRow.expected_at), col(IncomingRow.number), col(IncomingRow.sku))
    return tuple(
        Incoming(row.number, row.sku, row.warehouse, row.expected_at, free)
        for row in await fresh(tx, query)
        if (free := row.quantity - row.reserved - row.received) > 0
    )


async def _expired(tx: AsyncSession, skus: Collection[str], at: datetime) -> dict[Place, int]:
    row = TransferRow
    query = (
        select(row.sku, row.source, func.sum(row.quantity))
        .where(row.status == "frozen", col(row.sku).in_(padded(skus)), col(row.expires_at) <= at)
        .group_by(row.sku, row.source)
    )
    return {(sku, source): int(total) for sku, source, total in (await tx.execute(query)).tuples()}

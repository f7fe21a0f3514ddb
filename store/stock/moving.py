"""One guarded movement of one place, and its line in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.stock.nouns import Delta, Kind, Movement, Place
from store.tables import ChannelStockRow, StockLedgerRow, StockRow
from store.upsert import insert_ignore, insert_or_add

T = TypeVar("T")

_NOTHING = Delta()


async def move(
    tx: AsyncSession, place: Place, delta: Delta, movement: Movement, kind: Kind, *, channel: str = ""
) -> bool:
    """One guarded UPDATE and its ledger line. False when the guard refuses: nothing changed then."""
    columns = {name: getattr(StockRow, name) for name in asdict(delta)}
    after = {name: column + getattr(delta, name) for name, column in columns.items()}
    statement = (
        update(StockRow)
        .where(
            col(StockRow.sku) == place[0],
            col(StockRow.warehouse) == place[1],
            *(after[name] >= 0 for name in ("reserved", "frozen", "defective", "in_transit")),
            after["on_hand"] >= after["reserved"] + after["frozen"],
        )
        .values(**after, version=col(StockRow.version) + 1)
        .returning(*columns.values())
        .execution_options(synchronize_session=False)
    )
    result: CursorResult[Any] = await tx.execute(statement)  # type: ignore[assignment]
    row = result.first()
    if row is None:
        return False
    tx.add(StockLedgerRow(**ledger_line(place, delta, dict(zip(columns, row, strict=True)), movement, kind, channel)))
    await tx.flush()
    return True


def ledger_line(
    place: Place,
    delta: Delta,
    after: Mapping[str, int],
    movement: Movement,
    kind: Kind,
    channel: str,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The ledger's row for a movement."""
    return {
        "key": movement.key,
        "sku": place[0],
        "warehouse": place[1],
        **{f"{name}_delta": change for name, change in asdict(delta).items()},
        **{f"{name}_after": after[name] for name in asdict(_NOTHING)},
        "kind": kind,
        "reason": movement.reason,
        "who": movement.who,
        "order_id": movement.order_id,
        "channel": channel,
        "at": at or utc_now(),
    }


async def lock(tx: AsyncSession, places: Collection[Place], *, whole: Collection[str] = ()) -> dict[Place, StockRow]:
    """Lock the rows of these places, and all rows of the SKUs in `whole`, in the order in which everybody locks them.

    What the rows say is true until the transaction ends. (A few others of these SKUs may be locked with them.)
    """
    if not places and not whole:
        return {}
    skus = {sku for sku, _ in places} | set(whole)
    query = select(StockRow).where(col(StockRow.sku).in_(padded(skus)))
    if not whole:
        query = query.where(col(StockRow.warehouse).in_(padded({warehouse for _, warehouse in places})))
    query = query.order_by(col(StockRow.sku), col(StockRow.warehouse)).with_for_update()
    return {(row.sku, row.warehouse): row for row in await fresh(tx, query)}


async def lock_new(tx: AsyncSession, place: Place) -> StockRow:
    """Lock the row of one place; make it when the SKU was never there."""
    empty = {"sku": place[0], "warehouse": place[1], **asdict(_NOTHING), "version": 0}
    rows = await lock(tx, [place])
    if place not in rows:
        await insert_ignore(tx, StockRow, empty)
        rows = await lock(tx, [place])
    return rows[place]


async def moved_before(tx: AsyncSession, movement: Movement, place: Place) -> bool:
    """Whether this movement is in the ledger. Ask under the lock of the place."""
    query = select(StockLedgerRow.seq).where(
        StockLedgerRow.key == movement.key, StockLedgerRow.sku == place[0], StockLedgerRow.warehouse == place[1]
    )
    return (await tx.execute(query)).first() is not None


async def count_for_channels(tx: AsyncSession, changes: Mapping[tuple[str, str], tuple[int, int]]) -> None:
    """Change what channels have locked and shipped of SKUs: (SKU, channel) to the two differences."""
    rows = [
        {"sku": sku, "channel": channel, "reserved": reserved, "shipped": shipped}
        for (sku, channel), (reserved, shipped) in sorted(changes.items())
        if reserved or shipped
    ]
    await insert_or_add(tx, ChannelStockRow, rows)


async def begin_pool(tx: AsyncSession, skus: Iterable[str]) -> None:
    """Goods came in: what channels shipped before counts against their shares no more."""
    row = ChannelStockRow
    stale = select(row.sku, row.channel).where(col(row.sku).in_(padded(skus)), col(row.shipped) > 0)
    stale = stale.order_by(col(row.sku), col(row.channel)).with_for_update()
    if (await tx.execute(stale)).first() is not None:
        await tx.execute(update(row).where(col(row.sku).in_(padded(skus))).values(shipped=0))


async def fresh(tx: AsyncSession, query: Select[tuple[T]]) -> list[T]:
    """Rows as they are now, also those that this session has read before."""
    return list((await tx.execute(query, execution_options={"populate_existing": True})).scalars())


def padded(items: Iterable[str]) -> list[str]:
    """The items for an IN, some of them repeated until they are 1, 2, 4, 8, ...: so there are few statements to keep.

    An empty collection gives one empty text, which no row has.
    """
    wanted = sorted(set(items)) or [""]
    size = 1 << (len(wanted) - 1).bit_length()
    return wanted + wanted[-1:] * (size - len(wanted))

"""Goods that come in, are counted, break, or are written off, each movement once by its key."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.ext.asyncio import AsyncSession

from store.stock.moving import begin_pool, lock_new, move, moved_before
from store.stock.nouns import CountBelowBound, Delta, Kind, Movement, StockShort
from store.tables import StockRow


async def receive(tx: AsyncSession, sku: str, warehouse: str, quantity: int, movement: Movement) -> bool:
    """Goods come in (or, with a negative quantity, are written off). False when this movement happened before.

    Raises StockShort when more would be written off than is free. Shares of channels are counted anew from here.
    """
    kind = Kind.RECEIVE if quantity > 0 else Kind.ADJUST
    return await _change(tx, sku, warehouse, Delta(on_hand=quantity), movement, kind)


async def adjust(tx: AsyncSession, sku: str, warehouse: str, quantity: int, movement: Movement) -> bool:
    """Correct what is on hand by so many pieces. False when this movement happened before.

    Raises StockShort when more would be taken off than is free.
    """
    return await _change(tx, sku, warehouse, Delta(on_hand=quantity), movement, Kind.ADJUST)


async def count(tx: AsyncSession, sku: str, warehouse: str, counted: int, movement: Movement) -> int | None:
    """What is on hand becomes what was counted. Returns the difference; None when this count was booked before.

    Raises CountBelowBound when less was counted than is locked and frozen, ValueError for a negative count.
    """
    if counted < 0:
        raise ValueError(f"cannot have counted {counted} pieces")
    row = await lock_new(tx, (sku, warehouse))
    if await moved_before(tx, movement, (sku, warehouse)):
        return None
    if counted < row.reserved + row.frozen:
        raise CountBelowBound((sku, warehouse), counted, row.reserved, row.frozen)
    difference = counted - row.on_hand
    # A count that finds what is written is a line of the ledger too: somebody was there and looked.
    await move(tx, (sku, warehouse), Delta(on_hand=difference), movement, Kind.COUNT)
    return difference


async def mark_defective(tx: AsyncSession, sku: str, warehouse: str, quantity: int, movement: Movement) -> bool:
    """Good pieces turn out to be defective (with a negative quantity: the other way round).

    False when this movement happened before. Raises StockShort when so many are not free, or not defective.
    """
    delta = Delta(on_hand=-quantity, defective=quantity)
    return await _change(tx, sku, warehouse, delta, movement, Kind.DEFECT)


async def scrap(tx: AsyncSession, sku: str, warehouse: str, quantity: int, movement: Movement) -> bool:
    """Defective pieces leave for good. False when this movement happened before. Raises StockShort, ValueError."""
    if quantity < 1:
        raise ValueError(f"cannot scrap {quantity} pieces")
    return await _change(tx, sku, warehouse, Delta(defective=-quantity), movement, Kind.SCRAP)


async def _change(tx: AsyncSession, sku: str, warehouse: str, delta: Delta, movement: Movement, kind: Kind) -> bool:
    place = (sku, warehouse)
    # The row is locked before the question, so that the same movement elsewhere has ended before it is answered.
    row = await lock_new(tx, place)
    if await moved_before(tx, movement, place):
        return False
    missing = _missing(row, delta)
    if missing > 0 or not await move(tx, place, delta, movement, kind):
        raise StockShort({sku: max(0, missing)})
    if kind is Kind.RECEIVE:
        await begin_pool(tx, [sku])
    return True


def _missing(row: StockRow, delta: Delta) -> int:
    """How many pieces there are too few for a movement."""
    free: dict[str, int] = row.model_dump(include=set(asdict(delta)))
    free["on_hand"] -= row.reserved + row.frozen
    missing = [-change - free[name] for name, change in asdict(delta).items() if change < 0]
    return max(missing, default=0)

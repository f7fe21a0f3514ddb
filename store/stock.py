"""The stock pool: guarded movements, all lines of an order in one transaction, rows in key order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import CursorResult, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.tables import ReservationRow, StockLedgerRow, StockRow
from store.upsert import insert_ignore


@dataclass(frozen=True)
class Movement:
    """Why and by whom stock moves. `key` makes it happen once."""

    key: str
    reason: str
    who: str
    order_id: str | None = None


class StockShort(Exception):
    """Not all lines can be had; the transaction must be rolled back. `short` maps SKU to the missing quantity."""

    def __init__(self, short: Mapping[str, int]) -> None:
        super().__init__(", ".join(f"{sku}: {missing} short" for sku, missing in short.items()))
        self.short = dict(short)


class ReservationChanged(ValueError):
    """The order has locked this SKU before, in another quantity, or has freed it since: one order locks a SKU once."""


class StockBroken(RuntimeError):
    """What an order has locked is not in the stock: the books were changed from outside."""


async def receive(tx: AsyncSession, sku: str, warehouse: str, quantity: int, movement: Movement) -> bool:
    """Goods come in (or, with a negative quantity, are written off). False when this movement happened before.

    Raises StockShort when more would be written off than is free.
    """
    await insert_ignore(tx, StockRow, {"sku": sku, "warehouse": warehouse, "on_hand": 0, "reserved": 0})
    # The row is locked before the question, so that the same movement elsewhere has ended before it is answered.
    free = await _free(tx, sku, warehouse, lock=True)
    if await _moved(tx, movement, sku, warehouse):
        return False
    if not await _move(tx, sku, warehouse, quantity, 0, movement):
        raise StockShort({sku: -quantity - free})
    return True


async def reserve(tx: AsyncSession, order_id: str, wanted: Mapping[str, int], warehouse: str, who: str) -> None:
    """Lock all SKUs of an order, or raise StockShort (roll back then) naming all that are short.

    What the order has locked or shipped already is left as it is, so a second call changes nothing. Raises
    ReservationChanged when that was another quantity or was released since, ValueError for a quantity below one.
    """
    movement = Movement(f"{order_id}/reserve", "reserve", who, order_id)
    short: dict[str, int] = {}
    for sku in sorted(wanted):
        quantity = wanted[sku]
        if quantity < 1:
            raise ValueError(f"cannot lock {quantity} of {sku}")
        # The reservation comes first: whoever writes its row moves the stock, and nobody else.
        row = {"order_id": order_id, "sku": sku, "warehouse": warehouse, "quantity": quantity, "status": "locked"}
        if not await insert_ignore(tx, ReservationRow, row):
            await _require_same(tx, order_id, sku, warehouse, quantity)
        elif not await _move(tx, sku, warehouse, 0, quantity, movement):
            short[sku] = quantity - await _free(tx, sku, warehouse)
    if short:
        raise StockShort(short)


async def release(tx: AsyncSession, order_id: str, who: str) -> int:
    """Free everything that an order has locked. Returns how many SKUs were freed; 0 when nothing was locked."""
    movement = Movement(f"{order_id}/release", "release", who, order_id)
    return await _end(tx, order_id, "released", movement, leaves=False)


async def free_excess(tx: AsyncSession, order_id: str, wanted: Mapping[str, int], step: str, who: str) -> bool:
    """Free what an order has locked beyond `wanted`. Whether what is locked then is just what is wanted.

    A second call changes nothing: what is too much is freed already.
    """
    query = select(ReservationRow).where(ReservationRow.order_id == order_id, ReservationRow.status == "locked")
    rows = (await tx.execute(query.order_by(col(ReservationRow.sku)).with_for_update())).scalars().all()
    movement = Movement(f"{order_id}/{step}", "refund", who, order_id)
    locked: dict[str, int] = {}
    for row in rows:
        keep = min(row.quantity, wanted.get(row.sku, 0) - locked.get(row.sku, 0))
        locked[row.sku] = locked.get(row.sku, 0) + keep
        if keep == row.quantity:
            continue
        if not await _move(tx, row.sku, row.warehouse, 0, keep - row.quantity, movement):
            raise StockBroken(f"{order_id}: {row.quantity} of {row.sku} in {row.warehouse} are not locked in the stock")
        if keep:
            row.quantity = keep
        else:
            row.status = "released"
        tx.add(row)
    await tx.flush()
    return {sku: count for sku, count in locked.items() if count} == dict(wanted)


async def ship(tx: AsyncSession, order_id: str, who: str) -> int:
    """What an order has locked leaves the warehouse. Returns how many SKUs moved."""
    movement = Movement(f"{order_id}/ship", "ship", who, order_id)
    return await _end(tx, order_id, "shipped", movement, leaves=True)


async def _end(tx: AsyncSession, order_id: str, status: str, movement: Movement, *, leaves: bool) -> int:
    # One conditional UPDATE, so that of a release and a shipment at the same moment only one gets the rows.
    statement = (
        update(ReservationRow)
        .where(col(ReservationRow.order_id) == order_id, col(ReservationRow.status) == "locked")
        .values(status=status)
        .returning(col(ReservationRow.sku), col(ReservationRow.warehouse), col(ReservationRow.quantity))
    )
    rows = sorted((await tx.execute(statement)).tuples())
    for sku, warehouse, quantity in rows:
        if not await _move(tx, sku, warehouse, -quantity if leaves else 0, -quantity, movement):
            raise StockBroken(f"{order_id}: {quantity} of {sku} in {warehouse} are not locked in the stock")
    return len(rows)


async def _require_same(tx: AsyncSession, order_id: str, sku: str, warehouse: str, quantity: int) -> None:
    query = select(ReservationRow.quantity, ReservationRow.status).where(
        ReservationRow.order_id == order_id, ReservationRow.sku == sku, ReservationRow.warehouse == warehouse
    )
    before, status = (await tx.execute(query)).tuples().one()
    if before != quantity or status == "released":
        raise ReservationChanged(f"{order_id}: {before} of {sku} is {status}, cannot lock {quantity}")


async def _free(tx: AsyncSession, sku: str, warehouse: str, *, lock: bool = False) -> int:
    query = select(col(StockRow.on_hand) - col(StockRow.reserved)).where(
        StockRow.sku == sku, StockRow.warehouse == warehouse
    )
    if lock:
        query = query.with_for_update()
    return (await tx.execute(query)).scalar_one_or_none() or 0


async def _moved(tx: AsyncSession, movement: Movement, sku: str, warehouse: str) -> bool:
    query = select(StockLedgerRow.seq).where(
        StockLedgerRow.key == movement.key, StockLedgerRow.sku == sku, StockLedgerRow.warehouse == warehouse
    )
    return (await tx.execute(query)).first() is not None


async def _move(tx: AsyncSession, sku: str, warehouse: str, on_hand: int, reserved: int, movement: Movement) -> bool:
    """One guarded UPDATE and its ledger line. False when the guard refuses: nothing changed then."""
    after_on_hand = col(StockRow.on_hand) + on_hand
    after_reserved = col(StockRow.reserved) + reserved
    statement = (
        update(StockRow)
        .where(
            col(StockRow.sku) == sku,
            col(StockRow.warehouse) == warehouse,
            after_reserved >= 0,
            after_on_hand >= after_reserved,
        )
        .values(on_hand=after_on_hand, reserved=after_reserved)
        .returning(col(StockRow.on_hand), col(StockRow.reserved))
        .execution_options(synchronize_session=False)
    )
    result: CursorResult[tuple[int, int]] = await tx.execute(statement)  # type: ignore[assignment]
    row = result.first()
    if row is None:
        return False
    tx.add(
        StockLedgerRow(
            key=movement.key,
            sku=sku,
            warehouse=warehouse,
            on_hand_delta=on_hand,
            reserved_delta=reserved,
            on_hand_after=row[0],
            reserved_after=row[1],
            reason=movement.reason,
            who=movement.who,
            order_id=movement.order_id,
            at=utc_now(),
        )
    )
    await tx.flush()
    return True

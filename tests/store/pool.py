"""What tests of the stock pool have in common: a proof that its books agree, and short ways to move things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from store import stock
from store.database import Database
from store.stock import Movement
from store.stock.nouns import Delta
from store.tables import (
    ChannelStockRow,
    IncomingRow,
    ReservationPlanRow,
    ReservationRow,
    StockLedgerRow,
    StockRow,
    TransferRow,
)

T = TypeVar("T")

NORTH, SOUTH = "北仓", "南仓"
QUANTITIES = tuple(asdict(Delta()))


async def do(db: Database, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """Some work in a transaction of its own."""
    async with db.transaction() as tx:
        return await work(tx)


async def receive(db: Database, sku: str, quantity: int, warehouse: str = NORTH, key: str = "note") -> None:
    """Goods come in."""
    movement = Movement(f"{key}/{sku}/{warehouse}", "note", "warehouse")
    await do(db, lambda tx: stock.receive(tx, sku, warehouse, quantity, movement))


async def books(db: Database) -> dict[tuple[str, str], dict[str, int]]:
    """The stock, after proving that everything else says the same. Quantities of 0 are left out."""
    async with db.reading(snapshot=True) as tx:
        rows = (await tx.execute(select(StockRow))).scalars().all()
        ledger = (await tx.execute(select(StockLedgerRow).order_by(col(StockLedgerRow.seq)))).scalars().all()
        held = (await tx.execute(select(ReservationRow))).scalars().all()
        transfers = (await tx.execute(select(TransferRow))).scalars().all()
        coming = (await tx.execute(select(IncomingRow))).scalars().all()
        by_channel = (await tx.execute(select(ChannelStockRow))).scalars().all()
        plans = {row.order_id: row.channel for row in (await tx.execute(select(ReservationPlanRow))).scalars()}
    stock_now = {(row.sku, row.warehouse): {name: getattr(row, name) for name in QUANTITIES} for row in rows}
    sums = {place: dict.fromkeys(QUANTITIES, 0) for place in stock_now}
    versions: Counter[tuple[str, str]] = Counter()
    for line in ledger:
        place = (line.sku, line.warehouse)
        versions[place] += 1
        for name in QUANTITIES:
            sums[place][name] += getattr(line, f"{name}_delta")
            assert sums[place][name] == getattr(line, f"{name}_after"), "the ledger does not follow itself"
    assert sums == stock_now
    # Those who were locked in one transaction share a version.
    assert all(row.version <= versions[row.sku, row.warehouse] for row in rows)
    assert all(min(amounts.values()) >= 0 for amounts in stock_now.values())
    assert all(row.on_hand >= row.reserved + row.frozen for row in rows)

    locked, frozen, promised = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    channels = Counter[tuple[str, str]]()
    for row in held:
        if row.status == "locked":
            locked[row.sku, row.warehouse] += row.quantity
            channels[row.sku, plans[row.order_id]] += row.quantity
        elif row.status == "awaiting":
            promised[row.incoming_no, row.sku] += row.quantity
    for transfer in transfers:
        if transfer.status == "frozen":
            frozen[transfer.sku, transfer.source] += transfer.quantity
    assert {place: n for place, amounts in stock_now.items() if (n := amounts["reserved"])} == dict(locked)
    assert {place: n for place, amounts in stock_now.items() if (n := amounts["frozen"])} == dict(frozen)
    assert {(row.number, row.sku): row.reserved for row in coming if row.reserved} == dict(promised)
    assert {(row.sku, row.channel): row.reserved for row in by_channel if row.reserved} == dict(channels)
    return {place: {name: n for name, n in amounts.items() if n} for place, amounts in stock_now.items()}

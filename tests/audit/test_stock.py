"""Stock that does not add up, and goods sold twice."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlmodel import col, delete

from store import stock
from store.tables import (
    ReservationRow,
    StockLedgerRow,
    StockRow,
)
from tests.audit.clean import CLEAR, TWO_PARCELS
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import WAREHOUSE, World
from tests.store.samples import order

PLANTED = Planted()


@PLANTED.damage("stock_conserved", "MUG@WH1", "but the ledger's movements sum to")
async def stock_that_does_not_add_up(world: World) -> None:
    await change(world, StockRow, col(StockRow.sku) == "MUG", on_hand=col(StockRow.on_hand) + 1)


@PLANTED.damage("stock_conserved", "MUG@WH1", "negative: -1 on hand, 0 reserved")
async def stock_below_nothing(world: World) -> None:
    sqlite = world.db.is_sqlite
    async with world.db.transaction() as tx:
        # The database itself forbids it: what is planted here could only come past its own constraint.
        off = "PRAGMA ignore_check_constraints = ON" if sqlite else "ALTER TABLE stock DROP CONSTRAINT never_oversold"
        await tx.execute(text(off))
        await tx.execute(update(StockRow).where(col(StockRow.sku) == "MUG").values(on_hand=-1))


@PLANTED.damage("stock_conserved", "MUG@WH1", "orders have locked 0")
async def reserved_stock_of_nobody(world: World) -> None:
    await change(world, StockRow, col(StockRow.sku) == "MUG", reserved=1)


@PLANTED.damage("stock_conserved", "LAMP@WH1", "the ledger's last line says")
async def a_ledger_line_that_was_rewritten(world: World) -> None:
    line = StockLedgerRow
    which = (col(line.sku) == "LAMP") & (col(line.reason) == "ship")
    await change(world, line, which, on_hand_after=col(line.on_hand_after) - 1)


@PLANTED.damage("stock_conserved", "LAMP@WH1", "no stock")
async def stock_that_is_gone(world: World) -> None:
    async with world.db.transaction() as tx:
        await tx.execute(delete(StockRow).where(col(StockRow.sku) == "LAMP"))


@PLANTED.damage("stock_conserved", CLEAR.order_id, "ordered 2 x MUG, 1 x TOTE, but 1 x MUG, 1 x TOTE left the stock")
async def less_left_than_was_ordered(world: World) -> None:
    of_order = (col(ReservationRow.order_id) == CLEAR.order_id) & (col(ReservationRow.sku) == "MUG")
    await change(world, ReservationRow, of_order, quantity=1)


@PLANTED.damage("stock_conserved orders_ended", "own:main:EARLY", "left before it was packed")
async def stock_that_left_too_early(world: World) -> None:
    early = order("EARLY")
    await world.place(early)
    await world.lock(early)
    async with world.db.transaction() as tx:
        await stock.ship(tx, early.order_id, "somebody")


@PLANTED.damage("not_oversold pool_bound", "LAMP", "oversold: 21 locked or shipped, 20 received")
async def a_ledger_that_forgot_a_sale(world: World) -> None:
    """The lamp that left with an order is back on the shelf, and all twenty are sold once more."""
    async with world.db.transaction() as tx:
        forgotten = col(StockLedgerRow.order_id) == TWO_PARCELS.order_id
        await tx.execute(delete(StockLedgerRow).where(forgotten, col(StockLedgerRow.sku) == "LAMP"))
        await tx.execute(update(StockRow).where(col(StockRow.sku) == "LAMP").values(on_hand=20))
        await stock.reserve(tx, "own:main:NEXT", {"LAMP": 20}, WAREHOUSE, "orderhub")


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)

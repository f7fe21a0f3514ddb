"""Transfers that bind nothing, purchases promised to nobody, channels beyond their share."""

from __future__ import annotations

import pytest
from sqlmodel import col, delete

from domain.clock import utc_now
from store import stock
from store.tables import (
    ChannelShareRow,
    ChannelStockRow,
    IncomingRow,
    ReservationRow,
    StockLedgerRow,
    StockRow,
    TransferRow,
)
from tests.audit.conftest import Serve
from tests.audit.planting import Damage, Planted, assert_found, change
from tests.audit.world import WAREHOUSE, World

PLANTED = Planted()


async def _freeze(world: World, *, send: bool = False) -> None:
    async with world.db.transaction() as tx:
        await stock.freeze(tx, "T1", {"MUG": 3}, WAREHOUSE, "WH2", "clerk")
        assert not send or (await stock.send(tx, "T1", "clerk")).ok


async def _wait_for_purchase(world: World) -> None:
    async with world.db.transaction() as tx:
        await stock.expect(tx, "PO1", "MUG", WAREHOUSE, 5, utc_now())
        picks = [stock.Pick("MUG", WAREHOUSE, 2, "PO1")]
        await stock.reserve_plan(tx, "own:main:WAITS", "own", picks, "orderhub")


async def _lock(world: World, order_id: str, quantity: int) -> None:
    async with world.db.transaction() as tx:
        picks = [stock.Pick("MUG", WAREHOUSE, quantity)]
        await stock.reserve_plan(tx, order_id, stock.channel_of(order_id), picks, "orderhub")


@PLANTED.damage("pool_bound", "MUG@WH1", "3 frozen, but transfers froze 0")
async def goods_that_a_lost_transfer_froze(world: World) -> None:
    await _freeze(world)
    await change(world, TransferRow, col(TransferRow.number) == "T1", status="expired")


@PLANTED.damage("pool_bound", "MUG@WH2", "3 in transit, but transfers sent 0")
async def goods_on_a_way_that_nobody_knows(world: World) -> None:
    await _freeze(world, send=True)
    async with world.db.transaction() as tx:
        await tx.execute(delete(TransferRow))


@PLANTED.damage("stock_conserved", "MUG@WH1", "but the ledger's movements sum to")
async def a_freeze_without_its_line_in_the_ledger(world: World) -> None:
    await _freeze(world)
    await change(world, StockLedgerRow, col(StockLedgerRow.kind) == "freeze", frozen_delta=2)


@PLANTED.damage("stock_conserved", "MUG@WH1", "but the ledger's last line says")
async def defective_goods_that_the_last_line_forgot(world: World) -> None:
    async with world.db.transaction() as tx:
        await stock.mark_defective(tx, "MUG", WAREHOUSE, 2, stock.Movement("broken", "broken", "clerk"))
    await change(world, StockLedgerRow, col(StockLedgerRow.kind) == "defect", defective_after=1)


@PLANTED.damage("pool_bound", "MUG@PO1", "3 promised, but orders wait for 2")
async def a_purchase_that_is_promised_to_nobody(world: World) -> None:
    await _wait_for_purchase(world)
    await change(world, IncomingRow, col(IncomingRow.number) == "PO1", reserved=3)


@PLANTED.damage("pool_bound", "MUG@PO1", "2 promised, but orders wait for 1")
async def an_order_that_waits_for_less_than_was_promised_to_it(world: World) -> None:
    await _wait_for_purchase(world)
    await change(world, ReservationRow, col(ReservationRow.status) == "awaiting", quantity=1)


@PLANTED.damage("pool_bound", "MUG@own", "3 locked for the channel, but its orders have locked 2")
async def a_channel_whose_account_is_wrong(world: World) -> None:
    await _lock(world, "own:main:NEXT", 2)
    of_channel = (col(ChannelStockRow.sku) == "MUG") & (col(ChannelStockRow.channel) == "own")
    await change(world, ChannelStockRow, of_channel, reserved=3)


@PLANTED.damage("pool_bound", "LAMP@own", "0 shipped since goods came in, but the ledger says 1")
async def a_shipment_that_was_not_counted_for_its_channel(world: World) -> None:
    of_channel = (col(ChannelStockRow.sku) == "LAMP") & (col(ChannelStockRow.channel) == "own")
    await change(world, ChannelStockRow, of_channel, shipped=0)


@PLANTED.damage("shares_kept", "MUG@own", "but the share is 5 %")
async def an_order_beyond_its_channels_share(world: World) -> None:
    await _lock(world, "own:main:NEXT", 2)
    await change(world, ChannelShareRow, col(ChannelShareRow.channel) == "own", percent=5)


@pytest.mark.parametrize("planted", PLANTED.params())
async def test_a_damage_is_found(world: World, serve: Serve, planted: Damage) -> None:
    await assert_found(world, serve, planted)


async def test_a_share_that_was_lowered_is_no_damage(world: World, serve: Serve) -> None:
    await _lock(world, "own:main:NEXT", 2)
    async with world.db.transaction() as tx:
        await stock.set_share(tx, "MUG", "own", 1, "ops")
    row = StockRow
    await change(world, row, (col(row.sku) == "LAMP") & (col(row.warehouse) == WAREHOUSE), frozen=1)
    planted = Damage(_nothing, frozenset({"stock_conserved", "pool_bound"}), "LAMP@WH1", "frozen")
    await assert_found(world, serve, planted)


async def _nothing(world: World) -> None:
    """The damage is done."""

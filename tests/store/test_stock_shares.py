"""What a channel may take of the pool."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from store import stock
from store.database import Database
from store.stock import ALL, Movement, Pick, StockShort
from tests.store.pool import NORTH, SOUTH, books, do, receive

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


async def _share(db: Database, percent: int, sku: str = "MUG", channel: str = "douyin") -> None:
    await do(db, lambda tx: stock.set_share(tx, sku, channel, percent, "ops"))


async def _takes(db: Database, order_id: str, quantity: int, warehouse: str = NORTH) -> int:
    """How many pieces are beyond the share; 0 when the order got them."""
    picks = [Pick("MUG", warehouse, quantity)]
    channel = stock.channel_of(order_id)
    try:
        await do(db, lambda tx: stock.reserve_plan(tx, order_id, channel, picks, "orderhub"))
    except StockShort as short:
        return short.short["MUG"] if short.shared else -1
    return 0


async def test_a_channel_stops_at_its_share_and_others_go_on(database: Database) -> None:
    await receive(database, "MUG", 70)
    await receive(database, "MUG", 30, SOUTH)
    await _share(database, 60)
    assert await _takes(database, "douyin:s:1", 50) == 0
    assert await _takes(database, "douyin:s:2", 11, SOUTH) == 1
    assert await _takes(database, "douyin:s:2", 10, SOUTH) == 0
    assert await _takes(database, "own:s:1", 20) == 0
    await books(database)


async def test_a_share_is_rounded_down(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _share(database, 60)
    assert await _takes(database, "douyin:s:1", 6) == 1
    assert await _takes(database, "douyin:s:1", 5) == 0


async def test_what_was_shipped_counts_until_goods_come_in(database: Database) -> None:
    await receive(database, "MUG", 100)
    await _share(database, 60)
    await _takes(database, "douyin:s:1", 60)
    await do(database, lambda tx: stock.ship(tx, "douyin:s:1", "warehouse"))
    assert await _takes(database, "douyin:s:2", 1) == 1
    # Corrections, counts and transfers are no goods that come in.
    await do(database, lambda tx: stock.adjust(tx, "MUG", NORTH, -10, Movement("loss", "loss", "clerk")))
    assert await _takes(database, "douyin:s:2", 1) == 7
    await receive(database, "MUG", 20, key="note/2")
    assert await _takes(database, "douyin:s:2", 31) == 1
    assert await _takes(database, "douyin:s:2", 30) == 0
    await books(database)


async def test_what_others_ship_takes_nothing_from_a_share(database: Database) -> None:
    await receive(database, "MUG", 100)
    await _share(database, 60)
    await _takes(database, "own:s:1", 40)
    await do(database, lambda tx: stock.ship(tx, "own:s:1", "warehouse"))
    assert await _takes(database, "douyin:s:1", 60) == 0


async def test_what_is_frozen_is_not_of_the_pool(database: Database) -> None:
    await receive(database, "MUG", 100)
    await _share(database, 60)
    await do(database, lambda tx: stock.freeze(tx, "T1", {"MUG": 50}, NORTH, SOUTH, "clerk"))
    assert await _takes(database, "douyin:s:1", 31) == 1
    await do(database, lambda tx: stock.cancel(tx, "T1", "clerk"))
    assert await _takes(database, "douyin:s:1", 60) == 0


async def test_what_an_order_frees_is_there_for_the_channel_again(database: Database) -> None:
    await receive(database, "MUG", 10)
    await _share(database, 50)
    await _takes(database, "douyin:s:1", 5)
    assert await _takes(database, "douyin:s:2", 1) == 1
    await do(database, lambda tx: stock.free_excess(tx, "douyin:s:1", {"MUG": 3}, "fit/2", "orderhub"))
    assert await _takes(database, "douyin:s:2", 2) == 0
    await do(database, lambda tx: stock.release(tx, "douyin:s:1", "buyer"))
    assert await _takes(database, "douyin:s:3", 3) == 0


async def test_an_article_goes_before_all_articles_and_a_removed_share_is_none(database: Database) -> None:
    await receive(database, "MUG", 10)
    await _share(database, 0, ALL)
    assert await _takes(database, "douyin:s:1", 1) == 1
    await _share(database, 50)
    assert await _takes(database, "douyin:s:1", 5) == 0
    assert await do(database, lambda tx: stock.remove_share(tx, "MUG", "douyin"))
    assert not await do(database, lambda tx: stock.remove_share(tx, "MUG", "douyin"))
    assert await _takes(database, "douyin:s:2", 1) == 6
    await do(database, lambda tx: stock.remove_share(tx, ALL, "douyin"))
    assert await _takes(database, "douyin:s:2", 5) == 0
    with pytest.raises(ValueError, match="101"):
        await _share(database, 101)


async def test_goods_that_were_promised_come_to_the_order_whatever_the_share(database: Database) -> None:
    await do(database, lambda tx: stock.expect(tx, "PO1", "MUG", NORTH, 10, NOON))
    await _share(database, 10)
    picks = [Pick("MUG", NORTH, 4, "PO1")]
    await do(database, lambda tx: stock.reserve_plan(tx, "douyin:s:1", "douyin", picks, "orderhub"))
    came = await do(database, lambda tx: stock.receive_incoming(tx, "PO1", {"MUG": 10}, "N1", "clerk"))
    assert came.ready == ("douyin:s:1",)
    assert await _takes(database, "douyin:s:2", 1) == 4
    await books(database)

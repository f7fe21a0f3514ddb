"""Warehouses in the store, on both databases."""

from __future__ import annotations

from datetime import time

from domain.warehouses import Warehouse, WorkWeek
from store import warehouses
from store.database import Database

HANGZHOU = Warehouse("HZ", "杭州仓", "浙江省", "杭州市", time(17, 30), WorkWeek("123456", rests=True), 500)


async def _all(db: Database) -> list[Warehouse]:
    async with db.reading() as tx:
        return await warehouses.all_warehouses(tx, "WH01")


async def test_without_any_the_one_of_the_settings_is_all_there_is(database: Database) -> None:
    assert await _all(database) == [Warehouse("WH01")]


async def test_the_first_one_brings_the_one_of_the_settings_with_it(database: Database) -> None:
    async with database.transaction() as tx:
        assert await warehouses.put(tx, HANGZHOU, "WH01")
        assert not await warehouses.put(tx, HANGZHOU, "WH01")
    assert await _all(database) == [HANGZHOU, Warehouse("WH01")]


async def test_a_change_keeps_a_paused_one_paused(database: Database) -> None:
    async with database.transaction() as tx:
        await warehouses.put(tx, HANGZHOU, "HZ")
        assert await warehouses.set_active(tx, "HZ", False, "HZ") is True
        assert await warehouses.set_active(tx, "HZ", False, "HZ") is False
        assert await warehouses.set_active(tx, "XX", False, "HZ") is None
    async with database.transaction() as tx:
        await warehouses.put(tx, Warehouse("HZ", "下沙仓"), "HZ")
    [kept] = await _all(database)
    assert (kept.name, kept.active) == ("下沙仓", False)
    async with database.transaction() as tx:
        assert await warehouses.set_active(tx, "HZ", True, "HZ") is True
    assert (await _all(database))[0].active


async def test_the_one_of_the_settings_can_be_paused_before_any_is_kept(database: Database) -> None:
    async with database.transaction() as tx:
        assert await warehouses.set_active(tx, "WH01", False, "WH01") is True
    assert await _all(database) == [Warehouse("WH01", active=False)]

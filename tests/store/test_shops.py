"""Shops' accounts in the store, on both databases."""

from __future__ import annotations

from store import shops
from store.database import Database
from store.shops import Shop, ShopState


async def _put(db: Database, shop: str = "main", sealed: str = "k:AAAA") -> None:
    async with db.transaction() as tx:
        await shops.put(tx, "own", shop, sealed, "command")


async def _move(db: Database, to: ShopState, why: str = "") -> bool:
    async with db.transaction() as tx:
        return await shops.move(tx, "own", "main", to=to, why=why)


async def _find(db: Database) -> Shop | None:
    async with db.transaction() as tx:
        return await shops.find(tx, "own", "main")


async def test_a_shop_is_active_as_it_comes_and_a_renewed_account_keeps_its_state(database: Database) -> None:
    await _put(database)
    await _move(database, ShopState.PAUSED, "stocktaking")
    await _put(database, sealed="k:BBBB")
    kept = await _find(database)
    assert kept is not None
    assert (kept.state, kept.why, kept.sealed) == (ShopState.PAUSED, "stocktaking", "k:BBBB")


async def test_what_a_person_paused_stays_paused_whatever_the_channel_says(database: Database) -> None:
    await _put(database)
    assert await _move(database, ShopState.PAUSED)
    assert not await _move(database, ShopState.PAUSED)
    assert not await _move(database, ShopState.UNAUTHORISED, "token refused")
    async with database.transaction() as tx:
        assert not await shops.authorised_again(tx, "own", "main")
        assert await shops.paused(tx) == {("own", "main")}


async def test_a_refused_shop_goes_on_when_it_is_authorised_again(database: Database) -> None:
    await _put(database)
    assert await _move(database, ShopState.UNAUTHORISED, "token refused")
    async with database.transaction() as tx:
        assert await shops.authorised_again(tx, "own", "main")
        assert not await shops.authorised_again(tx, "own", "main")
    kept = await _find(database)
    assert kept is not None
    assert (kept.state, kept.why) == (ShopState.ACTIVE, "")


async def test_a_removed_shop_is_gone_until_it_is_added_again(database: Database) -> None:
    await _put(database)
    assert await _move(database, ShopState.REMOVED)
    assert await _find(database) is None
    assert not await _move(database, ShopState.ACTIVE)
    await _put(database)
    assert (await _find(database)) is not None

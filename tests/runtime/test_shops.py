"""Shop accounts: from the settings into the store, sealed, and back into what connectors are built from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from sqlmodel import select

from domain.order import Channel
from embedded.credentials import Ports
from embedded.environment import open_home
from runtime.client import key_ring
from runtime.keys import KeyRing
from runtime.partners import build_partners
from runtime.shops import COMMAND, BadAccount, ShopKeeper, account_of, seal, take_over, with_shops
from settings import Settings
from store import shops
from store.database import Database
from store.shops import ShopState
from store.tables import ShopRow

ACCOUNT = {"key_id": "second", "secret": "made-up-secret", "base_url": "http://127.0.0.1:9/second"}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Those of an embedded installation."""
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.fixture
def keys(settings: Settings) -> KeyRing:
    return key_ring(settings.encryption)


async def _take_over(db: Database, settings: Settings, keys: KeyRing) -> None:
    async with db.transaction() as tx:
        await take_over(tx, settings, keys)


async def _add(db: Database, keys: KeyRing, settings: Settings, shop: str, account: dict[str, Any]) -> None:
    async with db.transaction() as tx:
        whole = account_of(settings, "own", shop, account)
        await shops.put(tx, "own", shop, seal(keys, "own", shop, whole), COMMAND)


async def _from_store(db: Database, settings: Settings, keys: KeyRing) -> Settings:
    async with db.reading() as tx:
        return with_shops(settings, keys, await shops.all_shops(tx))


async def test_what_the_settings_name_comes_back_as_it_was(
    database: Database, settings: Settings, keys: KeyRing
) -> None:
    for _ in range(2):
        await _take_over(database, settings, keys)
    again = await _from_store(database, settings, keys)
    assert again.own == settings.own
    assert again.douyin == settings.douyin


async def test_nothing_of_an_account_can_be_read_in_the_store(
    database: Database, settings: Settings, keys: KeyRing
) -> None:
    await _add(database, keys, settings, "second", ACCOUNT)
    async with database.reading() as tx:
        row = (await tx.execute(select(ShopRow))).scalar_one()
    assert "made-up-secret" not in str(row.model_dump())
    assert "made-up-secret" in keys.open_text(row.sealed, b"shop|own|second")
    with pytest.raises(InvalidTag):  # bound to its shop: moved to another row, it does not open
        keys.open_text(row.sealed, b"shop|own|main")


async def test_a_shop_that_the_settings_name_no_more_is_removed_and_one_added_by_hand_stays(
    database: Database, settings: Settings, keys: KeyRing
) -> None:
    await _take_over(database, settings, keys)
    await _add(database, keys, settings, "second", ACCOUNT)
    await _take_over(database, settings.model_copy(update={"own": None}), keys)
    async with database.reading() as tx:
        left = {(shop.channel, shop.shop) for shop in await shops.all_shops(tx)}
    assert ("own", "second") in left
    assert ("own", "main") not in left


@pytest.mark.parametrize(
    ("channel", "account", "names"),
    [
        ("own", {**ACCOUNT, "key_id": 7}, "second.key_id"),
        ("own", {"key_id": "second"}, "second: .*belong together"),
        ("own", {**ACCOUNT, "colour": "red"}, "second.colour"),
        ("carrier-pigeon", {}, "there are"),
    ],
)
def test_a_bad_account_is_refused_by_its_field(
    settings: Settings, channel: str, account: dict[str, Any], names: str
) -> None:
    with pytest.raises(BadAccount, match=names) as refused:
        account_of(settings, channel, "second", account)
    assert "made-up-secret" not in str(refused.value)


async def test_partners_follow_the_store_without_a_restart(
    database: Database, settings: Settings, keys: KeyRing
) -> None:
    await _take_over(database, settings, keys)
    outside = build_partners(settings, database)
    keeper = ShopKeeper(settings, database, keys, outside)
    channels, pulls = outside.partners.channels, outside.partners.pulls  # as activities hold them
    try:
        assert await keeper.look()
        assert not await keeper.look()
        before = channels[Channel.OWN]
        await _add(database, keys, settings, "second", ACCOUNT)
        assert await keeper.look()
        assert channels[Channel.OWN] is not before
        assert ("douyin", "123456") in outside.pulled()

        async with database.transaction() as tx:
            await shops.move(tx, "douyin", "123456", to=ShopState.PAUSED)
        assert not await keeper.look(), "a pause is no change of accounts: living orders go on"
        async with database.transaction() as tx:
            await shops.move(tx, "douyin", "123456", to=ShopState.REMOVED)
        assert await keeper.look()
        assert Channel.DOUYIN not in channels
        assert "douyin" not in pulls
    finally:
        await outside.close()

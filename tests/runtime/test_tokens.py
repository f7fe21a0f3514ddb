"""Tokens in the store, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag

from connectors.ports import AccessToken
from domain.order import Channel
from runtime.keys import KeyRing
from runtime.tokens import StoredTokens
from store.database import Database
from store.tables import TokenRow

OLD, NEW = bytes(32), bytes(range(32))
TOKEN = AccessToken(
    "access-secret", "refresh-secret", datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 15, 12, tzinfo=UTC)
)


def _tokens(db: Database, active: str = "old", **keys: bytes) -> StoredTokens:
    return StoredTokens(db, KeyRing(keys or {"old": OLD}, active))


async def _row(db: Database, shop: str = "1") -> TokenRow:
    async with db.transaction() as tx:
        row = await tx.get(TokenRow, (Channel.DOUYIN, shop))
    assert row is not None
    return row


async def test_a_token_comes_back_as_it_was_kept(database: Database) -> None:
    tokens = _tokens(database)
    assert await tokens.load(Channel.DOUYIN, "1") is None
    await tokens.save(Channel.DOUYIN, "1", TOKEN)
    assert await tokens.load(Channel.DOUYIN, "1") == TOKEN
    assert await tokens.load(Channel.DOUYIN, "2") is None
    assert await tokens.load(Channel.JD, "1") is None


async def test_the_newest_token_is_the_one(database: Database) -> None:
    tokens = _tokens(database)
    await tokens.save(Channel.DOUYIN, "1", TOKEN)
    newer = AccessToken("a2", "r2", TOKEN.refresh_expires_at, TOKEN.refresh_expires_at)
    await tokens.save(Channel.DOUYIN, "1", newer)
    assert await tokens.load(Channel.DOUYIN, "1") == newer


async def test_nothing_of_a_token_is_readable_in_the_store(database: Database) -> None:
    await _tokens(database).save(Channel.DOUYIN, "1", TOKEN)
    row = await _row(database)
    assert row.sealed.startswith("old:")
    assert "secret" not in row.sealed
    assert row.expires_at == TOKEN.expires_at


async def test_a_token_of_another_shop_does_not_open_here(database: Database) -> None:
    tokens = _tokens(database)
    await tokens.save(Channel.DOUYIN, "1", TOKEN)
    sealed = (await _row(database)).sealed
    async with database.transaction() as tx:
        tx.add(TokenRow(channel=Channel.DOUYIN, shop="2", sealed=sealed))
    with pytest.raises(InvalidTag):
        await tokens.load(Channel.DOUYIN, "2")


async def test_a_rotation_reads_old_tokens_and_writes_with_the_new_key(database: Database) -> None:
    await _tokens(database).save(Channel.DOUYIN, "1", TOKEN)
    rotated = _tokens(database, "new", old=OLD, new=NEW)
    assert await rotated.load(Channel.DOUYIN, "1") == TOKEN
    await rotated.save(Channel.DOUYIN, "1", TOKEN)
    assert (await _row(database)).sealed.startswith("new:")


async def test_only_one_of_many_gets_the_lease(database: Database) -> None:
    tokens = _tokens(database)
    got = await asyncio.gather(*(tokens.lease(Channel.DOUYIN, "1", 60) for _ in range(8)))
    assert sorted(got) == [False] * 7 + [True]
    assert await tokens.load(Channel.DOUYIN, "1") is None, "a lease is no token"


async def test_leases_of_shops_are_apart(database: Database) -> None:
    tokens = _tokens(database)
    shops = [(Channel.DOUYIN, "1"), (Channel.DOUYIN, "2"), (Channel.JD, "1")]
    assert [await tokens.lease(channel, shop, 60) for channel, shop in shops] == [True] * 3
    assert [await tokens.lease(channel, shop, 60) for channel, shop in shops] == [False] * 3


async def test_saving_ends_the_lease(database: Database) -> None:
    tokens = _tokens(database)
    assert await tokens.lease(Channel.DOUYIN, "1", 60)
    await tokens.save(Channel.DOUYIN, "1", TOKEN)
    assert await tokens.lease(Channel.DOUYIN, "1", 60)


async def test_the_lease_of_one_that_died_ends_by_itself(database: Database) -> None:
    tokens = _tokens(database)
    assert await tokens.lease(Channel.DOUYIN, "1", 0.05)
    await asyncio.sleep(0.06)
    assert await tokens.lease(Channel.DOUYIN, "1", 60)
    assert not await tokens.lease(Channel.DOUYIN, "1", 60)

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.errors import Misconfigured, PartnerError, Unavailable
from connectors.ports import AccessToken, TokenStore
from connectors.tokens import ShopTokens, by_refresh_only, kind_of
from domain.order import Channel

from .memory_tokens import MemoryTokens, token

SHOP = "100"


class Platform:
    """Refreshes tokens, and counts how often."""

    def __init__(self, answer: str | PartnerError = "new", takes_s: float = 0.0) -> None:
        self.answer = answer
        self.takes_s = takes_s
        self.asked: list[str] = []

    async def refresh(self, refresh_token: str) -> AccessToken:
        self.asked.append(refresh_token)
        await asyncio.sleep(self.takes_s)
        if isinstance(self.answer, PartnerError):
            raise self.answer
        return token(self.answer)


def keeper(store: TokenStore, platform: Platform) -> ShopTokens:
    renew = by_refresh_only(Channel.PDD, platform.refresh)
    return ShopTokens(Channel.PDD, store, renew, margin_s=1800, wait_s=0.3, call_s=1)


@pytest.fixture
def store() -> MemoryTokens:
    return MemoryTokens(Channel.PDD)


async def test_a_living_token_is_used_as_it_is(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old")
    platform = Platform()
    assert await keeper(store, platform).access(SHOP) == "old"
    assert platform.asked == []


async def test_a_token_near_its_end_is_refreshed_and_kept(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    platform = Platform()
    assert await keeper(store, platform).access(SHOP) == "new"
    assert platform.asked == ["refresh-of-old"]
    assert store.tokens[SHOP].refresh == "refresh-of-new"
    assert store.leases == {}


async def test_a_refused_token_is_renewed_though_it_lives(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old")
    assert await keeper(store, Platform()).access(SHOP, refused="old") == "new"


async def test_a_token_that_another_process_renewed_is_taken(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("theirs")
    platform = Platform()
    assert await keeper(store, platform).access(SHOP, refused="old") == "theirs"
    assert platform.asked == []


async def test_a_token_saved_between_load_and_lease_is_taken_over() -> None:
    class Late(MemoryTokens):
        async def lease(self, channel: Channel, shop: str, seconds: float) -> bool:
            self.tokens[shop] = token("theirs")
            return await super().lease(channel, shop, seconds)

    platform = Platform()
    assert await keeper(Late(Channel.PDD), platform).access(SHOP) == "theirs"
    assert platform.asked == []


async def test_only_one_refreshes_and_the_others_wait(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old", left=timedelta(seconds=-1))
    platform = Platform(takes_s=0.05)
    tokens = keeper(store, platform)
    assert await asyncio.gather(*(tokens.access(SHOP) for _ in range(5))) == ["new"] * 5
    assert len(platform.asked) == 1


async def test_a_failed_refresh_leaves_the_living_token_in_use(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    platform = Platform(Unavailable("pdd", "x"))
    tokens = keeper(store, platform)
    assert [await tokens.access(SHOP), await tokens.access(SHOP)] == ["old", "old"]
    assert len(platform.asked) == 1  # the lease keeps everybody from trying at once


async def test_waiting_for_another_process_has_an_end(store: MemoryTokens) -> None:
    store.leases[SHOP] = float("inf")
    with pytest.raises(Unavailable, match="another process"):
        await keeper(store, Platform()).access(SHOP)


async def test_a_sweep_renews_what_is_due_and_nothing_else(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old")
    platform = Platform()
    tokens = keeper(store, platform)
    await tokens.refresh(SHOP)
    assert platform.asked == []
    store.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    await tokens.refresh(SHOP)
    await tokens.refresh(SHOP)
    assert platform.asked == ["refresh-of-old"]
    assert store.tokens[SHOP].access == "new"


async def test_a_sweep_hears_of_a_failure_though_the_present_token_serves(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    platform = Platform(Unavailable("pdd", "x"))
    tokens = keeper(store, platform)
    with pytest.raises(Unavailable):
        await tokens.refresh(SHOP)
    await tokens.refresh(SHOP)  # left alone until the lease ends: no storm
    assert len(platform.asked) == 1
    assert await tokens.access(SHOP) == "old"


async def test_a_sweep_leaves_a_shop_to_whoever_is_at_it(store: MemoryTokens) -> None:
    store.tokens[SHOP] = token("old", left=timedelta(seconds=-1))
    store.leases[SHOP] = float("inf")
    platform = Platform()
    await keeper(store, platform).refresh(SHOP)
    assert platform.asked == []


async def test_a_sweep_says_when_only_the_owner_can_help(store: MemoryTokens) -> None:
    tokens = keeper(store, Platform())
    with pytest.raises(Misconfigured, match="not authorised"):
        await tokens.refresh(SHOP)


async def test_an_authorisation_ends_with_the_refresh_token(store: MemoryTokens) -> None:
    tokens = keeper(store, Platform())
    assert await tokens.authorised_until(SHOP) is None
    store.tokens[SHOP] = kept = token("old")
    assert await tokens.authorised_until(SHOP) == kept.refresh_expires_at
    store.tokens[SHOP] = replace(kept, refresh="")
    assert await tokens.authorised_until(SHOP) == kept.expires_at


@pytest.mark.parametrize(
    ("kept", "refused", "words"),
    [
        (None, "", "not authorised"),
        (token("old", left=timedelta(seconds=-1), refresh_left=timedelta(seconds=-1)), "", "is over"),
        (token("new"), "new", "refused"),
    ],
)
async def test_only_the_owner_can_help(store: MemoryTokens, kept: AccessToken | None, refused: str, words: str) -> None:
    if kept is not None:
        store.tokens[SHOP] = kept
    with pytest.raises(Misconfigured, match=words) as caught:
        await keeper(store, Platform()).access(SHOP, refused=refused)
    assert "refresh-of" not in str(caught.value)


async def test_an_authorised_token_ends_the_lease(store: MemoryTokens) -> None:
    store.leases[SHOP] = float("inf")
    tokens = keeper(store, Platform())
    await tokens.keep(SHOP, token("first"))
    assert await tokens.access(SHOP) == "first"


def test_the_kind_of_an_error_has_no_words() -> None:
    assert kind_of(Misconfigured("pdd", "x", "token abc", "10019")) == "Misconfigured 10019"

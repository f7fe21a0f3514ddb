"""The shops' access tokens: who refreshes, when, and what the others do meanwhile. Shared by all channels."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from connectors.errors import Misconfigured, PartnerError, TokenRefused, Unavailable
from connectors.ports import AccessToken, TokenStore
from domain.clock import utc_now
from domain.order import Channel

REFRESH = "token.refresh"

_POLL_S = 0.1

log = logging.getLogger(__name__)

T = TypeVar("T")

Renew = Callable[[str, AccessToken | None, str], Awaitable[AccessToken]]
"""`renew(shop, kept, refused)` fetches a new token. `kept` is the present one, `refused` the access token that the
platform has just turned down ("" for none)."""


class ShopTokens:
    """Tokens of all shops of a channel, kept in a TokenStore that all processes share.

    Whoever gets the store's lease refreshes; all others go on with the present token while it lives, and else wait for
    a moment and load again. Two refreshers of one shop would invalidate each other's tokens.
    """

    def __init__(
        self, channel: Channel, store: TokenStore, renew: Renew, *, margin_s: float, wait_s: float, call_s: float
    ) -> None:
        """`margin_s`: refresh so long before expiry. `wait_s`: wait so long for another process's refresh. `call_s`:
        the time limit of one call to the platform."""
        self._channel = channel
        self._store = store
        self._renew_token = renew
        self._margin = timedelta(seconds=margin_s)
        self._wait_s = wait_s
        # Long enough for two calls (a refresh and a create) that both use up their time.
        self._lease_s = 2 * call_s + 5

    async def access(self, shop: str, refused: str = "") -> str:
        """A token to call with, other than `refused` (one that the platform has just turned down)."""
        give_up = time.monotonic() + self._wait_s
        while True:
            kept = await self._store.load(self._channel, shop)
            if kept is not None and self._lives(kept, refused, self._margin):
                return kept.access
            usable = kept is not None and self._lives(kept, refused, timedelta(0))
            if await self._store.lease(self._channel, shop, self._lease_s):
                try:
                    return await self._renew(shop, refused)
                except PartnerError as error:
                    if kept is None or not usable:
                        raise
                    # The platform's own words could hold a token, so only their kind is logged.
                    log.warning(
                        "%s shop %s: %s at refresh, the present token still serves", self._channel, shop, kind_of(error)
                    )
                    return kept.access
            if kept is not None and usable:
                return kept.access
            if time.monotonic() >= give_up:
                raise Unavailable(self._channel, REFRESH, "another process is refreshing the token")
            await asyncio.sleep(_POLL_S)

    async def call(self, shop: str, once: Callable[[str], Awaitable[T]]) -> T:
        """Call with a shop's token. One that the platform refuses is renewed, and the call made once more: a refused
        call did nothing."""
        access = await self.access(shop)
        try:
            return await once(access)
        except TokenRefused:
            return await once(await self.access(shop, refused=access))

    async def refresh(self, shop: str) -> None:
        """Renew the token of a shop if it is due, before anybody needs it. Raises PartnerError when that fails, though
        the present token may still serve. While another process is at it, it is left to that one."""
        kept = await self._store.load(self._channel, shop)
        if kept is not None and self._lives(kept, "", self._margin):
            return
        if await self._store.lease(self._channel, shop, self._lease_s):
            await self._renew(shop, "")

    async def authorised_until(self, shop: str) -> datetime | None:
        """When the owner of a shop must authorise again, if it is not refreshed until then; None where it never was
        authorised."""
        kept = await self._store.load(self._channel, shop)
        if kept is None:
            return None
        return kept.refresh_expires_at if kept.refresh else kept.expires_at

    async def keep(self, shop: str, token: AccessToken) -> None:
        """Keep a token that the shop's owner has just authorised."""
        await self._store.save(self._channel, shop, token)

    @staticmethod
    def _lives(token: AccessToken, refused: str, margin: timedelta) -> bool:
        return token.access != refused and token.expires_at - utc_now() > margin

    async def _renew(self, shop: str, refused: str) -> str:
        # Load again: whoever held the lease before may have saved between our load and our lease.
        kept = await self._store.load(self._channel, shop)
        if kept is not None and self._lives(kept, refused, self._margin):
            fresh = kept
        else:
            fresh = await self._renew_token(shop, kept, refused)
        await self._store.save(self._channel, shop, fresh)  # also ends the lease
        return fresh.access


def by_refresh_only(channel: Channel, refresh: Callable[[str], Awaitable[AccessToken]]) -> Renew:
    """Renewal on platforms where only the shop's owner can give a first token: by `refresh(refresh_token)`, or
    Misconfigured telling that the owner must authorise."""

    async def renew(shop: str, kept: AccessToken | None, refused: str) -> AccessToken:
        if kept is None:
            raise Misconfigured(channel, REFRESH, f"shop {shop} has not authorised this application yet")
        if utc_now() >= kept.refresh_expires_at:
            raise Misconfigured(channel, REFRESH, f"the authorisation of shop {shop} is over, its owner must renew it")
        fresh = await refresh(kept.refresh)
        if fresh.access == refused:
            raise Misconfigured(channel, REFRESH, f"shop {shop} only gets the token that was refused, authorise again")
        return fresh

    return renew


def kind_of(error: PartnerError) -> str:
    """An error's class and code, without the partner's words."""
    return f"{type(error).__name__} {error.code}".strip()

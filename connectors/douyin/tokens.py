"""The shops' access tokens: who refreshes, when, and what the others do meanwhile (section 3 of the protocol file)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.douyin.fields import as_int, text_of
from connectors.douyin.responses import PARTNER
from connectors.douyin.settings import DouyinSettings
from connectors.errors import Misconfigured, PartnerError, Rejected, Unavailable
from connectors.ports import AccessToken, TokenStore
from domain.clock import utc_now
from domain.order import Channel

CREATE, REFRESH = "token.create", "token.refresh"

_REFRESH_TOKEN_LIFE = timedelta(days=14)
_POLL_S = 0.1

log = logging.getLogger(__name__)

AskToken = Callable[[str, dict[str, Any]], Awaitable[AccessToken]]
"""Calls `token.create` or `token.refresh` with its business parameters."""


def create_body(shop: str) -> dict[str, Any]:
    """token.create for a self-built application."""
    return {"code": "", "grant_type": "authorization_self", "shop_id": shop}


def refresh_body(refresh_token: str) -> dict[str, Any]:
    """token.refresh."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


def read_token(data: Mapping[str, Any], now: datetime) -> AccessToken:
    """The token in an answer of either call. Raises ValueError."""
    access, refresh = text_of(data, "access_token"), text_of(data, "refresh_token")
    if not access:
        raise ValueError("no access_token")
    life = timedelta(seconds=min(as_int(data.get("expires_in"), "expires_in"), 366 * 86_400))
    return AccessToken(access, refresh, expires_at=now + life, refresh_expires_at=now + _REFRESH_TOKEN_LIFE)


class ShopTokens:
    """Tokens of all shops, kept in a TokenStore that all processes share.

    Whoever gets the store's lease refreshes; all others go on with the present token while it lives, and else wait for
    a moment and load again. Two refreshers of one shop would invalidate each other's tokens.
    """

    def __init__(self, settings: DouyinSettings, store: TokenStore, ask: AskToken) -> None:
        self._store = store
        self._ask = ask
        self._margin = timedelta(seconds=settings.token_margin_s)
        self._wait_s = settings.token_wait_s
        # Long enough for a refresh and a create that both use up their time.
        self._lease_s = 2 * settings.limits.timeout_s + 5

    async def access(self, shop: str, refused: str = "") -> str:
        """A token to call with, other than `refused` (one that the platform has just turned down)."""
        give_up = time.monotonic() + self._wait_s
        while True:
            kept = await self._store.load(Channel.DOUYIN, shop)
            if kept is not None and self._lives(kept, refused, self._margin):
                return kept.access
            usable = kept is not None and self._lives(kept, refused, timedelta(0))
            if await self._store.lease(Channel.DOUYIN, shop, self._lease_s):
                try:
                    return await self._renew(shop, refused)
                except PartnerError as error:
                    if kept is None or not usable:
                        raise
                    # The platform's own words could hold a token, so only their kind is logged.
                    log.warning("douyin shop %s: %s at refresh, the present token still serves", shop, _kind(error))
                    return kept.access
            if kept is not None and usable:
                return kept.access
            if time.monotonic() >= give_up:
                raise Unavailable(PARTNER, REFRESH, "another process is refreshing the token")
            await asyncio.sleep(_POLL_S)

    @staticmethod
    def _lives(token: AccessToken, refused: str, margin: timedelta) -> bool:
        return token.access != refused and token.expires_at - utc_now() > margin

    async def _renew(self, shop: str, refused: str) -> str:
        # Load again: whoever held the lease before may have saved between our load and our lease.
        kept = await self._store.load(Channel.DOUYIN, shop)
        if kept is not None and self._lives(kept, refused, self._margin):
            fresh = kept
        else:
            fresh = await self._fetch(shop, kept, refused)
        await self._store.save(Channel.DOUYIN, shop, fresh)  # also ends the lease
        return fresh.access

    async def _fetch(self, shop: str, kept: AccessToken | None, refused: str) -> AccessToken:
        if kept is not None and utc_now() < kept.refresh_expires_at:
            try:
                fresh = await self._ask(REFRESH, refresh_body(kept.refresh))
            except (Rejected, Misconfigured) as error:
                # A dead refresh token is no dead end: a self-built application may simply ask for a new token.
                log.info("douyin shop %s: %s at refresh, asking for a new token", shop, _kind(error))
            else:
                # With more than an hour left the platform gives the same token back, even one that it refuses.
                if fresh.access != refused:
                    return fresh
        return await self._ask(CREATE, create_body(shop))


def _kind(error: PartnerError) -> str:
    return f"{type(error).__name__} {error.code}".strip()

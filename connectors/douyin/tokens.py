"""How Douyin gives tokens to a self-built application (section 3 of the protocol file)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import Misconfigured, Rejected
from connectors.fields import as_int, text_of
from connectors.ports import AccessToken
from connectors.tokens import REFRESH, Renew, kind_of
from domain.clock import utc_now

CREATE = "token.create"

_REFRESH_TOKEN_LIFE = timedelta(days=14)

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


def refresh_or_create(ask: AskToken) -> Renew:
    """Renewal for `ShopTokens`: a dead refresh token is no dead end, for a new token may simply be asked for."""

    async def renew(shop: str, kept: AccessToken | None, refused: str) -> AccessToken:
        if kept is not None and utc_now() < kept.refresh_expires_at:
            try:
                fresh = await ask(REFRESH, refresh_body(kept.refresh))
            except (Rejected, Misconfigured) as error:
                log.info("douyin shop %s: %s at refresh, asking for a new token", shop, kind_of(error))
            else:
                # With more than an hour left the platform gives the same token back, even one that it refuses.
                if fresh.access != refused:
                    return fresh
        return await ask(CREATE, create_body(shop))

    return renew

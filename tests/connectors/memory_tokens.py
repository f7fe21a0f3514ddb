"""A TokenStore for one process, for tests of channels."""

from __future__ import annotations

import time
from datetime import timedelta

from connectors.ports import AccessToken
from domain.clock import utc_now
from domain.order import Channel


class MemoryTokens:
    """Keeps the tokens of one channel's shops."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.tokens: dict[str, AccessToken] = {}
        self.leases: dict[str, float] = {}

    async def load(self, channel: Channel, shop: str) -> AccessToken | None:
        assert channel is self.channel
        return self.tokens.get(shop)

    async def save(self, channel: Channel, shop: str, token: AccessToken) -> None:
        assert channel is self.channel
        self.tokens[shop] = token
        self.leases.pop(shop, None)

    async def lease(self, channel: Channel, shop: str, seconds: float) -> bool:
        assert channel is self.channel
        if self.leases.get(shop, 0.0) > time.monotonic():
            return False
        self.leases[shop] = time.monotonic() + seconds
        return True


def token(
    access: str, *, left: timedelta = timedelta(days=6), refresh_left: timedelta = timedelta(days=13)
) -> AccessToken:
    now = utc_now()
    return AccessToken(access, f"refresh-of-{access}", now + left, now + refresh_left)

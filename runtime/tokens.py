"""Channel tokens in the store: sealed, and refreshed by one process at a time."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, or_

from connectors.ports import AccessToken
from domain.clock import utc_now
from domain.order import Channel
from runtime.keys import KeyRing
from store.database import Database
from store.tables import TokenRow
from store.upsert import insert_ignore


class StoredTokens:
    """The `TokenStore` of connectors."""

    def __init__(self, db: Database, keys: KeyRing) -> None:
        self._db = db
        self._keys = keys

    async def load(self, channel: Channel, shop: str) -> AccessToken | None:
        """The token kept last."""
        async with self._db.transaction() as tx:
            row = await tx.get(TokenRow, (channel, shop))
        if row is None or not row.sealed:
            return None
        plain = json.loads(self._keys.open_text(row.sealed, _context(channel, shop)))
        return AccessToken(
            access=plain["access"],
            refresh=plain["refresh"],
            expires_at=datetime.fromisoformat(plain["expires_at"]),
            refresh_expires_at=datetime.fromisoformat(plain["refresh_expires_at"]),
        )

    async def save(self, channel: Channel, shop: str, token: AccessToken) -> None:
        """Keep a new token, and end the lease."""
        plain = {
            "access": token.access,
            "refresh": token.refresh,
            "expires_at": token.expires_at.isoformat(),
            "refresh_expires_at": token.refresh_expires_at.isoformat(),
        }
        sealed = self._keys.seal_text(json.dumps(plain), _context(channel, shop))
        async with self._db.transaction() as tx:
            await insert_ignore(tx, TokenRow, {"channel": channel, "shop": shop, "sealed": ""})
            await tx.execute(
                update(TokenRow)
                .where(col(TokenRow.channel) == channel, col(TokenRow.shop) == shop)
                .values(sealed=sealed, expires_at=token.expires_at, leased_until=None)
            )

    async def lease(self, channel: Channel, shop: str, seconds: float) -> bool:
        """Whether the caller may refresh now."""
        now = utc_now()
        async with self._db.transaction() as tx:
            await insert_ignore(tx, TokenRow, {"channel": channel, "shop": shop, "sealed": ""})
            free = or_(col(TokenRow.leased_until).is_(None), col(TokenRow.leased_until) < now)
            statement = (
                update(TokenRow)
                .where(col(TokenRow.channel) == channel, col(TokenRow.shop) == shop, free)
                .values(leased_until=now + timedelta(seconds=seconds))
                .returning(col(TokenRow.shop))
            )
            return (await tx.execute(statement)).first() is not None


def _context(channel: Channel, shop: str) -> bytes:
    return f"token|{channel}|{shop}".encode()

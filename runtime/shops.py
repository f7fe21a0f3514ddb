"""Shop accounts as data: kept sealed in the store, and put into the settings that connectors are built from.

The settings say which applications there are, and may name shops too: those are the first ones, taken over into the
store by `orderhub setup`. From then on the store decides, so that a shop comes and goes without a restart.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.rest import RestDoor
from runtime.keys import KeyRing
from runtime.partners import Outside, build_partners
from settings import Settings
from store import shops
from store.database import Database
from store.shops import Shop, ShopState

SETTINGS, COMMAND = "settings", "command"

log = logging.getLogger("orderhub.shops")


class BadAccount(ValueError):
    """An account that its channel cannot use. The message names the field, never its value."""


def channels(settings: Settings) -> dict[str, BaseModel]:
    """The configured groups that have shops, by their name in the settings, which is the channel's."""
    groups = ((name, getattr(settings, name)) for name in type(settings).model_fields)
    return {name: group for name, group in groups if isinstance(group, BaseModel) and hasattr(group, "shops")}


def account_of(settings: Settings, channel: str, shop: str, account: Mapping[str, Any]) -> dict[str, Any]:
    """Check an account, and fill in what it leaves out. Raises BadAccount, also for a channel without settings."""
    groups = channels(settings)
    if channel not in groups:
        raise BadAccount(f"{channel} is not in the settings; there are: {', '.join(sorted(groups)) or 'none'}")
    group = _with(groups[channel], {shop: account})
    return _accounts(group)[shop]


def seal(keys: KeyRing, channel: str, shop: str, account: Mapping[str, Any]) -> str:
    """An account as the store keeps it."""
    return keys.seal_text(json.dumps(account, sort_keys=True), _context(channel, shop))


async def take_over(tx: AsyncSession, settings: Settings, keys: KeyRing) -> None:
    """Keep the shops that the settings name; one that they name no more, and that came from them, is removed."""
    kept = {(shop.channel, shop.shop): shop for shop in await shops.all_shops(tx)}
    named = {
        (channel, shop): account
        for channel, group in channels(settings).items()
        for shop, account in _accounts(group).items()
    }
    for (channel, shop), account in named.items():
        before = kept.get((channel, shop))
        if before is None or (before.origin == SETTINGS and _open(keys, before) != account):
            await shops.put(tx, channel, shop, seal(keys, channel, shop, account), SETTINGS)
    for key, before in kept.items():
        if before.origin == SETTINGS and key not in named:
            await shops.move(tx, *key, to=ShopState.REMOVED, why="not in the settings any more")


def with_shops(settings: Settings, keys: KeyRing, kept: Iterable[Shop]) -> Settings:
    """The settings with the shops of the store in place of their own. A group without any is left out."""
    accounts: dict[str, dict[str, Any]] = {}
    for shop in kept:
        accounts.setdefault(shop.channel, {})[shop.shop] = _open(keys, shop)
    groups: dict[str, BaseModel | None] = {}
    for channel, group in channels(settings).items():
        groups[channel] = None
        try:
            if channel in accounts:
                groups[channel] = _with(group, accounts[channel])
        except BadAccount as error:
            # One that an older or newer build kept: the others of this house must go on.
            log.error("accounts cannot be used", extra={"channel": channel, "error": str(error)})
    return settings.model_copy(update=groups)


def check_keys(settings: Settings) -> None:
    """Raise BadAccount when two shops could not be told apart by their keys."""
    try:
        RestDoor(settings.rest())
    except ValueError as error:
        raise BadAccount(str(error)) from None


class ShopKeeper:
    """Keeps a process's partners in step with the shops in the store."""

    def __init__(self, settings: Settings, db: Database, keys: KeyRing, outside: Outside) -> None:
        self._settings = settings
        self._db = db
        self._keys = keys
        self._outside = outside
        self._known: list[tuple[str, str, str]] | None = None

    async def look(self) -> bool:
        """Take the shops as they are now. Whether anything about accounts had changed."""
        async with self._db.reading() as tx:
            kept = await shops.all_shops(tx)
        now = [(shop.channel, shop.shop, shop.sealed) for shop in kept]
        if now == self._known:
            return False
        await self._outside.use_shops(with_shops(self._settings, self._keys, kept))
        self._known = now
        log.info("shops taken", extra={"shops": [f"{channel}:{shop}" for channel, shop, _ in now]})
        return True

    async def run(self, every_s: float = 2.0) -> None:
        """Look again and again, until cancelled. A database that is away leaves everything as it is."""
        while True:
            try:
                await self.look()
            except Exception as error:
                log.warning("shops not read", extra={"error": type(error).__name__})
            await asyncio.sleep(every_s)


async def pulled_shops(settings: Settings, db: Database, keys: KeyRing) -> list[tuple[str, str]]:
    """Every (feed, shop) of the store's shops whose changes are asked for."""
    outside = build_partners(settings, db)
    try:
        await ShopKeeper(settings, db, keys, outside).look()
        return outside.pulled()
    finally:
        await outside.close()


def _with(group: BaseModel, accounts: Mapping[str, Mapping[str, Any]]) -> BaseModel:
    listed = isinstance(getattr(group, "shops"), list)  # noqa: B009 - groups share the name, not a class
    wanted = list(accounts) if listed else {name: dict(account) for name, account in accounts.items()}
    try:
        return type(group).model_validate({**dict(group), "shops": wanted})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part != "shops")
        raise BadAccount(f"{where}: {first['msg']}") from None


def _accounts(group: BaseModel) -> dict[str, dict[str, Any]]:
    named: list[str] | Mapping[str, BaseModel] = getattr(group, "shops")  # noqa: B009
    if isinstance(named, list):
        return {name: {} for name in named}
    return {name: _plain(account.model_dump()) for name, account in named.items()}


def _plain(value: Any) -> Any:
    """Secrets in clear, everything as JSON has it: what is sealed must come back whole."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case dict():
            return {str(key): _plain(part) for key, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(part) for part in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _open(keys: KeyRing, shop: Shop) -> dict[str, Any]:
    account: dict[str, Any] = json.loads(keys.open_text(shop.sealed, _context(shop.channel, shop.shop)))
    return account


def _context(channel: str, shop: str) -> bytes:
    return f"shop|{channel}|{shop}".encode()

"""`orderhub shops`: accounts come, are tried, paused and removed while everything runs."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from commands.house import NO_SUCH, house, refuse
from connectors.errors import PartnerError
from connectors.ports import PullSource, Window
from domain.clock import format_beijing, utc_now
from domain.texts import text
from runtime.client import connect, key_ring
from runtime.keys import KeyRing
from runtime.partners import Outside, open_partners
from runtime.setup import ensure_sweeps
from runtime.shops import COMMAND, BadAccount, ShopKeeper, account_of, check_keys, pulled_shops, seal, with_shops
from settings import Settings
from store import shops
from store.database import Database
from store.holds import close_task
from store.shops import Shop, ShopState

_LOOK_BACK = timedelta(minutes=1)


@dataclass(frozen=True)
class _House:
    settings: Settings
    db: Database
    keys: KeyRing

    async def shop(self, channel: str, shop: str) -> Shop | None:
        async with self.db.reading() as tx:
            return await shops.find(tx, channel, shop)


@asynccontextmanager
async def _house(settings: Settings) -> AsyncIterator[_House]:
    async with house(settings) as db:
        yield _House(settings, db, key_ring(settings.encryption))


async def show(settings: Settings, *, as_json: bool) -> int:
    """Every shop, whether it sells now, and why not."""
    async with _house(settings) as at, at.db.reading() as tx:
        kept = await shops.all_shops(tx)
    if as_json:
        print(json.dumps({"shops": [_public(shop) for shop in kept]}, ensure_ascii=False))  # noqa: T201
        return 0
    table = Table(*(text(f"shops.{name}") for name in ("channel", "shop", "state", "why", "tested", "origin")))
    for shop in kept:
        tested = format_beijing(shop.tested_at) if shop.tested_at else ""
        state = text(f"shop.{shop.state}")
        table.add_row(text(f"channel.{shop.channel}"), shop.shop, state, shop.why, tested, shop.origin)
    Console().print(table)
    return 0


async def add(settings: Settings, channel: str, shop: str, account: str) -> int:
    """Keep a shop's account, given as JSON, sealed; from the next look on every process sells for it."""
    async with _house(settings) as at:
        try:
            given = json.loads(account or "{}")
            if not isinstance(given, dict):
                raise BadAccount("the account must be a JSON object")
            whole = account_of(settings, channel, shop, given)
            await _told_apart(at, channel, shop, whole)
        except ValueError as error:
            return refuse(str(error) if isinstance(error, BadAccount) else "the account is not JSON", NO_SUCH)
        async with at.db.transaction() as tx:
            await shops.put(tx, channel, shop, seal(at.keys, channel, shop, whole), COMMAND)
        await _schedule(at)
    print(f"{channel} shop {shop} is kept: orderhub shops test {channel} {shop}")  # noqa: T201
    return 0


async def test(settings: Settings, channel: str, shop: str) -> int:
    """Ask the channel something harmless with the shop's credentials. Exit code 1 when it says no."""
    async with _house(settings) as at:
        if await at.shop(channel, shop) is None:
            return _unknown(channel, shop)
        try:
            async with open_partners(settings, at.db) as outside:
                await ShopKeeper(settings, at.db, at.keys, outside).look()
                said = await _ask(outside, channel, shop)
        except PartnerError as error:
            async with at.db.transaction() as tx:
                await shops.tested(tx, channel, shop)
                if not error.retryable:
                    await shops.move(tx, channel, shop, to=ShopState.UNAUTHORISED, why=error.operator_text)
            print(error.operator_text, file=sys.stderr)  # noqa: T201
            return 1
        async with at.db.transaction() as tx:
            await shops.tested(tx, channel, shop)
            await shops.authorised_again(tx, channel, shop)
            await close_task(tx, f"shop_unauthorised/{channel}/{shop}", getpass.getuser())
    print(said)  # noqa: T201
    return 0


async def move(settings: Settings, channel: str, shop: str, to: ShopState, why: str) -> int:
    """Pause, resume or remove a shop. What its orders have begun goes on."""
    async with _house(settings) as at:
        if await at.shop(channel, shop) is None:
            return _unknown(channel, shop)
        async with at.db.transaction() as tx:
            moved = await shops.move(tx, channel, shop, to=to, why=why)
        await _schedule(at)
    print(f"{channel} shop {shop} is {to}" if moved else f"{channel} shop {shop} was {to} already")  # noqa: T201
    return 0


async def _ask(outside: Outside, channel: str, shop: str) -> str:
    pulled: list[PullSource] = [
        source
        for source in outside.partners.pulls.values()
        if source.channel == channel and source.feed == channel and shop in source.shops
    ]
    if not pulled:
        return f"{channel} shop {shop} only pushes: there is nothing to ask it, the first order will tell"
    now = utc_now()
    page = await pulled[0].pull(shop, Window(now - _LOOK_BACK, now), None)
    return f"{channel} shop {shop} answers: {len(page.documents)} changes within the last minute"


async def _told_apart(at: _House, channel: str, shop: str, account: dict[str, Any]) -> None:
    """Raises BadAccount when the account has a key that another shop has."""
    async with at.db.reading() as tx:
        others = [kept for kept in await shops.all_shops(tx) if (kept.channel, kept.shop) != (channel, shop)]
    new = Shop(channel, shop, ShopState.ACTIVE, "", COMMAND, seal(at.keys, channel, shop, account), None, utc_now())
    check_keys(with_shops(at.settings, at.keys, [*others, new]))


async def _schedule(at: _House) -> None:
    """Let the schedules of pulls follow. Without Temporal `orderhub setup` does it later."""
    try:
        client: Client = await connect(at.settings)
    except RuntimeError:
        print("Temporal does not answer: run orderhub setup when it does, for the pull schedules", file=sys.stderr)  # noqa: T201
        return
    pulled = await pulled_shops(at.settings, at.db, at.keys)
    await ensure_sweeps(client, at.settings, pulled, lambda line: None)


def _public(shop: Shop) -> dict[str, str | None]:
    return {
        "channel": shop.channel,
        "shop": shop.shop,
        "state": str(shop.state),
        "why": shop.why,
        "origin": shop.origin,
        "tested_at": shop.tested_at.isoformat() if shop.tested_at else None,
    }


def _unknown(channel: str, shop: str) -> int:
    return refuse(f"there is no {channel} shop {shop}: see orderhub shops list", NO_SUCH)

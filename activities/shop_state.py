"""Shops that their channel refuses: they rest, a person is asked, and they go on by themselves."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.order import Channel
from domain.texts import text
from store import shops
from store.database import Database
from store.holds import close_task, open_task
from store.shops import ShopState

ASK_AGAIN = timedelta(minutes=10)
"""How long a shop that refused our credentials is left alone: it goes on by itself once they are good again."""


async def rests(db: Database, channel: Channel, shop: str) -> bool:
    """Whether a shop is not asked now: a person paused it, or it refused our credentials a short while ago."""
    async with db.reading() as tx:
        kept = await shops.find(tx, channel, shop)
    if kept is None or kept.state is ShopState.ACTIVE:
        return False
    return kept.state is ShopState.PAUSED or utc_now() - kept.updated_at < ASK_AGAIN


async def refused(db: Database, channel: Channel, shop: str, why: str) -> bool:
    """The channel refuses our credentials for a shop. False where there is no account to rest."""
    async with db.transaction() as tx:
        if await shops.find(tx, channel, shop) is None:
            return False
        await shops.move(tx, channel, shop, to=ShopState.UNAUTHORISED, why=why)
        await shops.touch(tx, channel, shop)
        sentence = text("task.shop_unauthorised", channel=text(f"channel.{channel}"), shop=shop)
        await open_task(tx, task_key(channel, shop), "shop_unauthorised", sentence, alert=True, again=True)
    return True


async def accepted(tx: AsyncSession, channel: Channel, shop: str) -> None:
    """The channel took our credentials."""
    if await shops.authorised_again(tx, channel, shop):
        await close_task(tx, task_key(channel, shop), "orderhub")


def task_key(channel: str, shop: str) -> str:
    """The one task of a shop that is refused."""
    return f"shop_unauthorised/{channel}/{shop}"

"""Shops' accounts: who sells where for us, and whether it does now. Accounts are sealed by the caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.tables import ShopRow
from store.upsert import insert_ignore


class ShopState(StrEnum):
    """Whether a shop sells through us now."""

    ACTIVE = "active"
    PAUSED = "paused"
    """A person stopped it: nothing is pulled, and what it pushes waits in the inbox. Its living orders go on."""
    UNAUTHORISED = "unauthorised"
    """The channel refuses our credentials. It is asked again now and then, and goes on by itself when they are good."""
    REMOVED = "removed"


@dataclass(frozen=True)
class Shop:
    """A shop as it is kept. `sealed` holds its credentials."""

    channel: str
    shop: str
    state: ShopState
    why: str
    origin: str
    sealed: str
    tested_at: datetime | None
    updated_at: datetime


async def all_shops(tx: AsyncSession) -> list[Shop]:
    """Every shop that was not removed, by channel and name."""
    query = select(ShopRow).where(ShopRow.state != ShopState.REMOVED)
    rows = (await tx.execute(query.order_by(col(ShopRow.channel), col(ShopRow.shop)))).scalars()
    return [_shop(row) for row in rows]


async def find(tx: AsyncSession, channel: str, shop: str) -> Shop | None:
    """One shop; None for one that was never added, or was removed."""
    row = await tx.get(ShopRow, (channel, shop))
    return None if row is None or row.state == ShopState.REMOVED else _shop(row)


async def paused(tx: AsyncSession) -> set[tuple[str, str]]:
    """The (channel, shop) that a person paused."""
    query = select(ShopRow.channel, ShopRow.shop).where(ShopRow.state == ShopState.PAUSED)
    return set((await tx.execute(query)).tuples())


async def put(tx: AsyncSession, channel: str, shop: str, sealed: str, origin: str) -> None:
    """Keep a shop's account. A new or removed one becomes active; the state of any other stays."""
    now = utc_now()
    values = {"state": ShopState.ACTIVE, "why": "", "origin": origin, "sealed": sealed, "updated_at": now}
    if await insert_ignore(tx, ShopRow, {"channel": channel, "shop": shop, **values, "added_at": now}):
        return
    row = await tx.get_one(ShopRow, (channel, shop), with_for_update=True)
    if row.state == ShopState.REMOVED:
        row.state, row.why = ShopState.ACTIVE, ""
    row.sealed, row.origin, row.updated_at = sealed, origin, now
    tx.add(row)
    await tx.flush()


async def move(tx: AsyncSession, channel: str, shop: str, *, to: ShopState, why: str = "") -> bool:
    """Change a shop's state. False when it is in that state already, or there is no such shop.

    What a person paused stays paused, whatever the channel says meanwhile.
    """
    statement = update(ShopRow).where(
        col(ShopRow.channel) == channel,
        col(ShopRow.shop) == shop,
        col(ShopRow.state) != to,
        col(ShopRow.state) != ShopState.REMOVED,
    )
    if to is ShopState.UNAUTHORISED:
        statement = statement.where(col(ShopRow.state) == ShopState.ACTIVE)
    moved = statement.values(state=to, why=why[:500], updated_at=utc_now()).returning(col(ShopRow.shop))
    return (await tx.execute(moved)).first() is not None


async def authorised_again(tx: AsyncSession, channel: str, shop: str) -> bool:
    """The channel took our credentials. Whether that changed anything."""
    statement = update(ShopRow).where(
        col(ShopRow.channel) == channel,
        col(ShopRow.shop) == shop,
        col(ShopRow.state) == ShopState.UNAUTHORISED,
    )
    moved = statement.values(state=ShopState.ACTIVE, why="", updated_at=utc_now()).returning(col(ShopRow.shop))
    return (await tx.execute(moved)).first() is not None


async def touch(tx: AsyncSession, channel: str, shop: str) -> None:
    """Something was found out about the shop just now, and its state stays as it is."""
    statement = update(ShopRow).where(col(ShopRow.channel) == channel, col(ShopRow.shop) == shop)
    await tx.execute(statement.values(updated_at=utc_now()))


async def tested(tx: AsyncSession, channel: str, shop: str) -> None:
    """The shop's credentials were tried just now."""
    statement = update(ShopRow).where(col(ShopRow.channel) == channel, col(ShopRow.shop) == shop)
    await tx.execute(statement.values(tested_at=utc_now()))


def _shop(row: ShopRow) -> Shop:
    return Shop(
        row.channel, row.shop, ShopState(row.state), row.why, row.origin, row.sealed, row.tested_at, row.updated_at
    )

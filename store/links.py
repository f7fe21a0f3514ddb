"""Which orders belong together."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from store.tables import OrderLinkRow
from store.upsert import insert_ignore

MOST = 50
"""Linked orders that are shown at most: a reseller's phone may stand on thousands."""


async def keep(tx: AsyncSession, order_id: str, digests: Mapping[str, str]) -> None:
    """Keep what an order has in common with others, in place of what was kept of it before."""
    changed = await _of(tx, order_id)
    if changed == dict(digests):
        return
    await tx.execute(delete(OrderLinkRow).where(col(OrderLinkRow.order_id) == order_id))
    for kind, digest in sorted(digests.items()):
        await insert_ignore(tx, OrderLinkRow, {"order_id": order_id, "kind": kind, "digest": digest})


async def copy(tx: AsyncSession, order_id: str, to: str) -> None:
    """An order of ours has in common with others what the order has that it was made for."""
    await keep(tx, to, await _of(tx, order_id))


async def linked(tx: AsyncSession, order_id: str) -> dict[str, list[str]]:
    """The other orders that this one has something in common with, and what, the newest ids last."""
    mine = await _of(tx, order_id)
    query = select(OrderLinkRow.order_id, OrderLinkRow.kind).where(
        col(OrderLinkRow.digest).in_(list(mine.values())), OrderLinkRow.order_id != order_id
    )
    found: dict[str, list[str]] = {}
    for other, kind in (await tx.execute(query.order_by(col(OrderLinkRow.order_id)).limit(MOST * len(mine)))).tuples():
        found.setdefault(other, []).append(kind)
    return {other: sorted(kinds) for other, kinds in list(found.items())[:MOST]}


async def _of(tx: AsyncSession, order_id: str) -> dict[str, str]:
    query = select(OrderLinkRow.kind, OrderLinkRow.digest).where(OrderLinkRow.order_id == order_id)
    return dict((await tx.execute(query)).tuples().all())

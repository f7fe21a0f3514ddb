"""Logs that nobody reads any more after a while. What the audit or a living order may still ask of them stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from store.tables import PublishedRow, ShelfChangeRow


async def purge_published(tx: AsyncSession, before: datetime, limit: int) -> int:
    """Drop figures that channels were told before a moment; at most `limit`. Returns how many went.

    What a channel may still have stays, however old: the last figure that it took, and whatever it was told after that
    (so each listing's newest row does). A figure that it refused says nothing of what it has.
    """
    row, newer = PublishedRow, aliased(PublishedRow)
    followed = select(newer.seq).where(
        *(getattr(newer, name) == getattr(row, name) for name in ("channel", "shop", "item_id", "sku_id")),
        newer.n > row.n,
        or_(newer.status == "taken", row.status == "refused"),
    )
    old = select(row.seq).where(col(row.at) < before, followed.exists()).order_by(col(row.at)).limit(limit)
    gone = delete(row).where(col(row.seq).in_(old)).returning(col(row.seq))
    return len((await tx.execute(gone.execution_options(synchronize_session=False))).all())


async def purge_shelf_changes(tx: AsyncSession, before: datetime, limit: int) -> int:
    """Drop what warehouses told of their stock before a moment; at most `limit`. Returns how many went."""
    row = ShelfChangeRow
    key = [col(getattr(row, name)) for name in ("code", "warehouse", "sku", "quality")]
    old = select(*key).where(col(row.kept_at) < before).order_by(col(row.kept_at)).limit(limit)
    gone = delete(row).where(tuple_(*key).in_(old)).returning(col(row.code))
    return len((await tx.execute(gone.execution_options(synchronize_session=False))).all())

"""Findings of reviews: what stands, what a person has released, what is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from domain.review import Flag
from store.tables import FlagRow, OrderRow


async def keep(tx: AsyncSession, row: OrderRow, revision: int, flags: Sequence[Flag]) -> list[Flag]:
    """Keep what a review found. Returns the flags that still hold the order: those nobody has released."""
    known = {(kept.code, kept.about): kept for kept in await of_order(tx, row.order_id)}
    now = utc_now()
    holding, found = [], set()
    for flag in flags:
        key = (flag.code, digest(flag.about))
        found.add(key)
        kept = known.get(key)
        if kept is None:
            kept = known[key] = FlagRow(
                order_id=row.order_id, code=key[0], about=key[1], hold="", detail="", revision=0
            )
            kept.found_at = now
        if kept.hold != (flag.hold or ""):
            # A note that holds the order now is more than was released.
            kept.released_at, kept.released_by, kept.released_why = None, "", ""
        kept.hold, kept.detail, kept.revision, kept.gone_at = str(flag.hold or ""), flag.detail, revision, None
        tx.add(kept)
        if flag.hold is not None and kept.released_at is None:
            holding.append(flag)
    for key, kept in known.items():
        if key not in found and kept.gone_at is None:
            kept.gone_at = now
            tx.add(kept)
    return holding


async def release(tx: AsyncSession, order_id: str, hold: str, by: str, why: str) -> None:
    """A person has let pass what a hold is for: the findings are not asked about again."""
    standing = update(FlagRow).where(
        col(FlagRow.order_id) == order_id,
        col(FlagRow.hold) == hold,
        col(FlagRow.gone_at).is_(None),
        col(FlagRow.released_at).is_(None),
    )
    await tx.execute(standing.values(released_at=utc_now(), released_by=by, released_why=why))


async def of_order(tx: AsyncSession, order_id: str) -> list[FlagRow]:
    """All findings about an order, oldest first."""
    query = select(FlagRow).where(FlagRow.order_id == order_id)
    return list((await tx.execute(query.order_by(col(FlagRow.found_at), col(FlagRow.code)))).scalars())


async def stands(tx: AsyncSession, order_id: str, code: str, about: str) -> bool:
    """Whether something was found about an order, by how its code begins and what it rests on; released or not."""
    query = select(FlagRow.code).where(
        FlagRow.order_id == order_id,
        col(FlagRow.code).startswith(code, autoescape=True),
        FlagRow.about == digest(about),
        col(FlagRow.gone_at).is_(None),
    )
    return (await tx.execute(query)).first() is not None


def digest(about: str) -> str:
    """What a finding rests on, as it is kept."""
    return hashlib.sha256(about.encode()).hexdigest()[:16] if about else ""

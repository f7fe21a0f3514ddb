"""Declarations: what is missing, what was supplied, and the queue that people work on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from domain.declaring import Judged, Missing, Standing, Supplied
from store.tables import DeclarationRow, DeclarationSupplyRow, OrderRow

ENDED = "ended"


@dataclass(frozen=True)
class Queued:
    """An order in the queue."""

    order_id: str
    destination: str
    status: str
    missing: tuple[Missing, ...]
    opened_at: datetime
    updated_at: datetime


async def keep(tx: AsyncSession, order_id: str, judged: Judged | None, by: str = "") -> None:
    """Keep what a look at a declaration came to; None: there is none to make (any more)."""
    row = await tx.get(DeclarationRow, order_id)
    now = utc_now()
    if judged is None:
        if row is not None and row.status != ENDED:
            row.status, row.updated_at = ENDED, now
            tx.add(row)
        return
    missing = [_lack(one) for one in judged.missing]
    if row is None:
        row = DeclarationRow(order_id=order_id, destination="", status="", opened_at=now, updated_at=now)
    if (row.destination, row.status, row.missing) == (judged.destination, str(judged.standing), missing):
        return
    if judged.standing is Standing.COMPLETE and row.status != Standing.COMPLETE:
        row.completed_at, row.completed_by = now, by or "orderhub"
    row.destination, row.status, row.missing, row.updated_at = judged.destination, str(judged.standing), missing, now
    tx.add(row)
    await tx.flush()


def _lack(one: Missing) -> dict[str, str]:
    said = {"field": one.field, "line_no": one.line_no, "why": one.why}
    return {**said, "day": one.day} if one.day else said


async def supplied(tx: AsyncSession, order_id: str) -> Supplied:
    """What people have supplied for an order so far."""
    row = await tx.get(DeclarationRow, order_id)
    return _read(row.supplied) if row is not None else Supplied()


async def wish(tx: AsyncSession, order_id: str, values: Supplied, by: str) -> int:
    """Keep values that somebody supplies, to be taken by the order. The same again has the same number."""
    given = {"fields": dict(values.fields), "lines": {n: dict(line) for n, line in values.lines.items()}}
    canonical = json.dumps(given, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:32]
    same = select(DeclarationSupplyRow.n).where(
        DeclarationSupplyRow.order_id == order_id, DeclarationSupplyRow.digest == digest
    )
    known: int | None = (await tx.execute(same)).scalar_one_or_none()
    if known is not None:
        return known
    highest = select(func.max(DeclarationSupplyRow.n)).where(DeclarationSupplyRow.order_id == order_id)
    n = int((await tx.execute(highest)).scalar_one() or 0) + 1
    tx.add(DeclarationSupplyRow(order_id=order_id, n=n, digest=digest, given=given, by=by, at=utc_now()))
    await tx.flush()
    return n


async def take(tx: AsyncSession, order_id: str, n: int) -> bool:
    """Add what was supplied under a number to what there is; a later value replaces an earlier one. Whether that
    changed anything. Raises LookupError when there is no such supply, or no declaration to make."""
    supply, row = await tx.get(DeclarationSupplyRow, (order_id, n)), await tx.get(DeclarationRow, order_id)
    if supply is None or row is None:
        raise LookupError(f"no declaration or no supply {n} of {order_id}")
    now, before, fresh = utc_now(), _read(row.supplied), _read(supply.given)
    lines = {key: dict(line) for key, line in before.lines.items()}
    for key, line in fresh.lines.items():
        lines[key] = {**lines.get(key, {}), **line}
    after: dict[str, Any] = {"fields": {**before.fields, **fresh.fields}, "lines": lines}
    supply.taken_at = supply.taken_at or now
    tx.add(supply)
    if row.supplied == after:
        return False
    row.supplied, row.updated_at = after, now
    tx.add(row)
    await tx.flush()
    return True


async def queue(tx: AsyncSession, statuses: tuple[str, ...], limit: int) -> list[Queued]:
    """Living orders whose declarations have one of these statuses, the longest waiting first."""
    query = (
        select(DeclarationRow)
        .join(OrderRow, col(OrderRow.order_id) == col(DeclarationRow.order_id))
        .where(col(DeclarationRow.status).in_(statuses), col(OrderRow.closed_at).is_(None))
        .order_by(col(DeclarationRow.opened_at), col(DeclarationRow.order_id))
        .limit(limit)
    )
    return [
        Queued(
            row.order_id,
            row.destination,
            row.status,
            tuple(Missing(**one) for one in row.missing),
            row.opened_at,
            row.updated_at,
        )
        for row in (await tx.execute(query)).scalars()
    ]


async def of_order(tx: AsyncSession, order_id: str) -> DeclarationRow | None:
    """One order's declaration."""
    return await tx.get(DeclarationRow, order_id)


def _read(kept: dict[str, Any]) -> Supplied:
    return Supplied(kept.get("fields", {}), kept.get("lines", {}))

"""Fields of the merchant's own that came after their order, and the files that fields name."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from domain.extensions import Place, Scope, Supplied, Value, with_supplied
from domain.holds import HoldReason
from domain.order import Order
from store.orders import body, review_again
from store.tables import HoldRow, KeptFileRow, OrderEventRow, OrderRow, SuppliedFieldRow
from store.upsert import insert_ignore


async def supplied(tx: AsyncSession, order_id: str) -> Supplied:
    """What was handed in for an order after it came."""
    query = select(SuppliedFieldRow).where(SuppliedFieldRow.order_id == order_id)
    query = query.order_by(col(SuppliedFieldRow.line_no), col(SuppliedFieldRow.key))
    rows = (await tx.execute(query)).scalars()
    return {(Place(Scope(row.scope), row.line_no), row.key): row.value for row in rows}


async def whole(tx: AsyncSession, order: Order) -> Order:
    """The order with what was handed in for it."""
    return with_supplied(order, await supplied(tx, order.order_id))


async def supply(tx: AsyncSession, row: OrderRow, values: Collection[Value], by: str) -> bool:
    """Keep values; an order that waits for some is reviewed again. False when all of them were there already.

    The caller has locked the order's row, and has seen to it that the values can be.
    """
    now, before = utc_now(), await supplied(tx, row.order_id)
    fresh = [value for value in values if before.get((value.place, value.key)) != value.value]
    if not fresh:
        return False
    for value in fresh:
        place = value.place
        key = (row.order_id, str(place.scope), place.line_no, value.key)
        kept = await tx.get(SuppliedFieldRow, key, with_for_update=True)
        if kept is None:
            kept = SuppliedFieldRow(
                order_id=row.order_id,
                scope=str(place.scope),
                line_no=place.line_no,
                key=value.key,
                value="",
                by="",
                at=now,
            )
        kept.value, kept.by, kept.at = value.value, by, now
        tx.add(kept)
    tx.add(
        OrderEventRow(
            order_id=row.order_id,
            step=f"fields/{now.isoformat()}",
            at=now,
            who=by,
            what="fields.supplied",
            why=", ".join(sorted(value.key for value in fresh))[:300],
            state_before=row.state,
            state_after=row.state,
        )
    )
    await tx.flush()
    waits = select(HoldRow.n).where(
        HoldRow.order_id == row.order_id,
        HoldRow.reason == HoldReason.FIELDS_MISSING,
        col(HoldRow.closed_at).is_(None),
    )
    if row.closed_at is None and (await tx.execute(waits.limit(1))).first() is not None:
        await review_again(tx, row)
    return True


async def keep_file(tx: AsyncSession, name: str, media_type: str, content: bytes, by: str) -> str:
    """Keep a file. Returns its id; the same content has the same id, whoever hands it in."""
    file_id = hashlib.sha256(content).hexdigest()
    values = {"name": name, "media_type": media_type, "size": len(content), "content": content, "by": by}
    await insert_ignore(tx, KeptFileRow, {"file_id": file_id, "at": utc_now(), **values})
    return file_id


async def file(tx: AsyncSession, file_id: str) -> KeptFileRow | None:
    """A kept file."""
    return await tx.get(KeptFileRow, file_id)


async def files_lacking(tx: AsyncSession, file_ids: Collection[str]) -> list[str]:
    """Which of these were never handed in."""
    if not file_ids:
        return []
    here = select(KeptFileRow.file_id).where(col(KeptFileRow.file_id).in_(sorted(file_ids)))
    return sorted(set(file_ids) - set((await tx.execute(here)).scalars()))


async def order_of(tx: AsyncSession, order_id: str) -> Order | None:
    """The order as it stands, with everything that was handed in; None when there is none."""
    try:
        return await whole(tx, await body(tx, order_id))
    except LookupError:
        return None

"""Refunds: the newest version wins, and an order that has not left is changed by them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from domain.clock import utc_now
from domain.golden import GoldenState, reached
from domain.money import format_yuan
from domain.order import ChannelStatus
from domain.refund import Refund, RefundKind, RefundStatus, with_refunds
from domain.texts import text
from store import orders
from store.holds import open_task
from store.orders import Taken
from store.tables import OrderRow, RefundRow, TaskRow


async def take(tx: AsyncSession, refund: Refund) -> Taken:
    """Keep a refund. An order that has not left gets a new revision, which its workflow is then told of.

    One that is packed is for a person too: a task. Raises LookupError when the order is not here (yet).
    """
    row = await tx.get(OrderRow, refund.order_id, with_for_update=True)
    if row is None:
        raise LookupError(f"{refund.order_id} is not here yet")
    kept = await tx.get(RefundRow, (refund.order_id, refund.refund_id))
    if kept is not None:
        if refund.version < kept.version:
            return Taken.STALE
        if Refund.model_validate(kept.body).model_copy(update={"version": refund.version}) == refund:
            kept.version = refund.version
            tx.add(kept)
            return Taken.DUPLICATE
    values: dict[str, Any] = {
        "version": refund.version,
        "status": refund.status,
        "kind": refund.kind,
        "amount_fen": refund.amount_fen,
        "body": refund.model_dump(mode="json"),
        "asked_at": refund.asked_at,
        "updated_at": utc_now(),
    }
    fresh = kept or RefundRow(order_id=refund.order_id, refund_id=refund.refund_id, **values)
    for name, value in values.items():
        setattr(fresh, name, value)
    tx.add(fresh)
    await tx.flush()
    if refund.status is not RefundStatus.REQUESTED:
        await _decided(tx, refund)
    await orders.apply_refunds(tx, row, f"refund/{refund.refund_id}/{refund.version}")
    if not reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED):
        return Taken.NEW if kept is None else Taken.NEWER
    if row.closed_at is None and refund.status is not RefundStatus.CLOSED and row.exit is None:
        sentence = text("task.refund_after_packing", amount=format_yuan(refund.amount_fen))
        key = f"{row.order_id}/refund_after_packing/{refund.refund_id}"
        await open_task(tx, key, "refund_after_packing", sentence, order_id=row.order_id, alert=True)
    return Taken.NEW if kept is None else Taken.NEWER


async def stops_parcels(tx: AsyncSession, refund: Refund) -> bool:
    """Whether the couriers shall stop an order's parcels: its channel has their numbers, nobody has signed for all of
    them, and the buyer wants the money of all of it back. Of a part, the rest is still wanted."""
    row = await tx.get(OrderRow, refund.order_id)
    kept = await tx.get(RefundRow, (refund.order_id, refund.refund_id))
    undecided = refund.status is RefundStatus.REQUESTED and kept is not None and kept.version == refund.version
    if row is None or not undecided or refund.kind is RefundKind.EXCHANGE or row.closed_at is not None:
        return False
    if row.state != GoldenState.WAYBILL_RETURNED or row.exit is not None:
        return False
    paid_back = refund.model_copy(update={"status": RefundStatus.REFUNDED})
    return with_refunds(await orders.body(tx, row.order_id), [paid_back]).status is ChannelStatus.CANCELLED


async def _decided(tx: AsyncSession, refund: Refund) -> None:
    """Whoever was asked to decide by what came of stopping the parcels has done so."""
    await tx.execute(
        update(TaskRow)
        .where(
            col(TaskRow.order_id) == refund.order_id,
            col(TaskRow.kind).in_(("refund_stopped", "refund_not_stopped")),
            col(TaskRow.key).endswith(f"/refund/{refund.refund_id}", autoescape=True),
            col(TaskRow.closed_at).is_(None),
        )
        .values(closed_at=utc_now(), closed_by=f"channel:{refund.channel}")
    )

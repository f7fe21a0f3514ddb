"""Payments that another than the order's own document tells of, and the orders that wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import literal_column
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, or_, select

from domain.money import format_yuan
from domain.order import Channel, ChannelStatus
from domain.texts import text
from store import orders, shadows
from store.holds import open_task
from store.orders import Taken
from store.tables import OrderRow, RefundRow


class AnotherAmount(ValueError):
    """Another amount was paid than the order asks for: `due_fen`."""

    def __init__(self, order_id: str, due_fen: int) -> None:
        super().__init__(f"{order_id} asks for {due_fen} fen")
        self.due_fen = due_fen


async def take(tx: AsyncSession, order_id: str, amount_fen: int, paid_at: datetime) -> Taken:
    """Mark an order paid, under its own lock, so that no newer document of it gets in between. Told again, nothing
    changes. A cancelled order stays cancelled, and a person pays the money back.

    Raises LookupError when the order is not here (yet), AnotherAmount when it asks for another amount.
    """
    row = await tx.get(OrderRow, order_id, with_for_update=True)
    sent = None if row is None else await orders.sent_body(tx, order_id)
    if row is None or sent is None:
        raise LookupError(f"{order_id} is not here yet")
    if sent.amounts.paid_fen != amount_fen:
        raise AnotherAmount(order_id, sent.amounts.paid_fen)
    if sent.paid_at is not None:
        return Taken.DUPLICATE
    status = ChannelStatus.PAID if sent.status is ChannelStatus.UNPAID else sent.status
    if row.status == ChannelStatus.CANCELLED:
        status = ChannelStatus.CANCELLED
        if not await shadows.is_shadow(tx, order_id):  # there, the old system's people pay it back
            await _ask_for_the_money_to_go_back(tx, order_id, amount_fen)
    # Under the version that is there: it is the shop's own count, and a greater one would make its next word look old.
    # The row's, not the body's: a newer document that says the same moves only the row's, and next to it the payment
    # would look old.
    paid = {"version": row.version, "status": status, "paid_at": paid_at}
    return await orders.take(tx, sent.model_copy(update=paid))


async def _ask_for_the_money_to_go_back(tx: AsyncSession, order_id: str, amount_fen: int) -> None:
    refunds = select(RefundRow.refund_id).where(RefundRow.order_id == order_id)
    if (await tx.execute(refunds.limit(1))).first() is None:  # else it does already, and that is why it is cancelled
        sentence = text("task.paid_but_cancelled", amount=format_yuan(amount_fen))
        key = f"{order_id}/paid_but_cancelled"
        await open_task(tx, key, "paid_but_cancelled", sentence, order_id=order_id, alert=True)


async def unpaid(
    tx: AsyncSession,
    channel: Channel,
    shop: str,
    placed: Sequence[tuple[datetime, datetime]],
    *,
    after: str,
    limit: int,
) -> list[str]:
    """Channel numbers, in their order and behind `after`, of orders that nobody has paid, placed in one of the
    spans."""
    spans = [and_(col(OrderRow.placed_at) >= start, col(OrderRow.placed_at) < end) for start, end in placed]
    query = select(OrderRow.channel_order_no).where(
        OrderRow.channel == channel,
        OrderRow.shop == shop,
        # As a literal, or SQLite would not see that the index of unpaid orders serves.
        col(OrderRow.status) == literal_column(f"'{ChannelStatus.UNPAID}'"),
        col(OrderRow.paid_at).is_(None),
        OrderRow.channel_order_no > after,
        or_(*spans),
    )
    return list((await tx.execute(query.order_by(col(OrderRow.channel_order_no)).limit(limit))).scalars())

"""A gift that was forgotten is sent after, in an order of its own, with its own workflow.

Its number is the order's with `-G1` behind (the next one `-G2`), it costs nothing, and it is no second shipment of the
channel's order: the channel is not told. Asked twice, it is sent once.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.gifts import GiftStatus
from domain.golden import GoldenState, reached
from domain.order import Amounts, ChannelStatus, Notes, Order, OrderLine, PaymentTerms
from domain.texts import text
from store import links, orders
from store.steps import Done, load_order, record
from store.tables import GiftRow, OrderRow


class GiftStays(ValueError):
    """A gift that is not sent after; the message says why, in the operator's words."""


@dataclass(frozen=True)
class SentAfter:
    """The order that brings it, and whether this call made it."""

    order_id: str
    fresh: bool


async def send_after(tx: AsyncSession, order_id: str, line_no: str, by: str, why: str) -> SentAfter:
    """Let a gift of an order that left be sent after. Raises UnknownOrder, and GiftStays when there is nothing to send.

    The dispatcher starts the new order's workflow, as it starts every paid order's.
    """
    row = await load_order(tx, order_id)
    gift = await tx.get(GiftRow, (order_id, line_no), with_for_update=True)
    if gift is None:
        raise GiftStays(text("gift.no_such_line", line=line_no))
    if gift.sent_after:
        return SentAfter(gift.sent_after, False)
    if gift.status == GiftStatus.CANCELLED:
        raise GiftStays(text("gift.called_off"))
    if row.exit is not None or not reached(GoldenState(row.state) if row.state else None, GoldenState.WAYBILL_RETURNED):
        raise GiftStays(text("gift.not_left"))
    order = await _order_for(tx, row, gift)
    await orders.take(tx, order)
    await links.copy(tx, order_id, order.order_id)
    gift.status, gift.sent_after, gift.updated_at = GiftStatus.PENDING, order.order_id, utc_now()
    tx.add(gift)
    done = Done("gift.sent_after", f"{gift.sku} × {gift.quantity}: {order.order_id}; {why}")
    await record(tx, row, f"gift_after/{order.channel_order_no}", by, done)
    return SentAfter(order.order_id, True)


async def _order_for(tx: AsyncSession, row: OrderRow, gift: GiftRow) -> Order:
    bought = await orders.body(tx, row.order_id)
    n = 1
    while await orders.find(tx, bought.channel, bought.shop, f"{bought.channel_order_no}-G{n}") is not None:
        n += 1
    title = next((line.title for line in bought.lines if line.line_no == gift.line_no), gift.sku)
    now = utc_now()
    return Order(
        channel=bought.channel,
        shop=bought.shop,
        channel_order_no=f"{bought.channel_order_no}-G{n}",
        version=1,
        status=ChannelStatus.PAID,
        placed_at=now,
        paid_at=now,
        # It goes with nothing any more: a line that is bought for nothing.
        lines=(
            OrderLine(line_no="1", sku=gift.sku, title=title, quantity=gift.quantity, unit_price_fen=0, amount_fen=0),
        ),
        amounts=Amounts(goods_fen=0, paid_fen=0),
        receiver=bought.receiver,
        customer=bought.customer.model_copy(update={"terms": PaymentTerms.PREPAID}),
        notes=Notes(seller=text("gift.note", number=bought.channel_order_no), requirements=bought.notes.requirements),
        gift_after=bought.channel_order_no,
    )

"""Which invoice each order gets."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.invoices import InvoiceChoice, InvoiceType, buyer_of
from domain.order import ChannelStatus, Order
from domain.texts import text
from store.holds import close_task, open_task
from store.tables import InvoiceChoiceRow
from store.upsert import insert_or_set


async def choose(tx: AsyncSession, order_id: str, revision: int, order: Order, choice: InvoiceChoice) -> None:
    """Keep what was chosen for one revision; the newest revision's choice stands. What is undecided is a person's task
    until a later revision is decided."""
    row = {
        "order_id": order_id,
        "revision": revision,
        "type": str(choice.type),
        "rule": choice.rule,
        "buyer": str(buyer_of(order.customer)),
        "amount_fen": order.amounts.paid_fen,
        "at": utc_now(),
    }
    await insert_or_set(tx, InvoiceChoiceRow, [row])
    key = f"{order_id}/invoice"
    if choice.type is InvoiceType.UNDECIDED and order.status is not ChannelStatus.CANCELLED:
        await open_task(tx, key, "invoice_undecided", text("task.invoice_undecided"), order_id=order_id, again=True)
    else:
        await close_task(tx, key, "orderhub")


async def of_order(tx: AsyncSession, order_id: str) -> InvoiceChoiceRow | None:
    """What was chosen; None before its first review."""
    return await tx.get(InvoiceChoiceRow, order_id)

"""Questions to the credit bureau, their answers, and the list for later review."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import utc_now
from domain.shipping import CreditAnswer, CreditDecision
from domain.texts import text
from store.holds import close_task, open_task
from store.tables import CreditCheckRow, OrderRow
from store.upsert import insert_ignore


async def ask(tx: AsyncSession, request_id: str, order_id: str) -> None:
    """Keep a question before it is asked."""
    values = {"request_id": request_id, "order_id": order_id, "state": "asked", "reason": "", "reservation_id": ""}
    await insert_ignore(tx, CreditCheckRow, {**values, "reservation": "", "later_review": False, "at": utc_now()})


async def find(tx: AsyncSession, request_id: str) -> CreditCheckRow | None:
    """A question and what became of it."""
    return await tx.get(CreditCheckRow, request_id)


async def decide(tx: AsyncSession, answer: CreditAnswer) -> str:
    """Keep the bureau's decision: approved or refused (a wish to review counts as refused, a person decides).

    Returns the state. Raises LookupError for a question that was never asked.
    """
    row = await _get(tx, answer.request_id)
    if answer.decision is None:
        return row.state
    row.state = "approved" if answer.decision is CreditDecision.APPROVED else "refused"
    row.reason = answer.reason
    row.decided_at = row.decided_at or utc_now()
    if answer.reservation_id and not row.reservation:
        row.reservation_id, row.reservation = answer.reservation_id, "reserved"
    if row.later_review and row.state == "approved":
        row.later_review = False
        await close_task(tx, _task_key(row.order_id), "credit")
    tx.add(row)
    await _show(tx, row)
    return row.state


async def assume(tx: AsyncSession, request_id: str, order_id: str, why: str) -> None:
    """Nobody answered in time: assume good, alert, and put it on the list for later review."""
    await ask(tx, request_id, order_id)
    row = await _get(tx, request_id)
    if row.state != "asked":
        return  # the answer came meanwhile, or this ran before
    row.state, row.reason, row.later_review = "assumed", why, True
    tx.add(row)
    await _show(tx, row)
    await open_task(tx, _task_key(order_id), "credit_review", text("task.credit_review"), order_id=order_id, alert=True)


async def settle(tx: AsyncSession, request_id: str, reservation_id: str, outcome: str) -> None:
    """The reserved amount is committed or released."""
    row = await _get(tx, request_id)
    row.reservation_id, row.reservation = reservation_id, outcome
    tx.add(row)


async def _get(tx: AsyncSession, request_id: str) -> CreditCheckRow:
    row = await tx.get(CreditCheckRow, request_id, with_for_update=True)
    if row is None:
        raise LookupError(f"no such credit question: {request_id}")
    return row


async def _show(tx: AsyncSession, row: CreditCheckRow) -> None:
    order = await tx.get(OrderRow, row.order_id, with_for_update=True)
    if order is not None:
        order.credit = row.state
        tx.add(order)


def _task_key(order_id: str) -> str:
    return f"{order_id}/credit_review"

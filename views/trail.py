"""What happened to an order, in words, and what people must do about it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import moment_json
from domain.order import ClearReceiver
from domain.proposals import in_words, phone_for
from domain.texts import event_words, text
from rules.fields import definitions
from store import flags, holds, shipping
from store.tables import AddressChangeRow, OrderEventRow
from views.approvals import approver_names
from views.history import Written, who_words, why_words
from views.receiver import receiver_view

LAST_EVENTS = 20


async def tasks_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What people must do about it now, with what is proposed, and whom to call. `hold` is the number of the open hold
    that asks for it."""
    held = {holds.task_key(order_id, hold.n): hold.n for hold in await holds.open_holds(tx, order_id)}
    phones = {
        parcel.parcel_id: phone_for(parcel.courier_phone or "", waybill.carrier if waybill is not None else "")
        for parcel in await shipping.parcels(tx, order_id)
        for waybill in [await shipping.live_waybill(tx, parcel.parcel_id)]
    }
    return [
        {
            "kind": task.kind,
            "hold": held.get(task.key),
            "text": task.text,
            "severity": task.severity,
            "opened_at": moment_json(task.opened_at),
            "due_at": moment_json(task.due_at),
            "proposal": None if task.proposal is None else _proposal(task.proposal, phones),
        }
        for task in await holds.open_tasks(tx, order_id)
    ]


def _proposal(kept: dict[str, Any], phones: dict[str, str]) -> dict[str, Any]:
    return {**kept, "text": in_words(kept, phones.get(kept["parcel_id"], ""))}


async def address_changes_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """The addresses that were wished, and what became of each."""
    query = select(AddressChangeRow).where(AddressChangeRow.order_id == order_id).order_by(col(AddressChangeRow.n))
    return [
        {
            "n": row.n,
            "status": row.status,
            "status_text": text(f"change.{row.status}"),
            "receiver": receiver_view(ClearReceiver.model_validate(row.receiver)),
            "asked_by": row.asked_by,
            "at": moment_json(row.at),
            "why": row.why,
        }
        for row in (await tx.execute(query)).scalars()
    ]


async def events_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """The last events, the oldest first."""
    query = select(OrderEventRow).where(OrderEventRow.order_id == order_id)
    newest = query.order_by(col(OrderEventRow.seq).desc()).limit(LAST_EVENTS)
    asks = {flag.code: flag.hold for flag in await flags.of_order(tx, order_id)}
    names = await approver_names(tx)
    titles = {rule.key: rule.title for rule in definitions()}
    return [
        {
            "at": moment_json(event.at),
            "who": event.who,
            "what": event.what,
            "text": event_words(event.what),
            "who_text": names.get(event.who) or who_words(event.who),
            "why": event.why,
            "why_text": why_words(Written(event.what, event.why, event.result or {}, asks, titles)),
            "rules": event.rules or [],
            "state_before": event.state_before,
            "state_after": event.state_after,
        }
        for event in reversed((await tx.execute(newest)).scalars().all())
    ]

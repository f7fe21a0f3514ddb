"""What happened to an order, in words, and what people must do about it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import moment_json
from domain.holds import HoldReason, Release
from domain.order import ClearReceiver
from domain.proposals import in_words, phone_for
from domain.texts import CATALOGUE, event_words, partner_name, text
from store import holds, shipping
from store.tables import AddressChangeRow, OrderEventRow
from views.order_list import channel_name
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
    return [
        {
            "at": moment_json(event.at),
            "who": event.who,
            "what": event.what,
            "text": event_words(event.what),
            "who_text": _who(event.who),
            "why": event.why,
            "why_text": _why(event.what, event.why),
            "rules": event.rules or [],
            "state_before": event.state_before,
            "state_after": event.state_after,
        }
        for event in reversed((await tx.execute(newest)).scalars().all())
    ]


def _who(who: str) -> str:
    """Who did something: the system's own parts in words, people by their names."""
    kind, _, rest = who.partition(":")
    if kind == "channel":
        return text("event.who.channel", channel=channel_name(rest))
    if kind == "clerk":
        return text("event.who.clerk")
    key = f"event.who.{who}"
    return text(key) if key in CATALOGUE else partner_name(who)


def _why(what: str, why: str) -> str:
    """Why, with the words for what is written down as a code."""
    kind, colon, rest = why.partition(": ")
    if what == "task.raised":
        return rest or why
    if not what.startswith("hold.") or kind not in set(HoldReason):
        return why
    badge_, way, more = text(f"hold.{kind}"), *rest.partition(", ")[::2]
    if way in set(Release):
        rest = "，".join(part for part in (text(f"release.{way}"), more) if part)
    # Some sentences begin with what the hold is called.
    return rest if rest.startswith(badge_) else f"{badge_}：{rest}" if colon else badge_

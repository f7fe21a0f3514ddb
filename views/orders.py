"""One order as staff see it: the index, what stops it, its parcels, its last events; the receiver only masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import BEIJING, format_beijing, utc_now
from domain.extensions import rule_of, values
from domain.golden import SEQUENCE
from domain.holds import POLICIES, HoldReason, Release, operator_may_release
from domain.ids import order_id as make_order_id
from domain.masks import masked
from domain.order import ClearReceiver, Order, Receiver
from domain.proposals import in_words, phone_for
from domain.review import badge, cleared_by
from domain.texts import CATALOGUE, event_words, partner_name, text
from rules.fields import definitions
from store import (
    deadlines,
    extensions,
    flags,
    gifts,
    healings,
    holds,
    invoices,
    links,
    merges,
    orders,
    planning,
    prices,
    promises,
    shipping,
)
from store.deadline_report import seen
from store.promises import Kept
from store.tables import (
    AddressChangeRow,
    FlagRow,
    InterceptionRow,
    OrderEventRow,
    OrderRow,
    ParcelRow,
    TrackNodeRow,
    WaybillRow,
)
from views.approvals import trail
from views.credit import invoice_moments
from views.order_list import channel_name
from views.shadow import shadow_view
from views.shop import latest, tax_view

LAST_EVENTS = 20
_STATUSES = ("open", "noted", "released", "gone")
"""Of findings, in the order in which they matter."""

_DECIDES: dict[str, tuple[str, ...]] = {
    "risk": ("risk_rules",),
    "duplicate": ("duplicate_rules",),
    "compliance": ("compliance_rules",),
    "declaration": ("declaration_rules",),
    "fields": ("extension_fields",),
    "price": ("pricing",),
    "approval": ("approvals",),
}
"""The rule sets that say what is to be found, by how the codes of findings begin; all others are fixed checks."""


async def order_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """Everything as JSON; times at +08:00. None when there is no such order."""
    row = await tx.get(OrderRow, order_id)
    if row is None:
        return None
    body = await orders.body(tx, order_id)
    return {
        "order_id": row.order_id,
        "channel": row.channel,
        "shop": row.shop,
        "channel_order_no": row.channel_order_no,
        "version": row.version,
        "revision": row.revision,
        "status": row.status,
        "state": row.state,
        "state_text": text(f"state.{row.exit or row.state or 'none'}"),
        "exit": row.exit,
        "amount_fen": row.amount_fen,
        "tax": await tax_view(tx, row),
        "credit": row.credit,
        "courier": row.courier,
        "encrypted": row.encrypted,
        "receiver": _seen(body.receiver),
        "lines": _lines(body),
        "amounts": {
            "goods_fen": body.amounts.goods_fen,
            "discount_fen": body.amounts.discount_fen,
            "freight_fen": body.amounts.freight_fen,
        },
        "placed_at": _moment(row.placed_at),
        "paid_at": _moment(row.paid_at),
        "updated_at": _moment(row.updated_at),
        "closed_at": _moment(row.closed_at),
        "way": await _way(tx, row),
        "holds": await _holds(tx, order_id),
        "invoice": await _invoice(tx, order_id),
        "fields": _fields(await extensions.whole(tx, body)),
        "flags": await _flags(tx, order_id),
        "approvals": await trail(tx, order_id),
        "invoice_moments": await invoice_moments(tx, order_id),
        "price": await _price(tx, order_id),
        "routing": await _routing(tx, order_id),
        "consignments": await _consignments(tx, order_id),
        "promises": await _promises(tx, row),
        "deadlines": await _deadlines(tx, order_id),
        "deliveries": await _deliveries(tx, order_id),
        "merge": await _merge(tx, order_id),
        "parcels": await _parcels(tx, order_id),
        "gift_after": make_order_id(row.channel, row.shop, body.gift_after) if body.gift_after else "",
        "gifts": await _gifts(tx, order_id),
        "tasks": await _tasks(tx, order_id),
        "healings": await _healings(tx, order_id),
        "interceptions": await _interceptions(tx, order_id),
        "address_changes": await _address_changes(tx, order_id),
        "linked": await links.linked(tx, order_id),
        "shadow": await shadow_view(tx, order_id),
        "events": await _events(tx, order_id),
    }


async def _holds(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    return [
        {
            "n": hold.n,
            "reason": hold.reason,
            "text": text(f"hold.{hold.reason}"),
            "detail": hold.detail,
            "opened_at": _moment(hold.opened_at),
            "deadline": _moment(hold.deadline),
            "escalated": hold.escalated,
            "cleared_by": cleared_by(HoldReason(hold.reason)),
            "who": POLICIES[HoldReason(hold.reason)].who,
            "who_text": text(POLICIES[HoldReason(hold.reason)].who),
            "by_operator": operator_may_release(HoldReason(hold.reason)),
        }
        for hold in await holds.open_holds(tx, order_id)
    ]


def _seen(receiver: Receiver) -> dict[str, str]:
    """A receiver masked, and where they are as far as the city: more would be half an address."""
    shown = masked(receiver)
    area = receiver.region.model_copy(update={"district": "", "town": ""}).text()
    return {"name": shown.name, "phone": shown.phone, "region": area}


def _lines(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "line_no": line.line_no,
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "amount_fen": line.amount_fen,
            "gift_of": line.gift_of,
        }
        for line in order.lines
    ]


async def _way(tx: AsyncSession, row: OrderRow) -> list[dict[str, Any]]:
    """The golden states, each with the moment at which the order came to it; None: it has not. Its exit comes last."""
    moved = select(OrderEventRow.state_after, OrderEventRow.at).where(
        OrderEventRow.order_id == row.order_id,
        col(OrderEventRow.state_before).is_distinct_from(col(OrderEventRow.state_after)),
    )
    reached = dict((await tx.execute(moved.order_by(col(OrderEventRow.seq)))).tuples().all())
    way = [
        {"state": str(state), "text": text(f"state.{state}"), "at": _moment(reached.get(state))} for state in SEQUENCE
    ]
    if row.exit is not None:
        left = {"state": row.exit, "text": text(f"state.{row.exit}"), "at": _moment(row.closed_at)}
        way = [*(one for one in way if one["at"]), left]
    return way


async def _price(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """What the order should have cost, step by step, beside what the channel says; None: it was not compared."""
    row = await prices.of_order(tx, order_id)
    if row is None:
        return None
    return {
        "expected_fen": row.expected_fen,
        "came_fen": row.came_fen,
        "differs": row.differs,
        "revision": row.revision,
        "at": _moment(row.at),
        **row.priced,
    }


async def _invoice(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """Which invoice the order gets, and by which row; None before its first review."""
    row = await invoices.of_order(tx, order_id)
    if row is None:
        return None
    what = {"type": row.type, "text": text(f"invoice.{row.type}"), "buyer": row.buyer, "amount_fen": row.amount_fen}
    return {**what, "rule": row.rule, "at": _moment(row.at)}


def _fields(order: Order) -> list[dict[str, Any]]:
    """The merchant's own fields, with whom they are passed to."""
    rules = definitions()
    shown = []
    for value in values(order):
        rule = rule_of(rules, value.place.scope, value.key)
        to = {"warehouse": rule.to_warehouse, "finance": rule.to_finance} if rule is not None else {}
        shown.append(
            {
                "scope": str(value.place.scope),
                "line_no": value.place.line_no,
                "key": value.key,
                "title": rule.title if rule is not None else value.key,
                "value": value.value,
                "passed_to": [name for name, passed in to.items() if passed],
            }
        )
    return shown


async def _flags(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What the reviews found: badge, sentence, what clears it, what became of it, and the rule rows that found it."""
    reviews = select(OrderEventRow.step, OrderEventRow.rules).where(
        OrderEventRow.order_id == order_id, col(OrderEventRow.rules).is_not(None)
    )
    decided = dict((await tx.execute(reviews)).tuples().all())
    kept = sorted(await flags.of_order(tx, order_id), key=lambda flag: _STATUSES.index(_flag_status(flag)))
    return [
        {
            "code": flag.code,
            "hold": flag.hold,
            "badge": badge(flag.hold),
            "detail": flag.detail,
            "cleared_by": cleared_by(HoldReason(flag.hold)) if flag.hold else [],
            "rules": _found_by(flag, decided.get(f"accept/{flag.revision}") or []),
            "status": _flag_status(flag),
            "status_text": text(f"flag.status.{_flag_status(flag)}"),
            "found_at": _moment(flag.found_at),
            "gone_at": _moment(flag.gone_at),
            "released_at": _moment(flag.released_at),
            "released_by": flag.released_by,
            "released_why": flag.released_why,
        }
        for flag in kept
    ]


def _found_by(flag: FlagRow, rules: Sequence[str]) -> list[str]:
    """The rows `{table}@{version}/{row}` that a finding rests on."""
    kind, _, rest = flag.code.partition(".")
    found = [rule for rule in rules if rule.partition("@")[0] in _DECIDES.get(kind, ())]
    own = [rule for rule in found if rule.endswith(f"/{rest}")]
    return own or found


def _flag_status(flag: FlagRow) -> str:
    if flag.gone_at is not None:
        return "gone"
    if not flag.hold:
        return "noted"
    return "open" if flag.released_at is None else "released"


async def _routing(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """How the order was routed last, with every score; None before."""
    plan = await planning.plan(tx, order_id)
    if plan is None:
        return None
    return {
        "strategy": plan.strategy,
        "reason": plan.reason,
        "freight_fen": plan.freight_fen,
        "scores": plan.scores,
        "planned_at": _moment(plan.at),
    }


async def _consignments(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    return [
        {
            "n": row.n,
            "warehouse": row.warehouse,
            "status": row.status,
            "lines": row.lines,
            "waits_until": _moment(row.waits_until),
        }
        for row in await planning.consignments(tx, order_id)
    ]


async def _promises(tx: AsyncSession, row: OrderRow) -> list[dict[str, Any]]:
    """What stands promised now, and what was before it moved; nothing of an order that was called off."""
    if row.exit is not None:
        return []
    kept = await promises.history(tx, row.order_id)
    return [
        {"consignment": now.n, **_promise(now), "before": [_promise(one) for one in before]}
        for now, before in latest(kept)
    ]


def _promise(kept: Kept) -> dict[str, Any]:
    return {
        "warehouse": kept.warehouse,
        "ship_by": _moment(kept.ship_by),
        "deliver_by": _moment(kept.deliver_by),
        "why": [reason.text() for reason in kept.why],
        "revision": kept.revision,
        "promised_at": _moment(kept.at),
    }


async def _deadlines(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """By when each stage should be over, and why then."""
    return [seen(row, utc_now()) for row in await deadlines.of_order(tx, order_id)]


async def _healings(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    return [
        {
            "rule": healing.rule,
            "rule_text": text(f"healing.rule.{healing.rule}"),
            "outcome": healing.outcome,
            "outcome_text": text(f"healing.{healing.outcome}"),
            "before": healing.before,
            "after": healing.after,
            "at": _moment(healing.at),
        }
        for healing in await healings.of_order(tx, order_id)
    ]


async def _gifts(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    return [
        {
            "line_no": gift.line_no,
            "gift_of": gift.gift_of,
            "sku": gift.sku,
            "quantity": gift.quantity,
            "status": gift.status,
            "status_text": text(f"gift.{gift.status}"),
            "sent_after": gift.sent_after,
            "updated_at": _moment(gift.updated_at),
        }
        for gift in await gifts.of_order(tx, order_id)
    ]


async def _deliveries(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What warehouses were told, and where each instruction is; one that is stopping is so until it is certain."""
    return [
        {
            "code": row.code,
            "consignment": row.consignment,
            "warehouse": row.warehouse,
            "revision": row.revision,
            "status": row.status,
            "status_text": text(f"delivery.{row.status}"),
            "at": _moment(row.at),
        }
        for row in await shipping.deliveries(tx, order_id)
    ]


async def _merge(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """The other orders that it is, or was to be, packed with; None where there were none."""
    merge = await merges.with_whom(tx, order_id)
    return merges.facts(merge) if merge is not None else None


async def _parcels(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    query = select(WaybillRow).where(WaybillRow.order_id == order_id).order_by(col(WaybillRow.asked_at))
    waybills = (await tx.execute(query)).scalars().all()
    numbers = {waybill.number for waybill in waybills if waybill.number}
    nodes = select(TrackNodeRow).where(col(TrackNodeRow.number).in_(numbers)).order_by(col(TrackNodeRow.at))
    tracks: dict[str, list[TrackNodeRow]] = {}
    for node in (await tx.execute(nodes)).scalars() if numbers else ():
        tracks.setdefault(node.number, []).append(node)
    return [_parcel(parcel, waybills, tracks) for parcel in await shipping.parcels(tx, order_id)]


def _track(nodes: Sequence[TrackNodeRow]) -> list[dict[str, Any]]:
    """A journey, the newest first. Not in the courier's words, which name people and their telephones."""
    known = [(node, f"track.{node.code}") for node in reversed(nodes)]
    return [
        {
            "at": _moment(node.at),
            "code": node.code,
            "text": text(key) if key in CATALOGUE else node.code,
            "place": node.place,
        }
        for node, key in known
    ]


def _unknown(waybill: WaybillRow) -> dict[str, Any] | None:
    """The word of a tracker that its news stop at, since nobody knows what it means; None for nearly all."""
    if not waybill.unknown_word or waybill.unknown_since is None or waybill.status != "live":
        return None
    partner, _, word = waybill.unknown_word.split("/", 2)
    since = format_beijing(waybill.unknown_since)
    return {
        "word": waybill.unknown_word,
        "since": _moment(waybill.unknown_since),
        "text": text("parcel.unknown_word", partner=partner_name(partner), word=word, since=since),
    }


def _parcel(
    parcel: ParcelRow, waybills: Sequence[WaybillRow], tracks: Mapping[str, Sequence[TrackNodeRow]]
) -> dict[str, Any]:
    return {
        "parcel_id": parcel.parcel_id,
        "n": parcel.n,
        "consignment": parcel.consignment,
        "status": parcel.status,
        "items": parcel.items,
        "box": parcel.box,
        "told_at": _moment(parcel.told_at),
        "courier_phone": parcel.courier_phone or "",
        "waybills": [
            {
                "provider": waybill.provider,
                "carrier": waybill.carrier,
                "number": waybill.number,
                "status": waybill.status,
                "detail": waybill.detail,
                "asked_at": _moment(waybill.asked_at),
                "last_node_at": _moment(waybill.last_node_at),
                "stuck_since": _moment(waybill.stuck_since),
                "unknown": _unknown(waybill),
                "track": _track(tracks.get(waybill.number, ())) if waybill.status != "void" else [],
            }
            for waybill in waybills
            if waybill.parcel_id == parcel.parcel_id
        ],
    }


async def _tasks(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
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
            "opened_at": _moment(task.opened_at),
            "due_at": _moment(task.due_at),
            "proposal": None if task.proposal is None else _proposal(task.proposal, phones),
        }
        for task in await holds.open_tasks(tx, order_id)
    ]


def _proposal(kept: dict[str, Any], phones: dict[str, str]) -> dict[str, Any]:
    return {**kept, "text": in_words(kept, phones.get(kept["parcel_id"], ""))}


async def _interceptions(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What couriers were asked to stop, and what came of it."""
    query = select(InterceptionRow).where(InterceptionRow.order_id == order_id)
    return [
        {
            "parcel_id": row.parcel_id,
            "n": row.n,
            "kind": row.kind,
            "status": row.status,
            "how": row.how,
            "why": row.why,
            "asked_by": row.asked_by,
            "asked_at": _moment(row.asked_at),
            "decided_at": _moment(row.decided_at),
        }
        for row in (await tx.execute(query.order_by(col(InterceptionRow.asked_at)))).scalars()
    ]


async def _address_changes(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    query = select(AddressChangeRow).where(AddressChangeRow.order_id == order_id).order_by(col(AddressChangeRow.n))
    return [
        {
            "n": row.n,
            "status": row.status,
            "receiver": _seen(ClearReceiver.model_validate(row.receiver)),
            "asked_by": row.asked_by,
            "at": _moment(row.at),
            "why": row.why,
        }
        for row in (await tx.execute(query)).scalars()
    ]


async def _events(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    query = select(OrderEventRow).where(OrderEventRow.order_id == order_id)
    newest = query.order_by(col(OrderEventRow.seq).desc()).limit(LAST_EVENTS)
    return [
        {
            "at": _moment(event.at),
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
    return f"{badge_}：{rest}" if colon else badge_


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(BEIJING).isoformat() if moment is not None else None

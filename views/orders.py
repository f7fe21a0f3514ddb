"""One order as staff see it: the index, what stops it, its parcels, its last events; the receiver only masked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import moment_json
from domain.golden import SEQUENCE
from domain.holds import POLICIES, HoldReason, operator_may_release
from domain.ids import order_id as make_order_id
from domain.order import Order
from domain.review import cleared_by
from domain.texts import text
from store import extensions, holds, links, orders
from store.tables import OrderEventRow, OrderRow
from views.approvals import trail
from views.credit import invoice_moments
from views.findings import fields_view, flags_view, gifts_view, healings_view, invoice_view, price_view
from views.parcels import (
    consignments_view,
    deadlines_view,
    deliveries_view,
    interceptions_view,
    merge_view,
    parcels_view,
    promises_view,
    routing_view,
)
from views.receiver import receiver_view
from views.shadow import shadow_view
from views.shop import tax_view
from views.trail import address_changes_view, events_view, tasks_view
from views.words import beside


async def order_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """Everything as JSON; times at +08:00. None when there is no such order."""
    row = await tx.get(OrderRow, order_id)
    if row is None:
        return None
    body = await orders.body(tx, order_id)
    found = await flags_view(tx, order_id, over=row.closed_at is not None)
    return {
        "order_id": row.order_id,
        "channel": row.channel,
        "shop": row.shop,
        "channel_order_no": row.channel_order_no,
        "version": row.version,
        "revision": row.revision,
        "status": row.status,
        "status_text": text(f"channel_status.{row.status}"),
        "state": row.state,
        "state_text": text(f"state.{row.exit or row.state or 'none'}"),
        "exit": row.exit,
        "amount_fen": row.amount_fen,
        "tax": await tax_view(tx, row),
        "credit": row.credit,
        "courier": row.courier,
        "encrypted": row.encrypted,
        "receiver": receiver_view(body.receiver),
        "lines": _lines(body),
        "amounts": {
            "goods_fen": body.amounts.goods_fen,
            "discount_fen": body.amounts.discount_fen,
            "freight_fen": body.amounts.freight_fen,
        },
        "placed_at": moment_json(row.placed_at),
        "paid_at": moment_json(row.paid_at),
        "updated_at": moment_json(row.updated_at),
        "closed_at": moment_json(row.closed_at),
        "way": await _way(tx, row),
        "holds": await _holds(tx, order_id, found),
        "invoice": await invoice_view(tx, order_id),
        "fields": fields_view(await extensions.whole(tx, body)),
        "flags": found,
        "approvals": await trail(tx, order_id),
        "invoice_moments": await invoice_moments(tx, order_id),
        "price": await price_view(tx, order_id),
        "routing": await routing_view(tx, order_id),
        "consignments": await consignments_view(tx, order_id),
        "promises": await promises_view(tx, row),
        "deadlines": await deadlines_view(tx, order_id),
        "deliveries": await deliveries_view(tx, order_id),
        "merge": await merge_view(tx, order_id),
        "parcels": await parcels_view(tx, order_id),
        "gift_after": make_order_id(row.channel, row.shop, body.gift_after) if body.gift_after else "",
        "gifts": await gifts_view(tx, order_id),
        "tasks": await tasks_view(tx, order_id),
        "healings": await healings_view(tx, order_id),
        "interceptions": await interceptions_view(tx, order_id),
        "address_changes": await address_changes_view(tx, order_id),
        "linked": await links.linked(tx, order_id),
        "shadow": await shadow_view(tx, order_id),
        "events": await events_view(tx, order_id),
    }


async def _holds(tx: AsyncSession, order_id: str, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`says` is a hold's sentence in parts: each finding with its code and the rows that found it."""
    return [
        {
            "n": hold.n,
            "reason": hold.reason,
            "text": text(f"hold.{hold.reason}"),
            "detail": hold.detail,
            "says": _says(
                beside(text(f"hold.{hold.reason}"), hold.detail),
                [one for one in found if (one["hold"], one["status"]) == (hold.reason, "open")],
            ),
            "opened_at": moment_json(hold.opened_at),
            "deadline": moment_json(hold.deadline),
            "escalated": hold.escalated,
            "cleared_by": cleared_by(HoldReason(hold.reason)),
            "who": POLICIES[HoldReason(hold.reason)].who,
            "who_text": text(POLICIES[HoldReason(hold.reason)].who),
            "by_operator": operator_may_release(HoldReason(hold.reason)),
        }
        for hold in await holds.open_holds(tx, order_id)
    ]


def _says(detail: str, asking: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A hold's sentence by the findings that it is made of. Where it says more, or something else, that comes first."""
    rest = detail
    for words in sorted({flag["detail"] for flag in asking}, key=len, reverse=True):
        rest = rest.replace(words, "")
    whole = bool(rest.strip("；"))
    said = [{"text": detail, "code": "", "rules": []}] if whole else []
    for flag in asking:
        words = "" if whole and flag["detail"] in detail else flag["detail"]
        said.append({"text": words, "code": flag["code"], "rules": flag["rules"]})
    return said


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


def beside_holds(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The findings that no open hold says already."""
    held = {hold["reason"] for hold in facts["holds"]}
    return [flag for flag in facts["flags"] if flag["status"] != "open" or flag["hold"] not in held]


async def _way(tx: AsyncSession, row: OrderRow) -> list[dict[str, Any]]:
    """The golden states, each with the moment at which the order came to it; None: it has not. Its exit comes last."""
    moved = select(OrderEventRow.state_after, OrderEventRow.at).where(
        OrderEventRow.order_id == row.order_id,
        col(OrderEventRow.state_before).is_distinct_from(col(OrderEventRow.state_after)),
    )
    reached = dict((await tx.execute(moved.order_by(col(OrderEventRow.seq)))).tuples().all())
    way = [
        {"state": str(state), "text": text(f"state.{state}"), "at": moment_json(reached.get(state))}
        for state in SEQUENCE
    ]
    if row.exit is not None:
        left = {"state": row.exit, "text": text(f"state.{row.exit}"), "at": moment_json(row.closed_at)}
        way = [*(one for one in way if one["at"]), left]
    return way

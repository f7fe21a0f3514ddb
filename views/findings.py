"""What the reviews of an order found, and what it costs: findings, price, invoice, fields, what was mended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import moment_json
from domain.extensions import rule_of, values
from domain.holds import HoldReason
from domain.order import Order
from domain.review import badge, cleared_by
from domain.texts import text
from rules.fields import definitions
from store import flags, gifts, healings, invoices, prices
from store.tables import FlagRow, OrderEventRow

_STATUSES = ("open", "left", "noted", "released", "gone")
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


async def price_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """What the order should have cost, step by step, beside what the channel says; None: it was not compared."""
    row = await prices.of_order(tx, order_id)
    if row is None:
        return None
    return {
        "expected_fen": row.expected_fen,
        "came_fen": row.came_fen,
        "differs": row.differs,
        "revision": row.revision,
        "at": moment_json(row.at),
        **row.priced,
    }


async def invoice_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """Which invoice the order gets, and by which row; None before its first review."""
    row = await invoices.of_order(tx, order_id)
    if row is None:
        return None
    what = {"type": row.type, "text": text(f"invoice.{row.type}"), "buyer": row.buyer, "amount_fen": row.amount_fen}
    return {**what, "rule": row.rule, "at": moment_json(row.at)}


def fields_view(order: Order) -> list[dict[str, Any]]:
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


async def flags_view(tx: AsyncSession, order_id: str, *, over: bool = False) -> list[dict[str, Any]]:
    """What the reviews found: badge, sentence, what clears it, what became of it, and the rule rows that found it.

    `over`: the order is at its end, and nothing need be cleared any more.
    """
    reviews = select(OrderEventRow.step, OrderEventRow.rules).where(
        OrderEventRow.order_id == order_id, col(OrderEventRow.rules).is_not(None)
    )
    decided = dict((await tx.execute(reviews)).tuples().all())
    kept = sorted(await flags.of_order(tx, order_id), key=lambda flag: _STATUSES.index(_flag_status(flag, over=over)))
    return [
        {
            "code": flag.code,
            "hold": flag.hold,
            "badge": badge(flag.hold),
            "detail": flag.detail,
            "cleared_by": cleared_by(HoldReason(flag.hold)) if flag.hold else [],
            "rules": _found_by(flag, decided.get(f"accept/{flag.revision}") or []),
            "status": _flag_status(flag, over=over),
            "status_text": text(f"flag.status.{_flag_status(flag, over=over)}"),
            "found_at": moment_json(flag.found_at),
            "gone_at": moment_json(flag.gone_at),
            "released_at": moment_json(flag.released_at),
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


def _flag_status(flag: FlagRow, *, over: bool) -> str:
    if flag.gone_at is not None:
        return "gone"
    if not flag.hold:
        return "noted"
    if flag.released_at is not None:
        return "released"
    return "left" if over else "open"


async def healings_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """What was mended by itself, or could not be."""
    return [
        {
            "rule": healing.rule,
            "rule_text": text(f"healing.rule.{healing.rule}"),
            "outcome": healing.outcome,
            "outcome_text": text(f"healing.{healing.outcome}"),
            "before": healing.before,
            "after": healing.after,
            "at": moment_json(healing.at),
        }
        for healing in await healings.of_order(tx, order_id)
    ]


async def gifts_view(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """The gifts that the order should have, and what became of each."""
    return [
        {
            "line_no": gift.line_no,
            "gift_of": gift.gift_of,
            "sku": gift.sku,
            "quantity": gift.quantity,
            "status": gift.status,
            "status_text": text(f"gift.{gift.status}"),
            "sent_after": gift.sent_after,
            "updated_at": moment_json(gift.updated_at),
        }
        for gift in await gifts.of_order(tx, order_id)
    ]

"""An order as the REST API's JSON document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.clock import BEIJING
from sandbox.drafts import Draft, DraftCustomer, DraftLine, DraftReceiver

Document = dict[str, Any]


def document(draft: Draft, shop: str, order_no: str) -> Document:
    """The first version of a draft's order, paid unless the draft says otherwise."""
    placed, payment = draft.moments()
    lines: list[Document] = []
    for number, (line, discount) in enumerate(zip(draft.lines, draft.line_discounts(), strict=True), start=1):
        entry: Document = {"line_no": str(number), **_with_ext(line)}
        if draft.write_line_amounts or line.gift_of is not None:
            entry["amount_fen"] = line.quantity * line.unit_price_fen - discount
        lines.append(entry)
    declared = {"declaration": draft.declaration.model_dump()} if draft.declaration is not None else {}
    return {
        "shop": shop,
        "order_no": order_no,
        "version": 1,
        "status": "unpaid" if draft.unpaid else "paid",
        "placed_at": _moment(placed),
        "paid_at": None if draft.unpaid else _moment(payment),
        "lines": lines,
        "amounts": {
            "goods_fen": draft.goods_fen,
            "freight_fen": draft.freight_fen,
            "discount_fen": draft.discount_fen,
            "paid_fen": draft.paid_fen,
        },
        "receiver": draft.receiver.model_dump(),
        "customer": _with_ext(draft.customer),
        "buyer_note": draft.buyer_note,
        "seller_note": draft.seller_note,
        "requirements": [requirement.value for requirement in draft.requirements],
        **declared,
        **({"ext": draft.ext} if draft.ext else {}),
    }


def _with_ext(part: DraftLine | DraftCustomer) -> Document:
    """A part of the order; one without fields of the merchant's own says nothing of them."""
    return part.model_dump(mode="json", exclude=None if part.ext else {"ext"})


def changed(
    latest: Document, buyer_note: str | None, receiver: DraftReceiver | None, seller_note: str | None = None
) -> Document:
    """The next version of an order."""
    following = {**latest, "version": latest["version"] + 1}
    if buyer_note is not None:
        following["buyer_note"] = buyer_note
    if seller_note is not None:
        following["seller_note"] = seller_note
    if receiver is not None:
        following["receiver"] = receiver.model_dump()
    return following


def paid(latest: Document, at: datetime) -> Document:
    """The next version of an order whose money came."""
    return {**latest, "version": latest["version"] + 1, "status": "paid", "paid_at": _moment(at)}


def _moment(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="seconds")


def cancelled(latest: Document) -> Document:
    """The next version of an order that was called off."""
    return {**latest, "version": latest["version"] + 1, "status": "cancelled"}

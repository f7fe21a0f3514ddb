"""The refunds of a shop of the REST protocol, as its JSON documents (docs/rest-api.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from domain.clock import BEIJING, utc_now
from sandbox.own.document import Document
from sandbox.own.orders import ShopOrder, modified_between
from sandbox.refunds import Refund, Refunds, RefundStatus, Verdict

_STATUSES = {
    RefundStatus.REQUESTED: "requested",
    RefundStatus.REFUNDED: "refunded",
    RefundStatus.REFUSED: "refused",
    RefundStatus.WITHDRAWN: "closed",
}


@dataclass
class _Told:
    """A refund and the moments of its changes: there are as many versions."""

    refund: Refund
    modified: list[datetime] = field(default_factory=lambda: [utc_now()])


class ShopRefunds:
    """All refunds of one shop. They change the order only where nothing of it has left."""

    def __init__(self, channel: str, shop: str, new_id: Callable[[], str]) -> None:
        self._channel = channel
        self._shop = shop
        self._refunds = Refunds(new_id)
        self._told: dict[str, _Told] = {}

    def apply(self, order: ShopOrder, line: int | None, amount_fen: int | None) -> Document:
        """The buyer applies; the refund's first version. Raises ValueError for what cannot be refunded."""
        if order.status == "cancelled":
            raise ValueError("too late: the order is cancelled")
        shipped = bool(order.lines_told) if line is None else str(line) in order.lines_told
        refund = self._refunds.apply(order.latest["order_no"], order.draft, line, amount_fen, shipped=shipped)
        self._told[refund.refund_id] = _Told(refund)
        return self.document(refund.refund_id)

    def order_no(self, refund_id: str) -> str:
        """The order of a refund that nobody decided on. Raises KeyError, and ValueError when it was decided before."""
        return self._refunds.undecided(refund_id).order_no

    def settle(self, refund_id: str, verdict: Verdict) -> Document:
        """Decide on a refund; its next version. Raises KeyError, and ValueError when that was decided before."""
        self._refunds.settle(refund_id, verdict)
        self._told[refund_id].modified.append(utc_now())
        return self.document(refund_id)

    def undoes(self, order: ShopOrder) -> bool:
        """Whether nothing of an order has left, and nothing of it is to be shipped any more."""
        return not order.lines_told and self._refunds.no_goods_left(order.latest["order_no"], order.draft)

    def document(self, refund_id: str) -> Document:
        """A refund in its newest version."""
        told = self._told[refund_id]
        refund = told.refund
        asked = datetime.fromtimestamp(refund.applied, UTC).astimezone(BEIJING)
        return {
            "channel": self._channel,
            "shop": self._shop,
            "order_no": refund.order_no,
            "refund_id": refund.refund_id,
            "version": len(told.modified),
            "status": _STATUSES[refund.status],
            "kind": "return" if refund.shipped and refund.full else "money",
            "amount_fen": refund.amount_fen,
            "lines": [] if refund.line is None else [{"line_no": str(refund.line)}],
            "asked_at": asked.isoformat(timespec="seconds"),
        }

    def changed_between(self, start: datetime, end: datetime) -> list[Document]:
        """The refunds that were changed in a window, each in its newest version."""
        return [self.document(told.refund.refund_id) for told in modified_between(self._told.values(), start, end)]

    def book(self) -> list[dict[str, Any]]:
        """The refunds as the books have them."""
        return self._refunds.book(self._shop)

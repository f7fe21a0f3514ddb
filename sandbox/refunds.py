"""The refunds of one platform: who applied for how much, and what became of it.

A platform keeps its refunds here, tells of them over its own API in its own words, and writes them into its book.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.drafts import Draft


class RefundStatus(StrEnum):
    """Where a refund stands, in the books' words."""

    REQUESTED = "requested"
    REFUNDED = "refunded"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What can become of a requested refund: the money goes back, the merchant refuses, the buyer takes it back."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_BECOMES = {
    Verdict.APPROVE: RefundStatus.REFUNDED,
    Verdict.REFUSE: RefundStatus.REFUSED,
    Verdict.WITHDRAW: RefundStatus.WITHDRAWN,
}
_COUNTING = frozenset({RefundStatus.REQUESTED, RefundStatus.REFUNDED})


@dataclass
class Refund:
    """One application of a buyer. Money in fen, times in Unix seconds.

    `line` counts the order's lines from 1; None is the whole order. `full` says whether the amount is all that was
    left of it, but for freight: only then the goods go back too, or do not leave. `shipped` says whether it had left.
    """

    refund_id: str
    order_no: str
    line: int | None
    amount_fen: int
    full: bool
    shipped: bool
    status: RefundStatus = RefundStatus.REQUESTED
    applied: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @property
    def open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.status is RefundStatus.REQUESTED

    @property
    def paid_back(self) -> bool:
        """Whether the buyer has the money."""
        return self.status is RefundStatus.REFUNDED

    def covers(self, line: int) -> bool:
        """Whether the refund takes back the goods of a line, counted from 1."""
        return self.full and self.line in {None, line}


class Refunds:
    """All refunds of one platform's shop. Nothing has two open ones, and no more goes back than was paid."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._by_id: dict[str, Refund] = {}
        self._by_order: dict[str, list[Refund]] = {}

    def apply(
        self,
        order_no: str,
        draft: Draft,
        line: int | None,
        amount_fen: int | None,
        *,
        shipped: bool,
        beside_fen: int = 0,
    ) -> Refund:
        """A new refund of an order or of one of its lines, of all that is left when no amount is given.

        `beside_fen` may go back with a line beside its own money: freight. Raises ValueError for a line that the order
        does not have, for a second open refund, and for too much money.
        """
        left = self.left(order_no, draft, line, beside_fen)
        if any(refund.open and (line is None or refund.line in {None, line}) for refund in self.of_order(order_no)):
            raise ValueError("a refund of that is open already")
        if not left and _paid(draft, line):
            raise ValueError("nothing is left to refund")
        amount = left if amount_fen is None else amount_fen
        if amount > left:
            raise ValueError(f"only {left} fen are left to refund")
        freight = draft.freight_fen if line is None else beside_fen
        refund = Refund(self._new_id(), order_no, line, amount, full=amount >= left - freight, shipped=shipped)
        self._by_id[refund.refund_id] = refund
        self._by_order.setdefault(order_no, []).append(refund)
        return refund

    def settle(self, refund_id: str, verdict: Verdict) -> Refund:
        """Decide on a refund. Raises KeyError, and ValueError for one that was decided before."""
        refund = self.undecided(refund_id)
        refund.status, refund.updated = _BECOMES[verdict], time.time()
        return refund

    def undecided(self, refund_id: str) -> Refund:
        """A refund that can still be decided on. Raises KeyError, and ValueError for one that was decided before."""
        refund = self._by_id[refund_id]
        if not refund.open:
            raise ValueError(f"too late: the refund is {refund.status}")
        return refund

    def left(self, order_no: str, draft: Draft, line: int | None, beside_fen: int = 0) -> int:
        """How much of an order or a line can still be asked for. Raises ValueError for a line that is not there."""
        of_it = self._unclaimed(order_no, _paid(draft, line) + beside_fen, line)
        return min(self._unclaimed(order_no, draft.paid_fen, None), of_it)

    def get(self, refund_id: str) -> Refund | None:
        """One refund."""
        return self._by_id.get(refund_id)

    def all(self) -> list[Refund]:
        """All refunds, oldest first."""
        return list(self._by_id.values())

    def of_order(self, order_no: str) -> list[Refund]:
        """An order's refunds, oldest first."""
        return self._by_order.get(order_no, [])

    def no_goods_left(self, order_no: str, draft: Draft) -> bool:
        """Whether the buyer was paid back for every line that is no gift: then there is nothing to ship any more."""
        paid_back = [refund for refund in self.of_order(order_no) if refund.paid_back]
        return all(
            any(refund.covers(number) for refund in paid_back)
            for number, line in enumerate(draft.lines, start=1)
            if line.gift_of is None
        )

    def book(self, shop: str) -> list[dict[str, Any]]:
        """All refunds as the books have them."""
        return [
            {
                "refund_id": refund.refund_id,
                "order_no": refund.order_no,
                "shop": shop,
                "status": refund.status.value,
                "amount_fen": refund.amount_fen,
                "line": refund.line,
            }
            for refund in self._by_id.values()
        ]

    def _unclaimed(self, order_no: str, paid_fen: int, line: int | None) -> int:
        """What was paid less what was claimed back: of the whole order, or of one line."""
        claimed = sum(
            refund.amount_fen
            for refund in self.of_order(order_no)
            if refund.status in _COUNTING and (line is None or refund.line == line)
        )
        return max(paid_fen - claimed, 0)


def _paid(draft: Draft, line: int | None) -> int:
    """What the order or one line of it cost, freight only with the order."""
    if line is None:
        return draft.paid_fen
    if not 1 <= line <= len(draft.lines):
        raise ValueError(f"the order has no line {line}")
    bought = draft.lines[line - 1]
    return bought.quantity * bought.unit_price_fen - draft.line_discounts()[line - 1]

"""Refunds on Taobao (protocol file, section 5): each is about one order of a trade.

Whoever wants a whole trade back applies for each of its orders; the first that is no gift carries the postage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from domain.money import format_yuan, split
from sandbox.refunds import Refund, Refunds, Verdict
from sandbox.taobao.envelope import business
from sandbox.taobao.params import RefundDetail, RefundsReceived
from sandbox.taobao.trades import Order, Trade
from sandbox.taobao.writing import REFUND_STATUSES, moment


class RefundDesk:
    """The refunds of the shop's trades. One application may have made several: they are decided together."""

    def __init__(self, trades: Mapping[str, Trade], new_id: Callable[[], str], shop: str) -> None:
        self._trades = trades
        self._refunds = Refunds(new_id)
        self._shop = shop
        self._applications: dict[str, list[Refund]] = {}

    def apply(self, trade: Trade, line: int | None, amount_fen: int | None) -> str:
        """A buyer applies; the first refund's id, which stands for all of them. Raises ValueError."""
        if trade.closed is not None:
            raise ValueError("too late: the order is closed")
        if line is not None and not 1 <= line <= len(trade.orders):
            raise ValueError(f"the order has no line {line}")
        wanted = range(1, len(trade.orders) + 1) if line is None else [line]
        lines = [number for number in wanted if not trade.orders[number - 1].closed]
        if any(refund.open for number in lines for refund in trade.orders[number - 1].refunds):
            raise ValueError("a refund of that is open already")
        if not lines:
            raise ValueError("nothing is left to refund")
        postage = _postage(trade, lines, of_trade=line is None)
        made = []
        for number, share in self._shares(trade, lines, amount_fen, postage).items():
            order = trade.orders[number - 1]
            refund = self._refunds.apply(
                trade.tid,
                trade.draft,
                number,
                share,
                shipped=order.parcel is not None,
                beside_fen=postage.get(number, 0),
            )
            order.refunds.append(refund)
            made.append(refund)
        trade.change()
        self._applications[made[0].refund_id] = made
        return made[0].refund_id

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """Decide on an application, or on one of its refunds. Raises KeyError, and ValueError for a decided one."""
        trade = self._trades[self._refunds.undecided(refund_id).order_no]
        for refund in self._applications.get(refund_id, []) or [self._refunds.undecided(refund_id)]:
            if refund.open:
                self._refunds.settle(refund.refund_id, verdict)
        # gifts alone are no trade
        if trade.closed is None and all(order.closed or order.line.gift_of is not None for order in trade.orders):
            trade.closed = int(time.time())
        trade.change()

    def received(self, params: RefundsReceived) -> dict[str, Any]:
        """taobao.refunds.receive.get: last modified first."""
        start, end = params.start_modified, params.end_modified
        found = [
            refund
            for refund in self._refunds.all()
            if (start is None or start <= int(refund.updated))
            and (end is None or int(refund.updated) <= end)
            and params.status in {"", REFUND_STATUSES[refund.status]}
        ]
        found.sort(key=lambda refund: (int(refund.updated), int(refund.refund_id)), reverse=True)
        first = (params.page_no - 1) * params.page_size
        page = found[first : first + params.page_size]
        listed = {"refunds": {"refund": [self._fields(refund, params.fields) for refund in page]}} if page else {}
        if params.use_has_next == "true":
            return {"has_next": first + len(page) < len(found), **listed}
        return {"total_results": len(found), **listed}

    def detail(self, params: RefundDetail) -> dict[str, Any]:
        """taobao.refund.get. Raises Refusal."""
        refund = self._refunds.get(params.refund_id)
        if refund is None:
            raise business("refund-not-exist", "退款单不存在")
        return {"refund": self._fields(refund, params.fields)}

    def book(self) -> list[dict[str, Any]]:
        """All refunds as the books have them."""
        return self._refunds.book(self._shop)

    def _shares(
        self, trade: Trade, lines: list[int], amount_fen: int | None, postage: Mapping[int, int]
    ) -> dict[int, int | None]:
        """How much of which line is asked for; None for all of it. Raises ValueError for too much."""
        if amount_fen is None:
            return dict.fromkeys(lines)
        left = [self._refunds.left(trade.tid, trade.draft, number, postage.get(number, 0)) for number in lines]
        if amount_fen > sum(left):
            raise ValueError(f"only {sum(left)} fen are left to refund")
        return {number: part for number, part in zip(lines, split(amount_fen, left), strict=True) if part}

    def _fields(self, refund: Refund, wanted: frozenset[str]) -> dict[str, Any]:
        """The wanted fields of a refund; empty ones are left out."""
        trade = self._trades[refund.order_no]
        assert refund.line is not None
        order = trade.orders[refund.line - 1]
        told = _refund(trade, order, refund, self._shop)
        return {name: value for name, value in told.items() if name in wanted and value != ""}


def _postage(trade: Trade, lines: list[int], *, of_trade: bool) -> dict[int, int]:
    """Which line carries the postage: the only one, or the first paying one when the whole trade goes back."""
    if not of_trade and len(trade.orders) > 1:
        return {}
    paying = [number for number in lines if trade.orders[number - 1].line.gift_of is None]
    return {(paying or lines)[0]: trade.draft.freight_fen}


def _refund(trade: Trade, order: Order, refund: Refund, shop: str) -> dict[str, Any]:
    """A refund in full. `total_fee` is what the order cost the buyer, `payment` what of that stays with the seller."""
    postage = trade.draft.freight_fen if len(trade.orders) == 1 else 0
    paid = max(order.goods_fen - order.discount_fen + postage, refund.amount_fen)
    return {
        "refund_id": int(refund.refund_id),
        "tid": int(trade.tid),
        "oid": int(order.oid),
        "status": REFUND_STATUSES[refund.status],
        "refund_phase": "onsale",
        "good_status": "BUYER_NOT_RECEIVED",
        "has_good_return": False,
        "refund_fee": format_yuan(refund.amount_fen),
        "payment": format_yuan(paid - refund.amount_fen),
        "total_fee": format_yuan(paid),
        "reason": "商品有问题" if refund.shipped else "不想要了",
        "desc": "",
        "created": moment(int(refund.applied)),
        "modified": moment(int(refund.updated)),
        "num": order.line.quantity,
        "title": order.line.title,
        "outer_id": order.line.sku,
        "company_name": "",
        "sid": "",
        "dispute_type": "",
        "refund_version": int(refund.updated * 1000),
        "attribute": "",
        "buyer_nick": f"{trade.draft.customer.id[:1]}**",
        "seller_nick": shop,
    }

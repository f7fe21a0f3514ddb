"""Refunds as the platform tells of them (protocol file, section 5): found by update time, or one by its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.money import format_yuan
from sandbox.pdd.envelope import business
from sandbox.pdd.orders import ShopOrder, after_sales_status, after_sales_type, find, item, moment
from sandbox.pdd.params import RefundInformation, RefundList
from sandbox.pdd.windows import check_window, page_of
from sandbox.refunds import Refund, Refunds

_ALL = 1
_RECEIVED, _NOT_RECEIVED = 2, 1


class AfterSales:
    """The two reading methods over the shop's refunds."""

    def __init__(self, orders: Mapping[str, ShopOrder], refunds: Refunds) -> None:
        self._orders = orders
        self._refunds = refunds

    def listed(self, params: RefundList) -> dict[str, Any]:
        """pdd.refund.list.increment.get: refunds changed within a window, ends included, oldest first."""
        start, end = params.start_updated_at, params.end_updated_at
        check_window(start, end)
        found = [
            refund
            for refund in self._refunds.all()
            if start <= int(refund.updated) <= end
            and params.after_sales_status in {_ALL, after_sales_status(refund)}
            and params.after_sales_type in {_ALL, after_sales_type(refund)}
            and params.order_sn in {"", refund.order_no}
        ]
        found.sort(key=lambda refund: (int(refund.updated), refund.refund_id))
        page = page_of(found, params.page, params.page_size)
        return {"total_count": len(found), "refund_list": [self._entry(refund) for refund in page]}

    def one(self, params: RefundInformation) -> dict[str, Any]:
        """pdd.refund.information.get. Raises Refusal."""
        order, refund = find(self._orders, params.order_sn), self._refunds.get(params.after_sales_id)
        if refund is None or refund.order_no != order.order_sn:
            raise business("refund-not-found", "售后单不存在")
        return self._entry(refund)

    def _entry(self, refund: Refund) -> dict[str, Any]:
        """One refund; amounts are texts in yuan. A refund of the whole order names an article only if there is one."""
        order = self._orders[refund.order_no]
        draft = order.draft
        line = 1 if len(draft.lines) == 1 else refund.line
        if line is None:
            pieces = sum(each.quantity for each in draft.lines)
            article = {"goods_id": 0, "sku_id": 0, "outer_id": "", "goods_count": pieces}
        else:
            article = item(draft.lines[line - 1], line)
        return {
            "id": int(refund.refund_id),
            "order_sn": refund.order_no,
            "after_sales_status": after_sales_status(refund),
            "after_sales_type": int(after_sales_type(refund)),
            "after_sale_reason": "质量问题" if refund.shipped else "不想要了",
            "refund_amount": format_yuan(refund.amount_fen),
            "order_amount": format_yuan(draft.paid_fen),
            "discount_amount": format_yuan(draft.discount_fen),
            "goods_id": article["goods_id"],
            "sku_id": article["sku_id"],
            "outer_id": article["outer_id"],
            "goods_number": article["goods_count"],
            "tracking_number": "",
            "shipping_name": "",
            "created_time": moment(refund.applied),
            "updated_time": moment(refund.updated),
            "speed_refund_flag": 0,
            "user_shipping_status": _RECEIVED if refund.shipped else _NOT_RECEIVED,
            "dispute_refund_status": 0,
        }

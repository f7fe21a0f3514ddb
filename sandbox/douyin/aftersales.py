"""After-sales as the platform tells of them (protocol file, section 5): money in fen, times in Unix seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sandbox.douyin.envelope import Refusal, business, invalid
from sandbox.douyin.orders import AFTER_SALE_STATUSES, PRODUCT_IDS, REFUND_STATUSES, ShopOrder, after_sale_type
from sandbox.douyin.params import AfterSaleDetail, AfterSaleList
from sandbox.refunds import Refund, Refunds

_LIST_DEPTH = 50_000
_HALF_A_YEAR_S = 180 * 86_400
_DECIDE_WITHIN_S = 48 * 3600


class AfterSales:
    """The two reading methods over the shop's refunds."""

    def __init__(self, orders: Mapping[str, ShopOrder], refunds: Refunds) -> None:
        self._orders = orders
        self._refunds = refunds

    def listed(self, params: AfterSaleList) -> dict[str, Any]:
        """afterSale.List: by the time of application, newest first, unless `order_by` says otherwise. Raises Refusal.

        Who pages through updates without saying so gets pages in that other order. Without a number or a time of
        application, the last half year.
        """
        if params.page * params.size > _LIST_DEPTH:
            raise invalid("page", "翻页过深，请缩小时间范围")
        applied = _window(params.start_time, params.end_time, "time")
        updated = _window(params.update_start_time, params.update_end_time, "update_time")
        named = params.order_id or params.aftersale_id
        oldest = 0.0 if named or applied is not None else time.time() - _HALF_A_YEAR_S
        found = [
            refund
            for refund in self._refunds.all()
            if refund.applied >= oldest
            and (applied is None or int(refund.applied) in applied)
            and (updated is None or int(refund.updated) in updated)
            and params.order_id in {"", refund.order_no}
            and params.aftersale_id in {"", refund.refund_id}
            and params.aftersale_type in {None, after_sale_type(refund)}
            and (
                not params.standard_aftersale_status
                or AFTER_SALE_STATUSES[refund.status] in params.standard_aftersale_status
            )
        ]
        order = params.order_by[0] if params.order_by else "apply_time desc"
        found.sort(
            key=lambda refund: (
                int(refund.updated if order.startswith("update_time") else refund.applied),
                int(refund.refund_id),
            ),
            reverse=order.endswith("desc"),
        )
        start = params.page * params.size
        page = found[start : start + params.size]
        return {
            "items": [self._item(refund) for refund in page],
            "total": len(found),
            "has_more": start + len(page) < len(found),
            "page": params.page,
            "size": params.size,
        }

    def detail(self, params: AfterSaleDetail) -> dict[str, Any]:
        """afterSale.Detail: what was really paid back stands here only. Raises Refusal."""
        refund = self._refunds.get(params.after_sale_id)
        if refund is None:
            raise business("aftersale-not-found", "售后单不存在")
        paid_back = refund.paid_back
        return {
            "process_info": {
                "after_sale_info": {
                    "after_sale_id": int(refund.refund_id),
                    "after_sale_status": AFTER_SALE_STATUSES[refund.status],
                    "after_sale_type": int(after_sale_type(refund)),
                    "apply_time": int(refund.applied),
                    "update_time": int(refund.updated),
                    "refund_amount": refund.amount_fen,
                    "refund_post_amount": self._freight(refund),
                    "refund_status": REFUND_STATUSES[refund.status],
                    "real_refund_amount": refund.amount_fen if paid_back else 0,
                    "refund_time": int(refund.updated) if paid_back else 0,
                }
            },
            "order_info": self._order_info(refund),
        }

    def _item(self, refund: Refund) -> dict[str, Any]:
        order = self._orders[refund.order_no]
        subs = order.subs_of(refund)
        return {
            "aftersale_info": {
                "aftersale_id": refund.refund_id,
                "aftersale_type": int(after_sale_type(refund)),
                "aftersale_status": AFTER_SALE_STATUSES[refund.status],
                "related_id": order.order_id if refund.line is None else subs[0].order_id,
                "apply_time": int(refund.applied),
                "update_time": int(refund.updated),
                "status_deadline": int(refund.applied) + _DECIDE_WITHIN_S if refund.open else 0,
                "refund_amount": refund.amount_fen,
                "refund_post_amount": self._freight(refund),
                "refund_status": REFUND_STATUSES[refund.status],
                "aftersale_num": sum(sub.line.quantity for sub in subs),
                "return_logistics_code": "",
                "return_logistics_company_name": "",
                "reason_second_labels": [],
                "got_pkg": int(refund.shipped),
            },
            "order_info": self._order_info(refund),
            "text_part": {"reason_text": "质量问题" if refund.shipped else "不想要了"},
            "seller_logs": [],
        }

    def _order_info(self, refund: Refund) -> dict[str, Any]:
        order = self._orders[refund.order_no]
        return {
            "shop_order_id": order.order_id,
            "related_order_info": [
                {
                    "sku_order_id": sub.order_id,
                    "order_status": order.status_of(sub),
                    "pay_amount": sub.paid_fen,
                    "product_id": PRODUCT_IDS + index,
                    "shop_sku_code": sub.line.sku,
                    "aftersale_item_num": sub.line.quantity,
                }
                for index, sub in enumerate(order.sub_orders)
                if sub in order.subs_of(refund)
            ],
        }

    def _freight(self, refund: Refund) -> int:
        """How much of the amount is freight: what is more than the goods cost."""
        goods = sum(sub.paid_fen for sub in self._orders[refund.order_no].subs_of(refund))
        return max(0, refund.amount_fen - goods)


def _window(start: int | None, end: int | None, name: str) -> range | None:
    """A window of time, its end excluded."""
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise Refusal(40002, "isv.parameter-missing", f"缺少参数 {name}")
    if start >= end:
        raise invalid(name, "结束时间必须晚于开始时间")
    return range(start, end)

"""The buyers' applications for refunds, as the merchant's app lists them (protocol file, section 5, others)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.jd.orders import Shelf
from sandbox.jd.params import RefundPage, names
from sandbox.jd.writing import moment
from sandbox.refunds import Refund, Refunds, RefundStatus

_STATUS = {
    RefundStatus.REQUESTED: 0,
    RefundStatus.REFUNDED: 3,
    RefundStatus.REFUSED: 2,
    RefundStatus.WITHDRAWN: 11,
}
"""未审核, 京东财务审核通过（退款成功）, 审核不通过, 用户撤销: those of the document's that occur here."""


class Applications:
    """Lists refunds, oldest first. `applyRefundSum` is in fen, as nothing else of JD's is."""

    def __init__(self, orders: Shelf, refunds: Refunds) -> None:
        self._orders = orders
        self._refunds = refunds

    def page(self, params: RefundPage) -> dict[str, Any]:
        """jingdong.pop.afs.soa.refundapply.queryPageList. A page without refunds has no list at all."""
        ids = names(params.ids)
        found = [
            refund
            for refund in self._refunds.all()
            if (not ids or refund.refund_id in ids)
            and params.status in {None, _STATUS[refund.status]}
            and params.order_id in {"", refund.order_no}
            and params.buyer_id in {"", self._buyer(refund)}
            and _within(refund.applied, params.apply_start, params.apply_end)
            and _within(None if refund.open else refund.updated, params.check_start, params.check_end)
        ]
        first = (params.page - 1) * params.page_size
        page = [self._told(refund) for refund in found[first : first + params.page_size]]
        result: dict[str, Any] = {"success": True, "totalCount": len(found)}
        return {"queryResult": result | ({"result": page} if page else {})}

    def _told(self, refund: Refund) -> dict[str, Any]:
        return {
            "id": int(refund.refund_id),
            "buyerId": self._buyer(refund),
            "buyerName": f"{self._buyer(refund)[:1]}**",
            "orderId": refund.order_no,
            "applyTime": moment(int(refund.applied)),
            "checkTime": "" if refund.open else moment(int(refund.updated)),
            "applyRefundSum": refund.amount_fen,
            "status": _STATUS[refund.status],
            "checkUserName": "" if refund.open else "客服",
            "checkRemark": "",
            "reason": "不想要了",
            "systemId": 10,
        }

    def _buyer(self, refund: Refund) -> str:
        order = self._orders.get(refund.order_no)
        return order.draft.customer.id if order else ""


def _within(seconds: float | None, start: datetime | None, end: datetime | None) -> bool:
    if start is None and end is None:
        return True
    if seconds is None:
        return False
    # JD's times have no fractions
    whole = int(seconds)
    return (start is None or start.timestamp() <= whole) and (end is None or whole <= end.timestamp())

"""After-sales as the platform tells of them (protocol file, section 5): amounts in yuan, answers in two envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.money import format_yuan, split
from sandbox.refunds import Refunds, RefundStatus
from sandbox.xiaohongshu.envelope import inner, inner_failure, not_found
from sandbox.xiaohongshu.orders import AfterSale, ReturnType, ShopOrder, Sku
from sandbox.xiaohongshu.params import AfterSaleInfo, AfterSaleList

_STATUSES = {
    RefundStatus.REQUESTED: 1,
    RefundStatus.REFUNDED: 4,
    RefundStatus.WITHDRAWN: 5,
    RefundStatus.REFUSED: 9,
}
"""status of an after-sale: 待审核, 已完成, 已取消, 商家审核拒绝."""

_REASONS = {
    ReturnType.UNSHIPPED_REFUND: (101, "不想要了"),
    ReturnType.SHIPPED_REFUND: (201, "商品有问题"),
    ReturnType.PRICE_PROTECTION: (301, "商品降价"),
}
_REFUNDED, _NOT_REFUNDED = 2, 0
_SHIPPED, _NOT_SHIPPED = 1, 0
_EXPIRES_MS = 48 * 3600 * 1000
_UPDATED = 2


class AfterSales:
    """The reading methods over the shop's refunds."""

    def __init__(self, orders: Mapping[str, ShopOrder], refunds: Refunds) -> None:
        self._orders = orders
        self._refunds = refunds

    def listed(self, params: AfterSaleList) -> dict[str, Any]:
        """afterSale.listAfterSaleInfos: oldest first."""
        start, end = params.start_time, params.end_time
        by_update = params.time_type == _UPDATED
        found = [
            (moment, after_sale)
            for after_sale in map(AfterSale, self._refunds.all())
            for moment in [_ms(after_sale.refund.updated if by_update else after_sale.refund.applied)]
            if (start is None or end is None or start <= moment <= end)
            and params.order_id in {"", after_sale.refund.order_no}
            and (not params.statuses or _STATUSES[after_sale.refund.status] in params.statuses)
            and (not params.return_types or after_sale.kind in params.return_types)
        ]
        found.sort(key=lambda entry: (entry[0], entry[1].refund.refund_id))
        first = (params.page_no - 1) * params.page_size
        page = [after_sale for _, after_sale in found[first : first + params.page_size]]
        return inner(
            {
                "totalCount": len(found),
                "pageNo": params.page_no,
                "pageSize": params.page_size,
                "afterSaleBasicInfos": [self._basic(after_sale) for after_sale in page],
            }
        )

    def info(self, params: AfterSaleInfo) -> dict[str, Any]:
        """afterSale.getAfterSaleInfo. What there is not is said by the second envelope alone."""
        refund = self._refunds.get(params.returns_id)
        if refund is None:
            return inner_failure(not_found("售后单不存在"))
        after_sale, order = AfterSale(refund), self._orders[refund.order_no]
        done = refund.paid_back
        return inner(
            {
                "afterSaleInfo": {
                    **self._basic(after_sale),
                    "skus": [
                        {
                            "skuId": sku.sku_id,
                            "skuName": sku.lines[0].line.title,
                            "skuERPCode": sku.lines[0].line.sku,
                            "appliedCount": count,
                            "appliedTotalAmountYuan": _yuan(amount),
                        }
                        for sku, count, amount in _claims(order, after_sale)
                    ],
                    "exchangeSKUs": [],
                    "refundAmountYuan": _yuan(refund.amount_fen if done else 0),
                    "refundStatus": _REFUNDED if done else _NOT_REFUNDED,
                    "refundTime": _ms(refund.updated) if done else 0,
                    "cargoStatus": _SHIPPED if refund.shipped else _NOT_SHIPPED,
                },
                "logisticsInfo": {"afterSale": None},
                "negotiateRecords": [],
            }
        )

    def _basic(self, after_sale: AfterSale) -> dict[str, Any]:
        refund = after_sale.refund
        reason_id, reason = _REASONS[after_sale.kind]
        return {
            "returnsId": refund.refund_id,
            "returnType": int(after_sale.kind),
            "status": _STATUSES[refund.status],
            "orderId": refund.order_no,
            "userId": self._orders[refund.order_no].draft.customer.id,
            "applyTime": _ms(refund.applied),
            "updatedAt": _ms(refund.updated),
            "expireTime": _ms(refund.applied) + _EXPIRES_MS,
            "reasonId": reason_id,
            "reasonNameZh": reason,
            "desc": "",
            "expectedRefundAmountYuan": _yuan(refund.amount_fen),
        }


def _claims(order: ShopOrder, after_sale: AfterSale) -> list[tuple[Sku, int, int]]:
    """The SKUs that a refund is about, how many pieces of each, and how much of the money; freight is nobody's."""
    refund = after_sale.refund
    if refund.line is not None:
        sku = next(sku for sku in order.skus if any(line.number == refund.line for line in sku.lines))
        pieces = next(line.line.quantity for line in sku.lines if line.number == refund.line)
        return [(sku, pieces, refund.amount_fen)]
    goods = min(refund.amount_fen, sum(sku.paid_fen for sku in order.skus))
    amounts = split(goods, [sku.paid_fen for sku in order.skus])
    return [(sku, sku.quantity, amount) for sku, amount in zip(order.skus, amounts, strict=True)]


def _yuan(fen: int) -> float:
    """Yuan as a JSON number: the float nearest to a text of two decimals is written with just these digits again."""
    return float(format_yuan(fen))


def _ms(seconds: float) -> int:
    return int(seconds * 1000)

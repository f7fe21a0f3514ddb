"""Shipping on Xiaohongshu: which SKUs of which orders left in which parcels (protocol file, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.refunds import Verdict
from sandbox.xiaohongshu.companies import COMPANIES
from sandbox.xiaohongshu.envelope import DONE, business, invalid, not_found
from sandbox.xiaohongshu.orders import Delivery, OrderStatus, ShopOrder, Sku, find
from sandbox.xiaohongshu.params import ModifyExpress, NoParams, OrderDeliver, SellerMark


class Shipping:
    """Takes the parcels of `orders`, and hands each over to the road at its first telling.

    `refuse` decides a refund against the buyer, `tell` says that an order's status changed, `remarked` its remark.
    """

    def __init__(
        self,
        orders: Mapping[str, ShopOrder],
        *,
        hand_over: Callable[[str, str], None],
        refuse: Callable[[str, Verdict], object],
        tell: Callable[[ShopOrder], None],
        remarked: Callable[[ShopOrder, str], None],
    ) -> None:
        self._orders = orders
        self._hand_over = hand_over
        self._refuse = refuse
        self._tell = tell
        self._remarked = remarked

    def companies(self, _: NoParams) -> dict[str, Any]:
        """common.getExpressCompanyList."""
        return {
            "expressCompanyInfos": [
                {
                    "expressCompanyId": number,
                    "expressCompanyCode": code,
                    "expressCompanyName": company.title,
                    "comment": "",
                }
                for number, (code, company) in enumerate(COMPANIES.items(), start=1)
            ]
        }

    def deliver(self, params: OrderDeliver) -> str:
        """order.orderDeliver: undecided refunds of what leaves are refused by it. Raises Refusal."""
        order = find(self._orders, params.order_id)
        _check_company(params.express_company_code)
        told = next((parcel for parcel in order.deliveries if parcel.number == params.express_no), None)
        if told is not None:
            told.times += 1
        skus = _wanted(order, params)
        if told is not None and told.company_code != params.express_company_code:
            raise business("运单号已用于其他快递公司")
        leaving = {line.number for sku in skus for line in sku.lines}
        for after_sale in order.held_back:
            if any(after_sale.refund.covers(number) for number in leaving):
                self._refuse(after_sale.refund.refund_id, Verdict.REFUSE)
        delivery = told or Delivery(len(order.deliveries) + 1, params.express_company_code, params.express_no)
        if told is None:
            order.deliveries.append(delivery)
        for sku in skus:
            sku.delivery = delivery
        order.change()
        self._tell(order)
        if told is None:
            self._hand_over(COMPANIES[delivery.company_code].carrier, delivery.number)
        return DONE

    def modify(self, params: ModifyExpress) -> str:
        """order.modifyOrderExpressInfo: another number for a parcel that left. Raises Refusal."""
        order = find(self._orders, params.order_id)
        _check_company(params.express_company_code)
        delivery = _parcel(order, params)
        if (delivery.company_code, delivery.number) == (params.express_company_code, params.express_no):
            delivery.times += 1
            return DONE
        if any(other.number == params.express_no for other in order.deliveries):
            raise business("运单号已用于该订单的其他包裹")
        delivery.company_code, delivery.number, delivery.times = params.express_company_code, params.express_no, 1
        order.change()
        self._hand_over(COMPANIES[delivery.company_code].carrier, delivery.number)
        return DONE

    def mark(self, params: SellerMark) -> str:
        """order.modifySellerMarkInfo. Raises Refusal."""
        order = find(self._orders, params.order_id)
        order.remark, order.flag = params.seller_mark_note, params.seller_mark_priority
        order.change()
        self._remarked(order, params.operator)
        return DONE


def _check_company(code: str) -> None:
    if code not in COMPANIES:
        raise invalid("参数错误: expressCompanyCode")


def _wanted(order: ShopOrder, params: OrderDeliver) -> list[Sku]:
    """The SKUs that shall leave, all of them still here. Raises Refusal."""
    status = order.status
    if status is OrderStatus.CHECKING:
        raise business("订单未到待发货状态，不能发货")
    if status is OrderStatus.CANCELLED:
        raise business("订单已取消，不能发货")
    if status is OrderStatus.SHIPPED:
        raise business("订单已发货，请勿重复发货")
    if not params.unpack:
        if status is OrderStatus.PARTLY_SHIPPED:
            raise business("订单已拆包发货，必须传入 skuIdList")
        return order.waiting
    ids = set(params.sku_id_list)
    wanted = [sku for sku in order.skus if sku.sku_id in ids]
    if len(wanted) != len(ids):
        raise not_found("商品不属于该订单")
    if any(sku.delivery is not None for sku in wanted):
        raise business("商品已发货，请勿重复发货")
    if any(order.taken_back(sku) for sku in wanted):
        raise business("商品已退款，不能发货")
    return wanted


def _parcel(order: ShopOrder, params: ModifyExpress) -> Delivery:
    """The parcel that is meant; without a word, the only one. Raises Refusal."""
    if order.status not in {OrderStatus.PARTLY_SHIPPED, OrderStatus.SHIPPED}:
        raise business("订单未发货，不能修改物流")
    meant = [
        delivery
        for delivery in order.deliveries
        if delivery.number == (params.old_express_no or delivery.number)
        and (params.old_express_no or delivery.index == (params.delivery_order_index or delivery.index))
    ]
    if not meant:
        raise not_found("包裹不存在")
    if len(meant) > 1:
        raise business("多包裹订单必须指明包裹")
    return meant[0]

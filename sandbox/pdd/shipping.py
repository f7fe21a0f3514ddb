"""Shipping on Pinduoduo: which parcels of which orders the shop declared (protocol file, section 5).

Request and answer of pdd.order.upload.extra.logistics are those of the vendor's SDKs, which agree (high confidence).
Their only words on its meaning are that further numbers are for the buyer's eyes. That it wants an order that is
shipped, and takes a number that it has for the same one, is our reading (low).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from domain.shipping import Carrier
from sandbox.pdd.envelope import business, invalid
from sandbox.pdd.orders import OrderStatus, Parcel, RefundStatus, ShopOrder, find
from sandbox.pdd.params import ExtraLogistics, NoParams, OnlineSend, RefundCheck

_CORRECTABLE_S = 24 * 3600
_FIRST_TIME = 1


class Company(NamedTuple):
    """A courier company: its code (which e-waybills use), its name, and our own code."""

    code: str
    name: str
    carrier: Carrier


COMPANIES = {
    1: Company("STO", "申通快递", Carrier.STO),
    44: Company("SF", "顺丰快递", Carrier.SF),
    85: Company("YTO", "圆通快递", Carrier.YTO),
    115: Company("ZTO", "中通快递", Carrier.ZTO),
    118: Company("EMS", "邮政EMS", Carrier.EMS),
    120: Company("JD", "京东配送", Carrier.JD),
    121: Company("YUNDA", "韵达快递", Carrier.YUNDA),
    131: Company("DB", "德邦快递", Carrier.DEPPON),
    180: Company("SELF", "其他", Carrier.OTHER),
    384: Company("JTSD", "极兔速递", Carrier.JTSD),
}
"""By the logistics_id that pdd.logistics.companies.get gives each; the numbers are the platform's own."""


class Shipping:
    """Takes the parcel of each order, and hands it over to the road when its number is told for the first time."""

    def __init__(self, orders: Mapping[str, ShopOrder], hand_over: Callable[[str, str], None]) -> None:
        self._orders = orders
        self._hand_over = hand_over

    def companies(self, _: NoParams) -> dict[str, Any]:
        """pdd.logistics.companies.get."""
        return {
            "logistics_companies": [
                {"id": logistics_id, "logistics_company": company.name, "code": company.code, "available": 1}
                for logistics_id, company in COMPANIES.items()
            ]
        }

    def refunds(self, params: RefundCheck) -> dict[str, Any]:
        """pdd.refund.status.check: those of the orders whose refund is open or paid out, and must not be shipped.

        Raises Refusal.
        """
        asked = [find(self._orders, order_sn) for order_sn in params.order_sns.split(",")]
        refunded = [order for order in asked if order.refund is not RefundStatus.NONE]
        return {"order_sns_exists_refund": [{"order_sn": order.order_sn} for order in refunded]}

    def send(self, params: OnlineSend) -> dict[str, Any]:
        """pdd.logistics.online.send: ship an order, or correct its number within 24 hours. Raises Refusal."""
        order, logistics_id = find(self._orders, params.order_sn), int(params.logistics_id)
        if logistics_id not in COMPANIES:
            raise invalid("logistics_id", "快递公司不存在")
        known = order.parcel
        told_before = known is not None and (known.logistics_id, known.number) == (logistics_id, params.tracking_number)
        if known is not None and told_before:
            known.times += 1
        if order.cancelled:
            raise business("order-refunded", "订单已退款，不能发货")
        if params.redelivery_type == _FIRST_TIME:
            if order.status is OrderStatus.SHIPPED:
                raise business("already-shipped", "订单已发货，请勿重复发货")
            if order.refund is RefundStatus.OPEN:
                raise business("refund-open", "订单售后处理中，不能发货")
            if order.under_review:
                raise business("under-review", "订单风控审核中，不能发货")
            order.status, order.shipped = OrderStatus.SHIPPED, int(time.time())
        elif order.status is not OrderStatus.SHIPPED:
            raise business("not-shipped", "订单未发货，不能修改运单")
        elif time.time() > order.shipped + _CORRECTABLE_S:
            raise business("too-late", "发货已满 24 小时，不能修改运单")
        if not told_before:
            order.parcel = Parcel(logistics_id, params.tracking_number)
            order.change()
            self._hand_over(COMPANIES[logistics_id].carrier, params.tracking_number)
        return {"is_success": True}

    def add(self, params: ExtraLogistics) -> dict[str, Any]:
        """pdd.order.upload.extra.logistics: further parcels of a shipped order, all or none. Raises Refusal."""
        order = find(self._orders, params.order_sn)
        if any(track.shipping_id not in COMPANIES for track in params.extra_track_list):
            raise invalid("shipping_id", "快递公司不存在")
        if order.cancelled:
            raise business("order-refunded", "订单已退款，不能上传额外运单")
        if order.status is not OrderStatus.SHIPPED or order.parcel is None:
            raise business("not-shipped", "订单未发货，不能上传额外运单")
        known = {(parcel.logistics_id, parcel.number): parcel for parcel in (order.parcel, *order.extra)}
        for track in params.extra_track_list:
            if told := known.get((track.shipping_id, track.tracking_number)):
                told.times += 1
                continue
            parcel = known[track.shipping_id, track.tracking_number] = Parcel(track.shipping_id, track.tracking_number)
            order.extra.append(parcel)
            order.change()
            self._hand_over(COMPANIES[parcel.logistics_id].carrier, parcel.number)
        return {"success": True}

"""Shipping on JD: the one call that says in which parcels an order left (protocol file, section 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.jd.companies import COMPANIES, SELF_DELIVERY
from sandbox.jd.orders import JdOrder, OrderState, Parcel, Shelf
from sandbox.jd.params import Shipment

_NUMBER = re.compile(r"[A-Za-z0-9-]{6,40}")


class _Refused(Exception):
    """JD's words for a shipment that it does not take."""

    def __init__(self, code: str, chinese: str, english: str) -> None:
        super().__init__(code)
        self.code, self.chinese, self.english = code, chinese, english


class Shipping:
    """Takes the parcels of each order, once, and hands them over to the road."""

    def __init__(self, orders: Shelf, hand_over: Callable[[str, str], None]) -> None:
        self._orders = orders
        self._hand_over = hand_over

    def ship(self, params: Shipment) -> dict[str, Any]:
        """jingdong.pop.order.shipment. What left once never leaves again, whatever the numbers: 重复出库."""
        try:
            order = self._orders.get(params.order_id)
            if order is None:
                raise _Refused("10400002", "订单不存在", "Order does not exist")
            parcels = _parcels(params)
            if order.state is OrderState.SHIPPED:
                _count(order, parcels)
            _check(order)
        except _Refused as refused:
            words = {"chineseErrCode": refused.chinese, "englishErrCode": refused.english}
            return {"sopjosshipment_result": {"success": "false", "errorCode": refused.code, **words}}
        order.parcels = parcels
        order.change()
        for parcel in parcels:
            if parcel.logistics_id != SELF_DELIVERY:
                self._hand_over(COMPANIES[parcel.logistics_id].carrier, parcel.number)
        return {
            "sopjosshipment_result": {"success": True, "errorCode": "0", "chineseErrCode": "", "englishErrCode": ""}
        }


def _parcels(params: Shipment) -> list[Parcel]:
    """The parcels: `|` separates couriers, and a comma the numbers of one courier. Raises _Refused.

    The document joins each number with its courier. Who delivers himself has no number, and none is kept.
    """
    couriers = params.logistics_ids.split("|")
    if any(courier not in COMPANIES for courier in couriers):
        raise _Refused("10400011", "物流公司不存在", "Logistics company does not exist")
    of_each = params.numbers.split("|")
    if couriers == [SELF_DELIVERY]:
        return [Parcel(SELF_DELIVERY, "")]
    if len(of_each) != len(couriers):
        raise _Refused("10400012", "物流公司与运单号数量不一致", "Waybills do not match companies")
    parcels = [
        Parcel(courier, number)
        for courier, numbers in zip(couriers, of_each, strict=True)
        for number in numbers.split(",")
    ]
    if any(not _NUMBER.fullmatch(parcel.number) for parcel in parcels):
        raise _Refused("10400013", "运单号不合法", "Waybill is invalid")
    return parcels


def _check(order: JdOrder) -> None:
    """Raise _Refused unless the order waits to be shipped."""
    match order.state:
        case OrderState.SHIPPED:
            raise _Refused("10400001", "该订单已出库，请勿重复出库", "Order has been shipped")
        case OrderState.LOCKED:
            raise _Refused("10400003", "订单已锁定，不能出库", "Order is locked")
        case OrderState.CANCELLED:
            raise _Refused("10400004", "订单已取消，不能出库", "Order is cancelled")
        case OrderState.NOT_PAY:
            raise _Refused("10400005", "订单未付款，不能出库", "Order is not paid")


def _count(order: JdOrder, parcels: list[Parcel]) -> None:
    """Note in the book that known parcels were told again."""
    told = {(parcel.logistics_id, parcel.number) for parcel in parcels}
    for parcel in order.parcels:
        parcel.times += (parcel.logistics_id, parcel.number) in told

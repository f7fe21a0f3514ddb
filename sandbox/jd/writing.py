"""Orders as JD writes them (protocol file, section 5): every value a text, money in yuan, times of Beijing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from domain.clock import format_beijing, from_epoch_seconds
from domain.money import format_yuan
from sandbox.jd.cipher import full_address
from sandbox.jd.orders import JdOrder, OrderState, sku_id
from sandbox.settings import JdSettings

ALL = "ALL"
_NEVER = "0001-01-01 00:00:00"
_SHIP_WITHIN_S = 48 * 3600
_WARE_ID_LESS = 5 * 10**9

STATE_WORDS = {
    OrderState.NOT_PAY: "等待付款",
    OrderState.TO_SHIP: "等待出库",
    OrderState.LOCKED: "锁定",
    OrderState.SHIPPED: "等待确认收货",
    OrderState.CANCELLED: "(删除)等待出库",
}
"""The states as people read them, in the back office and in its exports."""


def order_info(
    order: JdOrder, settings: JdSettings, fields: Collection[str], *, encrypted: bool, lagging: bool = False
) -> dict[str, Any]:
    """The wanted fields of an order. `lagging`: what the buyer paid has not arrived from the cashier yet."""
    told = _order(order, settings, encrypted=encrypted, lagging=lagging)
    return told if ALL in fields else {name: value for name, value in told.items() if name in fields}


def moment(seconds: int) -> str:
    """A time as JD writes it."""
    return format_beijing(from_epoch_seconds(seconds))


def _order(order: JdOrder, settings: JdSettings, *, encrypted: bool, lagging: bool) -> dict[str, Any]:
    draft, paid = order.draft, order.state is not OrderState.NOT_PAY
    buyer = {"open_id_seller": draft.customer.id} if encrypted else {"pin": draft.customer.id}
    return {
        "orderId": order.order_id,
        "venderId": str(settings.vender_id),
        "orderType": "22",
        "payType": "4-在线支付",
        "orderTotalPrice": format_yuan(draft.goods_fen),
        "orderSellerPrice": format_yuan(draft.goods_fen - draft.discount_fen),
        # not maintained since 2024-10
        "orderPayment": "0.00",
        "actualPay": format_yuan(draft.paid_fen if paid and not lagging else 0),
        "shouldPay": format_yuan(draft.paid_fen),
        "freightPrice": format_yuan(draft.freight_fen),
        "sellerDiscount": format_yuan(draft.discount_fen),
        "totalOriginalPrice": format_yuan(draft.goods_fen),
        "totalSellerDiscount": format_yuan(draft.discount_fen),
        "totalSellerReceivable": format_yuan(draft.paid_fen),
        "payDiscount": "0.00",
        "deliveryType": "任意时间",
        "invoiceInfo": "不需要开具发票",
        "invoiceEasyInfo": {"invoiceType": "0", "invoiceTitle": "", "invoiceContentId": "", "invoiceCode": ""},
        "orderRemark": draft.buyer_note,
        "venderRemark": order.vender_remark,
        "orderState": order.state.value,
        "orderStateRemark": STATE_WORDS[order.state],
        "orderStartTime": moment(order.placed),
        "orderEndTime": "",
        "modified": moment(order.modified),
        "paymentConfirmTime": moment(order.paid) if paid else _NEVER,
        "consigneeInfo": _consignee(order, encrypted=encrypted),
        "itemInfoList": _items(order),
        "couponDetailList": _coupons(order),
        "waybill": "|".join(parcel.number for parcel in order.parcels),
        "logisticsId": "|".join(parcel.logistics_id for parcel in order.parcels),
        "parentOrderId": order.parent_id or "0",
        "directParentOrderId": order.parent_id or "0",
        **buyer,
        "returnOrder": "0",
        "storeOrder": "",
        "storeId": "0",
        "scDT": moment(order.paid + _SHIP_WITHIN_S) if paid else _NEVER,
    }


def _consignee(order: JdOrder, *, encrypted: bool) -> dict[str, str]:
    """The receiver. `oaid` and `desen_*` are told by the platform's newest clients, not by the protocol file."""
    receiver, sealed = order.receiver, order.sealed
    who = {
        "fullname": receiver.name,
        "telephone": receiver.phone,
        "mobile": receiver.phone,
        "fullAddress": full_address(receiver),
    }
    if encrypted:
        who = {
            "fullname": sealed.name,
            "telephone": sealed.phone,
            "mobile": sealed.phone,
            "fullAddress": sealed.address,
            "oaid": sealed.oaid,
            "desen_telephone": sealed.phone_mask,
            "desen_mobile": sealed.phone_mask,
        }
    return {
        **who,
        "province": receiver.province,
        "provinceId": "0",
        "city": receiver.city,
        "cityId": "0",
        "county": receiver.district,
        "countyId": "0",
        "town": receiver.town,
        "townId": "0",
    }


def _items(order: JdOrder) -> list[dict[str, str]]:
    return [
        {
            "skuId": sku_id(line),
            "outerSkuId": line.sku,
            "skuName": line.title,
            "jdPrice": format_yuan(line.unit_price_fen),
            "giftPoint": "0",
            "wareId": str(int(sku_id(line)) - _WARE_ID_LESS),
            "itemTotal": str(line.quantity),
            "productNo": line.sku,
            "serviceName": "",
        }
        for line in order.draft.lines
    ]


def _coupons(order: JdOrder) -> list[dict[str, str]]:
    """The shop's discount, line by line."""
    return [
        {
            "orderId": order.order_id,
            "skuId": sku_id(line),
            "couponType": "100-店铺优惠",
            "couponPrice": format_yuan(discount),
        }
        for line, discount in zip(order.draft.lines, order.draft.line_discounts(), strict=True)
        if discount
    ]

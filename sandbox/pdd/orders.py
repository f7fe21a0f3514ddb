"""The shop's orders as the platform holds them, and as `order_info` writes them (protocol file, section 5)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from domain.clock import format_beijing, from_epoch_seconds
from domain.money import format_yuan
from sandbox.drafts import Draft, DraftLine, DraftReceiver
from sandbox.pdd.cipher import SealedReceiver
from sandbox.pdd.envelope import business
from sandbox.refunds import Refund
from sandbox.refunds import RefundStatus as RefundStage

_SHIP_WITHIN_S = 48 * 3600


class OrderStatus(IntEnum):
    """order_status, those that occur here. A cancelled order keeps the status it had."""

    READY = 1
    SHIPPED = 2


class RefundStatus(IntEnum):
    """refund_status, those that occur here."""

    NONE = 1
    """Also when the merchant refused, the buyer took it back, or only a part was paid back."""
    OPEN = 2
    REFUNDED = 4


class AfterSalesType(IntEnum):
    """after_sales_type, those that occur here."""

    MONEY = 2
    RETURN = 3


_AFTER_SALES = {
    RefundStage.REFUNDED: 10,
    RefundStage.REFUSED: 6,
    RefundStage.WITHDRAWN: 11,
}
_AFTER_SALES_OPEN = {AfterSalesType.MONEY: 2, AfterSalesType.RETURN: 3}


@dataclass
class Parcel:
    """The parcel that the shop declared. `times` counts how often it was told this parcel's number."""

    logistics_id: int
    number: str
    times: int = 1


@dataclass
class ShopOrder:
    """One paid order. Times in Unix seconds. `version` counts the changes, `sent` how often it was given out."""

    order_sn: str
    draft: Draft
    receiver: DraftReceiver
    sealed: SealedReceiver
    placed: int
    paid: int
    remark: str
    updated: int = field(default_factory=lambda: int(time.time()))
    status: OrderStatus = OrderStatus.READY
    refunds: list[Refund] = field(default_factory=list)
    cancelled: bool = False
    under_review: bool = False
    shipped: int = 0
    parcel: Parcel | None = None
    extra: list[Parcel] = field(default_factory=list)
    """Further parcels, which the buyer is shown."""
    version: int = 1
    sent: int = 0

    @property
    def words(self) -> str:
        """Where the order stands, for the book."""
        if self.cancelled:
            return "cancelled"
        return "shipped" if self.status is OrderStatus.SHIPPED else "paid"

    @property
    def refund(self) -> RefundStatus:
        """What the order itself says of its refunds."""
        back = [refund.amount_fen for refund in self.refunds if refund.paid_back]
        if self.cancelled or (back and sum(back) >= self.draft.paid_fen):
            return RefundStatus.REFUNDED
        return RefundStatus.OPEN if any(refund.open for refund in self.refunds) else RefundStatus.NONE

    def touch(self) -> None:
        """Who polls by update time finds the order again."""
        self.updated = int(time.time())

    def change(self) -> None:
        """The order is another now, and is found again."""
        self.touch()
        self.version += 1


def order_info(order: ShopOrder) -> dict[str, Any]:
    """The order as the detail and the list give it: money in yuan as JSON numbers, times as Beijing texts.

    `goods_amount` is the goods alone; the discount is the seller's, on the whole order and on no line of it.
    """
    draft, parcel = order.draft, order.parcel
    return {
        "order_sn": order.order_sn,
        "order_status": int(order.status),
        "refund_status": int(order.refund),
        "after_sales_status": after_sales_status(order.refunds[-1]) if order.refunds else 0,
        "confirm_status": 2 if order.cancelled else 1,
        "group_status": 1,
        "risk_control_status": int(order.under_review),
        "trade_type": 0,
        "is_lucky_flag": 1,
        "pay_type": "WEIXIN",
        "pay_no": f"P{order.order_sn.replace('-', '')}",
        "created_time": moment(order.placed),
        "pay_time": moment(order.paid),
        "confirm_time": moment(order.paid),
        "updated_at": moment(order.updated),
        "shipping_time": moment(order.shipped) if order.shipped else "",
        "receive_time": "",
        "last_ship_time": moment(order.paid + _SHIP_WITHIN_S),
        "goods_amount": _yuan(draft.goods_fen),
        "pay_amount": _yuan(draft.paid_fen),
        "discount_amount": _yuan(draft.discount_fen),
        "platform_discount": _yuan(0),
        "seller_discount": _yuan(draft.discount_fen),
        "capital_free_discount": _yuan(0),
        "order_change_amount": _yuan(0),
        "postage": _yuan(draft.freight_fen),
        "logistics_id": parcel.logistics_id if parcel else 0,
        "tracking_number": parcel.number if parcel else "",
        **_receiver(order),
        "buyer_memo": draft.buyer_note,
        "remark": order.remark,
        "is_stock_out": 0,
        "is_pre_sale": 0,
        "item_list": [item(line, n) for n, line in enumerate(draft.lines, start=1) if line.gift_of is None],
        "gift_list": [item(line, n) for n, line in enumerate(draft.lines, start=1) if line.gift_of is not None],
        "extra_delivery_list": [
            {"logistics_id": further.logistics_id, "tracking_number": further.number} for further in order.extra
        ],
        "order_tag_list": [],
        "invoice_status": 0,
        "mkt_biz_type": 0,
    }


def after_sales_type(refund: Refund) -> AfterSalesType:
    """What the buyer wants: goods that were sent go back when all of their money does."""
    return AfterSalesType.RETURN if refund.shipped and refund.full else AfterSalesType.MONEY


def after_sales_status(refund: Refund) -> int:
    """after_sales_status of one refund."""
    return _AFTER_SALES.get(refund.status) or _AFTER_SALES_OPEN[after_sales_type(refund)]


def find(orders: Mapping[str, ShopOrder], order_sn: str) -> ShopOrder:
    """The order of that number. Raises Refusal."""
    if order_sn not in orders:
        raise business("order-not-found", "订单不存在")
    return orders[order_sn]


def _receiver(order: ShopOrder) -> dict[str, Any]:
    """Ciphertexts and masks only while the order may be shipped. Pinduoduo calls the district town."""
    receiver, sealed = order.receiver, order.sealed
    fields = {
        "receiver_name": sealed.name,
        "receiver_phone": sealed.phone,
        "receiver_address": sealed.detail,
        "address": sealed.address,
        "receiver_name_mask": sealed.name_mask,
        "receiver_phone_mask": sealed.phone_mask,
        "receiver_address_mask": sealed.detail_mask,
        "address_mask": sealed.address_mask,
    }
    if order.status is not OrderStatus.READY or order.under_review:
        fields = dict.fromkeys(fields, "")
    return {
        **fields,
        "country": "中国",
        "province": receiver.province,
        "province_id": 0,
        "city": receiver.city,
        "city_id": 0,
        "town": receiver.district,
        "town_id": 0,
    }


def item(line: DraftLine, number: int) -> dict[str, Any]:
    """One line, counted from 1, as the order gives it."""
    return {
        "goods_id": 600_000_000 + number,
        "goods_name": line.title,
        "sku_id": 900_000_000 + number,
        "goods_spec": "",
        "goods_price": _yuan(line.unit_price_fen),
        "goods_count": line.quantity,
        "outer_goods_id": "",
        "outer_id": line.sku,
        "goods_img": "",
    }


def _yuan(fen: int) -> float:
    """Yuan as a JSON number: the float nearest to a text of two decimals is written with just these digits again."""
    return float(format_yuan(fen))


def moment(seconds: float) -> str:
    """A moment as the platform writes it."""
    return format_beijing(from_epoch_seconds(int(seconds)))

"""The shop's orders as the platform holds them, and as `shop_order_detail` writes them (protocol file, section 5)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from domain.order import Requirement
from sandbox.douyin.cipher import SealedReceiver
from sandbox.douyin.envelope import business
from sandbox.drafts import Draft, DraftLine, DraftReceiver
from sandbox.refunds import Refund, RefundStatus

REQUIREMENT_WORDS = {
    Requirement.COLD_CHAIN: "冷链配送",
    Requirement.FRAGILE: "易碎品",
    Requirement.UPRIGHT: "请勿倒置",
}
"""The platform has no field for delivery requirements: the shop's staff write them into the seller's remark."""


class OrderStatus(IntEnum):
    """order_status, those that occur here."""

    READY = 2
    PARTLY_SHIPPED = 101
    SHIPPED = 3
    CANCELLED = 4


_STATUS_WORDS = {
    OrderStatus.READY: "待发货",
    OrderStatus.PARTLY_SHIPPED: "部分发货",
    OrderStatus.SHIPPED: "已发货",
    OrderStatus.CANCELLED: "已取消",
}


PRODUCT_IDS = 3_000_000_000_000_000_000
"""Where the products' numbers begin."""

_REFUNDED_BEFORE_SHIPPING = 21
"""main_status of an order that was paid back whole before it left."""


class AfterSaleType(IntEnum):
    """aftersale_type, those that occur here."""

    RETURN = 0
    SHIPPED_MONEY = 1
    UNSHIPPED_MONEY = 2


AFTER_SALE_STATUSES = {
    RefundStatus.REQUESTED: 6,
    RefundStatus.REFUNDED: 12,
    RefundStatus.REFUSED: 27,
    RefundStatus.WITHDRAWN: 28,
}
"""aftersale_status: 待商家同意, 售后成功, 商家一次拒绝, 售后失败."""

REFUND_STATUSES = {
    RefundStatus.REQUESTED: 1,
    RefundStatus.REFUNDED: 3,
    RefundStatus.REFUSED: 0,
    RefundStatus.WITHDRAWN: 0,
}
"""refund_status of an after-sale: 待退款, 退款成功, and none."""


@dataclass
class SubOrder:
    """One line. `shipped` counts the pieces that left already; of one that was paid back, none leaves any more."""

    order_id: str
    line: DraftLine
    discount_fen: int
    shipped: int = 0
    paid_back: bool = False

    @property
    def open(self) -> int:
        """The pieces that are still to leave."""
        return 0 if self.paid_back else self.line.quantity - self.shipped

    @property
    def paid_fen(self) -> int:
        """What the buyer paid for it."""
        return self.line.quantity * self.line.unit_price_fen - self.discount_fen


@dataclass
class Pack:
    """One parcel that the shop declared as shipped. `times` counts how often it was told this parcel's number."""

    pack_id: str
    company_code: str
    number: str
    pieces: dict[str, int]
    request_id: str = ""
    ship_time: int = field(default_factory=lambda: int(time.time()))
    times: int = 1


@dataclass
class ShopOrder:
    """One paid order. Times in Unix seconds. `version` is the sandbox's own count of changes, for its book."""

    order_id: str
    draft: Draft
    receiver: DraftReceiver
    sealed: SealedReceiver
    sub_orders: list[SubOrder]
    placed: int
    paid: int
    updated: int
    seller_words: str
    flawed: bool = False
    """All sub orders have the first one's number, and prices are below nothing."""
    status: OrderStatus = OrderStatus.READY
    cancel_reason: str = ""
    version: int = 1
    sent: int = 0
    packs: list[Pack] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    def subs_of(self, refund: Refund) -> list[SubOrder]:
        """The sub orders that a refund is about."""
        return self.sub_orders if refund.line is None else [self.sub_orders[refund.line - 1]]

    def status_of(self, sub: SubOrder) -> int:
        """order_status of a sub order: one that was paid back before it left is cancelled."""
        return int(OrderStatus.CANCELLED if sub.paid_back and not sub.shipped else self.status)

    def move(self, status: OrderStatus) -> None:
        """Give the order a new status; only that moves the update time, remarks and addresses do not."""
        self.status = status
        self.updated = int(time.time())
        self.version += 1


def seller_words(draft: Draft) -> str:
    """What the shop's staff wrote on the order."""
    return " ".join(filter(None, (draft.seller_note, *(REQUIREMENT_WORDS[r] for r in draft.requirements))))


def detail(order: ShopOrder, shop_id: str) -> dict[str, Any]:
    """The order as `order.orderDetail` and `order.searchList` give it. Money in fen.

    `order_amount` is the goods alone here, `pay_amount` has freight added and the promotion taken off.
    """
    draft, receiver, sealed = order.draft, order.receiver, order.sealed
    return {
        "order_id": order.order_id,
        "shop_id": int(shop_id),
        "shop_name": "测试店",
        "open_id": draft.customer.id,
        "doudian_open_id": draft.customer.id,
        "order_status": int(order.status),
        "order_status_desc": _STATUS_WORDS[order.status],
        "main_status": _main_status(order),
        "main_status_desc": _STATUS_WORDS[order.status],
        "order_type": 0,
        "biz": 2,
        "create_time": order.placed,
        "pay_time": order.paid,
        "update_time": order.updated,
        "finish_time": 0,
        "ship_time": order.packs[0].ship_time if order.packs else 0,
        "cancel_reason": order.cancel_reason,
        "buyer_words": draft.buyer_note,
        "seller_words": order.seller_words,
        "seller_remark_stars": 0,
        "pay_type": 1,
        "order_amount": draft.goods_fen,
        "pay_amount": draft.paid_fen,
        "post_amount": draft.freight_fen,
        "post_insurance_amount": 0,
        "modify_amount": 0,
        "modify_post_amount": 0,
        "promotion_amount": draft.discount_fen,
        "promotion_shop_amount": draft.discount_fen,
        "promotion_platform_amount": 0,
        "promotion_talent_amount": 0,
        "promotion_pay_amount": 0,
        "tax_amount": 0,
        "encrypt_post_tel": sealed.phone,
        "encrypt_post_receiver": sealed.name,
        "mask_post_tel": sealed.phone_mask,
        "mask_post_receiver": sealed.name_mask,
        "mask_post_addr": {**_region(receiver), "detail": sealed.detail_mask},
        "post_addr": {**_region(receiver), "encrypt_detail": sealed.detail},
        "logistics_info": [_logistics(pack) for pack in order.packs],
        "sku_order_list": [_sub_order(order, sub, index) for index, sub in enumerate(order.sub_orders)],
    }


def _region(receiver: DraftReceiver) -> dict[str, Any]:
    """Douyin calls the district town, and the town street."""
    return {
        "province": {"name": receiver.province, "id": ""},
        "city": {"name": receiver.city, "id": ""},
        "town": {"name": receiver.district, "id": ""},
        "street": {"name": receiver.town, "id": ""},
    }


def _logistics(pack: Pack) -> dict[str, Any]:
    return {
        "tracking_no": pack.number,
        "company": pack.company_code,
        "company_name": pack.company_code,
        "ship_time": pack.ship_time,
        "delivery_id": pack.pack_id,
        "product_info": [
            {"sku_order_id": sub_order_id, "product_count": count} for sub_order_id, count in pack.pieces.items()
        ],
    }


def _sub_order(order: ShopOrder, sub: SubOrder, index: int) -> dict[str, Any]:
    line, goods = sub.line, sub.line.quantity * sub.line.unit_price_fen
    gift = line.gift_of is not None
    return {
        "order_id": order.sub_orders[0].order_id if order.flawed else sub.order_id,
        "parent_order_id": order.order_id,
        "order_status": order.status_of(sub),
        "product_id_str": str(PRODUCT_IDS + index),
        "product_name": line.title,
        "sku_id": 1_700_000_000_000_000 + index,
        "code": line.sku,
        "out_sku_id": "",
        "out_product_id": "",
        "spec": [],
        "item_num": line.quantity,
        "origin_amount": -line.unit_price_fen if order.flawed else line.unit_price_fen,
        "sum_amount": goods,
        "order_amount": goods,
        "promotion_amount": sub.discount_fen,
        "promotion_shop_amount": sub.discount_fen,
        "pay_amount": sub.paid_fen,
        "given_product_type": "FREE" if gift else "MASTER",
        "master_sku_order_id_list": [order.sub_orders[int(line.gift_of) - 1].order_id] if line.gift_of else [],
        "after_sale_info": _after_sale(order, sub),
        "inventory_list": [],
        "tax_amount": 0,
    }


def after_sale_type(refund: Refund) -> AfterSaleType:
    """What the buyer wants: goods that were sent go back when all of their money does."""
    if not refund.shipped:
        return AfterSaleType.UNSHIPPED_MONEY
    return AfterSaleType.RETURN if refund.full else AfterSaleType.SHIPPED_MONEY


def _main_status(order: ShopOrder) -> int:
    if order.status is OrderStatus.CANCELLED and any(refund.paid_back for refund in order.refunds):
        return _REFUNDED_BEFORE_SHIPPING
    return int(order.status)


def _after_sale(order: ShopOrder, sub: SubOrder) -> dict[str, int]:
    """A sub order's latest after-sale."""
    latest = next((refund for refund in reversed(order.refunds) if sub in order.subs_of(refund)), None)
    if latest is None:
        return {"after_sale_status": 0, "after_sale_type": 0, "refund_status": 0}
    return {
        "after_sale_status": AFTER_SALE_STATUSES[latest.status],
        "after_sale_type": int(after_sale_type(latest)),
        "refund_status": REFUND_STATUSES[latest.status],
    }


def find(orders: Mapping[str, ShopOrder], order_id: str) -> ShopOrder:
    """The order of that number. Raises Refusal."""
    if order_id not in orders:
        raise business("order-not-found", "订单不存在")
    return orders[order_id]

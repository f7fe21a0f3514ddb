"""The platform itself: one shop's orders, and what its buyers and staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from sandbox.digest import receiver_digest
from sandbox.douyin.aftersales import AfterSales
from sandbox.douyin.api import DouyinApi
from sandbox.douyin.cipher import Cipher
from sandbox.douyin.ebills import Ebills
from sandbox.douyin.messages import Messages, Tag
from sandbox.douyin.orders import (
    AFTER_SALE_STATUSES,
    AfterSaleType,
    OrderStatus,
    ShopOrder,
    SubOrder,
    after_sale_type,
    seller_words,
)
from sandbox.douyin.shipping import COMPANIES
from sandbox.drafts import Draft, DraftReceiver
from sandbox.listings import Listings
from sandbox.refunds import Refund, Refunds, RefundStatus, Verdict
from sandbox.world import Book, World

_STATUS_WORDS = {
    OrderStatus.READY: "paid",
    OrderStatus.PARTLY_SHIPPED: "partly_shipped",
    OrderStatus.SHIPPED: "shipped",
    OrderStatus.CANCELLED: "cancelled",
}


_News = tuple[ShopOrder, Tag, dict[str, Any]]


class DouyinPlatform:
    """The Douyin open platform. It holds the truth about the shop's orders, and their receivers in clear text."""

    name = "douyin"

    def __init__(self, world: World) -> None:
        settings = world.settings.douyin
        self._settings = settings
        self._orders: dict[str, ShopOrder] = {}
        self._cipher = Cipher(settings.app_secret.get_secret_value())
        self._messages = Messages(world, settings)
        # 69, ten digits of the moment of the start, seven of a count: 19 digits that fit into 64 bits
        self._last_id = (69 * 10**10 + int(time.time())) * 10**7
        self._ebills = Ebills(self._orders, world.pace.pickup_s)
        world.on_hand_over(lambda carrier, number: self._ebills.handed_over(number))
        self._refunds = Refunds(self._new_id)
        self._api = DouyinApi(
            world,
            self._orders,
            self._cipher,
            self._ebills,
            AfterSales(self._orders, self._refunds),
            self._new_id,
            refuse=lambda refund: self.settle(refund.refund_id, Verdict.REFUSE),
        )

    @property
    def listings(self) -> Listings:
        """What the shop offers."""
        return self._api.listings

    @property
    def shop(self) -> str:
        """The shop's id."""
        return self._settings.shop_id

    def new_order_no(self) -> str:
        """A number for the next order."""
        return self._new_id()

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number."""
        return order_no in self._orders

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take paid orders and push two messages about each. Every draft has its number, and none is taken yet."""
        news: list[_News] = []
        for draft in drafts:
            assert draft.order_no is not None
            order = self._order(draft, draft.order_no)
            self._orders[order.order_id] = order
            news += [(order, Tag.PAYMENT_CONFIRMED, {"pay_time": order.paid}), (order, Tag.PAID_AND_WAITING, {})]
        self._messages.tell(news)

    def cancel(self, order_no: str, reason: str) -> None:
        """The buyer cancels. Raises KeyError, and ValueError for an order that left already."""
        order = self._orders[order_no]
        if order.status is not OrderStatus.READY:
            raise ValueError(f"too late: the order is {_STATUS_WORDS[order.status]}")
        for refund in order.refunds:
            if refund.open:
                self.settle(refund.refund_id, Verdict.WITHDRAW)
        order.cancel_reason = reason
        order.move(OrderStatus.CANCELLED)
        self._messages.tell([_cancelled(order)])

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError for an order that left already."""
        order = self._orders[order_no]
        if order.status is not OrderStatus.READY:
            raise ValueError(f"too late: the order is {_STATUS_WORDS[order.status]}")
        order.receiver, order.sealed = receiver, self._cipher.seal(receiver)
        order.version += 1
        self._messages.tell([(order, Tag.RECEIVER_CHANGED, {})])

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a remark. Raises KeyError."""
        order = self._orders[order_no]
        order.seller_words = words
        order.version += 1
        self._messages.tell([(order, Tag.REMARK_CHANGED, {"remark": words})])

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies; goods that wait are not shipped until that is decided. Raises KeyError, ValueError."""
        order = self._orders[order_no]
        if order.status is OrderStatus.CANCELLED:
            raise ValueError("too late: the order is cancelled")
        wanted = [sub for number, sub in enumerate(order.sub_orders, start=1) if line in {None, number}]
        shipped = any(sub.shipped for sub in wanted)
        refund = self._refunds.apply(order_no, order.draft, line, amount_fen, shipped=shipped)
        order.refunds.append(refund)
        order.version += 1
        self._messages.tell([_after_sale(order, refund, Tag.REFUND_APPLIED)])
        return refund.refund_id

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of a refund. Raises KeyError, and ValueError for one that was decided before.

        Goods that were paid back do not leave any more; an order of which nothing is left to leave is over.
        """
        refund = self._refunds.settle(refund_id, verdict)
        order = self._orders[refund.order_no]
        order.version += 1
        news = [_after_sale(order, refund, _settled_tag(refund))]
        if refund.paid_back:
            for number, sub in enumerate(order.sub_orders, start=1):
                sub.paid_back = sub.paid_back or refund.covers(number)
            if not order.packs and self._refunds.no_goods_left(order.order_id, order.draft):
                order.cancel_reason = "退款成功"
                order.move(OrderStatus.CANCELLED)
                news.append(_cancelled(order))
            elif order.status is OrderStatus.PARTLY_SHIPPED and not any(sub.open for sub in order.sub_orders):
                order.move(OrderStatus.SHIPPED)
        self._messages.tell(news)

    def touch(self, order_no: str) -> None:
        """Give the order out as updated, and push its last message again. Raises KeyError."""
        order = self._orders[order_no]
        order.updated = int(time.time())
        self._messages.again(order, None)

    def mend(self, order_no: str) -> None:
        """The order is written as it should be, under a new update time. Raises KeyError."""
        order = self._orders[order_no]
        order.flawed = False
        order.updated = max(int(time.time()), order.updated + 1)
        order.version += 1
        self._messages.tell([(order, Tag.REMARK_CHANGED, {"remark": order.seller_words})])

    def resend(self, order_no: str, tag: Tag | None) -> None:
        """Push an order's last message again, or the last one of a tag. Raises KeyError."""
        self._messages.again(self._orders[order_no], tag)

    def router(self) -> APIRouter:
        """Every method under its path."""
        return self._api.router()

    def book(self) -> Book:
        """The orders, the parcels declared, the e-waybills, the refunds, and how many ciphertexts were opened."""
        return {
            "orders": [
                {
                    "order_no": order.order_id,
                    "shop": self.shop,
                    "version": order.version,
                    "status": _STATUS_WORDS[order.status],
                    "paid_fen": order.draft.paid_fen,
                    "encrypted": True,
                    "requirements": [requirement.value for requirement in order.draft.requirements],
                    "receiver_digest": receiver_digest(
                        order.sealed.name,
                        order.sealed.phone,
                        order.receiver.province,
                        order.receiver.city,
                        order.receiver.district,
                        order.sealed.detail,
                    ),
                    "sent": order.sent,
                }
                for order in self._orders.values()
            ],
            "shipments": [
                {
                    "order_no": order.order_id,
                    "parcel_no": pack.pack_id,
                    "carrier": COMPANIES[pack.company_code].value,
                    "number": pack.number,
                    "times": pack.times,
                }
                for order in self._orders.values()
                for pack in order.packs
            ],
            "waybills": self._ebills.book(),
            "refunds": self._refunds.book(self.shop),
            "stock": self.listings.book(),
            "decrypts": self._api.decrypts,
            "duplicates_sent": self._messages.duplicates_sent,
            "stale_sent": self._messages.stale_sent,
        }

    def _new_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _order(self, draft: Draft, order_no: str) -> ShopOrder:
        placed, paid = draft.moments()
        return ShopOrder(
            order_id=order_no,
            draft=draft,
            receiver=draft.receiver,
            sealed=self._cipher.seal(draft.receiver),
            sub_orders=[
                SubOrder(self._new_id(), line, discount)
                for line, discount in zip(draft.lines, draft.line_discounts(), strict=True)
            ],
            placed=int(placed.timestamp()),
            paid=int(paid.timestamp()),
            updated=int(time.time()),
            seller_words=seller_words(draft),
            flawed=draft.flawed,
        )


def _cancelled(order: ShopOrder) -> _News:
    return order, Tag.CANCELLED, {"cancel_time": order.updated, "cancel_reason": order.cancel_reason}


def _settled_tag(refund: Refund) -> Tag:
    if refund.status is RefundStatus.REFUSED:
        return Tag.RETURN_REFUSED if after_sale_type(refund) is AfterSaleType.RETURN else Tag.REFUND_REFUSED
    return Tag.REFUNDED if refund.paid_back else Tag.REFUND_CLOSED


def _after_sale(order: ShopOrder, refund: Refund, tag: Tag) -> _News:
    """A message about a refund; one of the whole order names the order in place of a sub order."""
    of = order.order_id if refund.line is None else order.subs_of(refund)[0].order_id
    return (
        order,
        tag,
        {
            "aftersale_id": int(refund.refund_id),
            "aftersale_status": AFTER_SALE_STATUSES[refund.status],
            "aftersale_type": int(after_sale_type(refund)),
            "apply_time": int(refund.applied),
            "s_id": int(of),
            "refund_amount": refund.amount_fen,
            "reason_code": 1,
            "update_time": int(refund.updated),
        },
    )

"""The platform itself: one shop's orders, and what its buyers and staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from sandbox.digest import receiver_digest
from sandbox.douyin.api import DouyinApi
from sandbox.douyin.cipher import Cipher
from sandbox.douyin.ebills import Ebills
from sandbox.douyin.messages import Messages, Tag
from sandbox.douyin.orders import OrderStatus, ShopOrder, SubOrder, seller_words
from sandbox.douyin.shipping import COMPANIES
from sandbox.drafts import Draft, DraftReceiver
from sandbox.world import Book, World

_STATUS_WORDS = {
    OrderStatus.READY: "paid",
    OrderStatus.PARTLY_SHIPPED: "partly_shipped",
    OrderStatus.SHIPPED: "shipped",
    OrderStatus.CANCELLED: "cancelled",
}


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
        self._api = DouyinApi(world, self._orders, self._cipher, self._ebills, self._new_id)

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
        news: list[tuple[ShopOrder, Tag, dict[str, Any]]] = []
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
        order.cancel_reason = reason
        order.move(OrderStatus.CANCELLED)
        more = {"cancel_time": order.updated, "cancel_reason": reason}
        self._messages.tell([(order, Tag.CANCELLED, more)])

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

    def resend(self, order_no: str, tag: Tag | None) -> None:
        """Push an order's last message again, or the last one of a tag. Raises KeyError."""
        self._messages.again(self._orders[order_no], tag)

    def router(self) -> APIRouter:
        """Every method under its path."""
        return self._api.router()

    def book(self) -> Book:
        """The orders, the parcels declared, the e-waybills, and how many ciphertexts were opened."""
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
        )

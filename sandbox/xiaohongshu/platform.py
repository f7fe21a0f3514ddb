"""The platform itself: one shop's orders, and what its buyers and staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fastapi import APIRouter

from domain.money import format_yuan
from sandbox.digest import receiver_digest
from sandbox.douyin.orders import seller_words
from sandbox.drafts import Draft, DraftReceiver
from sandbox.listings import Listings
from sandbox.refunds import Refunds, Verdict
from sandbox.world import Book, World
from sandbox.xiaohongshu.aftersales import AfterSales
from sandbox.xiaohongshu.api import XiaohongshuApi
from sandbox.xiaohongshu.cipher import Cipher
from sandbox.xiaohongshu.companies import COMPANIES
from sandbox.xiaohongshu.ebills import Ebills
from sandbox.xiaohongshu.messages import Messages, News, Tag
from sandbox.xiaohongshu.orders import AfterSale, OrderStatus, ShopOrder, now_ms, sold
from sandbox.xiaohongshu.reading import Reading
from sandbox.xiaohongshu.shipping import Shipping
from sandbox.xiaohongshu.tokens import Tokens

_STATUS_WORDS = {
    OrderStatus.CHECKING: "paid",
    OrderStatus.READY: "paid",
    OrderStatus.PARTLY_SHIPPED: "partly_shipped",
    OrderStatus.SHIPPED: "shipped",
    OrderStatus.CANCELLED: "cancelled",
}
_WAITING = frozenset({OrderStatus.CHECKING, OrderStatus.READY})
_BY_BUYER = 1


class XiaohongshuPlatform:
    """Xiaohongshu's ARK with one shop. It holds the truth about the orders, and their receivers in clear text."""

    name = "xiaohongshu"

    def __init__(self, world: World) -> None:
        settings = world.settings.xiaohongshu
        assert settings is not None, "mounted only when it is configured"
        self._world = world
        self._settings = settings
        self._orders: dict[str, ShopOrder] = {}
        self._cipher = Cipher(settings.app_secret.get_secret_value())
        self._tokens = Tokens(settings)
        self._messages = Messages(world, settings, lambda: self._tokens.live)
        # ten digits of the moment of the start, eight of a count
        self._serial = int(time.time()) * 10**8
        self._refunds = Refunds(lambda: f"R{self._next()}")
        self._ebills = Ebills(self._orders, settings, world.pace.pickup_s)
        world.on_hand_over(lambda carrier, number: self._ebills.handed_over(number))
        shipping = Shipping(
            self._orders,
            hand_over=world.hand_over,
            refuse=self._refunds.settle,
            tell=self._tell_status,
            remarked=self._tell_remark,
        )
        self._api = XiaohongshuApi(
            world,
            settings,
            tokens=self._tokens,
            reading=Reading(self._orders, settings.seller_id),
            shipping=shipping,
            after_sales=AfterSales(self._orders, self._refunds),
            ebills=self._ebills,
        )

    @property
    def shop(self) -> str:
        """The shop's seller id."""
        return self._settings.seller_id

    @property
    def listings(self) -> Listings:
        """What the shop offers."""
        return self._api.listings

    def new_order_no(self) -> str:
        """A number for the next order."""
        return f"P{self._next()}"

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number."""
        return order_no in self._orders

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take paid orders; each waits until the platform's risk check is over. Every draft has its number."""
        news: list[News] = []
        for draft in drafts:
            assert draft.order_no is not None
            order = self._order(draft, draft.order_no)
            self._orders[order.order_id] = order
            rest = self._settings.check_s - (now_ms() - order.paid) / 1000
            if rest > 0:
                self._check_later(order, rest)
            else:
                order.checked = True
            news.append(_status(order))
        self._messages.tell(news)

    def cancel(self, order_no: str) -> None:
        """The buyer is paid back at once. Raises KeyError, and ValueError for an order that left or was refunded."""
        order = self._waiting(order_no)
        for after_sale in order.after_sales:
            if after_sale.refund.open:
                self.settle(after_sale.refund.refund_id, Verdict.WITHDRAW)
        self.settle(self.refund(order_no, None, None), Verdict.APPROVE)

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError for an order that left or was refunded."""
        order = self._waiting(order_no)
        order.receiver, order.sealed = receiver, self._cipher.seal(receiver)
        order.address_changed = True
        order.change()
        self._messages.tell([News(order, Tag.RECEIVER_CHANGED, {})])

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a remark. Raises KeyError."""
        order = self._orders[order_no]
        order.remark = words
        order.change()
        self._tell_remark(order, "admin")

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies for an after-sale; its id. Raises KeyError, and ValueError for what cannot be had."""
        order = self._orders[order_no]
        if order.cancelled:
            raise ValueError("too late: the order is cancelled")
        wanted = [sku for sku in order.skus if line is None or any(part.number == line for part in sku.lines)]
        shipped = any(sku.delivery is not None for sku in wanted)
        refund = self._refunds.apply(order_no, order.draft, line, amount_fen, shipped=shipped)
        after_sale = AfterSale(refund)
        order.after_sales.append(after_sale)
        order.change()
        more = {
            "returnsId": refund.refund_id,
            "returnType": int(after_sale.kind),
            "requestFrom": _BY_BUYER,
            "refundFee": float(format_yuan(refund.amount_fen)),
        }
        self._messages.tell([News(order, Tag.AFTER_SALE_CREATED, more)])
        return refund.refund_id

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of an after-sale. Raises KeyError, and ValueError for one that was decided before."""
        order = self._orders[self._refunds.undecided(refund_id).order_no]
        before, refund = order.status, self._refunds.settle(refund_id, verdict)
        if AfterSale(refund).goods_stay and not order.deliveries and all(sku.gift for sku in order.waiting):
            order.cancelled = now_ms()
        order.change()
        if order.status is not before:
            self._tell_status(order)

    def touch(self, order_no: str) -> None:
        """Give the order out as updated, and push what was pushed last. Raises KeyError."""
        order = self._orders[order_no]
        order.touch()
        self._messages.again(order)

    def authorise(self) -> str:
        """The shop's owner consents that the app reads the shop; the code for the app."""
        return self._tokens.consent()

    def test_push(self) -> None:
        """Push what the console pushes when the hub's URL is set."""
        self._messages.test()

    def router(self) -> APIRouter:
        """The one path of all methods."""
        return self._api.router()

    def book(self) -> Book:
        """The orders, the parcels declared, the e-waybills and the refunds.

        `receiver_digest` has the `openAddressId` in place of name, phone and address: it is all that is needed to ship,
        so that nobody must ask for the ciphertexts.
        """
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
                    "receiver_digest": _digest(order),
                    "sent": order.sent,
                }
                for order in self._orders.values()
            ],
            "shipments": [
                {
                    "order_no": order.order_id,
                    "parcel_no": str(delivery.index),
                    "carrier": COMPANIES[delivery.company_code].carrier.value,
                    "number": delivery.number,
                    "times": delivery.times,
                }
                for order in self._orders.values()
                for delivery in order.deliveries
            ],
            "waybills": self._ebills.book(),
            "refunds": self._refunds.book(self.shop),
            "stock": self.listings.book(),
            "duplicates_sent": self._messages.duplicates_sent,
            "unsent": self._messages.unsent,
        }

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def _order(self, draft: Draft, order_no: str) -> ShopOrder:
        placed, paid = draft.moments()
        return ShopOrder(
            order_id=order_no,
            draft=draft,
            receiver=draft.receiver,
            sealed=self._cipher.seal(draft.receiver),
            skus=sold(draft),
            placed=int(placed.timestamp() * 1000),
            paid=int(paid.timestamp() * 1000),
            remark=seller_words(draft),
        )

    def _check_later(self, order: ShopOrder, seconds: float) -> None:
        async def passed() -> None:
            order.checked = True
            if not order.cancelled:
                order.change()
                self._tell_status(order)

        self._world.later(seconds, passed)

    def _waiting(self, order_no: str) -> ShopOrder:
        order = self._orders[order_no]
        if order.status not in _WAITING:
            raise ValueError(f"too late: the order is {_STATUS_WORDS[order.status]}")
        return order

    def _tell_status(self, order: ShopOrder) -> None:
        self._messages.tell([_status(order)])

    def _tell_remark(self, order: ShopOrder, operator: str) -> None:
        more = {"sellerRemarkContent": order.remark, "sellerRemarkOperator": operator}
        self._messages.tell([News(order, Tag.REMARK_CHANGED, more)])


def _digest(order: ShopOrder) -> str:
    handle, receiver = order.sealed.open_address_id, order.receiver
    return receiver_digest(handle, handle, receiver.province, receiver.city, receiver.district, handle)


def _status(order: ShopOrder) -> News:
    return News(order, Tag.STATUS_CHANGED, {"orderStatus": int(order.status), "packageStatus": int(order.status)})

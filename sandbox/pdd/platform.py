"""The platform itself: one shop's orders, and what its buyers and staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fastapi import APIRouter

from domain.clock import BEIJING, utc_now
from sandbox.digest import receiver_digest
from sandbox.douyin.orders import seller_words
from sandbox.drafts import Draft, DraftReceiver
from sandbox.listings import Listings
from sandbox.pdd.aftersales import AfterSales
from sandbox.pdd.api import PddApi
from sandbox.pdd.cipher import Cipher
from sandbox.pdd.orders import OrderStatus, ShopOrder
from sandbox.pdd.shipping import COMPANIES
from sandbox.pdd.tokens import Tokens
from sandbox.pdd.waybills import Waybills
from sandbox.refunds import Refunds, Verdict
from sandbox.world import Book, World


class PddPlatform:
    """Pinduoduo's open platform. It pushes nothing: whoever wants to know of changes polls by update time."""

    name = "pdd"

    def __init__(self, world: World) -> None:
        settings = world.settings.pdd
        assert settings is not None, "mounted only when it is configured"
        self.shop = settings.shop
        self._orders: dict[str, ShopOrder] = {}
        self._cipher = Cipher(settings.client_secret.get_secret_value())
        # ten digits of the moment of the start, five of a count
        self._serial = int(time.time()) * 10**5
        self._refunds = Refunds(self._new_refund_id)
        self._duplicates_sent = 0
        self._waybills = Waybills(self._orders, world.pace.pickup_s)
        world.on_hand_over(lambda carrier, number: self._waybills.handed_over(number))
        after_sales = AfterSales(self._orders, self._refunds)
        self._tokens = Tokens(settings)
        self._api = PddApi(world, self._orders, self._tokens, self._waybills, after_sales)

    @property
    def listings(self) -> Listings:
        """What the shop offers."""
        return self._api.listings

    def authorise(self) -> str:
        """The shop's owner consents that the app reads the shop: the code that the app exchanges for tokens."""
        return self._tokens.consent()

    def new_order_no(self) -> str:
        """A number for the next order: the day and fifteen digits."""
        self._serial += 1
        return f"{utc_now().astimezone(BEIJING):%y%m%d}-{self._serial:015d}"

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number."""
        return order_no in self._orders

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take paid orders. Every draft has its number, and none is taken yet."""
        for draft in drafts:
            assert draft.order_no is not None
            placed, paid = draft.moments()
            self._orders[draft.order_no] = ShopOrder(
                order_sn=draft.order_no,
                draft=draft,
                receiver=draft.receiver,
                sealed=self._cipher.seal(draft.receiver),
                placed=int(placed.timestamp()),
                paid=int(paid.timestamp()),
                remark=seller_words(draft),
            )

    def cancel(self, order_no: str) -> None:
        """The buyer is refunded at once. Raises KeyError, and ValueError for an order that left or was refunded."""
        for refund in self._waiting(order_no).refunds:
            if refund.open:
                self.settle(refund.refund_id, Verdict.WITHDRAW)
        self.settle(self.refund(order_no, None, None), Verdict.APPROVE)

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError for an order that left or was refunded."""
        order = self._waiting(order_no)
        order.receiver, order.sealed = receiver, self._cipher.seal(receiver)
        order.change()

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a remark. Raises KeyError."""
        order = self._orders[order_no]
        order.remark = words
        order.change()

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies; until that is decided, a waiting order is not shipped. Raises KeyError, ValueError."""
        order = self._orders[order_no]
        if order.cancelled:
            raise ValueError("too late: the order is cancelled")
        shipped = order.status is OrderStatus.SHIPPED
        refund = self._refunds.apply(order_no, order.draft, line, amount_fen, shipped=shipped)
        order.refunds.append(refund)
        order.change()
        return refund.refund_id

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of a refund; an order of which nothing is left to ship is over. Raises KeyError, ValueError."""
        order = self._orders[self._refunds.settle(refund_id, verdict).order_no]
        if order.status is OrderStatus.READY and self._refunds.no_goods_left(order.order_sn, order.draft):
            order.cancelled = True
        order.change()

    def touch(self, order_no: str) -> None:
        """Give the order out as updated; it is what it was. Raises KeyError."""
        self._orders[order_no].touch()
        self._duplicates_sent += 1

    def review(self, order_no: str, under_review: bool) -> None:
        """Risk control takes an order up, or lets it go. Raises KeyError, and ValueError for one that left already."""
        order = self._waiting(order_no)
        order.under_review = under_review
        order.change()

    def router(self) -> APIRouter:
        """The one path of all methods."""
        return self._api.router()

    def book(self) -> Book:
        """The orders, the parcels declared, the e-waybills and the refunds."""
        return {
            "orders": [
                {
                    "order_no": order.order_sn,
                    "shop": self.shop,
                    "version": order.version,
                    "status": order.words,
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
                    "order_no": order.order_sn,
                    "parcel_no": "",
                    "carrier": COMPANIES[parcel.logistics_id].carrier.value,
                    "number": parcel.number,
                    "times": parcel.times,
                }
                for order in self._orders.values()
                for parcel in (order.parcel, *order.extra)
                if parcel is not None
            ],
            "waybills": self._waybills.book(),
            "refunds": self._refunds.book(self.shop),
            "stock": self.listings.book(),
            "duplicates_sent": self._duplicates_sent,
        }

    def _new_refund_id(self) -> str:
        self._serial += 1
        return str(self._serial)

    def _waiting(self, order_no: str) -> ShopOrder:
        order = self._orders[order_no]
        if order.words != "paid":
            raise ValueError(f"too late: the order is {order.words}")
        return order

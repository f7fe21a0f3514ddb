"""The platform itself: one shop's trades, and what its buyers and staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from fastapi import APIRouter

from sandbox.digest import receiver_digest
from sandbox.douyin.orders import seller_words
from sandbox.drafts import Draft, DraftReceiver
from sandbox.listings import Listings
from sandbox.refunds import Verdict
from sandbox.taobao.api import TaobaoApi
from sandbox.taobao.companies import COMPANIES
from sandbox.taobao.receivers import MaskedReceiver, masked
from sandbox.taobao.refunding import RefundDesk
from sandbox.taobao.session import Session
from sandbox.taobao.trades import Order, Trade, TradeStatus
from sandbox.taobao.waybills import Waybills
from sandbox.world import Book, World

_STATUS_WORDS = {
    TradeStatus.PAID: "paid",
    TradeStatus.PARTLY_SHIPPED: "partly_shipped",
    TradeStatus.SHIPPED: "shipped",
    TradeStatus.CLOSED: "cancelled",
}


class TaobaoPlatform:
    """Taobao's open platform with one shop. It pushes nothing: whoever wants to know asks for what was modified.

    Raises ValueError when the sandbox has no settings for it.
    """

    name = "taobao"

    def __init__(self, world: World) -> None:
        settings = world.settings.taobao
        if settings is None:
            raise ValueError("the sandbox has no settings for taobao")
        self._settings = settings
        self._trades: dict[str, Trade] = {}
        # 21, ten digits of the moment of the start, seven of a count: 19 digits that fit into 64 bits
        self._last_id = (21 * 10**10 + int(time.time())) * 10**7
        self._session = Session(settings)
        self._refunds = RefundDesk(self._trades, self._new_id, settings.shop)
        self._waybills = Waybills(self._trades, world.pace.pickup_s)
        self._touched = 0
        world.on_hand_over(lambda carrier, number: self._waybills.handed_over(number))
        self._api = TaobaoApi(
            world,
            settings,
            self._trades,
            session=self._session,
            refunds=self._refunds,
            waybills=self._waybills,
        )

    @property
    def shop(self) -> str:
        """The shop's name."""
        return self._settings.shop

    @property
    def listings(self) -> Listings:
        """What the shop offers."""
        return self._api.listings

    def new_order_no(self) -> str:
        """A number for the next trade."""
        return self._new_id()

    def has(self, order_no: str) -> bool:
        """Whether there is a trade of that number."""
        return order_no in self._trades

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take paid trades. Every draft has its number, and none is taken yet."""
        for draft in drafts:
            assert draft.order_no is not None
            self._trades[draft.order_no] = self._trade(draft, draft.order_no)

    def cancel(self, order_no: str) -> None:
        """The buyer is paid back and the trade closed. Raises KeyError, and ValueError for one that left already."""
        trade = self._unshipped(order_no)
        for order in trade.orders:
            if order.refund is not None and order.refund.open:
                self._refunds.settle(order.refund.refund_id, Verdict.WITHDRAW)
        self.settle(self.refund(order_no, None, None), Verdict.APPROVE)

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError for a trade that left already."""
        trade = self._unshipped(order_no)
        trade.receiver = self._masked(receiver, order_no)
        trade.address_changed = True
        trade.change()

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a memo. Raises KeyError."""
        trade = self._trades[order_no]
        trade.seller_memo = words
        trade.change()

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer applies for a refund; its id. Raises KeyError, and ValueError for what cannot be had."""
        return self._refunds.apply(self._trades[order_no], line, amount_fen)

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of an application. Raises KeyError, and ValueError for one that was decided before."""
        self._refunds.settle(refund_id, verdict)

    def touch(self, order_no: str) -> None:
        """Give a trade out as modified, and nothing of it is different. Raises KeyError."""
        self._trades[order_no].touch()
        self._touched += 1

    def mend(self, order_no: str) -> None:
        """The shop is told the oaid from now on. Raises KeyError."""
        trade = self._trades[order_no]
        trade.flawed = False
        trade.change()

    def reauthorise(self, session: str) -> None:
        """The seller authorises the app again, which gives it this session."""
        self._session.renew(session)

    def router(self) -> APIRouter:
        """The one door of all methods."""
        return self._api.router()

    def book(self) -> Book:
        """The trades, the parcels declared, the e-waybills and the refunds.

        `receiver_digest` has the `oaid` in place of name, phone and address: the masks beside it tell no two receivers
        apart, and it is all that is needed to ship.
        """
        return {
            "orders": [
                {
                    "order_no": trade.tid,
                    "shop": self.shop,
                    "version": trade.version,
                    "status": _words(trade),
                    "paid_fen": trade.draft.paid_fen,
                    "encrypted": True,
                    "requirements": [requirement.value for requirement in trade.draft.requirements],
                    "receiver_digest": _digest(trade.receiver),
                    "sent": trade.sent,
                }
                for trade in self._trades.values()
            ],
            "shipments": [
                {
                    "order_no": trade.tid,
                    "parcel_no": "",
                    "carrier": COMPANIES[parcel.company_code].carrier.value,
                    "number": parcel.number,
                    "times": parcel.times,
                }
                for trade in self._trades.values()
                for parcel in trade.parcels
            ],
            "waybills": self._waybills.book(),
            "refunds": self._refunds.book(),
            "stock": self.listings.book(),
            "duplicates_sent": self._touched,
        }

    def _new_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _unshipped(self, order_no: str) -> Trade:
        trade = self._trades[order_no]
        if trade.status is not TradeStatus.PAID:
            raise ValueError(f"too late: the order is {_STATUS_WORDS[trade.status]}")
        return trade

    def _masked(self, receiver: DraftReceiver, tid: str) -> MaskedReceiver:
        return masked(receiver, tid, self._settings.app_secret.get_secret_value())

    def _trade(self, draft: Draft, tid: str) -> Trade:
        placed, paid = draft.moments()
        single = len(draft.lines) == 1
        return Trade(
            tid=tid,
            draft=draft,
            receiver=self._masked(draft.receiver, tid),
            orders=[
                # a trade of one order has one number for both
                Order(tid if single else self._new_id(), line, discount)
                for line, discount in zip(draft.lines, draft.line_discounts(), strict=True)
            ],
            created=int(placed.timestamp()),
            paid=int(paid.timestamp()),
            modified=int(time.time()),
            seller_memo=seller_words(draft),
            flawed=draft.flawed,
        )


def _words(trade: Trade) -> str:
    """A trade that left and was paid back is closed, but not cancelled."""
    return "refunded" if trade.closed is not None and trade.parcels else _STATUS_WORDS[trade.status]


def _digest(receiver: MaskedReceiver) -> str:
    return receiver_digest(
        receiver.oaid, receiver.oaid, receiver.state, receiver.city, receiver.district, receiver.oaid
    )

"""WeChat as a whole: one mini-program's orders, and what its buyers and the shop's staff do with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from domain.clock import BEIJING, utc_now
from sandbox.digest import receiver_digest
from sandbox.drafts import Draft, DraftReceiver
from sandbox.refunds import Refund, Refunds, Verdict
from sandbox.wechat.miniprogram import MiniProgramApi
from sandbox.wechat.notices import Flaw, Notices
from sandbox.wechat.pay import PayApi
from sandbox.wechat.purchases import PayRefund, PayRefundStatus, Purchase, Purchases
from sandbox.wechat.shipping import COMPANIES
from sandbox.wechat.shop import ShopBackend
from sandbox.wechat.signing import PlatformKey
from sandbox.world import Book, World


class WechatPlatform:
    """The mini-program. Its orders come from the shop's backend, its payments and refunds from WeChat Pay."""

    name = "wechat"

    def __init__(self, world: World) -> None:
        settings = world.settings.wechat
        assert settings is not None, "mounted only when it is configured"
        self._world = world
        self._settings = settings
        self._purchases = Purchases()
        self._key = PlatformKey(settings.platform_key_id, settings.platform_private_key.get_secret_value())
        self._notices = Notices(world, settings, self._key)
        self._backend = ShopBackend(world, settings, self._purchases)
        self._pay = PayApi(world, settings, self._key, self._purchases)
        self._program = MiniProgramApi(world, settings, self._purchases)
        self._refunds = Refunds(self._new_refund_id)
        self._resent = 0
        # the moment of the start keeps numbers apart from those of an earlier run against the same hub
        self._start = int(time.time())
        self._numbered = 0

    @property
    def shop(self) -> str:
        """The mini-program's appid."""
        return self._settings.appid

    @property
    def key_id(self) -> str:
        """By which number merchants know WeChat Pay's key."""
        return self._key.key_id

    @property
    def public_key(self) -> str:
        """The public half of WeChat Pay's key, PEM."""
        return self._key.public_pem

    def new_order_no(self) -> str:
        """A number for the next order: its out_trade_no."""
        return f"MP{self._start}{self._next():08d}"

    def has(self, order_no: str) -> bool:
        """Whether there is an order of that number."""
        return self._purchases.by_number(order_no) is not None

    def place(self, drafts: Sequence[Draft]) -> None:
        """Take orders and send them unpaid; each is paid a little later. Each draft has its number, none is taken."""
        placed = [self._purchase(draft, str(draft.order_no)) for draft in drafts]
        for purchase in placed:
            self._purchases.add(purchase)
        self._backend.send(placed)
        for purchase in placed:
            self._pay_later(purchase)

    def cancel(self, order_no: str) -> None:
        """The buyer cancels: nothing is paid, or all is paid back. Raises KeyError, and ValueError if too late."""
        purchase = self._unshipped(order_no)
        if purchase.paid_at is None:
            purchase.cancelled = True
            purchase.change()
            self._backend.send([purchase])
            return
        self.settle(self.refund(order_no, None, None), Verdict.APPROVE)

    def change_address(self, order_no: str, receiver: DraftReceiver) -> None:
        """The buyer changes the receiver. Raises KeyError, and ValueError for an order that left or was cancelled."""
        purchase = self._unshipped(order_no)
        purchase.receiver = receiver
        purchase.change()
        self._backend.send([purchase])

    def remark(self, order_no: str, words: str) -> None:
        """The shop's staff write a note. Raises KeyError."""
        purchase = self._purchases.placed(order_no)
        purchase.seller_note = words
        purchase.change()
        self._backend.send([purchase])

    def touch(self, order_no: str) -> None:
        """The shop sends the order again, and WeChat Pay its payment. Raises KeyError."""
        purchase = self._purchases.placed(order_no)
        purchase.modified.append(utc_now())
        self._resent += 1
        self._backend.send([purchase])
        if purchase.paid_at is not None:
            self._notices.paid_again(purchase)

    def refund(self, order_no: str, line: int | None, amount_fen: int | None) -> str:
        """The buyer asks the shop; WeChat Pay hears of it when the shop agrees. Raises KeyError, ValueError."""
        purchase = self._purchases.placed(order_no)
        if purchase.paid_at is None or purchase.cancelled:
            raise ValueError(f"nothing to pay back: the order is {purchase.status}")
        if line is not None and _costs_nothing(purchase.draft, line):
            raise ValueError("WeChat Pay pays 1 fen or more back")
        shipped = purchase.shipping is not None
        refund = self._refunds.apply(order_no, purchase.draft, line, amount_fen, shipped=shipped)
        return refund.refund_id

    def settle(self, refund_id: str, verdict: Verdict) -> None:
        """What becomes of a refund; only money that is paid back is told. Raises KeyError, ValueError."""
        refund = self._refunds.settle(refund_id, verdict)
        if verdict is not Verdict.APPROVE:
            return
        purchase = self._purchases.placed(refund.order_no)
        told = self._pay_refund(purchase, refund, PayRefundStatus.SUCCESS)
        if purchase.refunded_fen >= purchase.draft.paid_fen and purchase.shipping is None:
            purchase.cancelled = True
            purchase.change()
        self._notices.refunded(purchase, told)

    def fail_refund(self, refund_id: str, status: PayRefundStatus) -> None:
        """The shop agrees, and WeChat Pay cannot pay. ABNORMAL leaves the refund open. Raises KeyError, ValueError."""
        refund = self._refunds.undecided(refund_id)
        if status is PayRefundStatus.CLOSED:
            self._refunds.settle(refund_id, Verdict.REFUSE)
        purchase = self._purchases.placed(refund.order_no)
        self._notices.refunded(purchase, self._pay_refund(purchase, refund, status))

    def send_flawed(self, order_no: str, flaw: Flaw) -> None:
        """Send a payment's notification with something wrong. Raises KeyError, and ValueError for an unpaid order."""
        purchase = self._purchases.placed(order_no)
        if purchase.paid_at is None:
            raise ValueError("the order is unpaid")
        self._notices.flawed(purchase, flaw)

    def router(self) -> APIRouter:
        """WeChat Pay under `/v3`, the mini-program's server under `/cgi-bin` and `/wxa`, the backend under `/shop`."""
        router = APIRouter()
        router.include_router(self._pay.router())
        router.include_router(self._program.router())
        router.include_router(self._backend.router())
        return router

    def book(self) -> Book:
        """The orders, the parcels uploaded, the refunds, and what of the notifications should not have been taken."""
        purchases = self._purchases.all()
        return {
            "orders": [
                {
                    "order_no": purchase.out_trade_no,
                    "shop": self.shop,
                    "version": purchase.version,
                    "status": purchase.status,
                    "paid_fen": purchase.draft.paid_fen,
                    "encrypted": False,
                    "requirements": [requirement.value for requirement in purchase.draft.requirements],
                    "receiver_digest": _digest(purchase.receiver),
                    "sent": purchase.sent,
                    "transaction_id": purchase.transaction_id if purchase.paid_at is not None else "",
                }
                for purchase in purchases
            ],
            "shipments": [
                {
                    "order_no": purchase.out_trade_no,
                    "parcel_no": "",
                    "carrier": COMPANIES[parcel.express_company].value,
                    "number": parcel.tracking_no,
                    "times": parcel.times,
                }
                for purchase in purchases
                if purchase.shipping is not None
                for parcel in purchase.shipping.parcels
                if parcel.express_company in COMPANIES
            ],
            "refunds": [entry | self._out_refund_no(entry["refund_id"]) for entry in self._refunds.book(self.shop)],
            "rejected": list(self._backend.rejected.values()),
            "duplicates_sent": self._resent + self._notices.duplicates_sent,
            "flawed_sent": dict(self._notices.flawed_sent),
            "flawed_taken": dict(self._notices.flawed_taken),
        }

    def _next(self) -> int:
        self._numbered += 1
        return self._numbered

    def _new_refund_id(self) -> str:
        return f"50{self._start}{self._next():08d}"

    def _purchase(self, draft: Draft, order_no: str) -> Purchase:
        placed, paid = draft.moments()
        return Purchase(
            out_trade_no=order_no,
            # 28 digits, as WeChat Pay's are
            transaction_id=f"42000000{utc_now().astimezone(BEIJING):%y%m%d}{self._start % 10**6:06d}{self._next():08d}",
            draft=draft,
            receiver=draft.receiver,
            seller_note=draft.seller_note,
            placed=placed,
            paid=paid,
        )

    def _pay_later(self, purchase: Purchase) -> None:
        async def pay() -> None:
            if not purchase.cancelled:
                purchase.paid_at = time.time()
                purchase.change()
                self._notices.paid(purchase)

        self._world.later(self._world.pace.pay_s, pay)

    def _pay_refund(self, purchase: Purchase, refund: Refund, status: PayRefundStatus) -> PayRefund:
        """Enter a refund at WeChat Pay, or another outcome of one that could not be paid before."""
        now = utc_now()
        known = next((entry for entry in purchase.refunds if entry.refund_id == refund.refund_id), None)
        if known is None:
            known = PayRefund(refund.refund_id, f"RF{refund.refund_id[2:]}", refund.amount_fen, status, created=now)
            purchase.refunds.append(known)
        known.status = status
        known.success = now if status is PayRefundStatus.SUCCESS else None
        return known

    def _out_refund_no(self, refund_id: str) -> dict[str, Any]:
        """The merchant's number of a refund that it agreed to: what WeChat Pay is asked by."""
        refund = self._refunds.get(refund_id)
        assert refund is not None
        agreed = any(entry.refund_id == refund_id for entry in self._purchases.placed(refund.order_no).refunds)
        return {"out_refund_no": f"RF{refund_id[2:]}" if agreed else ""}

    def _unshipped(self, order_no: str) -> Purchase:
        purchase = self._purchases.placed(order_no)
        if purchase.cancelled or purchase.shipping is not None:
            words = purchase.status if purchase.cancelled or purchase.status == "shipped" else "partly shipped"
            raise ValueError(f"too late: the order is {words}")
        return purchase


def _costs_nothing(draft: Draft, line: int) -> bool:
    if not 1 <= line <= len(draft.lines):
        return False  # said in better words where refunds are kept
    bought = draft.lines[line - 1]
    return bought.quantity * bought.unit_price_fen == draft.line_discounts()[line - 1]


def _digest(receiver: DraftReceiver) -> str:
    return receiver_digest(
        receiver.name, receiver.phone, receiver.province, receiver.city, receiver.district, receiver.detail
    )

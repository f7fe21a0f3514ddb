"""The mini-program's orders: what shop, WeChat Pay and the mini-program's server each know of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.clock import BEIJING, utc_now
from sandbox.drafts import Draft, DraftReceiver


class PayRefundStatus(StrEnum):
    """What became of a refund that the merchant agreed to."""

    SUCCESS = "SUCCESS"
    ABNORMAL = "ABNORMAL"
    """The buyer's account cannot take the money: the merchant has to find another way."""
    CLOSED = "CLOSED"


_EVENT_SUMMARIES = {
    PayRefundStatus.SUCCESS: "退款成功",
    PayRefundStatus.ABNORMAL: "退款异常",
    PayRefundStatus.CLOSED: "退款关闭",
}


@dataclass
class PayRefund:
    """A refund that the merchant agreed to, as WeChat Pay has it."""

    refund_id: str
    out_refund_no: str
    amount_fen: int
    status: PayRefundStatus
    created: datetime
    success: datetime | None = None

    @property
    def summary(self) -> str:
        """What it came to, in WeChat Pay's words."""
        return _EVENT_SUMMARIES[self.status]


@dataclass
class Parcel:
    """One parcel that was uploaded. `times` counts how often this number was told."""

    tracking_no: str
    express_company: str
    item_desc: str
    contact: dict[str, str]
    uploaded: int
    times: int = 1

    @property
    def content(self) -> tuple[str, str, str]:
        """What makes two uploads the same."""
        return self.tracking_no, self.express_company, self.item_desc


@dataclass
class Shipping:
    """The shipping information of one payment."""

    logistics_type: int
    delivery_mode: int
    uploaded: datetime
    parcels: list[Parcel] = field(default_factory=list)
    finished: bool = False
    finished_times: int = 0
    reshipped: bool = False


@dataclass
class Purchase:
    """One order. `placed` and `paid` are the draft's moments, `paid_at` is when WeChat Pay took the money.

    `version` counts the changes of the shop's own record, `modified` are the moments of each and of every touch; `sent`
    is how often the order was told or given out.
    """

    out_trade_no: str
    transaction_id: str
    draft: Draft
    receiver: DraftReceiver
    seller_note: str
    placed: datetime
    paid: datetime
    paid_at: float | None = None
    cancelled: bool = False
    shipping: Shipping | None = None
    refunds: list[PayRefund] = field(default_factory=list)
    version: int = 1
    modified: list[datetime] = field(default_factory=lambda: [utc_now()])
    sent: int = 0

    @property
    def openid(self) -> str:
        """The buyer as the mini-program knows them: always the same for the same customer."""
        return "o" + hashlib.sha256(f"openid|{self.draft.customer.id}".encode()).hexdigest()[:27]

    @property
    def status(self) -> str:
        """Where the order stands, in the own-shop API's words."""
        if self.cancelled:
            return "cancelled"
        if self.shipping is not None and self.shipping.finished:
            return "shipped"
        return "unpaid" if self.paid_at is None else "paid"

    @property
    def refunded_fen(self) -> int:
        """How much the buyer has back."""
        return sum(refund.amount_fen for refund in self.refunds if refund.status is PayRefundStatus.SUCCESS)

    def change(self) -> None:
        """The shop's record is another now."""
        self.version += 1
        self.modified.append(utc_now())


class Purchases:
    """All orders, by each number that somebody may ask for."""

    def __init__(self) -> None:
        self._by_number: dict[str, Purchase] = {}
        self._by_transaction: dict[str, Purchase] = {}

    def add(self, purchase: Purchase) -> None:
        """Take a new order."""
        self._by_number[purchase.out_trade_no] = self._by_transaction[purchase.transaction_id] = purchase

    def all(self) -> list[Purchase]:
        """Every order, in the order in which they were placed."""
        return list(self._by_number.values())

    def placed(self, order_no: str) -> Purchase:
        """The order of that number. Raises KeyError."""
        return self._by_number[order_no]

    def by_number(self, out_trade_no: str) -> Purchase | None:
        """The order of the shop's number."""
        return self._by_number.get(out_trade_no)

    def by_transaction(self, transaction_id: str) -> Purchase | None:
        """The order whose payment has this number; there is none while it is unpaid."""
        purchase = self._by_transaction.get(transaction_id)
        return None if purchase is None or purchase.paid_at is None else purchase

    def by_refund(self, out_refund_no: str) -> tuple[Purchase, PayRefund] | None:
        """The refund of the shop's number, and its order."""
        for purchase in self._by_number.values():
            for refund in purchase.refunds:
                if refund.out_refund_no == out_refund_no:
                    return purchase, refund
        return None


def rfc3339(moment: datetime) -> str:
    """A moment as WeChat Pay writes it."""
    return moment.astimezone(BEIJING).isoformat(timespec="seconds")


def payment(purchase: Purchase, appid: str, mchid: str) -> dict[str, Any]:
    """A payment that succeeded, as the notification tells it. Money in fen."""
    total = purchase.draft.paid_fen
    return {
        "appid": appid,
        "mchid": mchid,
        "out_trade_no": purchase.out_trade_no,
        "transaction_id": purchase.transaction_id,
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": rfc3339(purchase.paid),
        "payer": {"openid": purchase.openid},
        "amount": {"total": total, "payer_total": total, "currency": "CNY", "payer_currency": "CNY"},
    }


def transaction(purchase: Purchase, appid: str, mchid: str) -> dict[str, Any]:
    """An order as the query answers it: any refund, also of a part, makes it REFUND; unpaid, it has no number yet."""
    if purchase.paid_at is not None:
        content = payment(purchase, appid, mchid)
        if purchase.refunded_fen:
            content |= {"trade_state": "REFUND", "trade_state_desc": "订单发生过退款"}
        return content
    state, words = ("CLOSED", "订单已关闭") if purchase.cancelled else ("NOTPAY", "订单未支付")
    return {
        "appid": appid,
        "mchid": mchid,
        "out_trade_no": purchase.out_trade_no,
        "trade_state": state,
        "trade_state_desc": words,
        "attach": "",
        "amount": {"total": purchase.draft.paid_fen, "currency": "CNY"},
    }


def refund_notice(purchase: Purchase, refund: PayRefund, mchid: str) -> dict[str, Any]:
    """A refund as it stands in a notification. Money in fen."""
    return {
        "mchid": mchid,
        "out_trade_no": purchase.out_trade_no,
        "transaction_id": purchase.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": refund.status.value,
        **_success(refund),
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": purchase.draft.paid_fen,
            "refund": refund.amount_fen,
            "payer_total": purchase.draft.paid_fen,
            "payer_refund": refund.amount_fen,
        },
    }


def refund_answer(purchase: Purchase, refund: PayRefund) -> dict[str, Any]:
    """A refund as the query answers it: what is `refund_status` in the notification is `status` here."""
    total, back = purchase.draft.paid_fen, refund.amount_fen
    return {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": purchase.transaction_id,
        "out_trade_no": purchase.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        **_success(refund),
        "create_time": rfc3339(refund.created),
        "status": refund.status.value,
        "amount": {
            "total": total,
            "refund": back,
            "payer_total": total,
            "payer_refund": back,
            "settlement_total": total,
            "settlement_refund": back,
            "discount_refund": 0,
            "currency": "CNY",
        },
    }


def _success(refund: PayRefund) -> dict[str, str]:
    return {} if refund.success is None else {"success_time": rfc3339(refund.success)}

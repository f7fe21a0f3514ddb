"""What notifications of WeChat Pay say once they are opened (section 1 of the protocol file). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import DocumentUnreadable
from connectors.ports import Document
from connectors.wechat.settings import WechatSettings
from domain.order import ChannelStatus, Order

SOURCE = "wechat"
PAYMENT, REFUND = "order_hint", "cancel"
"""Kinds of documents."""

W = TypeVar("W", bound="_Wire")


@dataclass(frozen=True)
class Payment:
    """One payment, in fen. `openid` is the buyer's number in this mini-program."""

    out_trade_no: str
    transaction_id: str
    openid: str
    total_fen: int
    paid_at: datetime


@dataclass(frozen=True)
class Refund:
    """A refund that reached the buyer, in fen."""

    out_trade_no: str
    refund_id: str
    total_fen: int
    refund_fen: int

    @property
    def whole(self) -> bool:
        """Whether nothing of the payment is left."""
        return self.refund_fen == self.total_fen


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")

    mchid: str
    out_trade_no: str = Field(pattern=r"^[0-9A-Za-z_\-|*]{1,32}$")
    transaction_id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")


class _Payer(BaseModel):
    openid: str = Field(min_length=1)


class _Amount(BaseModel):
    total: int = Field(ge=0, le=10**12, strict=True)
    currency: Literal["CNY"] = "CNY"


class _RefundAmount(BaseModel):
    total: int = Field(ge=0, le=10**12, strict=True)
    refund: int = Field(ge=0, le=10**12, strict=True)


class _Transaction(_Wire):
    appid: str
    trade_state: Literal["SUCCESS"]
    success_time: AwareDatetime
    payer: _Payer
    amount: _Amount


class _RefundNotice(_Wire):
    refund_id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")
    refund_status: Literal["SUCCESS"]
    amount: _RefundAmount


def read_payment(document: Document, settings: WechatSettings) -> Payment:
    """The payment in a document. Raises DocumentUnreadable, also for another mini-program's or merchant's."""
    wire = _validated(_Transaction, document.body, settings)
    if wire.appid != settings.appid:
        raise DocumentUnreadable(SOURCE, "the payment is another mini-program's")
    return Payment(wire.out_trade_no, wire.transaction_id, wire.payer.openid, wire.amount.total, wire.success_time)


def read_refund(document: Document, settings: WechatSettings) -> Refund:
    """The refund in a document. Raises DocumentUnreadable."""
    wire = _validated(_RefundNotice, document.body, settings)
    return Refund(wire.out_trade_no, wire.refund_id, wire.amount.total, wire.amount.refund)


def paid(order: Order, payment: Payment) -> Order:
    """The order with its payment. Marked again, it does not change; one that is cancelled or on its way stays so.

    The version stays too: it is the shop's own count, and a greater one would make the shop's next word look old.
    Raises DocumentUnreadable when another amount was paid than the order asks for.
    """
    due = order.amounts.paid_fen
    if payment.total_fen != due:
        raise DocumentUnreadable(SOURCE, f"{payment.total_fen} fen were paid for an order of {due} fen")
    status = ChannelStatus.PAID if order.status is ChannelStatus.UNPAID else order.status
    return order.model_copy(update={"status": status, "paid_at": order.paid_at or payment.paid_at})


def _validated(model: type[W], body: str, settings: WechatSettings) -> W:
    try:
        wire = model.model_validate_json(body)
    except ValidationError as error:
        fields = sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)})
        raise DocumentUnreadable(SOURCE, f"unusable fields: {', '.join(fields)[:200]}") from None
    if wire.mchid != settings.mchid:
        raise DocumentUnreadable(SOURCE, "the payment is another merchant's")
    return wire

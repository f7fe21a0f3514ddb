"""What WeChat Pay says of payments and refunds once it is opened (section 1 of the protocol file). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connectors.errors import DocumentUnreadable
from connectors.fields import as_mapping, load_json
from connectors.ports import Document
from connectors.wechat.documents import REFUND_VERSIONS, SOURCE
from connectors.wechat.settings import WechatSettings
from domain.refund import RefundStatus
from domain.words import About, Glossary

W = TypeVar("W", bound="_Wire")
M = TypeVar("M", bound=StrEnum)

_REFUNDS = Glossary(
    SOURCE,
    About.REFUND,
    RefundStatus,
    {
        "SUCCESS": RefundStatus.REFUNDED,
        "CLOSED": RefundStatus.CLOSED,
        # The money could not be paid out (the buyer's card is gone): the merchant wants the order off, and must see
        # to it.
        "ABNORMAL": RefundStatus.REQUESTED,
    },
    field="refund_status",
)


class Paid(StrEnum):
    """What a payment has come to."""

    PAID = "PAID"
    UNPAID = "UNPAID"
    PAID_BACK = "PAID_BACK"
    """Paid, and a part or all was paid back since."""


PAYMENTS = Glossary(
    SOURCE,
    About.PAYMENT,
    Paid,
    {
        "SUCCESS": Paid.PAID,
        "REFUND": Paid.PAID_BACK,
        **dict.fromkeys(("NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR"), Paid.UNPAID),
    },
    field="trade_state",
    unnamed=["REFUND", "NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR"],
)

_Fen = Annotated[int, Field(ge=0, le=10**12, strict=True)]


@dataclass(frozen=True)
class Payment:
    """One payment, in fen. `shop` is the appid."""

    shop: str
    out_trade_no: str
    transaction_id: str
    total_fen: int
    paid_at: datetime


@dataclass(frozen=True)
class RefundNotice:
    """What became of a refund, in fen. It names the merchant only: `shops` are the mini-programs that it may be of."""

    shops: tuple[str, ...]
    out_trade_no: str
    refund_id: str
    version: int
    status: RefundStatus
    refund_fen: int
    at: datetime


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")

    mchid: str
    out_trade_no: str = Field(pattern=r"^[0-9A-Za-z_\-|*]{1,32}$")
    transaction_id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")


class _Amount(BaseModel):
    total: _Fen
    currency: Literal["CNY"] = "CNY"


class _RefundAmount(BaseModel):
    refund: _Fen


class _Transaction(_Wire):
    appid: str
    trade_state: str
    success_time: AwareDatetime
    amount: _Amount


class _RefundResource(_Wire):
    refund_id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$")
    refund_status: str
    success_time: AwareDatetime | None = None
    amount: _RefundAmount


class _RefundBody(BaseModel):
    resource: dict[str, Any]
    notified_at: AwareDatetime | None = None


def read_payment(document: Document, settings: WechatSettings) -> Payment:
    """The payment in a document.

    Raises DocumentUnreadable, also for a mini-program or a merchant that is not in the settings, and for a payment that
    is paid back in part or whole by now (trade_state REFUND): how much of it, only a person can find out.
    """
    wire = _validated(_Transaction, _json(document))
    shop = settings.shops.get(wire.appid)
    if shop is None or shop.mchid != wire.mchid:
        raise DocumentUnreadable(SOURCE, "the payment is another mini-program's, or another merchant's")
    if _told(PAYMENTS, wire.trade_state) is not Paid.PAID:
        raise DocumentUnreadable(SOURCE, f"a payment in trade_state {wire.trade_state[:20]}")
    return Payment(wire.appid, wire.out_trade_no, wire.transaction_id, wire.amount.total, wire.success_time)


def read_refund(document: Document, settings: WechatSettings) -> RefundNotice:
    """The refund in a document. Raises DocumentUnreadable."""
    try:
        body = _RefundBody.model_validate(_json(document))
    except ValidationError:
        raise DocumentUnreadable(SOURCE, "no resource, or no moment of the notification") from None
    wire = _validated(_RefundResource, body.resource)
    shops = tuple(appid for appid, shop in settings.shops.items() if shop.mchid == wire.mchid)
    at = wire.success_time or body.notified_at
    if not shops:
        raise DocumentUnreadable(SOURCE, "the refund is another merchant's")
    if at is None:
        raise DocumentUnreadable(SOURCE, "a refund without a moment")
    return RefundNotice(
        shops=shops,
        out_trade_no=wire.out_trade_no,
        refund_id=wire.refund_id,
        version=REFUND_VERSIONS.get(wire.refund_status, document.version),
        status=_told(_REFUNDS, wire.refund_status),
        refund_fen=wire.amount.refund,
        at=at,
    )


def _told(glossary: Glossary[M], word: str) -> M:
    try:
        return glossary.mean(word)
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from error


def _json(document: Document) -> dict[str, Any]:
    try:
        return dict(as_mapping(load_json(document.body), "document"))
    except ValueError as error:
        raise DocumentUnreadable(SOURCE, str(error)) from None


def _validated(model: type[W], fields: dict[str, Any]) -> W:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        names = sorted({".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False)})
        raise DocumentUnreadable(SOURCE, f"unusable fields: {', '.join(names)[:200]}") from None

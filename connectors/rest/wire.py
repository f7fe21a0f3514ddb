"""The shape of an order, of a cancellation and of a refund as docs/rest-api.md has them.

Whether an order's amounts add up is checked in intake.py.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from domain.extensions import KEY, LONGEST, MOST
from domain.order import PaymentTerms, Requirement

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d.*")


def _moment(value: Any) -> datetime:
    """RFC 3339 only: pydantic alone would also take a text of digits for Unix seconds."""
    try:
        if isinstance(value, str) and _RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper())
    except ValueError:
        pass
    raise ValueError("should be a time in RFC 3339 with an offset, like 2026-03-01T10:20:00+08:00")


def _plausible(value: datetime) -> datetime:
    if not 2000 <= value.year < 2100:  # also keeps every later conversion of time zones in range
        raise ValueError("is not a plausible time")
    return value.astimezone(UTC)  # the same moment is the same content, whatever its offset


def _storable(value: str) -> str:
    if "\x00" in value:  # PostgreSQL refuses it
        raise ValueError("should not hold NUL characters")
    return value


Fen = Annotated[int, Field(ge=0, le=10**12)]
Text = Annotated[str, StringConstraints(max_length=500), AfterValidator(_storable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_storable)]
Code = Annotated[str, StringConstraints(max_length=64), AfterValidator(_storable)]
Words = Annotated[tuple[Annotated[Code, Field(min_length=1)], ...], Field(max_length=50, strict=False)]
ExtKey = Annotated[str, StringConstraints(pattern=f"^{KEY}$")]
ExtValue = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST), AfterValidator(_storable)]
ChannelName = Literal["own", "pos", "b2b", "wechat"]
Terms = Annotated[PaymentTerms, Field(strict=False)]
Ext = Annotated[dict[ExtKey, ExtValue], Field(max_length=MOST)]
Moment = Annotated[AwareDatetime, AfterValidator(_plausible), BeforeValidator(_moment)]


def check_order_no(value: str) -> str:
    """An order number that an order id and a path can hold. Raises ValueError."""
    if not re.fullmatch(r"[^\s:#/?%\x00-\x1f\ud800-\udfff]{1,64}", value):
        raise ValueError("should be 1 to 64 characters without blanks and without : # / ? %")
    return value


OrderNo = Annotated[str, AfterValidator(check_order_no)]


class Wire(BaseModel):
    """Base: types as written (no "2" for 2), unknown fields refused, since a misspelt amount must not go unseen.

    What is validated are the values that JSON has. `strict=False` stands where it has none of the kind: it writes a
    tuple as an array and an enumeration as text, and nothing else passes for one. Half a surrogate pair, which JSON can
    hold and nothing else, is refused by every text that has a limit.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WireLine(Wire):
    """One line. `amount_fen` None: the discount is spread by us."""

    line_no: Name
    sku: Name
    title: Text
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    unit_price_fen: Fen
    amount_fen: Fen | None = None
    gift_of: Name | None = None
    warranty_months: Annotated[int, Field(ge=0, le=1200)] = 0
    ext: Ext = {}


class WireAmounts(Wire):
    """The order's money in fen."""

    goods_fen: Fen
    freight_fen: Fen = 0
    discount_fen: Fen = 0
    paid_fen: Fen


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Fields = dict[FieldName, Text]


class WireDeclaration(Wire):
    """What is to be declared to customs; lines by their numbers."""

    destination: Country | None = None
    fields: Annotated[Fields, Field(max_length=60)] = {}
    lines: Annotated[dict[Name, Annotated[Fields, Field(max_length=60)]], Field(max_length=1000)] = {}


class WireReceiver(Wire):
    """The receiver in clear text."""

    name: Text
    phone: Text
    province: Text
    city: Text
    district: Text
    town: Text = ""
    country: Country = "CN"
    detail: Text


class WireCustomer(Wire):
    """Who buys. A member's code may stand for the number that the shop has no other of."""

    id: Name | None = None
    name: Text = ""
    tax_no: Text = ""
    terms: Terms = PaymentTerms.PREPAID
    member_code: Code = ""
    member_level: Code = ""
    ext: Ext = {}

    @model_validator(mode="after")
    def _is_somebody(self) -> WireCustomer:
        if self.id is None and not self.member_code:
            raise ValueError("should have an id or a member_code")
        return self


class WireOrder(Wire):
    """One order."""

    channel: ChannelName | None = None
    shop: Name
    order_no: OrderNo
    version: Annotated[int, Field(ge=0, le=2**53)]
    status: Literal["unpaid", "paid", "shipped", "finished", "cancelled"]
    placed_at: Moment
    paid_at: Moment | None = None
    lines: Annotated[tuple[WireLine, ...], Field(min_length=1, strict=False)]
    amounts: WireAmounts
    receiver: WireReceiver
    customer: WireCustomer
    buyer_note: Text = ""
    seller_note: Text = ""
    tags: Words = ()
    coupons: Words = ()
    requirements: Annotated[tuple[Annotated[Requirement, Field(strict=False)], ...], Field(strict=False)] = ()
    ext: Ext = {}
    declaration: WireDeclaration | None = None


class WireCancel(Wire):
    """The body of a cancellation; the order number is in the path."""

    channel: ChannelName | None = None
    shop: Name
    reason: Text = ""


class WireRefundLine(Wire):
    """What of an order is refunded. `quantity` None: all of the line."""

    line_no: Name
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class WireRefund(Wire):
    """One refund. No lines: the whole order."""

    channel: ChannelName | None = None
    shop: Name
    order_no: OrderNo
    refund_id: OrderNo
    version: Annotated[int, Field(ge=0, le=2**53)]
    status: Literal["requested", "refunded", "refused", "closed"]
    kind: Literal["money", "return", "exchange"]
    amount_fen: Fen
    lines: Annotated[tuple[WireRefundLine, ...], Field(strict=False)]
    asked_at: Moment

"""What a buyer wants to order, before a channel gave it its own form and number."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from domain.clock import utc_now
from domain.money import Fen, split
from domain.order import PaymentTerms, Requirement

DraftChannel = Literal["own", "pos", "b2b", "douyin", "pdd", "taobao", "jd", "xiaohongshu", "wechat"]

_INT64_MAX = 2**63 - 1
_SECONDS_TO_PAY = 30

OrderNo = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Text = Annotated[str, StringConstraints(min_length=1)]


def _is_int64(order_no: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]*", order_no) is not None and int(order_no) <= _INT64_MAX


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda order_no: re.fullmatch(pattern, order_no) is not None


_ORDER_NOS: dict[DraftChannel, tuple[Callable[[str], bool], str]] = {
    "douyin": (_is_int64, "on douyin, an order number is a positive 64-bit integer"),
    "taobao": (_is_int64, "on taobao, an order number is a positive 64-bit integer"),
    "jd": (_is_int64, "on jd, an order number is a positive 64-bit integer"),
    "pdd": (
        _like(r"[0-9]{6}-[0-9]{15}"),
        "a Pinduoduo order number is six digits, a hyphen and fifteen digits",
    ),
    "xiaohongshu": (_like(r"P[0-9]+"), "a Xiaohongshu order number is P and digits"),
    "wechat": (_like(r"[0-9A-Za-z_-]{6,32}"), "a WeChat out_trade_no has 6 to 32 letters, digits, _ and -"),
}
"""How each platform numbers its orders, and what to say of a number that is none of its."""


class Shape(BaseModel):
    """Base of the drafts' parts: unknown fields are refused, so that a typing error does not order something else."""

    model_config = ConfigDict(extra="forbid")


class DraftLine(Shape):
    """One line. `gift_of` is the line_no of the main line; lines are numbered "1", "2", ... in the order given."""

    sku: Text
    title: Text
    quantity: int = Field(1, ge=1)
    unit_price_fen: int = Field(ge=0)
    gift_of: str | None = None
    warranty_months: int = Field(0, ge=0)
    ext: dict[str, str] = Field({}, description="own, pos, b2b: fields that the merchant added")


class DraftReceiver(Shape):
    """Where the goods go, in clear text. `district` is "" in cities that have none."""

    name: str
    phone: str
    province: str
    city: str
    district: str = ""
    town: str = ""
    country: str = "CN"
    detail: str


class DraftCustomer(Shape):
    """Who buys; `name`, `tax_no` and terms other than PREPAID are for business customers of own shops and B2B.

    `member_code` is the merchant's own number, the same in all its own shops and at its tills.
    """

    id: Text
    name: str = ""
    tax_no: str = ""
    terms: PaymentTerms = PaymentTerms.PREPAID
    member_code: str = ""
    ext: dict[str, str] = Field({}, description="own, pos, b2b: fields that the merchant added")


class DraftDeclaration(Shape):
    """What own shops, tills and B2B say for customs; lines by their numbers."""

    destination: str | None = None
    fields: dict[str, str] = {}
    lines: dict[str, dict[str, str]] = {}


class Draft(Shape):
    """One order to be placed on a channel's shop, paid already (or confirmed, when on account).

    Money is in fen. The discount is taken off the paying lines by largest remainder; a gift costs nothing and has
    the unit price 0. Without `paid_at` the order was paid `paid_minutes_ago`, without `placed_at` half a minute before.
    """

    channel: DraftChannel = "own"
    order_no: OrderNo | None = Field(None, description="the shop numbers the order when there is none")
    placed_at: AwareDatetime | None = None
    paid_at: AwareDatetime | None = None
    paid_minutes_ago: float = Field(0, ge=0)
    lines: list[DraftLine] = Field(min_length=1)
    discount_fen: int = Field(0, ge=0)
    freight_fen: int = Field(0, ge=0)
    receiver: DraftReceiver
    customer: DraftCustomer = DraftCustomer(id="C1")
    buyer_note: str = ""
    seller_note: str = ""
    requirements: list[Requirement] = []
    declaration: DraftDeclaration | None = Field(None, description="own, pos, b2b: what is to be declared to customs")
    write_line_amounts: bool = Field(True, description="own, pos, b2b: whether the document says what each line cost")
    ext: dict[str, str] = Field({}, description="own, pos, b2b: fields that the merchant added")
    unpaid: bool = Field(False, description="own, pos, b2b: placed, and paid when somebody pays")
    flawed: bool = Field(
        False,
        description="wrong until it is mended. douyin: numbers and prices; taobao: no oaid",
    )
    by_export: bool = Field(False, description="jd: the shop's app may not read the order, only an export tells of it")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.discount_fen > self.goods_fen:
            raise ValueError("the discount is larger than the goods")
        for number, line in enumerate(self.lines, start=1):
            if line.gift_of is None:
                continue
            if line.unit_price_fen:
                raise ValueError(f"line {number}: a gift has the unit price 0")
            main = int(line.gift_of) - 1 if line.gift_of.isdecimal() else -1
            if not 0 <= main < len(self.lines) or self.lines[main].gift_of is not None:
                raise ValueError(f"line {number}: gift_of names no ordinary line")
        return self

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Self:
        if self.channel in {"own", "b2b"}:
            return self
        good, words = _ORDER_NOS.get(self.channel, (None, ""))
        if self.order_no is not None and good is not None and not good(self.order_no):
            raise ValueError(words)
        if self.customer.terms is not PaymentTerms.PREPAID:
            raise ValueError(f"on {self.channel} every buyer pays before shipping")
        if self.channel == "wechat" and not self.paid_fen:
            raise ValueError("WeChat Pay takes 1 fen or more")
        return self

    @property
    def goods_fen(self) -> int:
        """The sum of quantity × unit price."""
        return sum(line.quantity * line.unit_price_fen for line in self.lines)

    @property
    def paid_fen(self) -> int:
        """Goods + freight - discount."""
        return self.goods_fen + self.freight_fen - self.discount_fen

    def line_discounts(self) -> list[Fen]:
        """The discount on each line, in the order of the lines."""
        return split(self.discount_fen, [line.quantity * line.unit_price_fen for line in self.lines])

    def moments(self) -> tuple[datetime, datetime]:
        """When the order was placed and when it was paid."""
        paid = self.paid_at or utc_now() - timedelta(minutes=self.paid_minutes_ago)
        return self.placed_at or paid - timedelta(seconds=_SECONDS_TO_PAY), paid

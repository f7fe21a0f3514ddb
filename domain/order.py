"""The canonical order: what every channel's document becomes, and all that workflows and activities know of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.ids import order_id as make_order_id

_TAG = re.compile(r"#(\w+)")


class Channel(StrEnum):
    """The nine ways in which orders come."""

    TAOBAO = "taobao"
    DOUYIN = "douyin"
    JD = "jd"
    PDD = "pdd"
    WECHAT = "wechat"
    XIAOHONGSHU = "xiaohongshu"
    OWN = "own"
    POS = "pos"
    B2B = "b2b"


class ChannelStatus(StrEnum):
    """What the channel says of the order; a connector maps the channel's own words to these."""

    UNPAID = "UNPAID"
    PAID = "PAID"
    LOCKED = "LOCKED"
    """Paid, and the channel says: do not ship (its own risk review, a dispute, an order pulled back)."""
    SHIPPED = "SHIPPED"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"


class Requirement(StrEnum):
    """A delivery requirement that must reach the warehouse and the waybill."""

    COLD_CHAIN = "COLD_CHAIN"
    FRAGILE = "FRAGILE"
    UPRIGHT = "UPRIGHT"


class PaymentTerms(StrEnum):
    """When the buyer pays: before shipping, or on account after so many days."""

    PREPAID = "PREPAID"
    NET30 = "NET30"
    NET60 = "NET60"


def _is_empty(ext: Mapping[str, str]) -> bool:
    return not ext


class Model(BaseModel):
    """Base of the order's parts: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Extensions = Annotated[Mapping[str, str], Field(exclude_if=_is_empty)]
"""Fields that the merchant added, by their keys (domain.extensions). A body without any is written as it always was."""
NO_EXTENSIONS: Extensions = {}


class Region(Model):
    """Where a receiver lives, down to the town; "" where the platform names none."""

    province: str = ""
    city: str = ""
    district: str = ""
    town: str = ""
    country: str = "CN"
    """ISO 3166; abroad the other levels are whatever the country has."""

    def text(self) -> str:
        """The region as one line, without repeating a municipality's name."""
        parts = [self.province, self.city if self.city != self.province else "", self.district, self.town]
        return "".join(part for part in parts if part)


class ClearReceiver(Model):
    """A receiver in clear text."""

    kind: Literal["clear"] = "clear"
    name: str
    phone: str
    region: Region
    detail: str


class CipherReceiver(Model):
    """A receiver that the platform keeps encrypted: only its own e-waybill can ship to it.

    The ciphertexts are passed on untouched; the masks are for people's eyes.
    """

    kind: Literal["cipher"] = "cipher"
    platform: Channel
    name_cipher: str
    phone_cipher: str
    detail_cipher: str
    name_mask: str = ""
    phone_mask: str = ""
    detail_mask: str = ""
    region: Region
    handle: str = ""
    """The platform's own handle of this receiver (JD's oaid) beside the ciphertexts; "" where it gives none."""


Receiver = Annotated[ClearReceiver | CipherReceiver, Field(discriminator="kind")]


class OrderLine(Model):
    """One line. `amount_fen` is what the buyer paid for the whole line, discounts taken off; 0 for a gift."""

    line_no: str
    sku: str
    title: str
    quantity: int
    unit_price_fen: int
    amount_fen: int
    gift_of: str | None = None
    """The line that this gift belongs to; None for an ordinary line."""
    warranty_months: int = 0
    ext: Extensions = NO_EXTENSIONS


class Amounts(Model):
    """The order's money in fen: paid = goods + freight - discount."""

    goods_fen: int
    freight_fen: int = 0
    discount_fen: int = 0
    paid_fen: int


class Customer(Model):
    """Who buys, by the channel's own number; `name` is the company for business customers."""

    external_id: str
    name: str = ""
    tax_no: str = ""
    terms: PaymentTerms = PaymentTerms.PREPAID
    member_code: str = ""
    """The merchant's own number of a member, the same on every channel that knows it; "" where none is known."""
    member_level: str = ""
    """What a member is to the merchant (gold, ...), as the shop says; "" where it says nothing."""
    ext: Extensions = NO_EXTENSIONS


class Notes(Model):
    """What people wrote, and what it demands of the delivery."""

    buyer: str = ""
    seller: str = ""
    requirements: tuple[Requirement, ...] = ()


class Declaration(Model):
    """What a document says for customs, by the names of `domain.declaring`; lines by their numbers."""

    destination: str = ""
    """Where the goods go in the end, as ISO 3166 has it; "": where the receiver is. The receiver may be a forwarder."""
    fields: dict[str, str] = {}
    lines: dict[str, dict[str, str]] = {}


class Order(Model):
    """One channel order in its canonical form. `version` grows with every change on the channel's side."""

    channel: Channel
    shop: str
    channel_order_no: str
    version: int = Field(ge=0)
    status: ChannelStatus
    placed_at: AwareDatetime
    paid_at: AwareDatetime | None = None
    lines: tuple[OrderLine, ...]
    amounts: Amounts
    receiver: Receiver
    customer: Customer
    notes: Notes = Notes()
    tags: tuple[str, ...] = ()
    """What the shop marked the order with, such as a live show's LIVE2026."""
    coupons: tuple[str, ...] = ()
    """The coupons that the buyer redeemed, by the merchant's own codes."""
    declaration: Declaration | None = None
    """What is to be declared to customs; None where the document says nothing of it."""
    parent_no: str = ""
    """The channel's number of the purchase that this order is a part of; "" where it stands alone."""
    gift_after: str = ""
    """The channel's number of the order whose forgotten gift this one brings; "" for every order of a channel. Set by
    the store, never by a connector."""
    ext: Extensions = NO_EXTENSIONS
    refund_pending: bool = False
    """A refund is asked for and not decided. Set by the store, never by a connector."""

    @property
    def order_id(self) -> str:
        """`{channel}:{shop}:{channel_order_no}`."""
        return make_order_id(self.channel, self.shop, self.channel_order_no)

    @property
    def number_at_channel(self) -> str:
        """The number under which the channel itself knows what this order belongs to."""
        return self.gift_after or self.channel_order_no

    @property
    def encrypted(self) -> bool:
        """Whether the platform keeps the receiver encrypted."""
        return isinstance(self.receiver, CipherReceiver)

    @property
    def paid(self) -> bool:
        """Whether a channel document says that this order is paid (or is on account, which counts the same)."""
        return self.paid_at is not None and self.status not in (ChannelStatus.UNPAID, ChannelStatus.LOCKED)

    def all_tags(self) -> set[str]:
        """The order's tags, and those that the seller wrote into the notes, like #LIVE2026."""
        return {*self.tags, *_TAG.findall(self.notes.seller)}

    def clock_start(self) -> datetime:
        """The moment that the customer's deadlines run from: payment, else the order itself."""
        return self.paid_at or self.placed_at

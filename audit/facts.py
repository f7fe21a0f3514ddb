"""The little that the audit keeps of each row while it runs. Fields are named as the tables' columns."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.golden import Exit, GoldenState, reached
from domain.order import ChannelStatus, CipherReceiver, Order, Receiver, Requirement

MASKED = "***"
"""What a warehouse is told in place of a mask that the platform does not give."""


@dataclass(frozen=True, slots=True)
class OrderFact:
    """An order's index row."""

    order_id: str
    channel: str
    channel_order_no: str
    version: int
    status: str
    state: str | None
    exit: str | None
    holds: list[str]
    encrypted: bool
    started_at: datetime | None
    closed_at: datetime | None

    @property
    def cancelled(self) -> bool:
        """Whether it left as cancelled, be it before its workflow was started."""
        return self.exit == Exit.CANCELLED or (self.started_at is None and self.status == ChannelStatus.CANCELLED)

    @property
    def packed(self) -> bool:
        """Whether the warehouse has packed it."""
        return self._reached(GoldenState.PACKED)

    @property
    def shipped(self) -> bool:
        """Whether its channel was told of all parcels."""
        return self._reached(GoldenState.WAYBILL_RETURNED)

    def _reached(self, wanted: GoldenState) -> bool:
        # A state that does not exist is the golden sequence's finding.
        return (
            self.state is not None
            and self.state in GoldenState.__members__
            and reached(GoldenState(self.state), wanted)
        )


@dataclass(frozen=True, slots=True)
class BodyFact:
    """One revision of an order's body without its personal data. Money in fen."""

    revision: int
    of_channel: bool
    """Made by a document of the channel, not by an address change of ours."""
    mending: bool
    """Made by mending the revision before, which nobody works with."""
    ordered: Counter[str]
    """Pieces by SKU, gifts included."""
    gifts: dict[str, tuple[str, int]]
    """SKU and pieces of each gift line."""
    requirements: frozenset[Requirement]
    channel_digest: str
    """The receiver as the channel has it."""
    warehouse_digest: str
    """The receiver as the warehouse must have been told."""
    lines_fen: int
    goods_fen: int
    freight_fen: int
    discount_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class ReservationFact:
    """Stock locked for one order."""

    order_id: str
    sku: str
    quantity: int
    status: str


@dataclass(frozen=True, slots=True)
class DeliveryFact:
    """An instruction to a warehouse."""

    order_id: str
    code: str
    revision: int
    status: str
    consignment: int = 0
    warehouse: str = ""


@dataclass(frozen=True, slots=True)
class ConsignmentFact:
    """The part of an order that one warehouse delivers."""

    order_id: str
    n: int
    warehouse: str
    lines: list[dict[str, Any]]
    status: str

    @property
    def pieces(self) -> Counter[str]:
        """Pieces by SKU of what is delivered; nothing when it is off."""
        found: Counter[str] = Counter()
        for line in self.lines if self.status != "off" else ():
            found[line["sku"]] += line["quantity"]
        return found


@dataclass(frozen=True, slots=True)
class ParcelFact:
    """One box."""

    order_id: str
    parcel_id: str
    items: list[dict[str, Any]]
    consignment: int = 0
    box: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class MemberFact:
    """An order in a merge."""

    order_id: str
    merge_no: int
    n: int
    revision: int
    state: str
    code: str


@dataclass(frozen=True, slots=True)
class GiftFact:
    """A gift line, and whether its buyer got it."""

    order_id: str
    line_no: str
    sku: str
    quantity: int
    status: str
    sent_after: str


@dataclass(frozen=True, slots=True)
class WaybillFact:
    """A waybill that was asked for."""

    order_id: str
    parcel_id: str
    key: str
    provider: str
    carrier: str
    number: str
    status: str
    of_parcel: str = ""


@dataclass(frozen=True, slots=True)
class InterceptionFact:
    """A wish to stop a parcel that has a number."""

    order_id: str
    parcel_id: str
    n: int
    status: str
    how: str
    number: str
    address_n: int | None


@dataclass(frozen=True, slots=True)
class CreditFact:
    """A question to the credit bureau."""

    order_id: str
    request_id: str
    reservation: str


@dataclass(frozen=True, slots=True)
class HoldFact:
    """What stopped an order."""

    order_id: str
    n: int
    reason: str
    opened_at: datetime
    deadline: datetime
    closed_at: datetime | None
    closed_by: str
    how: str


@dataclass(frozen=True, slots=True)
class NotificationFact:
    """A short message that was to be sent."""

    order_id: str | None
    out_id: str


def body_fact(order: Order, revision: int, origin: str) -> BodyFact:
    """What the audit keeps of an order's body."""
    ordered: Counter[str] = Counter()
    for line in order.lines:
        ordered[line.sku] += line.quantity
    amounts = order.amounts
    return BodyFact(
        revision=revision,
        of_channel=origin == "channel",
        mending=origin == "healing",
        ordered=ordered,
        gifts={line.line_no: (line.sku, line.quantity) for line in order.lines if line.gift_of is not None},
        requirements=frozenset(order.notes.requirements),
        channel_digest=_channel_digest(order.receiver),
        warehouse_digest=_warehouse_digest(order.receiver),
        lines_fen=sum(line.amount_fen for line in order.lines),
        goods_fen=amounts.goods_fen,
        freight_fen=amounts.freight_fen,
        discount_fen=amounts.discount_fen,
        paid_fen=amounts.paid_fen,
    )


def receiver_digest(name: str, phone: str, province: str, city: str, district: str, detail: str) -> str:
    """A receiver as the books keep it: 16 hex digits of the SHA-256 of the six fields joined by `|`."""
    return hashlib.sha256("|".join((name, phone, province, city, district, detail)).encode()).hexdigest()[:16]


def _channel_digest(receiver: Receiver) -> str:
    region = receiver.region
    if isinstance(receiver, CipherReceiver):
        name, phone, detail = receiver.name_cipher, receiver.phone_cipher, receiver.detail_cipher
    else:
        name, phone, detail = receiver.name, receiver.phone, receiver.detail
    return receiver_digest(name, phone, region.province, region.city, region.district, detail)


def _warehouse_digest(receiver: Receiver) -> str:
    """Of a receiver that the platform keeps encrypted, the warehouse is told the masks: its fields must not be empty.

    Blanks at the ends are lost on the way, as in all XML documents of warehouses.
    """
    region = receiver.region
    if isinstance(receiver, CipherReceiver):
        masks = (receiver.name_mask, receiver.phone_mask, receiver.detail_mask)
        name, phone, detail = (mask or MASKED for mask in masks)
    else:
        name, phone, detail = receiver.name, receiver.phone, receiver.detail
    fields = (name, phone, region.province, region.city, region.district, detail)
    return receiver_digest(*(field.strip() for field in fields))

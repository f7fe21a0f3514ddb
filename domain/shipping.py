"""Nouns of shipping: what the ports of couriers, trackers and warehouses take and give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.order import Channel, ClearReceiver, Receiver, Requirement
from domain.weight import USUAL_G
from domain.words import Word


class Carrier(StrEnum):
    """Courier companies by our own code; each connector maps it to its partner's code."""

    SF = "SF"
    ZTO = "ZTO"
    YTO = "YTO"
    STO = "STO"
    YUNDA = "YUNDA"
    EMS = "EMS"
    JD = "JD"
    DEPPON = "DEPPON"
    JTSD = "JTSD"
    OTHER = "OTHER"


class Provider(StrEnum):
    """Where a waybill number comes from."""

    SF = "sf"
    CAINIAO = "cainiao"
    DOUYIN = "douyin"
    JD = "jd"
    PDD = "pdd"
    XIAOHONGSHU = "xiaohongshu"
    TAOBAO = "taobao"
    OTHER = "other"
    """Whatever an installed package brings beside these; receivers in clear text only."""
    MANUAL = "manual"


@dataclass(frozen=True)
class Goods:
    """One kind of goods in a box, as it is written on a waybill."""

    sku: str
    name: str
    quantity: int


@dataclass(frozen=True)
class WaybillRequest:
    """What a courier is asked: one waybill for one parcel.

    `key` is the partner-safe idempotency key: asked again with the same key, a partner gives the same waybill;
    a new attempt after a void needs a new key (an SF order id can never be used again).
    """

    key: str
    parcel_id: str
    channel: Channel
    shop: str
    channel_order_no: str
    carrier: Carrier
    receiver: Receiver
    goods: tuple[Goods, ...]
    requirements: tuple[Requirement, ...] = ()
    remark: str = ""
    weight_g: int = USUAL_G
    value_fen: int = 0


@dataclass(frozen=True)
class Waybill:
    """A live waybill at a courier."""

    key: str
    provider: Provider
    carrier: Carrier
    number: str


class VoidOutcome(StrEnum):
    """What came of voiding a waybill."""

    VOIDED = "VOIDED"
    """It is void now, or was before."""
    NOT_FOUND = "NOT_FOUND"
    """The partner knows no such waybill."""
    TOO_LATE = "TOO_LATE"
    """The courier has the parcel already; only a person can stop it."""


class InterceptKind(StrEnum):
    """What a courier is asked to do with a parcel that it has."""

    REROUTE = "REROUTE"
    """Bring it to another address."""
    RETURN = "RETURN"
    """Bring it back to its sender."""


@dataclass(frozen=True)
class Interception:
    """Stop a parcel on its way. Asked once in our name: `key` is ours, for couriers that take one."""

    key: str
    waybill: Waybill
    kind: InterceptKind
    asked_at: datetime
    """What the courier says to have done before is no answer to this."""
    receiver: ClearReceiver | None = None
    """The new one, for REROUTE."""


@dataclass(frozen=True)
class SentParcel:
    """A parcel with its number."""

    carrier: Carrier
    number: str
    line_nos: tuple[str, ...]


@dataclass(frozen=True)
class Shipment:
    """One parcel's number, to be written back to the channel."""

    parcel_id: str
    channel_order_no: str
    shop: str
    carrier: Carrier
    number: str
    line_nos: tuple[str, ...]
    whole_order: bool
    """True when this parcel carries all lines of the order."""
    others: tuple[SentParcel, ...] = ()
    """The order's other parcels that have a number, for channels that want to be told of all at once."""
    numberless: int = 0
    """How many of the order's other parcels have no number yet: each will be told of in its turn."""
    to_come: int = 0
    """How many of the order's consignments are not packed yet; one may wait for its goods for days."""


class TrackCode(StrEnum):
    """What a tracker's many codes mean to an order. Only the last four change its course."""

    NONE = "NONE"
    COLLECTED = "COLLECTED"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    PROBLEM = "PROBLEM"
    SIGNED = "SIGNED"
    REFUSED = "REFUSED"
    LOST = "LOST"
    RETURNED = "RETURNED"


COURSE_CHANGING = frozenset({TrackCode.SIGNED, TrackCode.REFUSED, TrackCode.LOST, TrackCode.RETURNED})


class Trouble(StrEnum):
    """What is the matter with a parcel whose news say PROBLEM: what a person does about it hangs on this."""

    NOT_COLLECTED = "NOT_COLLECTED"
    """The courier has a number and no parcel."""
    NOT_SIGNED = "NOT_SIGNED"
    """Out for delivery for too long."""
    NO_UPDATE = "NO_UPDATE"
    DELIVERY_FAILED = "DELIVERY_FAILED"
    LEFT_IN_LOCKER = "LEFT_IN_LOCKER"
    TAKEN_FROM_LOCKER = "TAKEN_FROM_LOCKER"
    """By somebody who did not sign: the courier, or a stranger."""
    INTERCEPTED = "INTERCEPTED"
    DAMAGED = "DAMAGED"
    LOST = "LOST"
    CALLED_OFF = "CALLED_OFF"
    """The courier was told not to collect it."""
    UNREACHABLE = "UNREACHABLE"
    DELAYED = "DELAYED"
    NEXT_TRY = "NEXT_TRY"
    """The courier comes again."""
    ADDRESS = "ADDRESS"
    PHONE = "PHONE"
    MISSORTED = "MISSORTED"
    OUT_OF_AREA = "OUT_OF_AREA"
    FORWARDED = "FORWARDED"
    """Sent on to another address."""
    CUSTOMS = "CUSTOMS"
    OTHER = "OTHER"
    """In words only, or by a code that the partner added since."""


@dataclass(frozen=True)
class TrackNode:
    """One line of a parcel's journey. `trouble` is set where `code` is PROBLEM, `unknown` where nobody knows what the
    partner's word means: its `code` is NONE then."""

    at: datetime
    code: TrackCode
    text: str
    place: str = ""
    partner_code: str = ""
    trouble: Trouble | None = None
    unknown: Word | None = None


@dataclass(frozen=True)
class TrackReport:
    """What a tracker knows of one waybill: all nodes, oldest first."""

    carrier: Carrier
    number: str
    nodes: tuple[TrackNode, ...]
    courier_phone: str = ""

    @property
    def newest(self) -> TrackNode | None:
        """The node that holds now; None while there is none."""
        if not self.nodes:
            return None
        return max(enumerate(self.nodes), key=lambda pair: (pair[1].at, pair[0]))[1]


@dataclass(frozen=True)
class WarehouseLine:
    """One line of a delivery order as the warehouse sees it."""

    line_no: str
    sku: str
    name: str
    quantity: int
    amount_fen: int = 0
    gift: bool = False
    extras: Mapping[str, str] = field(default_factory=dict)
    """Fields of the merchant's own, by their keys."""
    order_no: str = ""
    """The channel's number of the order that the line is of, where that is not the instruction's own (a merge)."""


@dataclass(frozen=True)
class DeliveryOrder:
    """The instruction to a warehouse to pack one parcel. `code` is unique at the warehouse."""

    code: str
    order_id: str
    channel: Channel
    shop: str
    channel_order_no: str
    placed_at: datetime
    paid_at: datetime | None
    carrier: Carrier
    receiver: Receiver
    lines: tuple[WarehouseLine, ...]
    requirements: tuple[Requirement, ...] = ()
    buyer_note: str = ""
    seller_note: str = ""
    total_fen: int = 0
    freight_fen: int = 0
    discount_fen: int = 0
    warehouse: str = ""
    """The code of the warehouse; "": the one that the connector is configured for."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """Fields of the merchant's own, by their keys."""


class WarehouseStatus(StrEnum):
    """Where a delivery order is in the warehouse."""

    ACCEPTED = "ACCEPTED"
    HELD = "HELD"
    PACKED = "PACKED"
    CANCELLED = "CANCELLED"
    EXCEPTION = "EXCEPTION"


class StopOutcome(StrEnum):
    """What came of stopping a delivery order at the warehouse."""

    STOPPED = "STOPPED"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    TOO_LATE = "TOO_LATE"


@dataclass(frozen=True)
class ScannedItem:
    """What the warehouse scanned into one box."""

    sku: str
    quantity: int
    line_no: str = ""


@dataclass(frozen=True)
class Package:
    """One box of a delivery order."""

    package_code: str
    items: tuple[ScannedItem, ...]
    weight_g: int = 0


@dataclass(frozen=True)
class WarehouseReport:
    """What a warehouse says of one delivery order. `final` is False while more boxes will follow."""

    delivery_code: str
    status: WarehouseStatus
    packages: tuple[Package, ...] = ()
    final: bool = True
    message: str = ""
    out_biz_code: str = ""
    warehouse: str = ""


class CreditDecision(StrEnum):
    """A credit bureau's answer."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    REVIEW = "REVIEW"


@dataclass(frozen=True)
class CreditRequest:
    """A question for a credit bureau; asked again with the same `request_id`, it is the same question."""

    request_id: str
    order_id: str
    customer_id: str
    customer_name: str
    tax_no: str
    amount_fen: int
    payment_terms: str
    order_time: datetime


@dataclass(frozen=True)
class CreditAnswer:
    """`decision` is None while the bureau has not decided (an answer by callback will follow)."""

    request_id: str
    decision: CreditDecision | None
    reason: str = ""
    reservation_id: str = ""


@dataclass(frozen=True)
class Sms:
    """One short message. `out_id` is ours and comes back in the receipt; `template` names a purpose in our settings."""

    out_id: str
    phone: str
    template: str
    params: dict[str, str] = field(default_factory=dict)

"""What outside systems tell us, once a connector has verified and understood it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.order import Channel, Order
from domain.refund import Refund
from domain.shadow import ShownParcel
from domain.shelves import ShelfChange
from domain.shipping import CreditAnswer, TrackReport, WarehouseReport


@dataclass(frozen=True)
class OrderNews:
    """An order as the channel has it now."""

    order: Order


@dataclass(frozen=True)
class CancelNews:
    """The buyer or the platform cancels an order.

    `may_never_come`: the order may be one that never comes here (the parent of a split order). It is not waited for,
    but should it come later after all, it comes cancelled.
    """

    channel: Channel
    shop: str
    channel_order_no: str
    reason: str
    may_never_come: bool = False


@dataclass(frozen=True)
class PaymentNews:
    """An order is paid, on channels where another than the order's own document says so."""

    channel: Channel
    shop: str
    channel_order_no: str
    amount_fen: int
    paid_at: datetime


@dataclass(frozen=True)
class RefundNews:
    """A refund as the channel has it now."""

    refund: Refund


@dataclass(frozen=True)
class ShippedNews:
    """The parcels that a channel shows of an order, whoever told it of them: all that its document names."""

    channel: Channel
    shop: str
    channel_order_no: str
    parcels: tuple[ShownParcel, ...]


@dataclass(frozen=True)
class WarehouseNews:
    """A warehouse reports on a delivery order."""

    report: WarehouseReport


@dataclass(frozen=True)
class StockChangeNews:
    """A warehouse's own figures moved."""

    changes: tuple[ShelfChange, ...]


@dataclass(frozen=True)
class TrackNews:
    """A tracker or courier reports on a waybill."""

    report: TrackReport


@dataclass(frozen=True)
class CreditNews:
    """A credit bureau decided later."""

    answer: CreditAnswer


@dataclass(frozen=True)
class SmsReceipt:
    """What became of a short message."""

    out_id: str
    delivered: bool
    error: str
    at: datetime


News = (
    OrderNews
    | CancelNews
    | PaymentNews
    | RefundNews
    | ShippedNews
    | WarehouseNews
    | StockChangeNews
    | TrackNews
    | CreditNews
    | SmsReceipt
)

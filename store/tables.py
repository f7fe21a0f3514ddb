"""All tables. A column's meaning stands beside it; the migrations in `migrations/` create exactly these."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.types import UtcDateTime


def _moment(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable, index=index))


def _sequence() -> Any:
    # SQLite numbers rows by itself only in an INTEGER primary key.
    column = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    return Field(default=None, sa_column=column)


class OrderRow(SQLModel, table=True):
    """The index: one row per order, what lists and reports read. Its body is in `order_versions`."""

    __tablename__ = "orders"
    __table_args__ = (
        Index(
            "ix_orders_unpaid",
            "channel",
            "shop",
            "placed_at",
            sqlite_where=text("status = 'UNPAID'"),
            postgresql_where=text("status = 'UNPAID'"),
        ),
    )

    order_id: str = Field(primary_key=True)
    channel: str = Field(index=True)
    shop: str
    channel_order_no: str = Field(index=True)
    version: int = Field(sa_type=BigInteger)
    """The newest version taken from the channel."""
    revision: int = 1
    """The newest body: grows with channel versions and with our own changes (an address)."""
    status: str
    """What the channel says (ChannelStatus)."""
    state: str | None = Field(default=None, index=True)
    """The golden state; None before the first."""
    exit: str | None = None
    """How the order left before the end (Exit)."""
    holds: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    amount_fen: int = Field(sa_type=BigInteger)
    encrypted: bool = False
    customer_id: str = ""
    credit: str = ""
    """"" (no check needed), approved, assumed, refused or released by a person."""
    courier: str = ""
    placed_at: datetime = _moment()
    paid_at: datetime | None = _moment(nullable=True)
    started_at: datetime | None = _moment(nullable=True)
    """When its workflow was started; None: not yet."""
    signalled_revision: int = 0
    """The newest revision that its workflow was told of."""
    in_flight: bool = Field(default=False, index=True)
    """Started, and not yet come to its first wait: the dispatcher keeps these few."""
    closed_at: datetime | None = _moment(nullable=True)
    updated_at: datetime = _moment(index=True)


class OrderVersionRow(SQLModel, table=True):
    """An order's body at one revision, the receiver included: the only place for personal data."""

    __tablename__ = "order_versions"

    order_id: str = Field(primary_key=True, foreign_key="orders.order_id")
    revision: int = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    fingerprint: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    origin: str
    """Who made it: the channel, or an address change of ours."""
    at: datetime = _moment()


class WithdrawnOrderRow(SQLModel, table=True):
    """An order that its channel took away before it came here, e.g. one that was split: should it come, it is off."""

    __tablename__ = "withdrawn_orders"

    order_id: str = Field(primary_key=True)
    why: str
    at: datetime = _moment()


class OrderEventRow(SQLModel, table=True):
    """The audit trail, append-only: who did what, when and why. (order, step) is the idempotency key of every step."""

    __tablename__ = "order_events"
    __table_args__ = (UniqueConstraint("order_id", "step"),)

    seq: int | None = _sequence()
    order_id: str = Field(index=True)
    step: str
    at: datetime = _moment(index=True)
    who: str
    what: str
    why: str = ""
    state_before: str | None = None
    state_after: str | None = None
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the step answered, for when it is run again."""


class InboxRow(SQLModel, table=True):
    """Every inbound document, kept before it is acknowledged."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "document_id", "version"),
        Index("ix_inbox_due", "status", "next_try_at"),
    )

    seq: int | None = _sequence()
    source: str
    kind: str
    document_id: str
    version: int = Field(sa_type=BigInteger)
    order_id: str | None = Field(default=None, index=True)
    body: str = Field(sa_column=Column(Text, nullable=False))
    status: str
    """new, done, quarantined"""
    outcome: str = ""
    """What the document changed, or why it changed nothing."""
    attempts: int = 0
    claimed_until: datetime | None = _moment(nullable=True)
    next_try_at: datetime = _moment()
    received_at: datetime = _moment()
    done_at: datetime | None = _moment(nullable=True)
    repeats: int = 0
    """How often the same document came again."""


class IdempotencyKeyRow(SQLModel, table=True):
    """What a caller's request was answered, by the key that it gave: the same request again gets the same answer."""

    __tablename__ = "idempotency_keys"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_sha256: str
    """Of method, path and body."""
    status: int
    """The HTTP status; 0 only inside the transaction that works on it."""
    answer: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = _moment(index=True)


class HoldRow(SQLModel, table=True):
    """What stops an order, and what came of it."""

    __tablename__ = "holds"

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    reason: str
    detail: str
    opened_at: datetime = _moment()
    deadline: datetime = _moment()
    escalated: int = 0
    closed_at: datetime | None = _moment(nullable=True)
    closed_by: str = ""
    how: str = ""


class TaskRow(SQLModel, table=True):
    """What a person must do. `key` keeps one need from becoming two tasks."""

    __tablename__ = "tasks"

    key: str = Field(primary_key=True)
    order_id: str | None = Field(default=None, index=True)
    kind: str
    text: str
    severity: str = "normal"
    """normal, or alert"""
    opened_at: datetime = _moment()
    closed_at: datetime | None = _moment(nullable=True)
    closed_by: str = ""


class StockRow(SQLModel, table=True):
    """Stock of one SKU in one warehouse."""

    __tablename__ = "stock"
    __table_args__ = (CheckConstraint("reserved >= 0 AND on_hand >= reserved", name="never_oversold"),)

    sku: str = Field(primary_key=True)
    warehouse: str = Field(primary_key=True)
    on_hand: int = 0
    reserved: int = 0


class StockLedgerRow(SQLModel, table=True):
    """Every movement of stock, append-only; the sum of a SKU's movements is its stock."""

    __tablename__ = "stock_ledger"
    __table_args__ = (UniqueConstraint("key", "sku", "warehouse"),)

    seq: int | None = _sequence()
    key: str
    """Idempotency key of the movement, e.g. {order_id}/reserve."""
    sku: str = Field(index=True)
    warehouse: str
    on_hand_delta: int = 0
    reserved_delta: int = 0
    on_hand_after: int
    reserved_after: int
    reason: str
    who: str
    order_id: str | None = Field(default=None, index=True)
    at: datetime = _moment()


class ReservationRow(SQLModel, table=True):
    """Stock locked for one order."""

    __tablename__ = "reservations"

    order_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    warehouse: str = Field(primary_key=True)
    quantity: int
    status: str
    """locked, shipped, released"""


class DeliveryRow(SQLModel, table=True):
    """An instruction to a warehouse. n grows when an address change makes a new one necessary."""

    __tablename__ = "deliveries"

    code: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    n: int
    revision: int
    """The order's revision that the warehouse was told."""
    status: str
    """asked, pushed, stopping, packed, cancelled"""
    at: datetime = _moment()
    """When the warehouse was told last."""


class WarehouseReportRow(SQLModel, table=True):
    """What a warehouse reported, understood."""

    __tablename__ = "warehouse_reports"
    __table_args__ = (UniqueConstraint("delivery_code", "fingerprint"),)

    report_id: int | None = _sequence()
    delivery_code: str = Field(index=True)
    fingerprint: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime = _moment()


class ParcelRow(SQLModel, table=True):
    """One box on its way."""

    __tablename__ = "parcels"

    parcel_id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    n: int
    package_code: str
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """sku, quantity and line_no of what is in the box."""
    status: str
    """packed, numbered, signed, refused, lost, returned"""
    whole_order: bool = True
    told_at: datetime | None = _moment(nullable=True)
    """When the channel took its number."""
    course_told: str = ""
    """The status that its order's workflow was told of last."""


class WaybillRow(SQLModel, table=True):
    """A waybill, from the moment it is asked for. At most one per parcel is live: the database sees to it."""

    __tablename__ = "waybills"
    __table_args__ = (
        Index(
            "one_live_waybill",
            "parcel_id",
            unique=True,
            sqlite_where=text("status = 'live'"),
            postgresql_where=text("status = 'live'"),
        ),
    )

    key: str = Field(primary_key=True)
    parcel_id: str = Field(index=True)
    order_id: str = Field(index=True)
    provider: str
    carrier: str
    attempt: int
    number: str = Field(default="", index=True)
    status: str
    """asked, unknown, live, absent, refused, void"""
    detail: str = ""
    subscribed_at: datetime | None = _moment(nullable=True)
    last_news_at: datetime | None = _moment(nullable=True)
    asked_at: datetime = _moment()
    updated_at: datetime = _moment()


class TrackNodeRow(SQLModel, table=True):
    """One line of a parcel's journey."""

    __tablename__ = "track_nodes"
    __table_args__ = (UniqueConstraint("number", "fingerprint"),)

    seq: int | None = _sequence()
    number: str
    fingerprint: str
    at: datetime = _moment()
    code: str
    text: str
    place: str = ""


class CreditCheckRow(SQLModel, table=True):
    """A question to the credit bureau, and what became of it."""

    __tablename__ = "credit_checks"

    request_id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    state: str
    """asked, approved, assumed, refused, review"""
    reason: str = ""
    reservation_id: str = ""
    reservation: str = ""
    """"" (none), reserved, committed, released"""
    later_review: bool = False
    at: datetime = _moment()
    decided_at: datetime | None = _moment(nullable=True)


class AddressChangeRow(SQLModel, table=True):
    """A wished change of address, kept here so that no personal data enters a workflow's history."""

    __tablename__ = "address_changes"

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    receiver: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    status: str
    """wished, confirmed, refused, lapsed"""
    asked_by: str
    at: datetime = _moment()
    why: str = ""


class NotificationRow(SQLModel, table=True):
    """The outbox of short messages: one row per (order, purpose, recipient), so at most one message each."""

    __tablename__ = "notifications"

    out_id: str = Field(primary_key=True)
    order_id: str | None = Field(default=None, index=True)
    purpose: str
    status: str
    """asked, sent, delivered, failed"""
    partner_id: str = ""
    at: datetime = _moment()
    sent_at: datetime | None = _moment(nullable=True)


class FormLinkRow(SQLModel, table=True):
    """A link to the clerk's form. The code is derived from a secret, so the row alone opens nothing."""

    __tablename__ = "form_links"

    code: str = Field(primary_key=True)
    order_id: str
    parcel_id: str = Field(index=True)
    n: int
    expires_at: datetime = _moment()


class WarrantyRow(SQLModel, table=True):
    """Warranty terms of one line."""

    __tablename__ = "warranties"

    order_id: str = Field(primary_key=True)
    line_no: str = Field(primary_key=True)
    sku: str
    starts_at: datetime = _moment()
    ends_at: datetime = _moment()


class RefundRow(SQLModel, table=True):
    """A refund as the channel has it; the newest version wins."""

    __tablename__ = "refunds"

    order_id: str = Field(primary_key=True)
    refund_id: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    status: str
    """RefundStatus"""
    kind: str
    amount_fen: int = Field(sa_type=BigInteger)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """The refund whole, as domain.refund has it; nothing personal is in it."""
    asked_at: datetime = _moment()
    updated_at: datetime = _moment(index=True)


class OrderLinkRow(SQLModel, table=True):
    """What orders of one purchase or one buyer have in common. They are linked, never merged.

    `digest` is an HMAC under a key of ours, so that neither a phone nor a member's number can be read off it.
    """

    __tablename__ = "order_links"

    order_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """phone, member, buyer (the channel's own number of the buyer), purchase (split by the channel)"""
    digest: str = Field(index=True)


class ShopRow(SQLModel, table=True):
    """A shop's account at its channel."""

    __tablename__ = "shops"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    state: str
    """active, paused (by a person), unauthorised (the channel refuses our credentials), removed"""
    why: str = ""
    """Why it is not active."""
    origin: str
    """settings or command: who keeps it"""
    sealed: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The account as JSON, AES-256-GCM."""
    tested_at: datetime | None = _moment(nullable=True)
    added_at: datetime = _moment()
    updated_at: datetime = _moment()


class ReconciliationRow(SQLModel, table=True):
    """One day of one shop: the channel's own list against our orders."""

    __tablename__ = "reconciliations"

    feed: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    """The Beijing day whose changes were compared, 2026-11-11."""
    listed: int = 0
    """How many orders the channel lists as changed on that day."""
    missing: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders that we did not have; put into the inbox."""
    stale: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders that we had in an older version; put into the inbox."""
    waiting: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders whose document is in the inbox and not understood yet."""
    quarantined: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Orders whose document could not be understood."""
    at: datetime = _moment()


class PullCursorRow(SQLModel, table=True):
    """How far a shop's changes are taken. It moves in the same transaction as the documents it covers."""

    __tablename__ = "pull_cursors"

    source: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    until: datetime = _moment()
    """Every change before this is in the inbox."""
    window_end: datetime | None = _moment(nullable=True)
    """The window under way; None between two."""
    page: str = ""
    """Where the window's next page begins."""
    pulled_at: datetime = _moment()


class SeenFileRow(SQLModel, table=True):
    """A file as it was listed last in a shop's drop: what looks the same for long enough is complete."""

    __tablename__ = "seen_files"

    feed: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    modified: str
    """The server's word for when it was written."""
    since: datetime = _moment()
    """Since when it looks so."""
    sha256: str = ""
    """Its content, once it was decided and only waits to be moved away."""


class TakenFileRow(SQLModel, table=True):
    """A file's content that was taken, or is being taken: once, whatever names it comes under."""

    __tablename__ = "taken_files"

    feed: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True)
    name: str
    """The first name that it came under."""
    size: int = Field(sa_type=BigInteger)
    state: str
    """taking, taken, refused"""
    why: str = ""
    """Why it was refused."""
    rows: int = 0
    orders: int = 0
    """Orders that were new or changed, and went into the inbox."""
    known: int = 0
    """Orders that the hub had in this form, or in a newer one."""
    rejects: int = 0
    """Rows that no order could be made of; they are in the rejects file."""
    progress: int = Field(default=0, sa_type=BigInteger)
    """The line in which the last order that is taken care of begins."""
    repeats: int = 0
    """How often the same content came again."""
    begun_at: datetime = _moment()
    done_at: datetime | None = _moment(nullable=True)


class FiledOrderRow(SQLModel, table=True):
    """What files said last of an order: what they say again is no news, what is older is no news either."""

    __tablename__ = "filed_orders"

    source: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    version: int
    """Counted from 1: below every version that is a time."""
    fingerprint: str
    stage: int
    """How far the order had come."""
    told_at: datetime | None = _moment(nullable=True)
    """When the file was written, by its own name."""


class TokenRow(SQLModel, table=True):
    """A shop's access token, encrypted, and the lease of whoever refreshes it."""

    __tablename__ = "tokens"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    sealed: str = ""
    """The token as JSON, AES-256-GCM."""
    expires_at: datetime | None = _moment(nullable=True)
    leased_until: datetime | None = _moment(nullable=True)


class PartnerCallRow(SQLModel, table=True):
    """How many calls to a partner came to the same end in the same bucket of time, as one process counted them."""

    __tablename__ = "partner_calls"

    bucket: datetime = Field(sa_column=Column(UtcDateTime(), primary_key=True))
    """When its ten seconds began."""
    process: str = Field(primary_key=True)
    partner: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    outcome: str = Field(primary_key=True)
    latency_ms: int = Field(primary_key=True)
    """The upper bound of the latency class."""
    calls: int


class PartnerLineRow(SQLModel, table=True):
    """A process's line to a partner, and whether its breaker lets calls through."""

    __tablename__ = "partner_lines"

    process: str = Field(primary_key=True)
    partner: str = Field(primary_key=True)
    line: int = Field(primary_key=True)
    host: str
    state: str
    """closed, opened, half-opened"""
    since: datetime = _moment()
    seen_at: datetime = _moment()
    """The process was alive then."""

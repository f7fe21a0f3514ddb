"""Orders, their versions and history, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence


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
    placed_at: datetime = moment(index=True)
    paid_at: datetime | None = moment(nullable=True)
    started_at: datetime | None = moment(nullable=True)
    """When its workflow was started; None: not yet."""
    signalled_revision: int = 0
    """The newest revision that its workflow was told of."""
    in_flight: bool = Field(default=False, index=True)
    """Started, and not yet come to its first wait: the dispatcher keeps these few."""
    closed_at: datetime | None = moment(nullable=True)
    updated_at: datetime = moment(index=True)


class OrderVersionRow(SQLModel, table=True):
    """An order's body at one revision, the receiver included: the only place for personal data."""

    __tablename__ = "order_versions"

    order_id: str = Field(primary_key=True, foreign_key="orders.order_id")
    revision: int = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    fingerprint: str
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    origin: str
    """Who made it: the channel, a refund, an address change of ours, or a mending."""
    at: datetime = moment()


class WithdrawnOrderRow(SQLModel, table=True):
    """An order that its channel took away before it came here, e.g. one that was split: should it come, it is off."""

    __tablename__ = "withdrawn_orders"

    order_id: str = Field(primary_key=True)
    why: str
    at: datetime = moment()


class OrderEventRow(SQLModel, table=True):
    """The audit trail, append-only: who did what, when and why. (order, step) is the idempotency key of every step."""

    __tablename__ = "order_events"
    __table_args__ = (UniqueConstraint("order_id", "step"),)

    seq: int | None = sequence()
    order_id: str = Field(index=True)
    step: str
    at: datetime = moment(index=True)
    who: str
    what: str
    why: str = ""
    state_before: str | None = None
    state_after: str | None = None
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What the step answered, for when it is run again."""
    rules: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """The rule rows `{table}@{version}/{row}` that decided in it; None: none did."""


class AddressChangeRow(SQLModel, table=True):
    """A wished change of address, kept here so that no personal data enters a workflow's history."""

    __tablename__ = "address_changes"

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    receiver: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    status: str
    """wished, confirmed, refused, lapsed; after shipping: asked, rerouted, rerouted_in_part, refused"""
    asked_by: str
    at: datetime = moment()
    why: str = ""


class WarrantyRow(SQLModel, table=True):
    """Warranty terms of one line."""

    __tablename__ = "warranties"

    order_id: str = Field(primary_key=True)
    line_no: str = Field(primary_key=True)
    sku: str
    starts_at: datetime = moment()
    ends_at: datetime = moment()


class OrderTaxRow(SQLModel, table=True):
    """The value-added tax in one line of a revision, reckoned when it was accepted. It sums to the order's."""

    __tablename__ = "order_taxes"

    order_id: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    line_no: str = Field(primary_key=True)
    rate_permille: int
    gross_fen: int = Field(sa_type=BigInteger)
    """What was paid for the line, with its share of the freight; the tax is in it."""
    freight_fen: int = Field(sa_type=BigInteger)
    tax_fen: int = Field(sa_type=BigInteger)
    rule: str
    """The row `tax_rates@{version}/{row}` that said the rate."""


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
    asked_at: datetime = moment()
    updated_at: datetime = moment(index=True)


class OrderLinkRow(SQLModel, table=True):
    """What orders of one purchase or one buyer have in common. They are linked, never merged.

    `digest` is an HMAC under a key of ours, so that neither a phone nor a member's number can be read off it.
    """

    __tablename__ = "order_links"

    order_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """phone, member, buyer (the channel's own number of the buyer), purchase (split by the channel)"""
    digest: str = Field(index=True)

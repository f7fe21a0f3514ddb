"""Customers' credit limits, what counts against them, and when what was delivered is to be invoiced."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence


def _fen() -> int:
    fen: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    return fen


class CreditLimitRow(SQLModel, table=True):
    """How much a customer may owe us and have on order at once. Who has no row is asked about at the credit bureau."""

    __tablename__ = "credit_limits"
    __table_args__ = (CheckConstraint("reserved_fen >= 0 AND used_fen >= 0", name="never_below_nothing"),)

    channel: str = Field(primary_key=True)
    customer_id: str = Field(primary_key=True)
    """The channel's own number of the customer."""
    name: str = ""
    limit_fen: int = _fen()
    reserved_fen: int = _fen()
    """By orders that have not left."""
    used_fen: int = _fen()
    """Delivered and not paid."""
    updated_at: datetime = moment()


class CreditEntryRow(SQLModel, table=True):
    """What moved a customer's credit; append-only. Its sums are the figures of the limit."""

    __tablename__ = "credit_entries"

    seq: int | None = sequence()
    key: str = Field(unique=True, index=True)
    """What is booked once."""
    channel: str
    customer_id: str = Field(index=True)
    order_id: str = Field(default="", index=True)
    kind: str
    """limit, reserve, forced (a person let it pass over the limit), release, use, return, paid"""
    reserved_delta: int = _fen()
    used_delta: int = _fen()
    limit_fen: int = _fen()
    """The limit then."""
    after_fen: int = _fen()
    """Reserved and used together afterwards."""
    by: str
    why: str = ""
    at: datetime = moment()


class InvoiceMomentRow(SQLModel, table=True):
    """A consignment of a business order was delivered to its courier: what it comes to may be invoiced from now on."""

    __tablename__ = "invoice_moments"

    order_id: str = Field(primary_key=True)
    consignment: int = Field(primary_key=True)
    """0: the whole order."""
    channel: str
    customer_id: str = Field(index=True)
    terms: str
    """PREPAID, NET30, NET60"""
    amount_fen: int = _fen()
    """Its share of what the order costs; the shares of an order sum up to it."""
    at: datetime = moment(index=True)
    due_at: datetime | None = moment(nullable=True)
    """When it must be paid; None when it was paid before."""
    voided_at: datetime | None = moment(nullable=True)
    """The order came back."""

"""What reviews found, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from store.tables.base import moment

_STANDS = text("gone_at IS NULL")


class FlagRow(SQLModel, table=True):
    """One finding about one order, for as long as the order lives."""

    __tablename__ = "flags"
    __table_args__ = (
        # Orders that wait for a file or for credit are found by it when that comes.
        Index("ix_flags_standing", "hold", "about", sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    order_id: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    about: str = Field(primary_key=True)
    """A digest of what it rests on: the same code about the same is the same finding."""
    hold: str
    """HoldReason; "" for a note."""
    detail: str
    revision: int
    """The newest revision in which it was found."""
    found_at: datetime = moment()
    gone_at: datetime | None = moment(nullable=True)
    """When it was found no more; None while it stands."""
    released_at: datetime | None = moment(nullable=True)
    released_by: str = ""
    released_why: str = ""


class InvoiceChoiceRow(SQLModel, table=True):
    """Which invoice an order gets, as its newest review chose."""

    __tablename__ = "invoice_choices"

    order_id: str = Field(primary_key=True)
    revision: int
    type: str
    """domain.invoices.InvoiceType"""
    rule: str
    """The row that chose it, with its version."""
    buyer: str
    amount_fen: int = Field(sa_type=BigInteger)
    """What was paid, with the freight."""
    at: datetime = moment()

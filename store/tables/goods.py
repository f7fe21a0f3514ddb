"""Articles, what channels may take of them, what is on order, and what moves between warehouses."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from store.tables.base import moment

_FROZEN = text("status = 'frozen'")


class SkuRow(SQLModel, table=True):
    """An article and how its stock is to be kept."""

    __tablename__ = "skus"

    sku: str = Field(primary_key=True)
    title: str = ""
    abc: str = ""
    """A, B or C: how soon what is published follows the stock; "" when it was not classed."""
    safety_stock: int = 0
    """Pieces under which the free stock of all warehouses should not fall."""
    below_safety: str = "alert"
    """What happens below it: alert, suggest (a replenishment), pause (the sale)."""
    category: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Its class in law, which the table `compliance_rules` knows: infant_formula, medical_device, pet_food, ..."""
    grade: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """The stage of a formula, the class of a medical device; 0 when nobody has said."""
    weight_g: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """What a packed piece weighs, in grams; 0 when nobody has said."""


class ArticleTagRow(SQLModel, table=True):
    """A number or fact of an article for authorities."""

    __tablename__ = "article_tags"

    sku: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    """`domain.tags.KINDS`"""
    area: str = Field(default="", primary_key=True)
    """Where it counts: a country or EU; "" everywhere."""
    value: str = Field(primary_key=True)
    issuer: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


class ChannelShareRow(SQLModel, table=True):
    """How much of the pool a channel may take. A SKU's own row goes before the one for all SKUs ("*")."""

    __tablename__ = "channel_shares"
    __table_args__ = (CheckConstraint("percent >= 0 AND percent <= 100", name="a_share"),)

    sku: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    percent: int
    who: str
    changed_at: datetime = moment()


class IncomingRow(SQLModel, table=True):
    """One article of a purchase that is on its way to a warehouse."""

    __tablename__ = "incoming"
    __table_args__ = (
        CheckConstraint(
            "reserved >= 0 AND received >= 0 AND reserved + received <= quantity", name="never_overpromised"
        ),
    )

    number: str = Field(primary_key=True)
    """The purchase order's number."""
    sku: str = Field(primary_key=True)
    warehouse: str
    quantity: int
    reserved: int = 0
    """Promised to orders, and not received yet."""
    received: int = 0
    expected_at: datetime = moment()
    status: str = "open"
    """open, received, cancelled"""


class TransferRow(SQLModel, table=True):
    """One article of a transfer between two warehouses."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="some_pieces"),
        Index("ix_transfers_frozen", "sku", sqlite_where=_FROZEN, postgresql_where=_FROZEN),
    )

    number: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    source: str
    target: str
    quantity: int
    status: str
    """frozen, expired, cancelled, sent, received"""
    expires_at: datetime = moment()
    """From this second on, a freeze that was not sent binds nothing."""
    who: str
    at: datetime = moment()
    """When the status last changed."""

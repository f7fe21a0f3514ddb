"""What warehouses say of the stock, and what channels are told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence

_OPEN = text("status = 'open'")


class ShelfChangeRow(SQLModel, table=True):
    """A warehouse's figure moved, as it told us; append-only. The same code is kept once."""

    __tablename__ = "shelf_changes"

    code: str = Field(primary_key=True)
    """The warehouse's own (outBizCode)."""
    warehouse: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    quality: str = Field(primary_key=True)
    """good, defective, in_transit"""
    quantity: int
    order_code: str = ""
    order_type: str = ""
    remark: str = ""
    at: datetime | None = moment(nullable=True)
    """When it happened, as the warehouse says."""
    kept_at: datetime = moment(index=True)


class ShelfCountRow(SQLModel, table=True):
    """What a warehouse said last of its good pieces of an article, beside our own figures of that moment."""

    __tablename__ = "shelf_counts"

    warehouse: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    known: bool
    """Whether the warehouse keeps the article at all."""
    available: int
    locked: int
    on_hand: int
    """Ours."""
    told: int
    """Of ours, what the warehouse was told to pack and has not reported packed: it promises that to nobody else."""
    doubtful: int
    """Of ours, what is being told or taken back just now: the warehouse may count it either way."""
    difference: int
    """Pieces that the warehouse has more than we do; 0 when the figures agree."""
    looks: int
    """How many times in a row this difference was found."""
    since: datetime = moment()
    """When it was found first."""
    asked_at: datetime = moment(index=True)


class ListingRow(SQLModel, table=True):
    """What a shop offers of an article of ours, and the stock that it was told last."""

    __tablename__ = "listings"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    item_id: str = Field(primary_key=True)
    """The channel's own number of the item; "" where it has none."""
    sku_id: str = Field(primary_key=True)
    """The channel's own number of the SKU; "" where the item has none."""
    sku: str = Field(index=True)
    pieces: int | None = None
    """What the channel has by our knowledge; None when it was never told, or an answer was lost."""
    n: int = 0
    """How many figures there were."""
    stale: bool = Field(default=True, index=True)
    """Whether its stock may have moved since it was looked at."""
    moves: int = 0
    """Grows whenever it becomes stale."""
    settled_at: datetime | None = moment(nullable=True)
    """When it was looked at last and its turn had come."""
    next_try_at: datetime | None = moment(nullable=True)
    """Not to be looked at before, unless its stock moves."""
    leased_until: datetime | None = moment(nullable=True)
    """Somebody is telling it a figure: nobody else does before."""
    told_at: datetime | None = moment(nullable=True)
    trouble: str = ""
    """Why the last figure was not taken."""


class PublishedRow(SQLModel, table=True):
    """A figure that a channel was told, and how it came about; append-only but for its status."""

    __tablename__ = "published_stock"
    __table_args__ = (UniqueConstraint("channel", "shop", "item_id", "sku_id", "n"),)

    seq: int | None = sequence()
    channel: str
    shop: str
    item_id: str
    sku_id: str
    n: int
    sku: str = Field(index=True)
    pieces: int
    before: int | None = None
    """What the channel had by our knowledge."""
    inputs: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """The formula, and the quantities that it reckoned with."""
    rule: str
    """The row of the rule's table, with its version."""
    status: str
    """asked, taken, refused, unknown"""
    detail: str = ""
    at: datetime = moment(index=True)
    done_at: datetime | None = moment(nullable=True)


class LedgerMarkRow(SQLModel, table=True):
    """How far somebody has read the stock ledger."""

    __tablename__ = "ledger_marks"

    name: str = Field(primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    all_at: datetime = moment()
    """When everything was looked at, whatever the ledger says."""


class ReplenishmentRow(SQLModel, table=True):
    """A suggestion to order an article. At most one of an article and warehouse is open: the database sees to it."""

    __tablename__ = "replenishments"
    __table_args__ = (
        Index(
            "one_open_replenishment",
            "sku",
            "warehouse",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    number: int | None = sequence()
    sku: str
    warehouse: str
    quantity: int
    cause: str
    """below_safety, invalid_freeze, shortage"""
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """What it was reckoned from; fractions as text."""
    status: str
    """open, accepted, dropped (needed no more)"""
    opened_at: datetime = moment()
    updated_at: datetime = moment()
    closed_at: datetime | None = moment(nullable=True)
    closed_by: str = ""
    purchase_no: str = ""
    """The purchase that it became."""

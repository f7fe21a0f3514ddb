"""What warehouses say of the stock."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from store.tables.base import moment


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

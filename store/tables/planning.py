"""Where an order comes from: its plans, and the consignments that warehouses deliver."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment

_WAITING = text("status = 'waiting'")


class PlanRow(SQLModel, table=True):
    """How an order was routed, and why; the highest `n` is what its stock was locked by."""

    __tablename__ = "plans"

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    revision: int
    """The order's revision that was routed."""
    strategy: str
    """The strategy that won, or how it was done without one (split, part, incoming)."""
    reason: str
    """Why, as a sentence."""
    scores: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """Every warehouse that was weighed, by strategy."""
    freight_fen: int = 0
    at: datetime = moment()


class ConsignmentRow(SQLModel, table=True):
    """The part of an order that one warehouse delivers."""

    __tablename__ = "consignments"
    __table_args__ = (Index("ix_consignments_waiting", "order_id", sqlite_where=_WAITING, postgresql_where=_WAITING),)

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    warehouse: str
    lines: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """line_no, sku and quantity of what it holds now."""
    status: str
    """waiting (for goods that are on their way in), ready, packed, off"""
    waits_until: datetime | None = moment(nullable=True)
    """The moment at which the last of those goods is promised."""
    told_at: datetime | None = moment(nullable=True)
    """When its order was told last that they have come."""
    at: datetime = moment()
    """When it changed last."""


class ShortageRow(SQLModel, table=True):
    """An article of an order that nothing could be locked for: it is woken when there is more of it."""

    __tablename__ = "shortages"
    __table_args__ = (Index("ix_shortages_sku", "sku", "free"),)

    order_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    needed: int
    """Pieces of it in the whole order, whether or not just these are missing."""
    free: int = 0
    """What was free in all warehouses when the order was told last, or the least since; 0: it was not told yet."""
    since: datetime = moment()
    """When the order was short first."""

"""Running beside an old system: what is in shadow, what was decided there, and what the old system did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text, true
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence


class ShadowSwitchRow(SQLModel, table=True):
    """When a slice went into shadow and came out of it, who wanted that and why. Append-only: the newest counts."""

    __tablename__ = "shadow_switches"

    seq: int | None = sequence()
    channel: str = Field(index=True)
    """"" for a warehouse."""
    name: str = ""
    """The shop ("": all of the channel), or the warehouse."""
    is_on: bool
    at: datetime = moment()
    by: str
    why: str


class ShadowOrderRow(SQLModel, table=True):
    """An order that the old system works on, from its first document to the end: it is never both. What its channel
    shows of it is what the old system did."""

    __tablename__ = "shadow_orders"
    __table_args__ = (
        Index("ix_shadow_orders_placed", "placed_at", "order_id"),
        Index("ix_shadow_orders_shop", "channel", "shop"),
        Index(
            "ix_shadow_orders_to_decide",
            "order_id",
            sqlite_where=text("to_decide = 1"),
            postgresql_where=text("to_decide"),
        ),
    )

    order_id: str = Field(primary_key=True)
    channel: str
    shop: str
    placed_at: datetime = moment()
    decided_revision: int = 0
    """The newest revision that was decided; 0: none yet."""
    to_decide: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """There may be a newer one to decide: so that nobody searches all orders for it, many times a second."""
    shipped_at: datetime | None = moment(nullable=True)
    """When the channel first showed it as shipped; the channel's own moment where it says one."""
    cancelled_at: datetime | None = moment(nullable=True)
    parcels: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Number, carrier, the channel's word for the carrier, and moment of each parcel that the channel shows."""
    heard_at: datetime = moment()
    """When anything of it was heard last."""


class ShadowDecisionRow(SQLModel, table=True):
    """What would have been done with one revision of a shadow order. Append-only; the highest revision counts."""

    __tablename__ = "shadow_decisions"

    order_id: str = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    at: datetime = moment()
    would: str
    """domain.shadow.Would"""
    why: str = ""
    flags: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """code, hold and detail of everything that the checks found."""
    strategy: str = ""
    reason: str = ""
    """Why it was planned so, as a sentence."""
    scores: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    freight_fen: int = 0
    consignments: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    """n, warehouse, lines, and the two promised days of each."""
    couriers: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """`provider:carrier` in the order in which they would have been asked; a person is the last."""
    carrier: str = ""
    ship_by: datetime | None = moment(nullable=True)
    """When the last consignment would have been promised to leave."""
    deliver_by: datetime | None = moment(nullable=True)
    rules: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """The rule rows `{table}@{version}/{row}` that decided."""


class ShadowPlanRow(SQLModel, table=True):
    """What the plan `n` of a real order would have been with the warehouses that are in shadow."""

    __tablename__ = "shadow_plans"

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    at: datetime = moment(index=True)
    shadows: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """The warehouses that were in shadow."""
    strategy: str
    reason: str
    scores: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    warehouses: list[str] = Field(sa_column=Column(JSON, nullable=False))
    """Of each consignment that there would have been."""
    freight_fen: int = 0
    real_warehouses: list[str] = Field(sa_column=Column(JSON, nullable=False))
    real_freight_fen: int = 0


class ShadowReportRow(SQLModel, table=True):
    """A day of a shop in shadow, or of the real orders beside a warehouse in shadow, as compared last."""

    __tablename__ = "shadow_reports"

    day: str = Field(primary_key=True)
    """The Beijing day on which the orders were placed (planned, for a warehouse), 2026-11-11."""
    channel: str = Field(primary_key=True)
    """"" for a warehouse."""
    name: str = Field(primary_key=True)
    counts: dict[str, int] = Field(sa_column=Column(JSON, nullable=False))
    """By kind (domain.shadow), and `orders`: how many were looked at."""
    examples: dict[str, list[str]] = Field(sa_column=Column(JSON, nullable=False))
    """A few order ids of each kind of difference."""
    at: datetime = moment()

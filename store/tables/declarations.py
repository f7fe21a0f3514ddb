"""Orders that go abroad, and what is missing of their declarations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, UniqueConstraint
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class DeclarationRow(SQLModel, table=True):
    """One order's declaration: the queue of those that people must complete is the incomplete ones."""

    __tablename__ = "declarations"

    order_id: str = Field(primary_key=True)
    destination: str
    status: str = Field(index=True)
    """Standing (complete, incomplete, blocked), or ended: the order is off or goes nowhere abroad any more."""
    missing: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Field, line_no and why of each."""
    supplied: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """What people supplied: fields, and lines by number. Personal data stands here and in the orders' bodies only."""
    opened_at: datetime = moment()
    updated_at: datetime = moment()
    completed_at: datetime | None = moment(nullable=True)
    completed_by: str = ""


class DeclarationSupplyRow(SQLModel, table=True):
    """Values that somebody supplied at once, kept here so that no personal data enters a workflow's history."""

    __tablename__ = "declaration_supplies"
    __table_args__ = (UniqueConstraint("order_id", "digest"),)

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    digest: str
    """Of the values: the same again is the same supply."""
    given: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    by: str
    at: datetime = moment()
    taken_at: datetime | None = moment(nullable=True)

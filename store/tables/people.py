"""What people must do and are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment

_OPEN = text("closed_at IS NULL")


class HoldRow(SQLModel, table=True):
    """What stops an order, and what came of it."""

    __tablename__ = "holds"
    __table_args__ = (Index("ix_holds_open", "reason", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    reason: str
    detail: str
    opened_at: datetime = moment()
    deadline: datetime = moment()
    escalated: int = 0
    closed_at: datetime | None = moment(nullable=True)
    closed_by: str = ""
    how: str = ""


class TaskRow(SQLModel, table=True):
    """What a person must do. `key` keeps one need from becoming two tasks."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_open", "opened_at", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    key: str = Field(primary_key=True)
    order_id: str | None = Field(default=None, index=True)
    kind: str
    text: str
    severity: str = "normal"
    """normal, or alert"""
    opened_at: datetime = moment()
    closed_at: datetime | None = moment(nullable=True)
    closed_by: str = ""
    due_at: datetime | None = moment(nullable=True)
    """Until when it should be done; an alert from then on."""
    proposal: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """What to do, as data: kind, parcel_id, params."""


class NotificationRow(SQLModel, table=True):
    """The outbox of short messages: one row per (order, purpose, recipient), so at most one message each."""

    __tablename__ = "notifications"

    out_id: str = Field(primary_key=True)
    order_id: str | None = Field(default=None, index=True)
    purpose: str
    status: str
    """asked, sent, delivered, failed"""
    partner_id: str = ""
    at: datetime = moment()
    sent_at: datetime | None = moment(nullable=True)


class FormLinkRow(SQLModel, table=True):
    """A link to the clerk's form. The code is derived from a secret, so the row alone opens nothing."""

    __tablename__ = "form_links"

    code: str = Field(primary_key=True)
    order_id: str
    parcel_id: str = Field(index=True)
    n: int
    expires_at: datetime = moment()

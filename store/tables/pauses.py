"""What is paused, by whom and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence

_OPEN = text("ended_at IS NULL")


class PauseRow(SQLModel, table=True):
    """A slice whose step stands still; one at a time for a slice."""

    __tablename__ = "pauses"
    __table_args__ = (
        Index("one_open_pause", "kind", "name", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_pauses_ended", "ended_at"),
    )

    n: int | None = sequence()
    kind: str
    """domain.pauses.Slice"""
    name: str
    measure: str = ""
    """What was counted; "" when a person paused it."""
    why: str
    rule: str = ""
    """The rule row that decided."""
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """window, count and sample of what was counted."""
    by: str
    since: datetime = moment()
    until: datetime | None = moment(nullable=True)
    """When it ends by itself; None: never."""
    ended_at: datetime | None = moment(nullable=True)
    ended_by: str = ""
    woken: bool = False
    """Whether all orders that waited were told that it has ended."""

"""By when each stage of an order should be over, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, text
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment

_OPEN = text("ended_at IS NULL")
_NEXT = text("next_at IS NOT NULL")


class StageDeadlineRow(SQLModel, table=True):
    """One stage of an order: begun and judged by a step, looked after by a sweep, ended by the step that ends it."""

    __tablename__ = "stage_deadlines"
    __table_args__ = (
        Index("ix_stage_deadlines_open", "stage", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_stage_deadlines_next", "next_at", sqlite_where=_NEXT, postgresql_where=_NEXT),
        Index("ix_stage_deadlines_ended", "ended_at"),
    )

    order_id: str = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    channel: str
    began_at: datetime = moment()
    due_at: datetime | None = moment(nullable=True)
    """None: not judged yet, without a limit, or its clock stands."""
    next_at: datetime | None = moment(nullable=True)
    """When the sweep must look at it next; None: not before something happens to its order."""
    rules: str = ""
    """The mark of the rule versions that it was judged by; "" before."""
    stopped_since: datetime | None = moment(nullable=True)
    """Since when its clock stands."""
    stopped_by: str = ""
    """The hold that stopped it."""
    level: int = -1
    """How far it was told of: -1 to nobody, 0 warned, above that as many levels of those who hear that it is late."""
    told: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """[level, who, moment] of each call."""
    why: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Reasons for the moment: a text key and its parameters."""
    ended_at: datetime | None = moment(nullable=True)
    outcome: str = ""
    """met (the stage is over), left (its order left before); "" while it is open."""
    bucket: int | None = None
    """How long it took, as domain.deadlines counts it; of stages that are over."""

"""What orders are promised, and the hours of work centres that they have booked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class PromiseRow(SQLModel, table=True):
    """By when a consignment leaves and is there. Append-only: a new revision whenever it moves, the newest counts."""

    __tablename__ = "promises"

    order_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    """The consignment; 0: what of the order has no warehouse yet."""
    revision: int = Field(primary_key=True)
    warehouse: str = ""
    ship_by: datetime | None = moment(nullable=True, index=True)
    """None: nothing is promised any more."""
    deliver_by: datetime | None = moment(nullable=True)
    why: list[Any] = Field(sa_column=Column(JSON, nullable=False))
    """Reasons: a text key and its parameters."""
    at: datetime = moment()


class WorkBookingRow(SQLModel, table=True):
    """A stretch of a work centre's time that a line of made-to-order goods has booked."""

    __tablename__ = "work_bookings"

    order_id: str = Field(primary_key=True)
    line_no: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    """Counts the stretches of one line."""
    step: int
    centre: str = Field(index=True)
    begins: datetime = moment()
    ends: datetime = moment()


class WorkCentreRow(SQLModel, table=True):
    """A work centre that was ever booked; whoever books holds its row, so that no minute is booked twice."""

    __tablename__ = "work_centres"

    centre: str = Field(primary_key=True)
    bookings: int = 0
    """How often it was booked."""

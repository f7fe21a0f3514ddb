"""What was mended without a person, or handed to one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from store.tables.base import moment, sequence


class HealingRow(SQLModel, table=True):
    """One mending of one order. Nothing in it is more personal than a region."""

    __tablename__ = "healings"
    __table_args__ = (UniqueConstraint("order_id", "rule", "subject"),)

    seq: int | None = sequence()
    order_id: str
    rule: str
    """HealingRule"""
    subject: str
    """What of the order it is about: the same again is the same mending."""
    outcome: str
    """HealingOutcome"""
    before: str
    after: str
    """What it became, or what is proposed."""
    at: datetime = moment(index=True)

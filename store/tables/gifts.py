"""Gifts, and whether their buyers got them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from store.tables.base import moment


class GiftRow(SQLModel, table=True):
    """One gift line of an order."""

    __tablename__ = "gifts"

    order_id: str = Field(primary_key=True)
    line_no: str = Field(primary_key=True)
    gift_of: str
    """The line that it goes with."""
    sku: str
    quantity: int
    status: str = Field(index=True)
    """GiftStatus"""
    sent_after: str = Field(default="", index=True)
    """The order that brings it because it was forgotten; "" where it came, or is to come, with its own order."""
    updated_at: datetime = moment()

"""What orders should have cost by the promotions, and how often buyers had each promotion."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlalchemy.types import JSON
from sqlmodel import Field, SQLModel

from store.tables.base import moment


class OrderPriceRow(SQLModel, table=True):
    """The price of an order as it was reckoned last."""

    __tablename__ = "order_prices"

    order_id: str = Field(primary_key=True)
    revision: int
    expected_fen: int = Field(sa_type=BigInteger)
    """What the goods come to, in the channel's own terms, freight left out."""
    came_fen: int = Field(sa_type=BigInteger)
    """What the channel says they came to."""
    differs: bool
    """By more than the tolerance."""
    priced: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """The steps in words, and who bears what of each line."""
    at: datetime = moment()


class PromotionUseRow(SQLModel, table=True):
    """How often a promotion counted in an order: what limits per buyer are reckoned with."""

    __tablename__ = "promotion_uses"

    order_id: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    """The promotion's row."""
    times: int

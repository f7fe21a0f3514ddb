"""The stock pool, its ledger, and what orders have locked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence


class StockRow(SQLModel, table=True):
    """Stock of one SKU in one warehouse."""

    __tablename__ = "stock"
    __table_args__ = (CheckConstraint("reserved >= 0 AND on_hand >= reserved", name="never_oversold"),)

    sku: str = Field(primary_key=True)
    warehouse: str = Field(primary_key=True)
    on_hand: int = 0
    reserved: int = 0


class StockLedgerRow(SQLModel, table=True):
    """Every movement of stock, append-only; the sum of a SKU's movements is its stock."""

    __tablename__ = "stock_ledger"
    __table_args__ = (UniqueConstraint("key", "sku", "warehouse"),)

    seq: int | None = sequence()
    key: str
    """Idempotency key of the movement, e.g. {order_id}/reserve."""
    sku: str = Field(index=True)
    warehouse: str
    on_hand_delta: int = 0
    reserved_delta: int = 0
    on_hand_after: int
    reserved_after: int
    reason: str
    who: str
    order_id: str | None = Field(default=None, index=True)
    at: datetime = moment()


class ReservationRow(SQLModel, table=True):
    """Stock locked for one order."""

    __tablename__ = "reservations"

    order_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    warehouse: str = Field(primary_key=True)
    quantity: int
    status: str
    """locked, shipped, released"""

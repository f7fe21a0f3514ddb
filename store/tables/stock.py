"""The stock pool, its ledger, and what orders have locked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.tables.base import moment, sequence

_AWAITING = text("status = 'awaiting'")


def _quantity() -> Any:
    """A column that tables from before it have as 0."""
    return Field(default=0, sa_column_kwargs={"server_default": "0"})


class StockRow(SQLModel, table=True):
    """Stock of one SKU in one warehouse, in pieces. Free to lock: on_hand - reserved - frozen."""

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint(
            "reserved >= 0 AND frozen >= 0 AND defective >= 0 AND in_transit >= 0 AND on_hand >= reserved + frozen",
            name="never_oversold",
        ),
    )

    sku: str = Field(primary_key=True)
    warehouse: str = Field(primary_key=True)
    on_hand: int = 0
    """Good pieces in the warehouse."""
    reserved: int = 0
    """Of these: locked for orders."""
    frozen: int = 0
    """Of these: bound by transfers that have not left yet."""
    defective: int = 0
    """Pieces that cannot be sold, beside on_hand."""
    in_transit: int = 0
    """Pieces on their way to this warehouse from another one of ours."""
    version: int = 0
    """Grows with every movement."""


class StockLedgerRow(SQLModel, table=True):
    """Every movement of stock, append-only; the sums of a SKU's movements are its stock."""

    __tablename__ = "stock_ledger"
    __table_args__ = (UniqueConstraint("key", "sku", "warehouse"),)

    seq: int | None = sequence()
    key: str
    """Idempotency key of the movement, e.g. {order_id}/reserve."""
    sku: str = Field(index=True)
    warehouse: str
    on_hand_delta: int = 0
    reserved_delta: int = 0
    frozen_delta: int = _quantity()
    defective_delta: int = _quantity()
    in_transit_delta: int = _quantity()
    on_hand_after: int
    reserved_after: int
    frozen_after: int = _quantity()
    defective_after: int = _quantity()
    in_transit_after: int = _quantity()
    kind: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What moved, in a word of `store.stock.nouns.Kind`; "" in lines from before there were kinds."""
    reason: str
    who: str
    order_id: str | None = Field(default=None, index=True)
    channel: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Whose order moved it; "" when no order did."""
    at: datetime = moment()


class ReservationRow(SQLModel, table=True):
    """What one order has of one SKU in one warehouse."""

    __tablename__ = "reservations"
    __table_args__ = (
        Index("ix_reservations_awaiting", "incoming_no", "sku", sqlite_where=_AWAITING, postgresql_where=_AWAITING),
    )

    order_id: str = Field(primary_key=True)
    sku: str = Field(primary_key=True)
    warehouse: str = Field(primary_key=True)
    incoming_no: str = Field(default="", primary_key=True)
    """The purchase that it was locked against; "" when it was locked in the stock."""
    n: int = Field(default=0, primary_key=True)
    """Another row of the same, when goods came in parts or the order was planned again."""
    quantity: int
    status: str
    """awaiting (against a purchase), locked, shipped, released"""
    at: datetime = moment()


class ReservationPlanRow(SQLModel, table=True):
    """An order's present plan. Whoever changes what an order has locked holds this row."""

    __tablename__ = "reservation_plans"

    order_id: str = Field(primary_key=True)
    channel: str
    token: str
    """Names the present plan; "" when nothing is locked any more."""
    n: int = 1
    """How often the order was planned."""


class ChannelStockRow(SQLModel, table=True):
    """What the orders of one channel have of one SKU, over all warehouses."""

    __tablename__ = "channel_stock"

    sku: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    reserved: int = 0
    """Locked in the stock now."""
    shipped: int = 0
    """Left since goods last came in."""

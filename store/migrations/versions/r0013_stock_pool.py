"""The stock pool: frozen, defective and goods on their way, purchases, transfers, shares of channels, articles.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AWAITING = sa.text("status = 'awaiting'")
_FROZEN = sa.text("status = 'frozen'")
_LATER = ("frozen", "defective", "in_transit")


def upgrade() -> None:
    """Widen the three tables, derive the new ones from what orders have locked, add the rest."""
    _stock()
    _ledger()
    _reservations()
    _goods()


def _stock() -> None:
    _aside("stock")
    op.create_table(
        "stock",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("warehouse", sa.String(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("frozen", sa.Integer(), nullable=False),
        sa.Column("defective", sa.Integer(), nullable=False),
        sa.Column("in_transit", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "reserved >= 0 AND frozen >= 0 AND defective >= 0 AND in_transit >= 0 AND on_hand >= reserved + frozen",
            name="never_oversold",
        ),
        sa.PrimaryKeyConstraint("sku", "warehouse"),
    )
    op.execute(
        "INSERT INTO stock (sku, warehouse, on_hand, reserved, frozen, defective, in_transit, version)"
        " SELECT sku, warehouse, on_hand, reserved, 0, 0, 0, 0 FROM stock_old"
    )
    op.drop_table("stock_old")


def _ledger() -> None:
    for name in _LATER:
        for of in ("delta", "after"):
            op.add_column("stock_ledger", sa.Column(f"{name}_{of}", sa.Integer(), server_default="0", nullable=False))
    for name in ("kind", "channel"):
        op.add_column("stock_ledger", sa.Column(name, sa.String(), server_default="", nullable=False))


def _reservations() -> None:
    _aside("reservations")
    op.create_table(
        "reservations",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("warehouse", sa.String(), nullable=False),
        sa.Column("incoming_no", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "sku", "warehouse", "incoming_no", "n"),
    )
    op.create_index(
        "ix_reservations_awaiting",
        "reservations",
        ["incoming_no", "sku"],
        sqlite_where=_AWAITING,
        postgresql_where=_AWAITING,
    )
    op.create_table(
        "reservation_plans",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_table(
        "channel_stock",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sku", "channel"),
    )
    op.execute(
        "INSERT INTO reservations (order_id, sku, warehouse, incoming_no, n, quantity, status, at)"
        " SELECT order_id, sku, warehouse, '', 0, quantity, status, CURRENT_TIMESTAMP FROM reservations_old"
    )
    op.drop_table("reservations_old")
    postgresql = op.get_bind().dialect.name == "postgresql"
    # Of an order id: channel:shop:number.
    channel = "split_part(order_id, ':', 1)" if postgresql else "substr(order_id, 1, instr(order_id, ':') - 1)"
    for statement in (
        "INSERT INTO reservation_plans (order_id, channel, token, n) SELECT order_id, {channel},"
        " CASE WHEN sum(CASE WHEN status = 'released' THEN 0 ELSE 1 END) > 0 THEN 'before-0013' ELSE '' END, 1"
        " FROM reservations GROUP BY order_id",
        "INSERT INTO channel_stock (sku, channel, reserved, shipped) SELECT sku, {channel}, sum(quantity), 0"
        " FROM reservations WHERE status = 'locked' GROUP BY sku, {channel}",
        "UPDATE stock_ledger SET channel = {channel} WHERE order_id IS NOT NULL",
    ):
        op.execute(statement.replace("{channel}", channel))


def _goods() -> None:
    op.create_table(
        "skus",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("abc", sa.String(), nullable=False),
        sa.Column("safety_stock", sa.Integer(), nullable=False),
        sa.Column("below_safety", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sku"),
    )
    op.create_table(
        "channel_shares",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent >= 0 AND percent <= 100", name="a_share"),
        sa.PrimaryKeyConstraint("sku", "channel"),
    )
    op.create_table(
        "incoming",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("warehouse", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("expected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint(
            "reserved >= 0 AND received >= 0 AND reserved + received <= quantity", name="never_overpromised"
        ),
        sa.PrimaryKeyConstraint("number", "sku"),
    )
    op.create_table(
        "transfers",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name="some_pieces"),
        sa.PrimaryKeyConstraint("number", "sku"),
    )
    op.create_index("ix_transfers_frozen", "transfers", ["sku"], sqlite_where=_FROZEN, postgresql_where=_FROZEN)


def _aside(table: str) -> None:
    """Rename a table that is made anew, and on PostgreSQL its key, which would keep the name."""
    op.rename_table(table, f"{table}_old")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table}_old RENAME CONSTRAINT {table}_pkey TO {table}_old_pkey")

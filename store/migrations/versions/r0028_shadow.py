"""Channels, shops and warehouses in shadow: switches, decisions, comparisons.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Add the tables; no warehouse is in shadow yet."""
    op.add_column("warehouses", sa.Column("shadow", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "shadow_switches",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        _moment("at"),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("ix_shadow_switches_channel", "shadow_switches", ["channel"])
    op.create_table(
        "shadow_orders",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        _moment("placed_at"),
        sa.Column("decided_revision", sa.Integer(), nullable=False),
        _moment("shipped_at", nullable=True),
        _moment("cancelled_at", nullable=True),
        sa.Column("parcels", sa.JSON(), nullable=False),
        _moment("heard_at"),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("ix_shadow_orders_placed", "shadow_orders", ["placed_at", "order_id"])
    op.create_index("ix_shadow_orders_shop", "shadow_orders", ["channel", "shop"])
    op.create_table(
        "shadow_decisions",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        _moment("at"),
        sa.Column("would", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("freight_fen", sa.Integer(), nullable=False),
        sa.Column("consignments", sa.JSON(), nullable=False),
        sa.Column("couriers", sa.JSON(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        _moment("ship_by", nullable=True),
        _moment("deliver_by", nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "revision"),
    )
    op.create_table(
        "shadow_plans",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        _moment("at"),
        sa.Column("shadows", sa.JSON(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("warehouses", sa.JSON(), nullable=False),
        sa.Column("freight_fen", sa.Integer(), nullable=False),
        sa.Column("real_warehouses", sa.JSON(), nullable=False),
        sa.Column("real_freight_fen", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "n"),
    )
    op.create_index("ix_shadow_plans_at", "shadow_plans", ["at"])
    op.create_table(
        "shadow_reports",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        _moment("at"),
        sa.PrimaryKeyConstraint("day", "channel", "name"),
    )

"""Plans of orders, and the consignments that warehouses deliver.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and to instructions and parcels which consignment they are of."""
    op.create_table(
        "plans",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("freight_fen", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "n"),
    )
    op.create_table(
        "consignments",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("warehouse", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("waits_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "n"),
    )
    waiting = sa.text("status = 'waiting'")
    op.create_index(
        "ix_consignments_waiting", "consignments", ["order_id"], sqlite_where=waiting, postgresql_where=waiting
    )
    for table in ("deliveries", "parcels"):
        op.add_column(table, sa.Column("consignment", sa.Integer(), server_default="0", nullable=False))
    op.add_column("deliveries", sa.Column("warehouse", sa.String(), server_default="", nullable=False))
    op.add_column("parcels", sa.Column("revision", sa.Integer(), nullable=True))

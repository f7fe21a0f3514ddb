"""Combined labels, and when a parcel got its number.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and the column."""
    op.create_table(
        "label_sheets",
        sa.Column("sheet_id", sa.String(), nullable=False),
        sa.Column("warehouse", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("size", sa.String(), nullable=False),
        sa.Column("printed_by", sa.String(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sheet_id"),
    )
    op.create_index("ix_label_sheets_opens_at", "label_sheets", ["opens_at"])
    op.create_index("ix_label_sheets_printed_at", "label_sheets", ["printed_at"])
    op.create_table(
        "label_items",
        sa.Column("sheet_id", sa.String(), nullable=False),
        sa.Column("parcel_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("waybill_key", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("off_why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["label_sheets.sheet_id"]),
        sa.PrimaryKeyConstraint("sheet_id", "parcel_id"),
    )
    op.create_index("ix_label_items_order_id", "label_items", ["order_id"])
    op.create_index("ix_label_items_code", "label_items", ["code"])
    op.create_index(
        "one_live_label",
        "label_items",
        ["parcel_id"],
        unique=True,
        sqlite_where=sa.text("off_at IS NULL"),
        postgresql_where=sa.text("off_at IS NULL"),
    )
    op.add_column("waybills", sa.Column("live_at", sa.DateTime(timezone=True), nullable=True))
    # Until now nothing changed a live waybill's row in a way that moved this time.
    op.execute("UPDATE waybills SET live_at = updated_at WHERE status = 'live'")

"""Several orders packed as one parcel.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables, and what parcels and waybills that several orders share need."""
    op.create_table(
        "merges",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("group_name", sa.String(), nullable=False),
        sa.Column("warehouse", sa.String(), nullable=False),
        sa.Column("leader", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("joinable", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_merges_leader", "merges", ["leader"])
    op.create_index(
        "one_merge_to_join",
        "merges",
        ["mark"],
        unique=True,
        sqlite_where=sa.text("joinable"),
        postgresql_where=sa.text("joinable"),
    )
    op.create_table(
        "merge_members",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("merge_no", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("left_by", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("news", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_index("ix_merge_members_merge_no", "merge_members", ["merge_no"])
    op.create_index("ix_merge_members_code", "merge_members", ["code"])
    op.create_index(
        "ix_merge_members_untold",
        "merge_members",
        ["order_id"],
        sqlite_where=sa.text("news > told"),
        postgresql_where=sa.text("news > told"),
    )
    op.add_column("parcels", sa.Column("box", sa.String(), server_default="", nullable=False))
    op.add_column("parcels", sa.Column("asks", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_parcels_box", "parcels", ["box"], sqlite_where=sa.text("box <> ''"), postgresql_where=sa.text("box <> ''")
    )
    op.create_index(
        "one_asks_for_a_box",
        "parcels",
        ["box"],
        unique=True,
        sqlite_where=sa.text("asks"),
        postgresql_where=sa.text("asks"),
    )
    op.add_column("waybills", sa.Column("of_parcel", sa.String(), server_default="", nullable=False))

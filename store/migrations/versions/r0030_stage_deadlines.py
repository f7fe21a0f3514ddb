"""Deadlines of the stages of orders.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Orders that are under way get a deadline with their next stage."""
    op.create_table(
        "stage_deadlines",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("stopped_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", "stage"),
    )
    still = sa.text("ended_at IS NULL")
    waiting = sa.text("next_at IS NOT NULL")
    op.create_index(
        "ix_stage_deadlines_open", "stage_deadlines", ["stage", "due_at"], sqlite_where=still, postgresql_where=still
    )
    op.create_index(
        "ix_stage_deadlines_next", "stage_deadlines", ["next_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("ix_stage_deadlines_ended", "stage_deadlines", ["ended_at"])

"""Slices whose step is paused.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and an index of open holds."""
    op.create_table(
        "pauses",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("woken", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    still = sa.text("ended_at IS NULL")
    op.create_index(
        "one_open_pause", "pauses", ["kind", "name"], unique=True, sqlite_where=still, postgresql_where=still
    )
    not_closed = sa.text("closed_at IS NULL")
    op.create_index("ix_holds_open", "holds", ["reason"], sqlite_where=not_closed, postgresql_where=not_closed)
    op.create_index("ix_pauses_ended", "pauses", ["ended_at"])

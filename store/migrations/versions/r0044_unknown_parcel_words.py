"""Waybills whose newest news are a word that nobody knows.

Revision ID: 0044
Revises: 0043
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_UNKNOWN = sa.text("unknown_word <> ''")


def upgrade() -> None:
    """Add the columns, and an index of the few that have such a word."""
    op.add_column("waybills", sa.Column("unknown_word", sa.String(), nullable=False, server_default=""))
    op.add_column("waybills", sa.Column("unknown_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_waybills_unknown", "waybills", ["unknown_word"], sqlite_where=_UNKNOWN, postgresql_where=_UNKNOWN
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_waybills_unknown", "waybills")
    op.drop_column("waybills", "unknown_since")
    op.drop_column("waybills", "unknown_word")

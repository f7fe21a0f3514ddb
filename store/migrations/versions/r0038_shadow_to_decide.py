"""Orders in shadow that may have a revision to decide.

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark and its index: all that are there are looked at once."""
    op.add_column("shadow_orders", sa.Column("to_decide", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_index(
        "ix_shadow_orders_to_decide",
        "shadow_orders",
        ["order_id"],
        sqlite_where=sa.text("to_decide = 1"),
        postgresql_where=sa.text("to_decide"),
    )

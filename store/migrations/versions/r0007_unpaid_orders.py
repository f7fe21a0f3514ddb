"""Unpaid orders are looked for by when they were placed.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_orders_unpaid",
        "orders",
        ["channel", "shop", "placed_at"],
        sqlite_where=sa.text("status = 'UNPAID'"),
        postgresql_where=sa.text("status = 'UNPAID'"),
    )

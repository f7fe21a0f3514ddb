"""Orders in the order in which they were placed: what people's lists begin with.

Revision ID: 0042
Revises: 0041
"""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_orders_placed_at", "orders", ["placed_at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_orders_placed_at", "orders")

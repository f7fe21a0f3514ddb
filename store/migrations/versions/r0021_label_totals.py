"""How many parcels an order had when a label was printed.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("label_items", sa.Column("total", sa.Integer(), server_default="1", nullable=False))

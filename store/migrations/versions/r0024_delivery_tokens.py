"""The reservation that an instruction to a warehouse was given under.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What is being packed now has none, and leaves as it did before."""
    op.add_column("deliveries", sa.Column("token", sa.String(), nullable=False, server_default=""))

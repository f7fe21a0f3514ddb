"""Which of the merchant's own fields an instruction told its warehouse of.

Revision ID: 0041
Revises: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. What was given before has none: nobody is asked about its fields."""
    op.add_column("deliveries", sa.Column("fields", sa.JSON(), nullable=True))

"""What articles weigh.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody has said anything yet."""
    op.add_column("skus", sa.Column("weight_g", sa.Integer(), nullable=False, server_default="0"))

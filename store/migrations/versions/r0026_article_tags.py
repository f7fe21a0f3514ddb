"""What articles are in law, and their numbers for authorities.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("skus", sa.Column("category", sa.String(), nullable=False, server_default=""))
    op.add_column("skus", sa.Column("grade", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "article_tags",
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("sku", "kind", "area", "value"),
    )

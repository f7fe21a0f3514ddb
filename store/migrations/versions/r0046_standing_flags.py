"""Findings that stand, by what they hold: looked for when what an order waits for has come.

Revision ID: 0046
Revises: 0045
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_STANDS = sa.text("gone_at IS NULL")


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_flags_standing", "flags", ["hold", "about"], sqlite_where=_STANDS, postgresql_where=_STANDS)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_flags_standing", "flags")

"""Open tasks, which are counted each time that somebody looks at the order desk.

Revision ID: 0045
Revises: 0044
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_tasks_open", "tasks", ["opened_at"], sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_tasks_open", "tasks")

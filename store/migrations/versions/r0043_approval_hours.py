"""In whose hours approvals are asked for, which roster their orders know, and what one person is asked.

Revision ID: 0043
Revises: 0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and indexes: what was asked before runs at any time, and its order is told of the roster once."""
    for name in ("calendar", "roster"):
        op.add_column("approval_requests", sa.Column(name, sa.String(), server_default="", nullable=False))
    op.create_index("ix_approval_links_approver", "approval_links", ["approver", "expires_at"])
    op.create_index("ix_approvals_who", "approvals", ["who", "at"])

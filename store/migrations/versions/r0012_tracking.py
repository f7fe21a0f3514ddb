"""Whom to call about a parcel, how long it is silent, and proposals on tasks.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("parcels", sa.Column("courier_phone", sa.String(), nullable=True))
    op.add_column("waybills", sa.Column("last_node_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("waybills", sa.Column("last_node_code", sa.String(), nullable=True))
    op.add_column("waybills", sa.Column("silence_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("waybills", sa.Column("stuck_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("proposal", sa.JSON(), nullable=True))
    # Parcels on their way in an older build: their newest node is in the journey already.
    op.execute(
        "UPDATE waybills SET last_node_at ="
        " (SELECT max(at) FROM track_nodes WHERE track_nodes.number = waybills.number) WHERE status = 'live'"
    )
    op.execute(
        "UPDATE waybills SET last_node_code = (SELECT max(code) FROM track_nodes"
        " WHERE track_nodes.number = waybills.number AND track_nodes.at = waybills.last_node_at)"
        " WHERE status = 'live'"
    )

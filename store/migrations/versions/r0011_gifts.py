"""Gifts of orders, those of orders that are here already included.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROWS_AT_ONCE = 1_000
_LEFT = ("WAYBILL_RETURNED", "SIGNED", "WARRANTY_ACTIVATED")
_GIFTS = sa.table(
    "gifts",
    *map(sa.column, ("order_id", "line_no", "gift_of", "sku", "quantity", "status", "sent_after")),
    sa.column("updated_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Add the table, and fill it."""
    op.create_table(
        "gifts",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("line_no", sa.String(), nullable=False),
        sa.Column("gift_of", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sent_after", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_no"),
    )
    op.create_index("ix_gifts_status", "gifts", ["status"])
    op.create_index("ix_gifts_sent_after", "gifts", ["sent_after"])
    _fill()


def _fill() -> None:
    connection = op.get_bind()
    orders = sa.table("orders", *map(sa.column, ("order_id", "revision", "state", "exit", "status")))
    versions = sa.table("order_versions", sa.column("order_id"), sa.column("revision"), sa.column("body", sa.JSON()))
    newest = sa.and_(versions.c.order_id == orders.c.order_id, versions.c.revision == orders.c.revision)
    query = sa.select(orders.c.order_id, orders.c.state, orders.c.exit, orders.c.status, versions.c.body)
    query = query.select_from(orders.join(versions, newest)).order_by(orders.c.order_id).limit(_ROWS_AT_ONCE)
    last = ""
    while rows := connection.execute(query.where(orders.c.order_id > last)).all():
        last = rows[-1].order_id
        gifts = [gift for row in rows for gift in _gifts(row)]
        if gifts:
            connection.execute(_GIFTS.insert(), gifts)


def _gifts(row: Any) -> Iterator[dict[str, Any]]:
    left = row.state in _LEFT
    off = row.exit is not None or row.status == "CANCELLED"
    for line in row.body["lines"]:
        if line.get("gift_of") is not None:
            yield {
                **{name: line[name] for name in ("line_no", "gift_of", "sku", "quantity")},
                "order_id": row.order_id,
                "status": "given" if left else "cancelled" if off else "pending",
                "sent_after": "",
                "updated_at": datetime.now(UTC),
            }

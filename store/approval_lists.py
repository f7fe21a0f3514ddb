"""What one person is asked to approve, and what they were asked or decided lately."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, select

from store.tables import ApprovalLinkRow, ApprovalRequestRow, ApprovalRow, OrderRow


async def lately(tx: AsyncSession, who: str, since: datetime, limit: int) -> list[ApprovalRequestRow]:
    """Questions that somebody was sent a link to, or decided, since then; those that were closed last first."""
    link, said, row = ApprovalLinkRow, ApprovalRow, ApprovalRequestRow
    sent = select(col(link.order_id), col(link.request)).where(link.approver == who, col(link.expires_at) >= since)
    decided = select(col(said.order_id), col(said.n)).where(said.who == who, col(said.at) >= since)
    keys = union(sent, decided).subquery()
    order_id, n = keys.c
    query = select(row).join(keys, and_(col(row.order_id) == order_id, col(row.n) == n))
    newest = query.order_by(col(row.closed_at).desc(), col(row.opened_at).desc(), col(row.order_id), col(row.n))
    return list((await tx.execute(newest.limit(limit))).scalars())


async def questions(tx: AsyncSession, order_ids: Iterable[str]) -> dict[str, list[ApprovalRequestRow]]:
    """Every question of these orders, oldest first."""
    row = ApprovalRequestRow
    query = select(row).where(col(row.order_id).in_(sorted(set(order_ids)))).order_by(col(row.n))
    found: dict[str, list[ApprovalRequestRow]] = {}
    for one in (await tx.execute(query)).scalars():
        found.setdefault(one.order_id, []).append(one)
    return found


async def decisions(tx: AsyncSession, order_ids: Iterable[str]) -> dict[str, list[ApprovalRow]]:
    """Everything that was decided about these orders, oldest first."""
    row = ApprovalRow
    query = select(row).where(col(row.order_id).in_(sorted(set(order_ids)))).order_by(col(row.seq))
    found: dict[str, list[ApprovalRow]] = {}
    for one in (await tx.execute(query)).scalars():
        found.setdefault(one.order_id, []).append(one)
    return found


async def index(tx: AsyncSession, order_ids: Iterable[str]) -> dict[str, OrderRow]:
    """The index rows of these orders."""
    query = select(OrderRow).where(col(OrderRow.order_id).in_(sorted(set(order_ids))))
    return {row.order_id: row for row in (await tx.execute(query)).scalars()}

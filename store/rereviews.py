"""Orders that were reviewed by rules which do not hold any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, or_, select

from domain.golden import GoldenState
from domain.holds import HoldReason
from store.declarations import ENDED
from store.orders import review_again
from store.tables import DeclarationRow, FlagRow, HoldRow, OrderRow, OrderVersionRow

_NOT_PACKED = (GoldenState.PAID, GoldenState.RISK_PASSED, GoldenState.STOCK_LOCKED)


async def outdated(
    tx: AsyncSession, changed: Mapping[HoldReason, datetime], limit: int, asks_anew: datetime | None = None
) -> list[str]:
    """Orders that wait for a reason whose rules changed after their newest revision came; those that go abroad when the
    rules of declarations did, whether or not they wait; and those that wait for anything in their review, when rules
    changed by which more may be asked of them (`asks_anew`). At most `limit`, the same ones first each time."""
    version = OrderVersionRow
    newest = and_(col(version.order_id) == col(OrderRow.order_id), col(version.revision) == col(OrderRow.revision))
    living = (col(OrderRow.state).in_(_NOT_PACKED), col(OrderRow.closed_at).is_(None))
    waits = or_(*(and_(FlagRow.hold == str(reason), version.at < at) for reason, at in sorted(changed.items())))
    flagged = (
        select(OrderRow.order_id)
        .join(FlagRow, col(FlagRow.order_id) == col(OrderRow.order_id))
        .join(version, newest)
        .where(*living, col(FlagRow.gone_at).is_(None), col(FlagRow.released_at).is_(None), waits)
        .distinct()
        .order_by(OrderRow.order_id)
    )
    found = set((await tx.execute(flagged.limit(limit))).scalars()) if changed else set()
    declared = changed.get(HoldReason.DECLARATION_INCOMPLETE)
    if declared is not None:
        abroad = (
            select(OrderRow.order_id)
            .join(DeclarationRow, col(DeclarationRow.order_id) == col(OrderRow.order_id))
            .join(version, newest)
            .where(*living, DeclarationRow.status != ENDED, version.at < declared)
            .order_by(OrderRow.order_id)
        )
        found |= set((await tx.execute(abroad.limit(limit))).scalars())
    approvals = changed.get(HoldReason.APPROVAL)
    if approvals is not None:
        # What was taken back after everybody had agreed waits for its approval by its hold alone.
        by_hold = and_(HoldRow.reason == HoldReason.APPROVAL, version.at < approvals)
        if asks_anew is not None:
            by_hold = or_(by_hold, and_(col(OrderRow.state) == GoldenState.PAID, version.at < asks_anew))
        held = (
            select(OrderRow.order_id)
            .join(HoldRow, col(HoldRow.order_id) == col(OrderRow.order_id))
            .join(version, newest)
            .where(*living, col(HoldRow.closed_at).is_(None), by_hold)
            .distinct()
            .order_by(OrderRow.order_id)
        )
        found |= set((await tx.execute(held.limit(limit))).scalars())
    return sorted(found)[:limit]


async def review_by_new_rules(tx: AsyncSession, order_id: str, changed: datetime) -> bool:
    """Have one of them reviewed again, once. False when that was done meanwhile, or it is packed or off."""
    row = await tx.get(OrderRow, order_id, with_for_update=True)
    if row is None or row.closed_at is not None or row.state not in _NOT_PACKED:
        return False
    newest = await tx.get(OrderVersionRow, (order_id, row.revision))
    if newest is not None and newest.at >= changed:
        return False
    await review_again(tx, row)
    return True

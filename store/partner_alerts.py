"""The tasks that ask a person to look after a partner's interface: at most one of each partner is open."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from store.holds import close_task, open_task
from store.tables import TaskRow

KIND = "partner_unhealthy"


async def open_alerts(tx: AsyncSession) -> dict[str, TaskRow]:
    """The open alerts, by partner."""
    query = select(TaskRow).where(TaskRow.kind == KIND, col(TaskRow.closed_at).is_(None))
    return {_parts(row.key)[0]: row for row in (await tx.execute(query)).scalars()}


async def open_alert(tx: AsyncSession, partner: str, sentence: str) -> bool:
    """Ask a person to look after a partner, unless somebody is asked already. True when this call asked."""
    mine = col(TaskRow.key).startswith(f"{KIND}/{partner}/", autoescape=True)
    rows = (await tx.execute(select(TaskRow.key, TaskRow.closed_at).where(mine))).all()
    if any(closed_at is None for _, closed_at in rows):
        return False
    # Of two that ask at the same moment, one sees the other's row, or both come to the same number and one gets in;
    # but only because one statement saw everything.
    number = max((_parts(key)[1] for key, _ in rows), default=0) + 1
    return await open_task(tx, f"{KIND}/{partner}/{number}", KIND, sentence, alert=True)


async def close_alert(tx: AsyncSession, partner: str, by: str) -> bool:
    """The partner is well again. False when no alert was open."""
    row = (await open_alerts(tx)).get(partner)
    if row is None:
        return False
    await close_task(tx, row.key, by)
    return True


def _parts(key: str) -> tuple[str, int]:
    _, partner, number = key.split("/")
    return partner, int(number)

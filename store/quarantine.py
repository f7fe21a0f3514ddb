"""Documents that nobody could read: whom it is told, and what people do about them.

What waits for the meaning of a word is not among them: that has a task of its own, and goes on by itself (store.words).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import not_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from domain.ids import split_order_id
from domain.texts import partner_name, text
from store.database import Database
from store.holds import close_task, open_task
from store.inbox import DONE, NEW, QUARANTINED
from store.tables import InboxRow, TaskRow
from store.words import UNKNOWN

TASK = "quarantine"


@dataclass(frozen=True)
class Group:
    """The documents of one partner's shop and kind that are in quarantine. `shop` is "" where nothing says whose."""

    source: str
    shop: str
    kind: str
    count: int
    newest: datetime

    @property
    def key(self) -> str:
        """Of its task."""
        return f"{TASK}/{self.source}/{self.shop}/{self.kind}"

    def words(self) -> str:
        """What a person is asked."""
        of = text("quarantine.shop", shop=self.shop) if self.shop else ""
        return text("task.quarantine", partner=partner_name(self.source), shop=of, kind=self.kind)


async def groups(tx: AsyncSession) -> list[Group]:
    """What is in quarantine, by partner, shop and kind."""
    row = InboxRow
    columns = (col(row.source), col(row.kind), col(row.order_id))
    query = _here(sa.select(*columns, func.count(), func.max(row.done_at))).group_by(*columns)
    found: dict[tuple[str, str, str], tuple[int, datetime]] = {}
    for source, kind, order_id, count, at in (await tx.execute(query)).all():
        key = (source, shop_of(order_id), kind)
        before, newest = found.get(key, (0, at))
        found[key] = (before + count, max(newest, at))
    return [Group(*key, count, newest) for key, (count, newest) in sorted(found.items())]


async def heed(db: Database) -> int:
    """One task for each shop and kind whose documents are in quarantine; done when none is. How many changed.

    A task that a person closed is opened again by newer documents only.
    """
    async with db.reading() as tx:
        here = await groups(tx)
        # Apart, so that each goes by an index: closed tasks are kept, and this is asked every few seconds.
        tasks = sa.select(col(TaskRow.key), col(TaskRow.closed_at))
        still = (await tx.execute(tasks.where(col(TaskRow.kind) == TASK, col(TaskRow.closed_at).is_(None)))).tuples()
        of_these = (await tx.execute(tasks.where(col(TaskRow.key).in_([one.key for one in here])))).tuples()
        closed_at: dict[str, datetime | None] = dict([*still, *of_these])
    wanted = [one for one in here if one.key not in closed_at or _newer(one, closed_at[one.key])]
    over = sorted({key for key, at in closed_at.items() if at is None} - {one.key for one in here})
    if not wanted and not over:
        return 0
    changed = 0
    async with db.transaction() as tx:
        for one in wanted:
            changed += await open_task(tx, one.key, TASK, one.words(), alert=True, again=True)
        for key in over:
            changed += await close_task(tx, key, "orderhub")
    return changed


def _newer(group: Group, closed_at: datetime | None) -> bool:
    return closed_at is not None and group.newest > closed_at


async def documents(tx: AsyncSession, limit: int) -> list[InboxRow]:
    """What is in quarantine, the newest first."""
    query = _here(select(InboxRow)).order_by(col(InboxRow.seq).desc()).limit(limit)
    return list((await tx.execute(query)).scalars())


async def again(tx: AsyncSession, seqs: Sequence[int]) -> list[int]:
    """Have documents read again, which is for when what could not be read was mended. Which were in quarantine."""
    values = {"status": NEW, "attempts": 0, "next_try_at": utc_now(), "claimed_until": None, "done_at": None}
    return await _out(tx, seqs, values)


async def drop(tx: AsyncSession, seqs: Sequence[int], by: str, why: str) -> list[int]:
    """Have nothing come of documents, who wanted that and why. Which were in quarantine."""
    return await _out(tx, seqs, {"status": DONE, "outcome": f"dropped by {by}: {why}"[:500], "done_at": utc_now()})


async def _out(tx: AsyncSession, seqs: Sequence[int], values: dict[str, Any]) -> list[int]:
    row = InboxRow
    out = update(row).where(col(row.seq).in_(seqs), col(row.status) == QUARANTINED).values(**values)
    return sorted(seq for seq in (await tx.execute(out.returning(col(row.seq)))).scalars() if seq is not None)


def shop_of(order_id: str | None) -> str:
    """The shop in an order's id; "" without one."""
    try:
        return split_order_id(order_id or "")[1]
    except ValueError:
        return ""


def _here(query: Any) -> Any:
    row = InboxRow
    return query.where(row.status == QUARANTINED, not_(col(row.outcome).startswith(UNKNOWN, autoescape=True)))

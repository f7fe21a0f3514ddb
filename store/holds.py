"""Holds of an order, and the tasks that people see."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from store.tables import HoldRow, OrderRow, TaskRow
from store.upsert import insert_ignore


async def open_hold(tx: AsyncSession, row: OrderRow, n: int, reason: str, detail: str, deadline: datetime) -> None:
    """Keep a hold, and show it in the index."""
    now = utc_now()
    values = {"order_id": row.order_id, "n": n, "reason": reason, "detail": detail, "opened_at": now}
    rest = {"deadline": deadline, "escalated": 0, "closed_by": "", "how": ""}
    if not await insert_ignore(tx, HoldRow, {**values, **rest}):
        return  # opened before; it may be closed again by now
    row.holds = sorted({*row.holds, reason})
    row.in_flight = False
    tx.add(row)


async def say_again(tx: AsyncSession, order_id: str, reason: str, detail: str, about: str = "") -> None:
    """The open hold for a reason and its task say what is wrong now; nothing happens when there is none.

    `about` is how the sentences of one consignment's holds begin: those of others are left as they are.
    """
    for hold in await open_holds(tx, order_id):
        if hold.reason == reason and hold.detail.startswith(about):
            hold.detail = detail
            tx.add(hold)
            task = update(TaskRow).where(col(TaskRow.key) == task_key(order_id, hold.n))
            await tx.execute(task.values(text=detail))


def task_key(order_id: str, n: int) -> str:
    """The key of the task that the nth hold of an order opens."""
    return f"{order_id}/hold/{n}"


async def close_hold(tx: AsyncSession, row: OrderRow, n: int, by: str, how: str) -> None:
    """End a hold."""
    hold = await tx.get(HoldRow, (row.order_id, n))
    if hold is not None and hold.closed_at is None:
        hold.closed_at, hold.closed_by, hold.how = utc_now(), by, how
        tx.add(hold)
        await tx.flush()
    still = select(HoldRow.reason).where(HoldRow.order_id == row.order_id, col(HoldRow.closed_at).is_(None))
    row.holds = sorted(set((await tx.execute(still)).scalars()))
    tx.add(row)


async def open_holds(tx: AsyncSession, order_id: str) -> list[HoldRow]:
    """The holds that stop an order now, oldest first."""
    query = select(HoldRow).where(HoldRow.order_id == order_id, col(HoldRow.closed_at).is_(None))
    return list((await tx.execute(query.order_by(col(HoldRow.n)))).scalars())


async def open_task(
    tx: AsyncSession,
    key: str,
    kind: str,
    text: str,
    *,
    order_id: str | None = None,
    alert: bool = False,
    again: bool = False,
    due_at: datetime | None = None,
    proposal: dict[str, Any] | None = None,
) -> bool:
    """Ask a person for something, once per `key`. False when the task exists already.

    `again`: what it is about may come back, so a closed task is opened anew. `due_at`: until when it should be done.
    `proposal`: what to do, as data (`domain.proposals`).
    """
    values: dict[str, Any] = {
        "order_id": order_id,
        "kind": kind,
        "text": text,
        "severity": "alert" if alert else "normal",
        "opened_at": utc_now(),
        "closed_by": "",
        "due_at": due_at,
        "proposal": proposal,
    }
    if await insert_ignore(tx, TaskRow, {"key": key, **values}):
        return True
    if not again:
        return False
    closed = update(TaskRow).where(col(TaskRow.key) == key, col(TaskRow.closed_at).is_not(None))
    reopened = closed.values(**values, closed_at=None).returning(col(TaskRow.key))
    return (await tx.execute(reopened)).first() is not None


async def open_tasks(tx: AsyncSession, order_id: str) -> list[TaskRow]:
    """What people must do about an order now, oldest first."""
    query = select(TaskRow).where(TaskRow.order_id == order_id, col(TaskRow.closed_at).is_(None))
    return list((await tx.execute(query.order_by(col(TaskRow.opened_at), col(TaskRow.key)))).scalars())


async def keep_task(
    tx: AsyncSession, key: str, kind: str, text: str, *, order_id: str | None = None, alert: bool = False
) -> bool:
    """One living task per `key`: opened (again) where it is not open, given these words where it is. True when it was
    opened."""
    if await open_task(tx, key, kind, text, order_id=order_id, alert=alert, again=True):
        return True
    await tx.execute(
        update(TaskRow)
        .where(col(TaskRow.key) == key, col(TaskRow.closed_at).is_(None), col(TaskRow.text) != text)
        .values(text=text)
    )
    return False


async def close_task(tx: AsyncSession, key: str, by: str) -> bool:
    """A task is done, by whom. False when it was not open."""
    done = (
        update(TaskRow)
        .where(col(TaskRow.key) == key, col(TaskRow.closed_at).is_(None))
        .values(closed_at=utc_now(), closed_by=by)
        .returning(col(TaskRow.key))
    )
    return (await tx.execute(done)).first() is not None

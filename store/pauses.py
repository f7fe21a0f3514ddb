"""Pauses: begun by a person or a spike, asked for by the steps that they stop, ended by their time or a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_, select

from domain.clock import BEIJING, format_beijing, utc_now
from domain.holds import HoldReason, Release
from domain.pauses import Paused, Slice, slice_words
from domain.texts import text
from store.holds import close_task, open_task
from store.tables import HoldRow, PauseRow, TaskRow
from store.upsert import insert_ignore

KIND = "paused"
"""The kind of the tasks: one for each pause."""

RESUMED = "resumed"
"""The kind of the notes that one has ended."""

NOTED_FOR = timedelta(hours=1)

OF_TIME = "orderhub"
"""Who ends what ends by its time."""

TOLD_FOR = timedelta(minutes=2)
"""For so long orders are told of a pause that ended: one that saw it in force may only then begin to wait."""


def task_key(n: int) -> str:
    """The key of the task about a pause."""
    return f"pause/{n}"


def in_force(now: datetime) -> ColumnElement[bool]:
    """What stands still at a moment: from then on, too, before the sweep has ended it."""
    return and_(col(PauseRow.ended_at).is_(None), or_(col(PauseRow.until).is_(None), col(PauseRow.until) > now))


async def stops(tx: AsyncSession, order_id: str, kind: Slice, names: Collection[str]) -> Paused | None:
    """The pause that keeps an order from a step that these slices are paused at; None: it may go on.

    An order that a person released since the pause began goes on.
    """
    query = select(PauseRow).where(in_force(utc_now()), PauseRow.kind == kind, col(PauseRow.name).in_(names))
    for row in (await tx.execute(query.order_by(col(PauseRow.n)))).scalars():
        released = select(HoldRow.n).where(
            HoldRow.order_id == order_id,
            HoldRow.reason == HoldReason.PAUSED,
            HoldRow.how == Release.OPERATOR,
            col(HoldRow.closed_at) >= row.since,
        )
        if (await tx.execute(released.limit(1))).first() is None:
            return Paused(row.n or 0, sentence(row), row.until)
    return None


async def stopped(tx: AsyncSession, order_id: str, kind: Slice, names: Collection[str]) -> set[str]:
    """Those of these slices that are paused for an order."""
    query = select(PauseRow.name).where(in_force(utc_now()), PauseRow.kind == kind, col(PauseRow.name).in_(names))
    paused = set((await tx.execute(query)).scalars())
    return {name for name in paused if await stops(tx, order_id, kind, [name]) is not None}


def sentence(row: PauseRow) -> str:
    """What is paused and why, in words."""
    until = format_beijing(row.until)[:16] if row.until else text("pause.by_hand")
    return text("pause.says", what=slice_words(row.kind, row.name), why=row.why, until=until)


async def begin(
    tx: AsyncSession,
    kind: Slice,
    name: str,
    why: str,
    by: str,
    *,
    now: datetime,
    until: datetime | None = None,
    who: str = "role.operations",
    measure: str = "",
    rule: str = "",
    facts: dict[str, Any] | None = None,
) -> PauseRow | None:
    """Pause a slice, and tell people. None when it is paused already."""
    await end_over(tx, now, kind, name)
    values = {"kind": kind, "name": name, "why": why, "by": by, "since": now, "until": until, "measure": measure}
    rest = {"rule": rule, "facts": facts or {}, "ended_by": "", "ended_at": None, "woken": False}
    if not await insert_ignore(tx, PauseRow, {**values, **rest}):
        return None
    row: PauseRow = (await tx.execute(_open(kind, name))).scalar_one()
    words = text("task.paused", says=sentence(row), who=text(who), number=row.n)
    await open_task(tx, task_key(row.n or 0), KIND, words, alert=True)
    return row


def _open(kind: str, name: str) -> Any:
    return select(PauseRow).where(PauseRow.kind == kind, PauseRow.name == name, col(PauseRow.ended_at).is_(None))


async def end(tx: AsyncSession, n: int, by: str, at: datetime) -> bool:
    """End a pause, and its task, and tell people. False when it is not open."""
    ended = (
        update(PauseRow)
        .where(col(PauseRow.n) == n, col(PauseRow.ended_at).is_(None))
        .values(ended_at=at, ended_by=by)
        .returning(PauseRow)
    )
    row = (await tx.execute(ended)).scalar_one_or_none()
    if row is None:
        return False
    await close_task(tx, task_key(n), by)
    lasted = int((at - row.since).total_seconds()) // 60
    how = text("pause.by_time") if by == OF_TIME else by
    what = slice_words(row.kind, row.name)
    words = text("task.resumed", what=what, by=how, minutes=lasted, why=row.why)
    await open_task(tx, f"{task_key(n)}/ended", RESUMED, words)
    return True


async def forget_ends(tx: AsyncSession, now: datetime) -> None:
    """The notes that a pause has ended are for whoever looks within the hour."""
    old = update(TaskRow).where(
        col(TaskRow.kind) == RESUMED, col(TaskRow.closed_at).is_(None), col(TaskRow.opened_at) <= now - NOTED_FOR
    )
    await tx.execute(old.values(closed_at=now, closed_by=OF_TIME))


async def end_over(tx: AsyncSession, now: datetime, kind: str | None = None, name: str | None = None) -> list[int]:
    """End the pauses whose time is over, as of that time. Returns their numbers."""
    query = select(PauseRow).where(col(PauseRow.ended_at).is_(None), col(PauseRow.until) <= now)
    if kind is not None:
        query = query.where(PauseRow.kind == kind, PauseRow.name == name)
    rows = (await tx.execute(query.order_by(col(PauseRow.n)))).scalars().all()
    return [row.n for row in rows if row.n is not None and await end(tx, row.n, OF_TIME, row.until or now)]


async def listed(tx: AsyncSession, *, every: bool = False, limit: int = 200) -> list[PauseRow]:
    """The open pauses, the newest first; with `every` those that have ended, too."""
    query = select(PauseRow).order_by(col(PauseRow.n).desc()).limit(limit)
    if not every:
        query = query.where(col(PauseRow.ended_at).is_(None))
    return list((await tx.execute(query)).scalars())


@dataclass(frozen=True)
class Ended:
    """When the last pause of a slice ended, and whether by its time: then the slice is on trial."""

    at: datetime
    by_time: bool


async def ended_since(tx: AsyncSession, since: datetime) -> dict[tuple[str, str], Ended]:
    """The last pause of each slice that had one which ended since then, by kind and name."""
    query = select(PauseRow).where(col(PauseRow.ended_at) > since).order_by(col(PauseRow.n))
    return {
        (row.kind, row.name): Ended(row.ended_at, row.ended_by == OF_TIME)
        for row in (await tx.execute(query)).scalars()
        if row.ended_at is not None
    }


async def to_wake(tx: AsyncSession, now: datetime, limit: int) -> list[str]:
    """The orders that wait for a pause, the longest waiting first, where one has ended that not all were told of."""
    over = select(PauseRow.n).where(col(PauseRow.ended_at) <= now, ~col(PauseRow.woken))
    numbers = list((await tx.execute(over)).scalars())
    if not numbers:
        return []
    query = (
        select(HoldRow.order_id)
        .where(
            HoldRow.reason == HoldReason.PAUSED,
            col(HoldRow.closed_at).is_(None),
        )
        .order_by(col(HoldRow.opened_at))
        .limit(limit)
    )
    found = list(dict.fromkeys((await tx.execute(query)).scalars()))
    if len(found) < limit:
        told = update(PauseRow).where(col(PauseRow.n).in_(numbers), col(PauseRow.ended_at) <= now - TOLD_FOR)
        await tx.execute(told.values(woken=True))
    return found


async def waiting(tx: AsyncSession) -> int:
    """How many orders wait for the end of a pause."""
    query = select(func.count(col(HoldRow.order_id).distinct()))
    held = query.where(HoldRow.reason == HoldReason.PAUSED, col(HoldRow.closed_at).is_(None))
    return int((await tx.execute(held)).scalar_one())


def as_json(row: PauseRow) -> dict[str, Any]:
    """A pause for the command line and the staff API."""
    fields = ("n", "kind", "name", "measure", "why", "rule", "facts", "by", "ended_by")
    return {
        **{name: getattr(row, name) for name in fields},
        "text": sentence(row),
        **{name: _moment(getattr(row, name)) for name in ("since", "until", "ended_at")},
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds") if moment is not None else None

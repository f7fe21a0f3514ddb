"""Deadlines as JSON: what the command line and the staff API show."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import BEIJING
from domain.sourcing import Reason
from domain.texts import text
from store import deadlines
from store.tables import StageDeadlineRow


async def report(tx: AsyncSession, now: datetime, window: timedelta, limit: int) -> dict[str, Any]:
    """How the orders stand in each stage, the `limit` that are late for longest, and how long stages took within a
    window, in seconds."""
    standing = await deadlines.standing(tx, now)
    return {
        "at": _moment(now),
        "late": sum(one.late for one in standing.values()),
        "stages": [{"stage": stage, **asdict(one)} for stage, one in standing.items()],
        "latest": [{"order_id": row.order_id, **seen(row, now)} for row in await deadlines.late(tx, now, limit)],
        "days": window.days,
        "durations": [
            {
                "stage": one.stage,
                one.kind: one.name,
                "orders": one.count,
                "in_time": one.in_time,
                "seconds": one.seconds(),
            }
            for one in await deadlines.durations(tx, now, window)
        ],
    }


def seen(row: StageDeadlineRow, now: datetime) -> dict[str, Any]:
    """One stage of an order: when it is due, how it stands, who was told, and why it is due then."""
    return {
        "stage": row.stage,
        "text": text(f"deadline.stage.{row.stage}"),
        "began_at": _moment(row.began_at),
        "due_at": _moment(row.due_at),
        "status": _status(row, now),
        "stopped_since": _moment(row.stopped_since),
        "ended_at": _moment(row.ended_at),
        "told": [
            {"level": level, "who": text(who), "at": _moment(datetime.fromisoformat(at))} for level, who, at in row.told
        ],
        "why": [Reason(key, tuple(params.items())).text() for key, params in row.why] or _why_not(row),
    }


def _why_not(row: StageDeadlineRow) -> list[str]:
    return [text("deadline.not_judged")] if row.ended_at is None else []


def _status(row: StageDeadlineRow, now: datetime) -> str:
    """left, met, missed (over, but late), late, stopped, warned, open."""
    if row.outcome == deadlines.LEFT:
        return "left"
    late = row.due_at is not None and row.due_at <= (row.ended_at or now)
    if row.ended_at is not None:
        return "missed" if late else "met"
    if late:
        return "late"
    if row.stopped_since is not None:
        return "stopped"
    return "warned" if row.level == 0 else "open"


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(BEIJING).isoformat(timespec="seconds") if moment is not None else None

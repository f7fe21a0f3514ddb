"""Orders in a list, each with what is wrong with it, as plain data; nothing of their buyers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import BEIJING
from domain.review import badge
from domain.texts import channel_name, text
from store import lookup
from store.lookup import Counts
from store.tables import FlagRow, HoldRow, OrderRow
from views.words import beside


async def order_list(tx: AsyncSession, rows: Sequence[OrderRow], now: datetime) -> list[dict[str, Any]]:
    """The orders in the order given; times at +08:00. Of findings those of living orders that stand
    and nobody has released."""
    ids = [row.order_id for row in rows]
    holds = await lookup.open_holds(tx, ids)
    late = await lookup.late_stages(tx, ids, now)
    flags = await lookup.standing_flags(tx, ids)
    return [
        {
            "order_id": row.order_id,
            "channel": row.channel,
            "channel_text": channel_name(row.channel),
            "shop": row.shop,
            "channel_order_no": row.channel_order_no,
            "state": row.state,
            "exit": row.exit,
            "state_text": text(f"state.{row.exit or row.state or 'none'}"),
            "amount_fen": row.amount_fen,
            "placed_at": _moment(row.placed_at),
            "updated_at": _moment(row.updated_at),
            "holds": [_hold(hold) for hold in holds.get(row.order_id, [])],
            "late": [{"stage": stage, "text": text(f"deadline.stage.{stage}")} for stage in late.get(row.order_id, [])],
            "flags": [_flag(flag) for flag in flags.get(row.order_id, []) if flag.released_at is None and _living(row)],
        }
        for row in rows
    ]


def _living(row: OrderRow) -> bool:
    """What was found about an order that is at its end needs nobody any more."""
    return row.closed_at is None


async def open_tasks(tx: AsyncSession, limit: int) -> list[dict[str, Any]]:
    """What people are asked to do now, alerts first, then what is due soonest."""
    return [
        {
            "order_id": task.order_id,
            "kind": task.kind,
            "badge": text(task.kind) if task.kind.startswith("hold.") else "",
            "text": task.text,
            "says": beside(text(task.kind), task.text) if task.kind.startswith("hold.") else task.text,
            "severity": task.severity,
            "opened_at": _moment(task.opened_at),
            "due_at": _moment(task.due_at) if task.due_at is not None else None,
        }
        for task in await lookup.tasks(tx, limit)
    ]


def counted(counts: Counts) -> dict[str, Any]:
    """What waits for people now, the most frequent hold first."""
    return {
        "held": counts.held,
        "holds": [{"reason": why, "text": text(f"hold.{why}"), "orders": n} for why, n in counts.holds.items()],
        "late": counts.late,
        "tasks": counts.tasks,
        "alerts": counts.alerts,
    }


def _hold(hold: HoldRow) -> dict[str, Any]:
    return {
        "reason": hold.reason,
        "text": text(f"hold.{hold.reason}"),
        "detail": hold.detail,
        "says": beside(text(f"hold.{hold.reason}"), hold.detail),
        "opened_at": _moment(hold.opened_at),
        "deadline": _moment(hold.deadline),
    }


def _flag(flag: FlagRow) -> dict[str, Any]:
    return {"code": flag.code, "hold": flag.hold, "badge": badge(flag.hold), "detail": flag.detail}


def _moment(moment: datetime) -> str:
    return moment.astimezone(BEIJING).isoformat()

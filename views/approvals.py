"""What an order asked of approvers and what they decided, as people see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.approvals import RequestStatus, candidates, role_name
from domain.clock import moment_json, utc_now
from domain.texts import text
from store import approvals, approvers
from store.tables import ApprovalRequestRow, ApprovalRow


async def trail(tx: AsyncSession, order_id: str) -> list[dict[str, Any]]:
    """Every question of an order with every decision about it, oldest first; times at +08:00."""
    decided = await approvals.decisions(tx, order_id)
    names = await approver_names(tx)
    return [
        {**await question(tx, row), "decisions": [_decision(one, names) for one in decided if one.n == row.n]}
        for row in await approvals.requests(tx, order_id)
    ]


async def waiting(tx: AsyncSession) -> list[dict[str, Any]]:
    """Every question that somebody must answer now, the most urgent first."""
    return [await question(tx, row) for row in await approvals.open_requests(tx)]


async def approver_names(tx: AsyncSession) -> dict[str, str]:
    """What approvers are called, by their ids."""
    return {one.id: one.name or one.id for one in await approvers.roster(tx)}


async def question(tx: AsyncSession, row: ApprovalRequestRow) -> dict[str, Any]:
    """One question; `asked` are the ids of those who are asked now."""
    asked, names = [], {}
    if row.status == RequestStatus.OPEN:
        people = await approvers.roster(tx)
        asked = [one.id for one in candidates(approvals.question(row), people, utc_now())]
        names = {one.id: one.name for one in people}
    return {
        "order_id": row.order_id,
        "n": row.n,
        "row": row.row,
        "rule": row.rule,
        "step": row.step,
        "mode": row.mode,
        "role": row.role,
        "role_text": role_name(row.role),
        "amount_fen": row.amount_fen,
        "revision": row.revision,
        "status": row.status,
        "status_text": text(f"approval.status.{row.status}"),
        "stage": row.stage,
        "opened_at": moment_json(row.opened_at),
        "deadline": moment_json(row.deadline),
        "asked": asked,
        "asked_names": [names.get(one) or one for one in asked],
    }


def _decision(row: ApprovalRow, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "at": moment_json(row.at),
        "who": row.who,
        "who_text": names.get(row.who, row.who),
        "verdict": row.verdict,
        "verdict_text": text(f"approval.verdict.{row.verdict}"),
        "standing": row.standing,
        "stands_for": row.stands_for,
        "way": row.way,
        "why": row.why,
        "amount_fen": row.amount_fen,
    }

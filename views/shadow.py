"""What staff see of an order that an old system works on: what would have been done with it, and what was."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import BEIJING, utc_now
from store import shadow_reports, shadows
from store.tables import ShadowDecisionRow
from views.history import Written, why_words


async def shadow_view(tx: AsyncSession, order_id: str) -> dict[str, Any] | None:
    """Everything as JSON, the newest decision with what it was made of; None for an order of ours."""
    compared = await shadow_reports.one_order(tx, order_id, utc_now())
    if compared is None:
        return None
    decided = await shadows.decisions(tx, order_id)
    return {**shadow_reports.order_facts(compared), "decision": _decision(decided[-1]) if decided else None}


def _decision(row: ShadowDecisionRow) -> dict[str, Any]:
    holds = {flag["code"]: flag["hold"] for flag in row.flags}
    return {
        "revision": row.revision,
        "at": row.at.astimezone(BEIJING).isoformat(),
        "would": row.would,
        "why": row.why,
        "text": why_words(Written("shadow.decided", f"{row.would}: {row.why}" if row.why else row.would, holds=holds)),
        "flags": row.flags,
        "strategy": row.strategy,
        "reason": row.reason,
        "scores": row.scores,
        "freight_fen": row.freight_fen,
        "consignments": row.consignments,
        "couriers": row.couriers,
        "rules": row.rules,
    }

"""What a review's demo tells of itself: what was found, what stopped, and what became of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import col, func, select

from domain.approvals import Standing, Verdict
from domain.clock import utc_now
from embedded.scenarios.review_credit import credit_report
from embedded.scenarios.scenario import Stage
from store.tables import (
    ApprovalRequestRow,
    ApprovalRow,
    DeclarationRow,
    DeclarationSupplyRow,
    FlagRow,
    HoldRow,
    NotificationRow,
    StageDeadlineRow,
)


async def report(stage: Stage, brought: Collection[str]) -> dict[str, Any]:
    """The report. `brought` are the codes that the plays were to bring."""
    async with stage.db.reading() as tx:
        flags = Counter((await tx.execute(select(FlagRow.code))).scalars())
        holds = (await tx.execute(select(HoldRow))).scalars().all()
        decided = (await tx.execute(select(ApprovalRow))).scalars().all()
        standing = Counter((await tx.execute(select(DeclarationRow.status))).scalars())
        taken = select(func.count()).where(col(DeclarationSupplyRow.taken_at).is_not(None))
        supplied = int((await tx.execute(taken)).scalar_one())
        told = select(func.count()).where(NotificationRow.purpose == "declaration", NotificationRow.status != "failed")
        messages = int((await tx.execute(told)).scalar_one())
        late = select(func.count()).where(ApprovalRequestRow.stage > 0)
        asked_late = int((await tx.execute(late)).scalar_one())
        ended = func.coalesce(col(StageDeadlineRow.ended_at), utc_now())
        overdue = select(func.count()).select_from(StageDeadlineRow).where(col(StageDeadlineRow.due_at) < ended)
        stages_late = int((await tx.execute(overdue)).scalar_one())
    return {
        "flags": dict(sorted(flags.items())),
        "flags_lacking": sorted(set(brought) - set(flags)),
        "holds": dict(sorted(Counter(hold.reason for hold in holds).items())),
        "released": dict(sorted(Counter(f"{hold.reason}: {hold.how} ({hold.closed_by})" for hold in holds).items())),
        "deadlines_missed": sum(hold.escalated for hold in holds) + asked_late + stages_late,
        "approvals": _approvals(decided),
        "declarations": {**dict(sorted(standing.items())), "supplied": supplied},
        "messages_to_managers": messages,
        "on_account": await credit_report(stage),
        "left_in_holds": sum(hold.closed_at is None for hold in holds),
    }


def _approvals(decided: Sequence[ApprovalRow]) -> dict[str, int]:
    """How often each was decided, by what right, and how many orders two people have signed."""
    agreed = [one for one in decided if one.verdict == Verdict.APPROVE]
    signed: defaultdict[str, set[str]] = defaultdict(set)
    for one in agreed:
        signed[one.order_id].add(one.who)
    return {
        **dict(sorted(Counter(str(one.verdict) for one in decided).items())),
        "by_deputy": sum(one.standing == Standing.DEPUTY for one in agreed),
        "escalated": sum(one.standing == Standing.ESCALATED for one in agreed),
        "countersigned": sum(len(people) > 1 for people in signed.values()),
    }

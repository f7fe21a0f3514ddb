"""Deadlines: a stage is open as long as its order is in it, and no longer."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from audit.evidence import Evidence, stream
from audit.report import Outcome
from domain.deadlines import SPANS, Stage
from domain.golden import GoldenState, reached
from store.tables import StageDeadlineRow


async def deadlines_follow(evidence: Evidence) -> Outcome:
    """An open stage is one that its order is in; none of an order that left or came to the stage's end is open."""
    seen = Outcome()
    row = StageDeadlineRow
    statement = select(col(row.order_id), col(row.stage), col(row.ended_at))
    async with evidence.snapshot() as tx:
        async for oid, stage, ended in stream(tx, statement.order_by(col(row.order_id), col(row.stage))):
            seen.looked_at += 1
            if ended is not None:
                continue
            order = evidence.orders.get(oid)
            if order is None or order.state is None or order.state not in GoldenState.__members__:
                continue  # an order that began after the evidence was gathered
            if order.exit is not None:
                seen.find(oid, f"{stage} is open, but the order left as {order.exit}")
            elif reached(GoldenState(order.state), SPANS[Stage(stage)].ends):
                seen.find(oid, f"{stage} is open, but the order is {order.state}")
    return seen

"""A step of an order's life as one SQL transaction, keyed so that running it again changes nothing.

`run_step` does the work, moves the golden state, writes the audit event and the index row together. A step that ran
before gives back the result that it gave then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from domain.clock import utc_now
from domain.deciding import decided_by, new_decision
from domain.golden import Exit, GoldenState, Trigger, advance
from domain.order import Order
from store import deadlines
from store.database import Database
from store.tables import OrderEventRow, OrderRow

STAGES = "stages"
"""Where a result has room for it, it says when the first of the stages that the order is in now is due."""


class UnknownOrder(LookupError):
    """No such order in the store."""


@dataclass(frozen=True)
class Done:
    """What a step did. `trigger` moves the golden state; `result` is plain JSON, given again when it is re-run.

    `body` is the newest body of the order, from a step that has just read it.
    """

    what: str
    why: str = ""
    trigger: Trigger | None = None
    exit: Exit | None = None
    result: dict[str, Any] = field(default_factory=dict)
    body: Order | None = None


Work = Callable[[AsyncSession, OrderRow], Awaitable[Done]]


async def run_step(db: Database, order_id: str, step: str, who: str, work: Work) -> dict[str, Any]:
    """Run `work` once for (order, step) and return its result; when it ran before, return what it gave then.

    Raises UnknownOrder, and whatever `work` raises (then nothing is kept).
    """
    async with db.transaction() as tx:
        # The lock comes first: the same step may be running elsewhere (a slow local activity and its successor).
        row = await load_order(tx, order_id)
        before = await ran_before(tx, order_id, step)
        if before is not None:
            return before
        with new_decision():  # a step never mixes versions of a rule set
            done = await work(tx, row)
            await record(tx, row, step, who, done)
        return done.result


async def result_of(tx: AsyncSession, order_id: str, step: str) -> dict[str, Any]:
    """What a step that ran gave. Raises LookupError when it did not run."""
    result = await ran_before(tx, order_id, step)
    if result is None:
        raise LookupError(f"{order_id} has not run {step}")
    return result


async def record(tx: AsyncSession, row: OrderRow, step: str, who: str, done: Done) -> None:
    """Write a step's event and its effect on the index row, and by which rules it decided.

    Raises IllegalMove when a golden state would be skipped.
    """
    now = utc_now()
    before = row.state
    if done.trigger is not None:
        row.state = advance(None if before is None else GoldenState(before), done.trigger)
    if done.exit is not None:
        row.exit = done.exit
    if done.exit is not None or row.state == GoldenState.WARRANTY_ACTIVATED:
        row.closed_at = row.closed_at or now
    row.updated_at = now
    tx.add(row)
    if row.state != before or done.exit is not None or STAGES in done.result:
        due = await deadlines.moved(tx, row, before, now, done.body)
        if STAGES in done.result:
            done.result[STAGES] = {"due": due.isoformat() if due is not None else None}
    tx.add(
        OrderEventRow(
            order_id=row.order_id,
            step=step,
            at=now,
            who=who,
            what=done.what,
            why=done.why,
            state_before=before,
            state_after=row.state,
            result=done.result,
            rules=decided_by() or None,
        )
    )
    await tx.flush()


async def load_order(tx: AsyncSession, order_id: str) -> OrderRow:
    """The index row, locked against other steps of this order where the database can. Raises UnknownOrder."""
    row = await tx.get(OrderRow, order_id, with_for_update=True)
    if row is None:
        raise UnknownOrder(order_id)
    return row


async def ran_before(tx: AsyncSession, order_id: str, step: str) -> dict[str, Any] | None:
    """What a step of an order gave when it ran; None when it did not. Ask under the lock of `load_order`."""
    query = select(OrderEventRow.result).where(OrderEventRow.order_id == order_id, OrderEventRow.step == step)
    return (await tx.execute(query)).scalar_one_or_none()

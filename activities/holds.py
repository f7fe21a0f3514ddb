"""Holds, tasks and exits in our own books."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import (
    CLOSE_HOLD,
    ESCALATE_HOLD,
    OPEN_HOLD,
    RAISE_TASK,
    RECORD_CANCELLED,
    RECORD_UNDELIVERED,
    HoldEnd,
    HoldFact,
    Reasoned,
    StagesDue,
    TaskFact,
)
from activities.healing import choice_key, count
from activities.results import stages
from domain.clock import utc_now
from domain.golden import Exit
from domain.holds import HoldReason, Release
from domain.texts import text
from store import approvals, credit_limits, deadlines, flags, gifts, holds, orders, tracking
from store.database import Database
from store.healings import Healing
from store.steps import STAGES, Done, run_step
from store.tables import HoldRow, OrderRow


class HoldSteps:
    """What stops an order, and who must do something about it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @activity.defn(name=OPEN_HOLD.name)
    async def open_hold(self, hold: HoldFact) -> StagesDue | None:
        """Keep a hold, show it in the index, and ask a person."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            await holds.open_hold(tx, row, hold.n, hold.reason, hold.detail, hold.deadline)
            key = holds.task_key(hold.order_id, hold.n)
            await holds.open_task(tx, key, f"hold.{hold.reason}", hold.detail, order_id=hold.order_id)
            await deadlines.look_again(tx, hold.order_id, utc_now())  # it may stop their clock
            return Done("hold.opened", f"{hold.reason}: {hold.detail}", result={STAGES: None})

        return stages(await run_step(self._db, hold.order_id, f"hold/{hold.n}/open", "orderhub", work))

    @activity.defn(name=CLOSE_HOLD.name)
    async def close_hold(self, end: HoldEnd) -> StagesDue | None:
        """End a hold and its task."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            await holds.close_hold(tx, row, end.n, end.by, end.how)
            await deadlines.look_again(tx, end.order_id, utc_now())
            await holds.close_task(tx, holds.task_key(end.order_id, end.n), end.by)
            if end.how in (Release.OPERATOR, Release.APPROVAL):
                await flags.release(tx, end.order_id, end.reason, end.by, end.why)
            if end.how == Release.OPERATOR and end.reason == HoldReason.CREDIT_LIMIT:
                # It counts all the same: what comes next finds so much less.
                await credit_limits.reserve(tx, await orders.body(tx, row.order_id), row.revision, forced_by=end.by)
            if end.reason == HoldReason.ADDRESS_INCOMPLETE and end.how != Release.DOCUMENT:
                # By a document it may be open again in a moment: then the review itself looks after the choice.
                await holds.close_task(tx, choice_key(end.order_id), end.by)
            why = f"{end.reason}: {end.how}" + (f", {end.why}" if end.why else "")
            return Done("hold.closed", why, result={STAGES: None})

        return stages(await run_step(self._db, end.order_id, f"hold/{end.n}/close", end.by, work))

    @activity.defn(name=ESCALATE_HOLD.name)
    async def escalate_hold(self, end: HoldEnd) -> None:
        """Nobody acted in time: an alert, and a new deadline."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            hold = await tx.get(HoldRow, (end.order_id, end.n))
            if hold is not None and hold.closed_at is None and end.deadline is not None:
                hold.escalated += 1
                hold.deadline = end.deadline
                tx.add(hold)
                key = f"{holds.task_key(end.order_id, end.n)}/escalated/{hold.escalated}"
                sentence = text("task.hold_overdue", badge=text(f"hold.{end.reason}"), detail=hold.detail)
                await holds.open_task(tx, key, "hold_overdue", sentence, order_id=end.order_id, alert=True)
            return Done("hold.escalated", end.reason)

        moment = end.deadline.isoformat() if end.deadline else ""
        await run_step(self._db, end.order_id, f"hold/{end.n}/escalate/{moment}", "timer", work)

    @activity.defn(name=RAISE_TASK.name)
    async def raise_task(self, task: TaskFact) -> None:
        """Ask a person for something, once per key."""

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            await holds.open_task(tx, task.key, task.kind, task.text, order_id=task.order_id, alert=task.alert)
            return Done("task.raised", f"{task.kind}: {task.text}")

        await run_step(self._db, task.order_id, f"task/{task.kind}", "orderhub", work)

    @activity.defn(name=RECORD_CANCELLED.name)
    async def record_cancelled(self, cancel: Reasoned) -> None:
        """Everything is undone: the exit CANCELLED."""
        failed: list[Healing] = []

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            row.in_flight = False
            failed[:] = await gifts.call_off(tx, cancel.order_id)
            await approvals.drop_open(tx, cancel.order_id, utc_now())
            await credit_limits.let_go(tx, cancel.order_id, cancel.by)
            return Done("order.cancelled", cancel.reason, exit=Exit.CANCELLED)

        await run_step(self._db, cancel.order_id, "cancelled", cancel.by, work)
        await credit_limits.wake_after(self._db, cancel.order_id)
        count(failed)

    @activity.defn(name=RECORD_UNDELIVERED.name)
    async def record_undelivered(self, end: Reasoned) -> None:
        """A person closed an order whose parcel was refused, lost or returned: the exit UNDELIVERED."""
        failed: list[Healing] = []

        async def work(tx: AsyncSession, row: OrderRow) -> Done:
            failed[:] = await gifts.come_back(tx, end.order_id)
            await approvals.drop_open(tx, end.order_id, utc_now())
            await credit_limits.let_go(tx, end.order_id, end.by, came_back=True)
            await tracking.close_tasks(tx, end.order_id, end.by)
            return Done("order.undelivered", end.reason, exit=Exit.UNDELIVERED)

        await run_step(self._db, end.order_id, "undelivered", "operator", work)
        await credit_limits.wake_after(self._db, end.order_id)
        count(failed)

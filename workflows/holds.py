"""The holds of one order: each is kept in the store, has a timer, and ends in one of the ways that its policy names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from temporalio import workflow

from activities.contracts import CLOSE_HOLD, ESCALATE_HOLD, OPEN_HOLD, HoldEnd, HoldFact, StagesDue
from domain.holds import OF_THE_HOUSE, POLICIES, AtDeadline, HoldReason, Release, Step
from domain.texts import text
from workflows.steps import own


@dataclass(frozen=True)
class OpenHold:
    """A hold that stops the order now, or only its consignment `of` (0: all of it)."""

    n: int
    reason: HoldReason
    detail: str
    opened: datetime
    deadline: datetime
    of: int = 0


LapseListener = Callable[[OpenHold], Awaitable[None]]
"""Told of a hold that ended by its deadline."""

DueListener = Callable[[StagesDue | None], None]
"""Told of when the order's stages are due, since a hold may stop their clocks."""


class HoldBoard:
    """All holds of one order: one at a time for each reason, or for each reason and consignment."""

    def __init__(self, order_id: str, on_lapse: LapseListener, on_due: DueListener) -> None:
        self._order_id = order_id
        self._on_lapse = on_lapse
        self._on_due = on_due
        self._open: dict[int, OpenHold] = {}
        self._timers: dict[int, asyncio.Task[None]] = {}
        self._count = 0

    def now_open(self) -> list[OpenHold]:
        """The holds that stop the order now, oldest first."""
        return list(self._open.values())

    def has(self, reason: HoldReason, of: int | None = None) -> bool:
        """Whether a hold for this reason is open, of one consignment or of any."""
        return any(hold.reason is reason and of in (None, hold.of) for hold in self._open.values())

    def says(self, reason: HoldReason, detail: str) -> bool:
        """Whether a hold of the whole order for this reason is open, with just these words."""
        return any((hold.reason, hold.of, hold.detail) == (reason, 0, detail) for hold in self._open.values())

    def say_again(self, reason: HoldReason, detail: str) -> None:
        """The open hold of the whole order for this reason has these words now; its deadline stays."""
        for hold in self.now_open():
            if (hold.reason, hold.of) == (reason, 0):
                self._open[hold.n] = replace(hold, detail=detail)

    def blocks(self, *steps: Step, of: int = 0) -> bool:
        """Whether one of these steps must wait, for the whole order or for this consignment."""
        return any(POLICIES[hold.reason].blocks in steps and hold.of in (0, of) for hold in self._open.values())

    def keeps_parcels(self, of: int = 0) -> bool:
        """Whether packed parcels must not leave: what stops the warehouse, an approval that is still missing, and what
        the house objected to before they were packed."""
        objected = any(self.has(reason) for reason in (HoldReason.APPROVAL, *sorted(OF_THE_HOUSE)))
        return self.blocks(Step.WAREHOUSE, of=of) or objected

    async def open(self, reason: HoldReason, detail: str, of: int = 0, until: datetime | None = None) -> None:
        """Open a hold, unless one for this reason is open already. `until`: for so long it is expected to stay."""
        if self.has(reason, of):
            return
        self._count += 1
        now = workflow.now()
        hold = OpenHold(self._count, reason, detail, now, max(now, until or now) + POLICIES[reason].deadline, of)
        self._open[hold.n] = hold
        fact = HoldFact(self._order_id, hold.n, reason, detail, hold.deadline)
        self._on_due(await own(OPEN_HOLD, fact, badge=text(f"hold.{reason}")))
        if hold.n in self._open:
            self._timers[hold.n] = asyncio.create_task(self._watch(hold.n))

    async def close(
        self, reason: HoldReason, by: str, how: Release | str, of: int | None = None, why: str = ""
    ) -> None:
        """End the hold for this reason, of one consignment or of all; nothing happens when there is none."""
        for hold in [hold for hold in self._open.values() if hold.reason is reason and of in (None, hold.of)]:
            if self._open.pop(hold.n, None) is None:
                continue  # closed by somebody else while the one before it was
            timer = self._timers.pop(hold.n, None)
            if timer is not None and timer is not asyncio.current_task():
                timer.cancel()
            end = HoldEnd(self._order_id, hold.n, reason, by, str(how), why=why)
            self._on_due(await own(CLOSE_HOLD, end, badge=text(f"hold.{reason}")))

    async def close_all(self, by: str, how: Release | str, of: int | None = None) -> None:
        """End every hold, or every hold of one consignment."""
        for hold in self.now_open():
            if of in (None, hold.of):
                await self.close(hold.reason, by, how, of)

    async def _watch(self, n: int) -> None:
        while n in self._open:
            hold = self._open[n]
            badge = text(f"hold.{hold.reason}")
            await workflow.sleep(max(hold.deadline - workflow.now(), timedelta(0)), summary=badge)
            if n not in self._open:
                return
            policy = POLICIES[hold.reason]
            if policy.at_deadline is AtDeadline.LAPSE:
                await self.close(hold.reason, "timer", AtDeadline.LAPSE)
                await self._on_lapse(hold)
                return
            deadline = workflow.now() + policy.deadline
            self._open[n] = replace(hold, deadline=deadline)
            end = HoldEnd(self._order_id, n, hold.reason, "timer", AtDeadline.ESCALATE, deadline)
            await own(ESCALATE_HOLD, end, badge=badge)

"""Approvals of one order: its hold, who is told when, and what they decide."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from activities.contracts import (
    CHASE_APPROVERS,
    DECIDE_APPROVAL,
    SEND_APPROVAL_LINK,
    Accepted,
    ApprovalLink,
    Chase,
    Decision,
)
from domain.approvals import Verdict, Way
from domain.golden import GoldenState, reached
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.contracts import Decide, Outcome
from workflows.steps import own, partner

if TYPE_CHECKING:
    from workflows.life import OrderLife

_LOOK_AGAIN = timedelta(hours=12)
"""So often it is looked who must be asked, though nobody told that this has changed."""


class ApprovalDesk:
    """What an order needs agreed. `passing`: the review is being passed, and nothing is taken back any more."""

    def __init__(self, life: OrderLife) -> None:
        self.passing = False
        self._life = life
        self._deciding = 0
        self._news = False
        self._asking: asyncio.Task[None] | None = None
        self._sent: set[int] = set()
        self._sending: list[asyncio.Task[None]] = []

    def busy(self) -> bool:
        """Whether somebody's decision is being taken: what it comes to is not known yet."""
        return self._deciding > 0

    async def reviewed(self, accepted: Accepted) -> None:
        """Open or end the hold as the review of a revision says, and ask those who must be asked."""
        life = self._life
        details = [flag.detail for flag in accepted.flags if flag.hold == HoldReason.APPROVAL]
        if not details:
            await life.board.close(HoldReason.APPROVAL, "channel", Release.DOCUMENT)
            return
        await life.board.open(HoldReason.APPROVAL, "；".join(details), until=accepted.approve_by)
        self._ask()

    def roster_changed(self) -> None:
        """Other people may decide now: who is asked is looked at again."""
        self._news = True

    def check(self, wish: Decide) -> None:
        """Whether a decision may be asked for at all; who may decide what, the store knows. Raises ApplicationError."""
        life = self._life
        if wish.verdict not in set(Verdict) or wish.way not in set(Way):
            raise ApplicationError(text("approval.unknown"), type="NotAllowed")
        past = reached(life.state, GoldenState.RISK_PASSED) or self.passing
        if not life.board.has(HoldReason.APPROVAL) and (past or wish.verdict != Verdict.WITHDRAW):
            late = past and wish.verdict == Verdict.WITHDRAW
            raise ApplicationError(text("approval.withdraw_late" if late else "approval.not_waiting"), type="TooLate")

    async def decide(self, wish: Decide) -> Outcome:
        """Take a decision, and let the order go on when everybody has agreed."""
        life = self._life
        self._deciding += 1
        try:
            fact = Decision(life.order_id, wish.n, wish.verdict, wish.by, wish.way, wish.why, wish.amount_fen)
            decided = await own(DECIDE_APPROVAL, fact)
            if decided.done and decided.complete:
                await life.board.close(HoldReason.APPROVAL, wish.by, Release.APPROVAL)
            elif decided.done and life.exit is None and life.cancel is None:
                await life.board.open(HoldReason.APPROVAL, decided.detail, until=decided.by)
                self._ask()
        finally:
            self._deciding -= 1
        return Outcome(decided.done, decided.text)

    def _ask(self) -> None:
        self._news = True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._keep_asking())

    async def _keep_asking(self) -> None:
        """While somebody must decide: tell them, and look again at each deadline and when others may."""
        life = self._life
        while life.board.has(HoldReason.APPROVAL) and life.exit is None:
            self._news = False
            chased = await own(CHASE_APPROVERS, Chase(life.order_id, workflow.now()))
            for n in chased.links:
                if n not in self._sent:
                    self._sent.add(n)
                    self._sending.append(asyncio.create_task(self._send(n)))
            until = chased.deadline or workflow.now() + _LOOK_AGAIN
            pause = max(min(until - workflow.now(), _LOOK_AGAIN), timedelta(seconds=1))
            try:
                await workflow.wait_condition(
                    lambda: self._news or not life.board.has(HoldReason.APPROVAL),
                    timeout=pause,
                    timeout_summary=text("wait.approval"),
                )
            except TimeoutError:
                continue

    async def _send(self, n: int) -> None:
        """Beside everything else: a messenger that is away must keep nobody else from being told."""
        try:
            await partner(SEND_APPROVAL_LINK, ApprovalLink(self._life.order_id, n))
        except ActivityError:
            return  # not told in time: the hold's task stands where people look, and the next stage tells again

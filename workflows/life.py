"""What all stages of one order share: where it is, what stops it, and how it waits in sight of people."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.contracts import (
    ACCEPT_ORDER,
    RAISE_TASK,
    SEND_DECLARATION_ALERT,
    Accepted,
    ConsignmentFact,
    DeclarationAlert,
    OrderAt,
    OrderRef,
    StagesDue,
    TaskFact,
)
from domain.golden import Exit, GoldenState, may_cancel, reached
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.approval import ApprovalDesk
from workflows.contracts import CancelOrder, OrderStart
from workflows.details import ORDER_COURIER, ORDER_DEADLINE, ORDER_HOLDS, ORDER_STATE, current_details
from workflows.holds import HoldBoard, LapseListener
from workflows.steps import own, partner

_A_MOMENT = timedelta(seconds=1)
"""A pause is over a moment after its end: clocks differ."""


class OrderLife:
    """One order's present."""

    def __init__(self, start: OrderStart, on_lapse: LapseListener) -> None:
        self.order_id = start.order_id
        self.ref = OrderRef(start.order_id)
        self.timings = start.timings
        self.state: GoldenState | None = None
        self.exit: Exit | None = None
        self.board = HoldBoard(start.order_id, on_lapse, self.due)
        self.approvals = ApprovalDesk(self)
        self.revision = start.revision
        """The revision that the stages work with."""
        self.heard = start.revision
        """The newest revision that the store has."""
        self.facts: Accepted | None = None
        self.cancel: CancelOrder | None = None
        self.cancel_refused = ""
        self.released_by_hand: set[HoldReason] = set()
        self.goods_came = False
        """There may be more of what the order was short of."""
        self.pauses_ended = 0
        """How often it was told that a pause has ended, or that this order goes on in spite of it."""
        self.credit_asked = False
        self.courier = ""
        self.consignments: list[ConsignmentFact] = []
        """What the order is delivered in, as its stock was locked; empty before, and of orders that began long ago."""
        self._stages: StagesDue | None = None
        self._told: list[asyncio.Task[None]] = []
        self._sayings: dict[int, str] = {}
        self._waits_for = ""
        self._since = workflow.now()
        self._shown: tuple[object, ...] = ()

    def newer(self) -> bool:
        """Whether the store has a newer revision than the stages work with."""
        return self.heard > self.revision

    def in_parts(self) -> bool:
        """Whether several warehouses deliver the order, or one that waits for goods."""
        return len(self.consignments) > 1 or any(not one.ready for one in self.consignments)

    def may_cancel(self) -> bool:
        """Whether a cancellation can still be tried."""
        return self.exit is None and self.cancel is None and may_cancel(self.state)

    def due(self, stages: StagesDue | None) -> None:
        """A step said when the first of the order's stages is due. None: it did not say, as steps of old did not."""
        self._stages = stages or self._stages

    async def accept(self) -> Accepted:
        """Review the newest revision: take its facts, and open or end the holds that its flags ask for."""
        self.revision = self.heard
        self.facts = accepted = await own(ACCEPT_ORDER, OrderAt(self.order_id, self.revision))
        self.due(accepted.stages)
        # Something was mended: the stages go on with the revision in which it is.
        self.revision = max(self.revision, accepted.revision)
        self.heard = max(self.heard, accepted.revision)
        if accepted.paid and self.state is None:
            self.state = GoldenState.PAID
        if accepted.cancelled and self.cancel is None:
            self.cancel = CancelOrder(text("cancel.by_channel"), "channel")
        for reason in (
            HoldReason.FORMAT_INVALID,
            HoldReason.ADDRESS_INCOMPLETE,
            HoldReason.CHANNEL_LOCKED,
            HoldReason.REFUND_PENDING,
        ):
            said = accepted.said_of(reason)
            if self.board.says(reason, said) and workflow.patched("same-finding-stays"):
                continue  # nor does its deadline begin anew
            await self.board.close(reason, "channel", Release.DOCUMENT)
            if said:
                await self.board.open(reason, said)
        # These rest on what the house knows as well.
        by = "orderhub" if accepted.again else "channel"
        how = Release.RETRY if accepted.again else Release.DOCUMENT
        waited = self.board.has(HoldReason.DECLARATION_INCOMPLETE)
        for ours in (
            HoldReason.RISK,
            HoldReason.DUPLICATE,
            HoldReason.COMPLIANCE,
            HoldReason.COMPLIANCE_BLOCKED,
            HoldReason.PRICE_CONFLICT,
            HoldReason.CREDIT_LIMIT,
            HoldReason.FIELDS_MISSING,
            HoldReason.DECLARATION_INCOMPLETE,
        ):
            said = accepted.said_of(ours)
            if not said:
                await self.board.close(ours, by, how)
            elif self.board.has(ours):
                self.board.say_again(ours, said)  # as the review has done in the store
            else:
                await self.board.open(ours, said)
        if not waited and self.board.has(HoldReason.DECLARATION_INCOMPLETE):
            self._told.append(asyncio.create_task(self._tell_manager(self.revision)))
        await self.approvals.reviewed(accepted)
        return accepted

    async def _tell_manager(self, revision: int) -> None:
        """Beside everything else: a messenger that is away holds up nobody."""
        try:
            await partner(SEND_DECLARATION_ALERT, DeclarationAlert(self.order_id, revision))
        except ActivityError:
            return  # not told in time: the hold's task stands where people look

    async def stay_paused(self, why: str, until: datetime | None, interrupted: Callable[[], bool], of: int = 0) -> None:
        """Wait in sight while a step is paused, for the whole order or for one consignment.

        Until the pause ends by its time, somebody says that it has ended, a person releases the hold, or something else
        comes up. Whoever waits tries again then: the hold stays until that goes through.
        """
        told = self.pauses_ended
        await self.board.open(HoldReason.PAUSED, self.detail(of, why), of, until)
        at_most = self.timings.arrival_retry()
        if until is not None:
            at_most = min(at_most, max(until - workflow.now(), timedelta(0)) + _A_MOMENT)
        await self.wait(
            lambda: self.pauses_ended != told or interrupted(),
            "wait.paused",
            at_most,
            of,
        )

    async def ask_person(self, kind: str, **params: object) -> None:
        """Raise a task, once per kind."""
        fact = TaskFact(self.order_id, f"{self.order_id}/{kind}", kind, text(f"task.{kind}", **params), alert=True)
        await own(RAISE_TASK, fact)

    def name_of(self, n: int) -> str:
        """What people call a consignment; "" for the whole order."""
        warehouse = next((fact.warehouse for fact in self.consignments if fact.n == n), "")
        return text("consignment.name", n=n, warehouse=warehouse) if n else ""

    def detail(self, of: int, sentence: str) -> str:
        """A sentence about a consignment, or about the whole order as it is."""
        return text("consignment.says", name=self.name_of(of), sentence=sentence) if of else sentence

    async def wait(
        self, ready: Callable[[], bool], waits_for: str, at_most: timedelta | None = None, of: int = 0
    ) -> bool:
        """Wait in sight of operators, for the whole order or for one consignment. Whether `ready` came in time."""
        if ready():
            return True
        self.show(waits_for, workflow.now() + at_most if at_most else None, of)
        try:
            await workflow.wait_condition(ready, timeout=at_most, timeout_summary=text(waits_for))
        except TimeoutError:
            return False
        return True

    def show(self, waits_for: str, deadline: datetime | None = None, of: int = 0) -> None:
        """Search attributes and the page in the Temporal UI: only when the order is about to wait, and only changes.

        When a stage is due is no change by itself: it goes along, so that no order has more events by it.
        """
        holds = self.board.now_open()
        if not of:
            self._sayings.clear()
        self._sayings[of] = self.detail(of, text(waits_for))
        sentence = "；".join(saying for n, saying in sorted(self._sayings.items()) if n or len(self._sayings) == 1)
        if sentence != self._waits_for:
            self._waits_for, self._since = sentence, workflow.now()
        workflow.set_current_details(current_details(self.exit or self.state, sentence, self._since, holds))
        shown = (self.exit or self.state or "none", tuple(hold.reason for hold in holds), self.courier)
        if shown == self._shown:
            return
        self._shown = shown
        deadlines = self._deadlines(deadline)
        workflow.upsert_search_attributes(
            [
                ORDER_STATE.value_set(str(shown[0])),
                ORDER_HOLDS.value_set([str(hold.reason) for hold in holds]),
                ORDER_COURIER.value_set(self.courier) if self.courier else ORDER_COURIER.value_unset(),
                ORDER_DEADLINE.value_set(min(deadlines)) if deadlines else ORDER_DEADLINE.value_unset(),
            ]
        )

    def _deadlines(self, wakes: datetime | None) -> list[datetime]:
        """The moments that may make the order late: of its holds, and of the stages that it is in.

        Of an order from before that was known, the moment at which it does something by itself.
        """
        holds = [hold.deadline for hold in self.board.now_open()]
        if self.exit is not None or reached(self.state, GoldenState.SIGNED):
            return holds
        stages = self._stages.due if self._stages is not None else wakes
        return [*holds, stages] if stages is not None else holds


async def first_of(task: asyncio.Task[object], stop: Callable[[], bool]) -> bool:
    """Wait for a task or for a reason to stop waiting. Whether the task is done; if not, it is cancelled."""
    await workflow.wait_condition(lambda: task.done() or stop())
    if task.done():
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False

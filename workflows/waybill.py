"""The hunt for one parcel's waybill: from courier to courier, then a person; never two live ones."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    RECORD_MANUAL_WAYBILL,
    REQUEST_WAYBILL,
    SEND_CLERK_LINK,
    SETTLE_WAYBILL,
    ClerkLink,
    ManualWaybill,
    Plan,
    WaybillAnswer,
    WaybillAsk,
    WaybillOutcome,
)
from domain.texts import text
from workflows.contracts import RecordWaybill
from workflows.steps import own, partner

_MANUAL = "manual"


class WaybillHunt:
    """Asks the couriers of the plan, one after the other.

    A courier whose outcome is unknown is asked on in the background until it is settled: what it turns out to have made
    is adopted while the parcel has no number, and voided otherwise. The store's unique index has the last word on
    "one live".
    """

    def __init__(self, order_id: str, parcel_id: str, plan: Plan) -> None:
        self.order_id = order_id
        self.parcel_id = parcel_id
        self.number = ""
        self.courier = ""
        self.waits_for_person = False
        self.why = ""
        self._plan = plan
        self._attempt = 0
        self._links = 0
        self._nudged = False
        self._turn = asyncio.Lock()
        self._unsettled: dict[str, asyncio.Task[None]] = {}

    def nudge(self) -> None:
        """Ask every courier again (the sweep's signal)."""
        self._nudged = True

    @property
    def by_hand(self) -> bool:
        """Whether the number came from a person."""
        return self.courier.startswith(_MANUAL)

    async def ask_couriers(self) -> bool:
        """One round through the plan. Whether the parcel has a number now."""
        async with self._turn:
            self._nudged = False
            for step in self._plan.steps:
                if self.number:
                    break
                name = f"{step.provider}:{step.carrier}"
                # An unsettled question is being asked on; another one would risk a second waybill there.
                if step.provider == _MANUAL or name in self._unsettled:
                    continue
                self._attempt += 1
                ask = WaybillAsk(self.order_id, self.parcel_id, step.provider, step.carrier, self._attempt)
                answer = await partner(REQUEST_WAYBILL, ask, courier=name)
                self._take(answer, name)
                if answer.outcome is WaybillOutcome.UNKNOWN:
                    self._unsettled[name] = asyncio.create_task(self._settle(ask, name))
        return bool(self.number)

    async def wait_for_person(self) -> None:
        """Send the clerk a link, and wait for a number: from the clerk, a nudge's new round, or a settled question."""
        self.waits_for_person = True
        self._links += 1
        link = asyncio.create_task(partner(SEND_CLERK_LINK, ClerkLink(self.order_id, self.parcel_id, self._links)))
        try:
            while not self.number:
                await workflow.wait_condition(lambda: bool(self.number) or self._nudged)
                if not self.number:
                    await self.ask_couriers()
        except asyncio.CancelledError:
            # Given up. Nothing may be waited for here: the worker, too, cancels an order that it forgets.
            self.waits_for_person = False
            link.add_done_callback(lambda task: task.cancelled() or task.exception())
            link.cancel()
            raise
        self.waits_for_person = False
        if not link.done():
            link.cancel()
        await asyncio.gather(link, return_exceptions=True)

    async def record(self, typed: RecordWaybill) -> None:
        """Take a number from a person. Raises ApplicationError when it cannot be taken, in words."""
        # A round under way may be about to bring a number: its outcome comes first.
        async with self._turn:
            if self.number:
                raise ApplicationError(text("waybill.has_number", number=self.number), type="AlreadyDone")
            manual = ManualWaybill(self.order_id, self.parcel_id, typed.carrier, typed.number, typed.by)
            answer = await own(RECORD_MANUAL_WAYBILL, manual)
            if answer.outcome is not WaybillOutcome.LIVE:
                raise ApplicationError(answer.why, type="Refused")
            self._take(answer, f"{_MANUAL}:{typed.carrier}")

    async def abandon(self) -> None:
        """Ask nobody any more: the parcel does not leave. Whoever gives it up voids what couriers may have made."""
        asking = list(self._unsettled.values())
        self._unsettled.clear()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until no courier's outcome is unknown any more."""
        while self._unsettled:
            await asyncio.gather(*self._unsettled.values())

    async def _settle(self, ask: WaybillAsk, name: str) -> None:
        answer = await partner(SETTLE_WAYBILL, ask, courier=name)
        self._unsettled.pop(name, None)
        self._take(answer, name)

    def _take(self, answer: WaybillAnswer, courier: str) -> None:
        self.why = answer.why or self.why
        if answer.outcome is WaybillOutcome.LIVE and not self.number:
            self.number, self.courier = answer.number, courier

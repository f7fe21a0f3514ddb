"""Stages six and seven: every parcel signed, then the warranty; or closed undelivered by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from temporalio.exceptions import ActivityError

from activities.contracts import (
    ACTIVATE_WARRANTY,
    ASK_TRACKER,
    RECORD_SIGNED,
    RECORD_UNDELIVERED,
    Reasoned,
)
from domain.golden import Exit, GoldenState
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.life import OrderLife
from workflows.steps import own, partner

SIGNED = "signed"
PROBLEMS = frozenset({"refused", "lost", "returned", "stopped"})


class Delivery:
    """What became of each parcel. News may come before the channel was told: they are kept."""

    def __init__(self, life: OrderLife) -> None:
        self._life = life
        self._tracked: dict[str, str] = {}

    def tracked(self, parcel_id: str, status: str) -> None:
        """News of a parcel. A signature is the last word."""
        if self._tracked.get(parcel_id) != SIGNED and (status == SIGNED or status in PROBLEMS):
            self._tracked[parcel_id] = status

    def stopped(self, parcel_id: str) -> None:
        """A parcel stays in the warehouse: its courier does not collect it."""
        self.tracked(parcel_id, "stopped")

    async def run(self, parcels: Iterable[str]) -> None:
        """SIGNED and WARRANTY_ACTIVATED, or the exit UNDELIVERED."""
        life, parcels = self._life, list(parcels)
        while not all(self._tracked.get(parcel) == SIGNED for parcel in parcels):
            problems = sorted(set(self._tracked.values()) & PROBLEMS)
            if problems:
                await life.board.open(HoldReason.DELIVERY_PROBLEM, "；".join(text(f"parcel.{p}") for p in problems))
            heard = await life.wait(self._news(), "wait.signed", life.timings.sign_deadline())
            if HoldReason.DELIVERY_PROBLEM in life.released_by_hand:
                await self._close_undelivered("；".join(text(f"parcel.{p}") for p in problems))
                return
            if not heard:
                await self._ask_tracker(parcels)
        await life.board.close(HoldReason.DELIVERY_PROBLEM, "tracker", Release.PARTNER)
        await own(RECORD_SIGNED, life.ref)
        life.state = GoldenState.SIGNED
        await own(ACTIVATE_WARRANTY, life.ref)
        life.state = GoldenState.WARRANTY_ACTIVATED

    def _news(self) -> Callable[[], bool]:
        seen = dict(self._tracked)
        return lambda: self._tracked != seen or HoldReason.DELIVERY_PROBLEM in self._life.released_by_hand

    async def _close_undelivered(self, why: str) -> None:
        await self._life.board.close(HoldReason.DELIVERY_PROBLEM, "operator", Release.OPERATOR)
        await own(RECORD_UNDELIVERED, Reasoned(self._life.order_id, why))
        self._life.exit = Exit.UNDELIVERED

    async def _ask_tracker(self, parcels: list[str]) -> None:
        try:
            answer = await partner(ASK_TRACKER, self._life.ref)
        except ActivityError:
            return  # the tracker is away: the deadline comes again
        for parcel, status in answer.statuses.items():
            self.tracked(parcel, status)
        if not all(self._tracked.get(parcel) for parcel in parcels):
            await self._life.ask_person("sign_overdue")

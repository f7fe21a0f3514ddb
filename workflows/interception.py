"""Parcels that have left, and shall go another way: to a new address, or not to the buyer at all.

Couriers are asked beside the delivery, each parcel once for each wish. Whoever wished hears at once that the courier is
being asked; what came of it stands with the wish and in the order's events, and is a person's where it was refused.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.contracts import (
    FINISH_REROUTE,
    FINISH_STOP,
    INTERCEPT_PARCEL,
    InterceptAsk,
    Intercepted,
    InterceptHow,
    InterceptWish,
    RerouteEnd,
    StopEnd,
)
from domain.golden import GoldenState, reached
from domain.texts import text
from workflows.contracts import AddressWish, Outcome
from workflows.life import OrderLife
from workflows.steps import own, partner

Stopped = Callable[[str], None]
"""Told of a parcel that stays in the warehouse."""


class InterceptDesk:
    """At most one wish for another address at a time; a refund stops the parcels once."""

    def __init__(self, life: OrderLife, parcels: Callable[[], Collection[str]], stopped: Stopped) -> None:
        self._life = life
        self._parcels = parcels
        self._stopped = stopped
        self._reroute: AddressWish | None = None
        self._refunds: set[str] = set()
        self._asked: Counter[str] = Counter()
        self._under_way: list[asyncio.Task[None]] = []

    def takes(self) -> bool:
        """Whether a wished address is the couriers' matter: the warehouse has packed."""
        life = self._life
        return life.exit is None and life.cancel is None and reached(life.state, GoldenState.PACKED)

    def check_reroute(self) -> None:
        """Raises ApplicationError, in words, when no courier can be asked any more."""
        if reached(self._life.state, GoldenState.SIGNED):
            raise ApplicationError(text("intercept.too_late_signed"), type="TooLate")
        if self._reroute is not None:
            raise ApplicationError(text("intercept.one_at_a_time"), type="Busy")

    def reroute(self, wish: AddressWish) -> Outcome:
        """Ask the couriers for another address, beside everything else."""
        self._reroute = wish
        self._under_way.append(asyncio.create_task(self._carry_out(wish)))
        return Outcome(True, text("intercept.asked"))

    def refund_asked(self, refund_id: str) -> None:
        """The buyer wants the money of the whole order back, and its parcels have numbers."""
        if refund_id not in self._refunds and self._life.exit is None:
            self._refunds.add(refund_id)
            self._under_way.append(asyncio.create_task(self._stop(refund_id)))

    async def settled(self) -> None:
        """Wait until no courier is being asked any more."""
        while any(not task.done() for task in self._under_way):
            await asyncio.gather(*self._under_way)

    async def _carry_out(self, wish: AddressWish) -> None:
        parcels = await self._ask_all(InterceptWish.REROUTE, wish.by, wish.n)
        why = "" if parcels else text("intercept.never_left")
        await own(FINISH_REROUTE, RerouteEnd(self._life.order_id, wish.n, wish.by, parcels, why))
        self._reroute = None

    async def _stop(self, refund_id: str) -> None:
        parcels = await self._ask_all(InterceptWish.STOP, "orderhub")
        if parcels:
            await own(FINISH_STOP, StopEnd(self._life.order_id, refund_id, parcels))
        for one in parcels:
            if one.how is InterceptHow.VOID:
                self._stopped(one.parcel_id)

    async def _ask_all(self, wish: InterceptWish, by: str, address_n: int = 0) -> list[Intercepted]:
        """What came of each parcel; nothing for an order that never leaves."""
        life = self._life
        await workflow.wait_condition(
            lambda: reached(life.state, GoldenState.WAYBILL_RETURNED) or life.exit is not None
        )
        if life.exit is not None:
            return []
        asks = []
        for parcel in self._parcels():
            self._asked[parcel] += 1
            asks.append(InterceptAsk(life.order_id, parcel, self._asked[parcel], wish, by, address_n))
        return list(await asyncio.gather(*(partner(INTERCEPT_PARCEL, ask) for ask in asks)))

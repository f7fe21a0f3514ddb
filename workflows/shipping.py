"""Stage five: every parcel gets one waybill, and the channel is told its number."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from activities.contracts import COMMIT_CREDIT, FINISH_SHIPPING, WRITE_BACK, ParcelRef, Plan
from domain.golden import GoldenState
from domain.holds import HoldReason, Release, Step
from workflows.life import OrderLife
from workflows.steps import own, partner
from workflows.waybill import WaybillHunt


class Shipping:
    """The parcels of one order on their way to their numbers."""

    def __init__(self, life: OrderLife) -> None:
        self.hunts: dict[str, WaybillHunt] = {}
        self.handing_over = False
        """Whether a parcel goes to its courier: what comes to light from now on stops it no more."""
        self._life = life
        self._told = 0
        self._commit: asyncio.Task[None] | None = None

    async def run(self, parcels: Sequence[str], plan: Plan) -> None:
        """WAYBILL_RETURNED: all parcels in parallel, each at its own pace."""
        life = self._life
        self.hunts = {parcel: WaybillHunt(life.order_id, parcel, plan) for parcel in parcels}
        await life.wait(lambda: not life.board.blocks(Step.WAREHOUSE), "wait.release")
        await asyncio.gather(*(self._ship(hunt) for hunt in self.hunts.values()))
        await own(FINISH_SHIPPING, life.ref)
        life.state = GoldenState.WAYBILL_RETURNED
        if life.credit_asked:
            # A credit bureau asleep at night must not hold up the parcels.
            self._commit = asyncio.create_task(partner(COMMIT_CREDIT, life.ref))

    async def settled(self) -> None:
        """Whatever a courier may still have made unasked is settled, and the reserved credit is used."""
        await asyncio.gather(*(hunt.settled() for hunt in self.hunts.values()))
        if self._commit is not None:
            await self._commit

    async def _ship(self, hunt: WaybillHunt) -> None:
        life = self._life
        if not await hunt.ask_couriers():
            await life.board.open(HoldReason.WAYBILL_BY_PERSON, hunt.why)
            life.show("wait.person")
            await hunt.wait_for_person()
        life.courier = hunt.courier
        if all(other.number for other in self.hunts.values()):
            how = Release.CLERK if hunt.by_hand else Release.RETRY
            await life.board.close(HoldReason.WAYBILL_BY_PERSON, hunt.courier, how)
        await self._tell_channel(hunt)

    async def _tell_channel(self, hunt: WaybillHunt) -> None:
        life = self._life
        while True:
            # A credit refusal may have come while the couriers were asked.
            await life.wait(lambda: not life.board.blocks(Step.WAREHOUSE), "wait.release")
            life.released_by_hand.discard(HoldReason.CHANNEL_REFUSED)
            self.handing_over = True
            told = await partner(WRITE_BACK, ParcelRef(life.order_id, hunt.parcel_id))
            if told.ok:
                break
            await life.board.open(HoldReason.CHANNEL_REFUSED, told.why)
            await life.wait(
                lambda: HoldReason.CHANNEL_REFUSED in life.released_by_hand,
                "wait.channel",
                life.timings.channel_retry(),
            )
        self._told += 1
        if self._told == len(self.hunts):
            await life.board.close(HoldReason.CHANNEL_REFUSED, "orderhub", Release.RETRY)

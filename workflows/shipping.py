"""Stage five: every parcel gets one waybill, and the channel is told its number."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from temporalio.exceptions import ApplicationError

from activities.contracts import (
    COMMIT_CREDIT,
    FINISH_SHIPPING,
    TAKE_TURN,
    VOID_WAYBILLS,
    WRITE_BACK,
    ParcelRef,
    Plan,
)
from domain.couriers import normalise_number, plausible_number
from domain.golden import GoldenState
from domain.holds import HoldReason, Release
from domain.shipping import Carrier
from domain.texts import text
from workflows.contracts import Outcome, RecordWaybill
from workflows.life import OrderLife, first_of
from workflows.steps import own, partner
from workflows.waybill import WaybillHunt


class Shipping:
    """The parcels of one order on their way to their numbers: all at once, or those of each consignment in its turn."""

    def __init__(self, life: OrderLife) -> None:
        self.hunts: dict[str, WaybillHunt] = {}
        self.shared: set[str] = set()
        """Parcels in whose boxes other orders' goods lie as well: one order asks for the box's number."""
        self._box_news: set[str] = set()
        self._life = life
        self._handing: set[int] = set()
        self._gone: Counter[int] = Counter()
        self._commit: asyncio.Task[None] | None = None

    def handing_over(self, of: int = 0) -> bool:
        """Whether a parcel goes, or has gone, to its courier: what comes to light from now on stops it no more."""
        return of in self._handing

    def leaves(self, of: int = 0) -> bool:
        """Whether a parcel has left, as far as its channel knows: it was told, or is being told."""
        return self._gone[of] > 0

    def box_changed(self) -> None:
        """Something became of the number of a shared box: look."""
        self._box_news = set(self.shared)

    async def ship(self, parcels: Sequence[str], plan: Plan, given_up: Callable[[], bool], of: int = 0) -> bool:
        """All parcels in parallel, each at its own pace, until the channel has their numbers.

        False when they were given up before the channel was told of one of them: their waybills are void then.
        """
        life = self._life
        hunts = [WaybillHunt(life.order_id, parcel, plan) for parcel in parcels]
        self.hunts |= {hunt.parcel_id: hunt for hunt in hunts}
        work = asyncio.create_task(self._ship_all(hunts, of))
        if await first_of(work, lambda: given_up() and not self.leaves(of)):
            work.result()
            return True
        for hunt in hunts:
            await hunt.abandon()
        await asyncio.gather(*(partner(VOID_WAYBILLS, ParcelRef(life.order_id, hunt.parcel_id)) for hunt in hunts))
        return False

    async def record(self, typed: RecordWaybill) -> Outcome:
        """Take a number that a person typed."""
        hunt = self.hunts[typed.parcel_id]
        await hunt.record(typed)
        return Outcome(True, text("waybill.taken", number=hunt.number))

    def check_record(self, typed: RecordWaybill) -> None:
        """Raises ApplicationError unless the parcel waits for a number, and this one is possible for the carrier."""
        hunt = self.hunts.get(typed.parcel_id)
        if hunt is not None and hunt.number:
            raise ApplicationError(text("waybill.has_number", number=hunt.number), type="AlreadyDone")
        if hunt is None or not hunt.waits_for_person:
            raise ApplicationError(text("waybill.not_waiting"), type="NotWaiting")
        known = typed.carrier in Carrier.__members__
        if not known or not plausible_number(Carrier(typed.carrier), normalise_number(typed.number)):
            raise ApplicationError(text("waybill.implausible"), type="Implausible")

    async def finish(self) -> None:
        """WAYBILL_RETURNED: the channel has all numbers."""
        life = self._life
        life.due(await own(FINISH_SHIPPING, life.ref))
        life.state = GoldenState.WAYBILL_RETURNED
        if life.credit_asked:
            # A credit bureau asleep at night must not hold up the parcels.
            self._commit = asyncio.create_task(partner(COMMIT_CREDIT, life.ref))

    async def settled(self) -> None:
        """Whatever a courier may still have made unasked is settled, and the reserved credit is used."""
        await asyncio.gather(*(hunt.settled() for hunt in self.hunts.values()))
        if self._commit is not None:
            await self._commit

    async def _ship_all(self, hunts: Sequence[WaybillHunt], of: int) -> None:
        life = self._life
        await life.wait(lambda: not life.board.keeps_parcels(of), "wait.release", of=of)
        told: list[str] = []
        await asyncio.gather(*(self._ship(hunt, hunts, told, of) for hunt in hunts))

    async def _ship(self, hunt: WaybillHunt, hunts: Sequence[WaybillHunt], told: list[str], of: int) -> None:
        life = self._life
        if hunt.parcel_id in self.shared:
            await self._take_turn(hunt, of)
        if not hunt.number and not await hunt.ask_couriers():
            await life.board.open(HoldReason.WAYBILL_BY_PERSON, life.detail(of, hunt.why), of)
            life.show("wait.person", of=of)
            await hunt.wait_for_person()
        life.courier = hunt.courier
        if all(other.number for other in hunts):
            how = Release.CLERK if hunt.by_hand else Release.RETRY
            await life.board.close(HoldReason.WAYBILL_BY_PERSON, hunt.courier, how, of=of)
        await self._tell_channel(hunt, of)
        told.append(hunt.parcel_id)
        if len(told) == len(hunts):
            await life.board.close(HoldReason.CHANNEL_REFUSED, "orderhub", Release.RETRY, of=of)

    async def _take_turn(self, hunt: WaybillHunt, of: int) -> None:
        """Until the box has a number that another order asked for, or it is this one's turn to ask."""
        life = self._life
        while True:
            self._box_news.discard(hunt.parcel_id)
            turn = await own(TAKE_TURN, ParcelRef(life.order_id, hunt.parcel_id))
            if turn.number:
                hunt.number, hunt.courier = turn.number, turn.courier
            if turn.number or turn.mine:
                return
            await life.wait(lambda: hunt.parcel_id in self._box_news, "wait.box", life.timings.channel_retry(), of)

    async def _tell_channel(self, hunt: WaybillHunt, of: int) -> None:
        life = self._life
        while True:
            # A credit refusal may have come while the couriers were asked.
            await life.wait(lambda: not life.board.keeps_parcels(of), "wait.release", of=of)
            life.released_by_hand.discard(HoldReason.CHANNEL_REFUSED)
            self._handing.add(of)
            self._gone[of] += 1
            told = await partner(WRITE_BACK, ParcelRef(life.order_id, hunt.parcel_id))
            if told.ok:
                return
            self._gone[of] -= 1
            await life.board.open(HoldReason.CHANNEL_REFUSED, life.detail(of, told.why), of)
            await life.wait(
                lambda: HoldReason.CHANNEL_REFUSED in life.released_by_hand,
                "wait.channel",
                life.timings.channel_retry(),
                of,
            )

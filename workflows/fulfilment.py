"""Stages four and five of an order in several consignments: each at its own pace, all under what concerns the order."""

from __future__ import annotations

import asyncio

from temporalio import workflow

from activities.contracts import FIT_CONSIGNMENTS, WRITE_BACK, FitAsk, ParcelRef, Plan, Stop, Stopped
from domain.golden import GoldenState, reached
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.address import AddressDesk
from workflows.consignment import Consignment, Whole
from workflows.life import OrderLife
from workflows.packing import plan_couriers
from workflows.shipping import Shipping
from workflows.steps import own, partner
from workflows.warehouse import Numbers, WarehouseDesk

_KEPT_HERE = (HoldReason.REFUND_PENDING, HoldReason.CHANNEL_LOCKED, HoldReason.CHANNEL_REFUSED)


class Fulfilment:
    """The consignments of one order. The order's golden state is the least of them."""

    def __init__(self, life: OrderLife, addresses: AddressDesk, shipping: Shipping) -> None:
        self.consignments: list[Consignment] = []
        self._life = life
        self._addresses = addresses
        self._shipping = shipping
        self._plan = Plan([], "", "")
        self._at_it = False

    async def run(self) -> None:
        """WAYBILL_RETURNED; or back early when the order is cancelled. `given_up` tells whether it was taken back."""
        life = self._life
        self._plan = await plan_couriers(life)
        self._set_up()
        tasks = [asyncio.create_task(one.run()) for one in self.consignments]
        while not await self._all_done(tasks):
            self._at_it = True
            if life.cancel is not None:
                if await self._stopped_for_cancel():
                    await _end(tasks)
                    return
            else:
                await self._hear()
            self._at_it = False
        await asyncio.gather(*tasks)
        if life.cancel is not None:
            await self._stopped_for_cancel()
        if life.cancel is None and not self.given_up():
            await self._tell_again()
            await self._shipping.finish()

    def given_up(self) -> bool:
        """Whether the channel took the order back, and not all of it had left."""
        return any(one.given_up for one in self.consignments)

    def handing_over(self) -> bool:
        """Whether everything goes to its courier: what comes to light from now on stops nothing any more."""
        return all(one.over or self._shipping.handing_over(one.n) for one in self.consignments)

    def reported(self, report_id: int, n: int) -> None:
        """A warehouse reported on a consignment; 0: whoever told does not know of consignments, and all look at it."""
        for one in self.consignments:
            if n in (0, one.n):
                one.reported(report_id)

    def goods_came(self) -> None:
        """Goods came in: whoever waits for some looks again."""
        for one in self.consignments:
            one.goods_came()

    def _set_up(self) -> None:
        numbers = Numbers()
        whole = Whole(self._busy, self._taken_back, lambda: self._plan, self._one_is_packed)
        for fact in self._life.consignments:
            desk = WarehouseDesk(self._life.order_id, fact.n, numbers)
            self.consignments.append(Consignment(self._life, fact, desk, self._shipping, whole))
        self._addresses.desks = [one.desk for one in self.consignments]

    def _busy(self) -> bool:
        return self._at_it or self._life.cancel is not None or self._must_hear()

    def _taken_back(self) -> bool:
        facts = self._life.facts
        return facts is not None and facts.cancelled

    def _must_hear(self) -> bool:
        """What the channel says is heard until everything has left, or while its own hold keeps something here."""
        life = self._life
        kept = any(life.board.has(reason) for reason in _KEPT_HERE)
        return life.newer() and (kept or not self.handing_over())

    async def _all_done(self, tasks: list[asyncio.Task[None]]) -> bool:
        """Wait for the end of all consignments (or a failure of one), or for something that concerns all of them."""
        life = self._life

        def ended() -> bool:
            failed = any(task.done() and task.exception() is not None for task in tasks)
            return failed or all(task.done() for task in tasks)

        await workflow.wait_condition(lambda: ended() or life.cancel is not None or self._must_hear())
        return ended()

    async def _tell_again(self) -> None:
        """Some channels hear of all parcels at once, with the last of them: it may have come to be the last since."""
        if any(one.over for one in self.consignments) and self._shipping.hunts:
            await partner(WRITE_BACK, ParcelRef(self._life.order_id, list(self._shipping.hunts)[-1]))

    async def _one_is_packed(self) -> None:
        if reached(self._life.state, GoldenState.PACKED):
            await self._addresses.packed()

    # ------------------------------------------------------------------------------- what concerns all of them

    async def _stopped_for_cancel(self) -> bool:
        """Whether the cancellation goes through: every warehouse has the last word on its part.

        If one has packed, the others are instructed anew; of an order that its channel took back they are not.
        """
        life, cancel = self._life, self._life.cancel
        if cancel is None:
            return False
        late = [one for one in self.consignments if one.packed]
        if self._taken_back() or not late:
            late += await self._stop(
                [one for one in self.consignments if not one.packed and not one.over], cancel.reason
            )
        if not late:
            return True
        life.cancel_refused = text("cancel.packed_in_part", which="、".join(life.name_of(one.n) for one in late))
        life.cancel = None
        await life.ask_person("cancel_too_late", why=life.cancel_refused)
        for one in self.consignments:
            one.stopping = False
            if self._taken_back() and one not in late and not one.over:
                one.over = one.given_up = True
        return False

    async def _stop(self, some: list[Consignment], why: str) -> list[Consignment]:
        """Stop them at their warehouses. Returns those that are packed, as it turns out."""
        for one in some:
            one.stopping = True
        stopped: list[Stopped] = await asyncio.gather(*(one.desk.stop(why) for one in some))
        return [one for one, how in zip(some, stopped, strict=True) if how.outcome is Stop.TOO_LATE]

    async def _hear(self) -> None:
        """A newer revision: its holds, its goods, its receiver."""
        life, before = self._life, self._life.facts
        now = await life.accept()
        if life.cancel is not None:
            return
        if before is not None and before.goods_digest != now.goods_digest:
            await self._fit()
        self._plan = await plan_couriers(life)

    async def _fit(self) -> None:
        """Fewer goods (a refund): whoever holds them is stopped, shrinks, and is instructed anew, or is over."""
        life = self._life
        found = await own(FIT_CONSIGNMENTS, FitAsk(life.order_id, life.revision))
        affected = [one for one in self.consignments if one.n in found.affected and not one.packed]
        late = await self._stop(affected, text("warehouse.changed"))
        stopped = [one for one in affected if one not in late]
        fitted = await own(
            FIT_CONSIGNMENTS, FitAsk(life.order_id, life.revision, [one.n for one in stopped], change=True)
        )
        life.due(fitted.stages)
        for one in affected:
            one.stopping = False
            one.goods_came()  # it may need no more than is there
            if one.n in fitted.emptied:
                one.over = True
                await life.board.close_all("channel", Release.CANCEL, of=one.n)
        if fitted.all_packed:
            life.state = GoldenState.PACKED
            await self._addresses.packed()
        if not fitted.ok:
            await life.ask_person("goods_changed")


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""One consignment 发货单: the part of an order that one warehouse delivers, at its own pace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow

from activities.contracts import CHECK_ARRIVAL, ConsignmentFact, ConsignmentRef, Plan
from domain.clock import format_beijing
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.life import OrderLife
from workflows.packing import Packing
from workflows.shipping import Shipping
from workflows.steps import own
from workflows.warehouse import AtWarehouse, WarehouseDesk


@dataclass(frozen=True)
class Whole:
    """What a consignment needs to know of its order."""

    busy: Callable[[], bool]
    """Whether something is going on that concerns all consignments: each waits until it is over."""
    taken_back: Callable[[], bool]
    """Whether the channel took the order back: what has not left stays, and nothing is packed any more."""
    plan: Callable[[], Plan]
    """The present courier plan."""
    packed: Callable[[], Awaitable[None]]
    """To be told when the consignment is packed."""


class Consignment:
    """Waits for its goods, is packed by its warehouse, and leaves."""

    def __init__(
        self, life: OrderLife, fact: ConsignmentFact, desk: WarehouseDesk, shipping: Shipping, whole: Whole
    ) -> None:
        self.n = fact.n
        self.desk = desk
        self.over = False
        """It has no goods any more, or is given up: its warehouse does nothing with it."""
        self.given_up = False
        """Its channel took it back before it left."""
        self.stopping = False
        """It is about to be stopped: an instruction on its way is not waited for."""
        self._life = life
        self._ready = fact.ready
        self._until = fact.waits_until
        self._looks = False
        self._shipping = shipping
        self._whole = whole
        self._packing = _Part(life, desk, self)

    @property
    def packed(self) -> bool:
        """Whether its warehouse has packed it."""
        return self.desk.at is AtWarehouse.PACKED

    def goods_came(self) -> None:
        """Goods came in somewhere: look whether they are those that it waits for."""
        self._looks = True

    def reported(self, report_id: int) -> None:
        """A warehouse reported on it."""
        self._packing.reports.append(report_id)

    def interrupted(self) -> bool:
        """Whether it must wait for what concerns the whole order."""
        return self.over or self.stopping or self._whole.busy()

    async def run(self) -> None:
        """Until the channel has the numbers of all its parcels, or there is nothing left to do."""
        await self._wait_for_goods()
        await self._be_packed()
        if self.over:
            return
        await self._whole.packed()
        if not self._whole.taken_back():
            # The plan of the moment at which it leaves: the receiver may have moved.
            self._packing.plan = self._whole.plan()
            if await self._shipping.ship(self._packing.parcels, self._packing.plan, self._whole.taken_back, self.n):
                return
        self.given_up = True

    async def _wait_for_goods(self) -> None:
        life = self._life
        while not self._ready and not self.over:
            await life.board.open(HoldReason.BACKORDER, self._promise(self._until), self.n, self._until)
            self._looks = False
            life.released_by_hand.discard(HoldReason.BACKORDER)
            await life.wait(self._may_look, "wait.arrival", life.timings.arrival_retry(), self.n)
            if self.over:
                break
            arrived = await own(CHECK_ARRIVAL, ConsignmentRef(life.order_id, self.n))
            self._ready, self._until = arrived.ready, arrived.waits_until
        await life.board.close(HoldReason.BACKORDER, "orderhub", Release.RETRY, of=self.n)

    def _may_look(self) -> bool:
        by_hand = HoldReason.BACKORDER in self._life.released_by_hand
        return self.over or self._looks or by_hand

    def _promise(self, until: datetime | None) -> str:
        sentence = text("backorder.until", day=format_beijing(until)[:10]) if until else text("backorder.unknown")
        return self._life.detail(self.n, sentence)

    async def _be_packed(self) -> None:
        packing = self._packing
        while not self.packed:
            if packing.report_waits():
                await packing.take_report()
            elif self.over:
                return
            elif self._whole.taken_back() and self.desk.at is AtWarehouse.NOWHERE and not self._whole.busy():
                # Its warehouse had packed, as it said, and then had not.
                self.over = self.given_up = True
            elif self.interrupted():
                await workflow.wait_condition(lambda: not self.interrupted() or self.over or packing.report_waits())
            else:
                packing.plan = self._whole.plan()
                await packing.move()


class _Part(Packing):
    """A consignment's work at its warehouse, which waits whenever something concerns the whole order."""

    def __init__(self, life: OrderLife, desk: WarehouseDesk, consignment: Consignment) -> None:
        super().__init__(life, desk)
        self._consignment = consignment

    def interrupted(self) -> bool:
        return self._consignment.interrupted()

    def gives_up_pushing(self) -> bool:
        return self._consignment.stopping

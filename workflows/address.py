"""A wished change of address: the warehouse waits until the new address is confirmed, or the wish lapses."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.contracts import APPLY_ADDRESS, DROP_ADDRESS, AddressRef, Stop
from domain.golden import GoldenState, reached
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.contracts import AddressWish, Outcome
from workflows.life import OrderLife
from workflows.steps import own
from workflows.warehouse import WarehouseDesk


class AddressDesk:
    """At most one wish at a time. The address itself is in the store, under the wish's number.

    `desks` are those of the order's consignments; of an order that is delivered in one piece there is one.
    """

    def __init__(self, life: OrderLife, desk: WarehouseDesk) -> None:
        self._life = life
        self.desks = [desk]
        self._wish: AddressWish | None = None

    def check_change(self) -> None:
        """Raises ApplicationError, in words, when an address can no longer be changed."""
        life = self._life
        if life.exit is not None or life.cancel is not None or reached(life.state, GoldenState.PACKED):
            raise ApplicationError(text("address.too_late_packed"), type="TooLate")
        if self._wish is not None:
            raise ApplicationError(text("address.one_at_a_time"), type="Busy")
        paid_at = life.facts.paid_at if life.facts else None
        if paid_at is not None and workflow.now() - paid_at > life.timings.address_window():
            minutes = int(life.timings.address_window_s // 60)
            raise ApplicationError(text("address.too_late_window", minutes=minutes), type="TooLate")

    async def change(self, wish: AddressWish) -> Outcome:
        """Hold the order for the wish; the packing stage holds the warehouse."""
        self._wish = wish
        await self._life.board.open(HoldReason.ADDRESS_CHANGE, text("address.wished", by=wish.by))
        return Outcome(True, text("address.held"))

    def check_confirm(self, wish: AddressWish) -> None:
        """Raises ApplicationError when this is not the wish that waits."""
        if self._wish is None or self._wish.n != wish.n:
            raise ApplicationError(text("address.not_waiting"), type="NotOpen")

    async def confirm(self, wish: AddressWish) -> Outcome:
        """Take the address if the warehouse can still be stopped: the old instruction is stopped before it is taken."""
        life = self._life
        stopped = await asyncio.gather(*(desk.stop(text("warehouse.changed")) for desk in self.desks))
        late = [desk for desk, how in zip(self.desks, stopped, strict=True) if how.outcome is Stop.TOO_LATE]
        if len(late) == len(self.desks):
            await self.drop(stopped[0].why or text("address.too_late_packed"))
            return Outcome(False, text("address.too_late_packed"))
        verdict = await own(APPLY_ADDRESS, AddressRef(life.order_id, wish.n, wish.by))
        self._wish = None
        life.heard = max(life.heard, verdict.revision)
        await life.board.close(HoldReason.ADDRESS_CHANGE, wish.by, Release.ADDRESS)
        if not verdict.ok:
            return Outcome(False, verdict.why)
        taken = text("address.taken")
        if late:
            taken = text("address.taken_in_part", stay="、".join(life.name_of(desk.consignment) for desk in late))
        return Outcome(True, taken + (f"；{verdict.said}" if verdict.said else ""))

    async def packed(self) -> None:
        """The warehouse was quicker than whoever should have confirmed."""
        await self.drop(text("address.too_late_packed"))

    async def drop(self, why: str) -> None:
        """The old address stays. Nothing happens when no wish waits."""
        wish, self._wish = self._wish, None
        if wish is not None:
            await own(DROP_ADDRESS, AddressRef(self._life.order_id, wish.n, wish.by, why))
            await self._life.board.close(HoldReason.ADDRESS_CHANGE, "orderhub", why or text("address.lapsed"))

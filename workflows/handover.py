"""From the packed parcels of an order to their couriers, unless its channel takes it back in time."""

from __future__ import annotations

import asyncio

from temporalio import workflow

from domain.holds import HoldReason
from workflows.address import AddressDesk
from workflows.life import OrderLife
from workflows.packing import Packing
from workflows.shipping import Shipping


class Handover:
    """What is packed by one warehouse leaves."""

    def __init__(self, life: OrderLife, addresses: AddressDesk, packing: Packing, shipping: Shipping) -> None:
        self._life = life
        self._addresses = addresses
        self._packing = packing
        self._shipping = shipping

    async def run(self) -> bool:
        """Hand the parcels over, and tell the channel their numbers. False when the channel took the order back."""
        if await self._stopped_by_channel():
            return False
        await self._addresses.packed()
        listening = asyncio.create_task(self._listen())
        self._shipping.shared = self._packing.shared
        left = await self._shipping.ship(
            self._packing.parcels, self._packing.plan, lambda: self._life.cancel is not None
        )
        listening.cancel()
        if left:
            await self._shipping.finish()
        return left

    async def _listen(self) -> None:
        """What the channel says of a packed order while couriers, a person or the channel itself keep it here."""
        life, shipping = self._life, self._shipping

        def to_hear() -> bool:
            return life.newer() and (not shipping.handing_over() or life.board.has(HoldReason.CHANNEL_REFUSED))

        while True:
            await workflow.wait_condition(to_hear)
            if not workflow.patched("heard-while-shipping"):
                return
            await life.accept()

    async def _stopped_by_channel(self) -> bool:
        """Packed while a refund was undecided, or the channel's lock held: the parcel waits for what the channel says.

        Whether it never leaves, because the channel took the order back.
        """
        life = self._life
        while life.board.has(HoldReason.REFUND_PENDING) or life.board.has(HoldReason.CHANNEL_LOCKED):
            await life.wait(life.newer, "wait.release")
            await life.accept()
            if life.cancel is not None:
                return True
        # Taken back in the last moment: the warehouse was asked to stop, and had packed.
        taken_back = life.facts is not None and life.facts.cancelled
        return taken_back and workflow.patched("stay-when-taken-back")

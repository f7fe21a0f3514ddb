"""The warehouse's side of one order: instruct, hold, restore, stop; one thing at a time."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from activities.contracts import (
    CANCEL_AT_WAREHOUSE,
    HOLD_AT_WAREHOUSE,
    PUSH_TO_WAREHOUSE,
    RESTORE_AT_WAREHOUSE,
    DeliveryRef,
    Pushed,
    Stop,
    Stopped,
)
from workflows.steps import partner


class AtWarehouse(StrEnum):
    """Where the present instruction is."""

    NOWHERE = "nowhere"
    PUSHED = "pushed"
    HELD = "held"
    PACKED = "packed"


class Numbers:
    """Numbers of an order's instructions: no two desks give the same."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next one, from 1."""
        self._last += 1
        return self._last


class WarehouseDesk:
    """The instruction to one warehouse: for the whole order, or for one `consignment` of it.

    A stopped one is followed by a new one with the next number.
    """

    def __init__(self, order_id: str, consignment: int = 0, numbers: Numbers | None = None) -> None:
        self.consignment = consignment
        self.at = AtWarehouse.NOWHERE
        self.n = 0
        self.told = ""
        """Digest of what the warehouse was told."""
        self._order_id = order_id
        self._numbers = numbers or Numbers()
        self._turn = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether the warehouse is being asked for something right now: what it reports meanwhile waits its turn."""
        return self._turn.locked()

    async def push(self, carrier: str, revision: int, digest: str) -> Pushed:
        """Instruct the warehouse. Cancelling the caller leaves the outcome open: `stop` settles it."""
        async with self._turn:
            self.n = self._numbers.next()
            self.told = digest
            # From the first try on the warehouse may know of it, whatever becomes of the answer.
            self.at = AtWarehouse.PUSHED
            ref = DeliveryRef(self._order_id, self.n, carrier, "", revision, self.consignment)
            pushed = await partner(PUSH_TO_WAREHOUSE, ref)
            if not pushed.ok:
                self.at = AtWarehouse.NOWHERE
            return pushed

    async def hold(self, reason: str) -> Stopped:
        """Let the warehouse stop work for the time being."""
        async with self._turn:
            if self.at is not AtWarehouse.PUSHED:
                return Stopped(Stop.STOPPED)
            stopped = await partner(HOLD_AT_WAREHOUSE, self._ref(reason))
            if stopped.outcome is Stop.STOPPED and self.at is AtWarehouse.PUSHED:
                self.at = AtWarehouse.HELD
            return stopped

    async def restore(self) -> None:
        """Let the warehouse go on."""
        async with self._turn:
            if self.at is AtWarehouse.HELD:
                await partner(RESTORE_AT_WAREHOUSE, self._ref(""))
                self.at = AtWarehouse.PUSHED

    async def stop(self, reason: str) -> Stopped:
        """Stop the present instruction for good, or learn that it is packed."""
        async with self._turn:
            if self.at is AtWarehouse.NOWHERE:
                return Stopped(Stop.STOPPED)
            if self.at is AtWarehouse.PACKED:
                return Stopped(Stop.TOO_LATE)
            stopped = await partner(CANCEL_AT_WAREHOUSE, self._ref(reason))
            if stopped.outcome is Stop.STOPPED:
                self.at = AtWarehouse.NOWHERE
            return stopped

    def _ref(self, reason: str) -> DeliveryRef:
        return DeliveryRef(self._order_id, self.n, "", reason, consignment=self.consignment)

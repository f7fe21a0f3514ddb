"""The warehouse's side of one order: instruct, hold, restore, stop; one thing at a time."""

from __future__ import annotations

import asyncio
from enum import StrEnum

from activities.contracts import (
    CANCEL_AT_WAREHOUSE,
    HOLD_AT_WAREHOUSE,
    LEAVE_MERGE,
    PUSH_TO_WAREHOUSE,
    RESTORE_AT_WAREHOUSE,
    DeliveryRef,
    MergeLeave,
    MergeRole,
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
        self.merged = MergeRole.ALONE
        """Whether the order may be packed with others, and whose instruction stands for all."""
        self.others = ""
        """Who else's goods stand in the present instruction."""
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
            self.others = pushed.others
            if not pushed.ok:
                self.at = AtWarehouse.NOWHERE
            return pushed

    def lead(self) -> None:
        """Its instruction stands for whoever joins."""
        self.merged = MergeRole.LEADS

    def follow(self, digest: str) -> None:
        """Its goods stand, or will stand, in another order's instruction: as good as told."""
        self.merged, self.at, self.told = MergeRole.FOLLOWS, AtWarehouse.PUSHED, digest

    def go_alone(self) -> None:
        """It is in no merge any more. What was told by another order is told no more."""
        if self.merged is MergeRole.FOLLOWS:
            self.at = AtWarehouse.NOWHERE
        self.merged, self.others = MergeRole.ALONE, ""

    async def leave(self, reason: str, by: str = "orderhub", *, everyone: bool = False) -> Stopped:
        """Go alone, or let `everyone` do so: the instruction that tells of them is stopped first, or it is packed."""
        async with self._turn:
            return await self._leave(reason, by, everyone=everyone)

    async def recall(self, reason: str) -> Stopped:
        """Stop its own instruction, to tell the warehouse anew who is packed together."""
        async with self._turn:
            if self.at is not AtWarehouse.PUSHED:
                return Stopped(Stop.STOPPED)
            stopped = await partner(CANCEL_AT_WAREHOUSE, self._ref(reason))
            if stopped.outcome is Stop.STOPPED:
                self.at = AtWarehouse.NOWHERE
            return stopped

    async def hold(self, reason: str) -> Stopped:
        """Let the warehouse stop work for the time being. Whoever is packed with others leaves them to it."""
        async with self._turn:
            if self.at is not AtWarehouse.PUSHED:
                return Stopped(Stop.STOPPED)
            if self.merged is MergeRole.FOLLOWS or self.others:
                return await self._leave(reason, "orderhub")
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
            if self.merged is not MergeRole.ALONE and self.at is not AtWarehouse.PACKED:
                return await self._leave(reason, "orderhub")
            if self.at is AtWarehouse.NOWHERE:
                return Stopped(Stop.STOPPED)
            if self.at is AtWarehouse.PACKED:
                return Stopped(Stop.TOO_LATE)
            stopped = await partner(CANCEL_AT_WAREHOUSE, self._ref(reason))
            if stopped.outcome is Stop.STOPPED:
                self.at = AtWarehouse.NOWHERE
            return stopped

    async def _leave(self, reason: str, by: str, *, everyone: bool = False) -> Stopped:
        ask = MergeLeave(self._order_id, self.n, reason, by, everyone)
        stopped = await partner(LEAVE_MERGE, ask)
        if stopped.outcome is Stop.STOPPED:
            self.merged, self.others, self.at = MergeRole.ALONE, "", AtWarehouse.NOWHERE
        return stopped

    def _ref(self, reason: str) -> DeliveryRef:
        return DeliveryRef(self._order_id, self.n, "", reason, consignment=self.consignment)

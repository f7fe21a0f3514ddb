"""The ways out of an order's life before it is delivered: cancelled, or packed and kept here."""

from __future__ import annotations

from activities.contracts import (
    RECORD_CANCELLED,
    RECORD_UNDELIVERED,
    RELEASE_CREDIT,
    RELEASE_STOCK,
    Reasoned,
)
from domain.golden import Exit
from domain.holds import Release
from workflows.address import AddressDesk
from workflows.contracts import CancelOrder
from workflows.life import OrderLife
from workflows.steps import own, partner
from workflows.warehouse import WarehouseDesk


class Exits:
    """Undoes what was done for an order."""

    def __init__(self, life: OrderLife, desk: WarehouseDesk, addresses: AddressDesk) -> None:
        self._life = life
        self._desk = desk
        self._addresses = addresses

    async def stay(self, why: str) -> None:
        """A packed parcel that does not leave: a person takes it off the belt, and its goods back onto the shelf."""
        life = self._life
        await life.ask_person("stop_parcel", why=why)
        if life.credit_asked:
            await partner(RELEASE_CREDIT, life.ref)
        if life.in_parts():
            await own(RELEASE_STOCK, life.ref)  # of what was not packed
        await self._addresses.drop(why)
        await life.board.close_all("channel", Release.CANCEL)
        await own(RECORD_UNDELIVERED, Reasoned(life.order_id, why, "channel"))
        life.exit = Exit.UNDELIVERED

    async def undo(self, cancel: CancelOrder) -> None:
        """Undo everything that was done, the last first; each undo is retried until it is done."""
        life = self._life
        life.show("wait.cancelling")
        await self._desk.stop(cancel.reason)
        await own(RELEASE_STOCK, life.ref)
        if life.credit_asked:
            await partner(RELEASE_CREDIT, life.ref)
        await self._addresses.drop(cancel.reason)
        await life.board.close_all(cancel.by, Release.CANCEL)
        await own(RECORD_CANCELLED, Reasoned(life.order_id, cancel.reason, cancel.by))
        life.exit = Exit.CANCELLED

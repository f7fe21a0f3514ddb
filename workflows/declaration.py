"""What is missing of a declaration: whoever has it supplies it."""

from __future__ import annotations

from temporalio.exceptions import ApplicationError

from activities.contracts import SUPPLY_DECLARATION, DeclarationRef
from domain.holds import HoldReason, Release
from domain.texts import text
from workflows.contracts import DeclarationSupply, Outcome
from workflows.life import OrderLife
from workflows.steps import own


class DeclarationDesk:
    """The values themselves are in the store, under the supply's number."""

    def __init__(self, life: OrderLife) -> None:
        self._life = life

    def check(self) -> None:
        """Raises ApplicationError, in words, when nothing is missing."""
        if not self._life.board.has(HoldReason.DECLARATION_INCOMPLETE):
            raise ApplicationError(text("declare.not_waiting"), type="NotOpen")

    async def supply(self, supply: DeclarationSupply) -> Outcome:
        """Take what was supplied; the order goes on when nothing is missing any more."""
        life = self._life
        verdict = await own(SUPPLY_DECLARATION, DeclarationRef(life.order_id, supply.n, supply.by))
        life.heard = max(life.heard, verdict.revision)
        if verdict.complete:
            await life.board.close(HoldReason.DECLARATION_INCOMPLETE, supply.by, Release.SUPPLY)
        return Outcome(True, verdict.said)

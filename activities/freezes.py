"""Transfers that froze goods and did not send them in time."""

from __future__ import annotations

from temporalio import activity

from activities.contracts import LET_FREEZES_GO, Batch, Thawed
from store import stock
from store.database import Database


class FreezeSteps:
    """The backstop beside every order, which lets go the freezes that stand in its way itself."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @activity.defn(name=LET_FREEZES_GO.name)
    async def let_freezes_go(self, batch: Batch) -> Thawed:
        """End the freezes whose time is up."""
        async with self._db.transaction() as tx:
            return Thawed(await stock.let_expired_go(tx, limit=batch.limit))

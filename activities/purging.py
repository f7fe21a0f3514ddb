"""Dropping logs that were kept for long enough."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity

from activities.contracts import PURGE_LOGS, PurgeAsk, Purged
from domain.clock import utc_now
from store import logs
from store.database import Database


class PurgeSteps:
    """Once a day."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @activity.defn(name=PURGE_LOGS.name)
    async def purge_logs(self, ask: PurgeAsk) -> Purged:
        """Drop what is older than so many days, a few rows in a transaction, so that nobody waits for it."""
        before = utc_now() - timedelta(days=ask.days)
        counts = []
        for purge in (logs.purge_published, logs.purge_shelf_changes):
            total, gone = 0, ask.batch
            while gone == ask.batch:
                async with self._db.transaction() as tx:
                    gone = await purge(tx, before, ask.batch)
                total += gone
                activity.heartbeat(total)
            counts.append(total)
        return Purged(*counts)

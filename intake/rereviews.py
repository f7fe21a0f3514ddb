"""When other rules decide: orders that wait by those before are reviewed again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from domain.clock import utc_now
from domain.holds import ASKS_ANEW, RESTS_ON, HoldReason
from domain.rulesets import RuleEvent, last_change
from store import rereviews, rules
from store.database import Database

_FRESH_S = 5.0
"""How often it is looked whether other rules decide."""
_SPREAD = timedelta(seconds=5)
"""By then every worker decides by what was published."""


class Rereviews:
    """Looks whether what orders wait for rests on rules that have changed. Any number of processes may."""

    def __init__(self, db: Database, batch: int, spread: timedelta = _SPREAD) -> None:
        """Until `spread` after a publication a worker may decide by what was before: what it reviewed is looked at."""
        self._db = db
        self._spread = spread
        self._batch = batch
        self._seen = float("-inf")
        self._events: list[RuleEvent] = []
        self._mark: tuple[int, int] | None = None
        self._heeded: dict[HoldReason, datetime] = {}

    async def turn(self) -> int:
        """Have a batch of orders reviewed again. Returns how many."""
        if time.monotonic() - self._seen < _FRESH_S:
            return 0
        self._seen = time.monotonic()
        return await self.look(utc_now() - self._spread)

    async def look(self, at: datetime) -> int:
        """The same, by what was in force at a moment. A publication that begins or ends by itself counts as well."""
        async with self._db.reading() as tx:
            mark = await rules.mark(tx)
            if mark != self._mark:
                self._events, self._mark = await rules.events(tx), mark
            changed = {
                reason: moment + self._spread
                for reason, names in RESTS_ON.items()
                if (moment := last_change(self._events, names, at)) is not None
            }
            if changed == self._heeded:
                return 0
            moment = last_change(self._events, ASKS_ANEW, at)
            asks_anew = moment + self._spread if moment is not None else None
            orders = await rereviews.outdated(tx, changed, self._batch, asks_anew)
        for order_id in orders:
            async with self._db.transaction() as tx:
                await rereviews.review_by_new_rules(tx, order_id, max(changed.values()))
        if orders:
            self._seen = float("-inf")  # there may be more of them
        else:
            self._heeded = changed
        return len(orders)

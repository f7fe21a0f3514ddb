"""Parcels that are silent for longer than their courier usually is: a task with a proposal for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.shipping import Carrier
from domain.tracking import Phase, bounded, learn, phase_after, zone_of
from rules.silence import usual_silence
from store import orders, tracking
from store.database import Database

_LEARN_FROM = timedelta(days=30)
_LEARN_NODES = 20_000
_LEARN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class _Judged:
    silent: tracking.Silent
    phase: Phase
    due_at: datetime
    rule: str


class Stuck:
    """What is usual is learnt from the store's own journeys where there are enough, else it is the rule table's."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._learnt: dict[tuple[Carrier, Phase], timedelta] = {}
        self._learnt_at: datetime | None = None

    async def look(self, now: datetime, limit: int) -> int:
        """Judge up to `limit` parcels; returns for how many a person was asked now. Safe to run again at any time."""
        await self._learn(now)
        async with self._db.reading() as tx:
            judged = [await self._judged(tx, parcel) for parcel in await tracking.silent(tx, now, limit)]
        overdue = [parcel for parcel in judged if parcel.due_at <= now]
        async with self._db.transaction() as tx:
            await tracking.alert_overdue(tx, now)
            for parcel in judged:
                if parcel.due_at > now:
                    await tracking.judge(tx, parcel.silent, parcel.due_at)
            return sum([await tracking.ask_about_silence(tx, p.silent, p.phase, p.rule, now) for p in overdue])

    async def _judged(self, tx: AsyncSession, silent: tracking.Silent) -> _Judged:
        # A code that ends a journey cannot be that of a parcel under way; a book that says so is judged as a problem.
        phase = phase_after(silent.code) or Phase.PROBLEM
        province = (await orders.body(tx, silent.order_id)).receiver.region.province
        table, rule = usual_silence(silent.carrier, zone_of(province), phase)
        usual = bounded(self._learnt.get((silent.carrier, phase)), table)
        why = rule if usual == table else f"{rule}, learnt"
        return _Judged(silent, phase, silent.due_at or silent.since + usual, why)

    async def _learn(self, now: datetime) -> None:
        if self._learnt_at is not None and now - self._learnt_at < _LEARN_EVERY:
            return
        async with self._db.reading() as tx:
            gaps = await tracking.gaps(tx, now - _LEARN_FROM, _LEARN_NODES)
        self._learnt, self._learnt_at = learn(gaps), now

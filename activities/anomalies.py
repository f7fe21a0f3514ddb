"""The sweep over anomalies: pauses the step of a slice where too much goes wrong, ends what is over."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.contracts import WATCH_ANOMALIES, AnomaliesSeen, AnomalyAsk
from domain.clock import utc_now
from domain.deciding import new_decision
from domain.pauses import WINDOWS, Slice, Spike, Trip
from domain.texts import text
from rules.anomalies import trip
from store import anomalies, pauses
from store.database import Database

_log = logging.getLogger("orderhub.pauses")

IN_FORCE = "orderhub_pauses_open"
BEGUN = "orderhub_pauses_total"


class AnomalySteps:
    """The circuit breaker of steps."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @activity.defn(name=WATCH_ANOMALIES.name)
    async def watch_anomalies(self, ask: AnomalyAsk) -> AnomaliesSeen:
        """Measure every window, pause what trips, end what is over, and say which orders may go on."""
        now = utc_now()
        async with self._db.transaction() as tx:
            ended = await pauses.end_over(tx, now)
            await pauses.forget_ends(tx, now)
        async with self._db.reading() as tx:
            tripped = await _tripped(tx, now)
        begun = 0
        for spike, trip_ in tripped:
            begun += await self._pause(spike, trip_, now)
        async with self._db.transaction() as tx:
            wake = await pauses.to_wake(tx, now, ask.batch)
            standing = Counter(row.kind for row in await pauses.listed(tx))
        gauge = activity.metric_meter().create_gauge(IN_FORCE, "Slices whose step is paused, by kind")
        for kind in Slice:
            gauge.set(standing[kind], {"kind": kind})
        return AnomaliesSeen(begun, len(ended), standing.total(), wake)

    async def _pause(self, spike: Spike, trip_: Trip, now: datetime) -> bool:
        facts = {"window_minutes": spike.window, "count": spike.count, "sample": spike.sample}
        why = text(
            "pause.spike",
            measure=text(f"pause.measure.{spike.measure}"),
            minutes=spike.window,
            count=spike.count,
            sample=spike.sample,
        )
        async with self._db.transaction() as tx:
            begun = await pauses.begin(
                tx,
                spike.slice,
                spike.name,
                why,
                "orderhub",
                now=now,
                until=now + timedelta(minutes=trip_.minutes) if trip_.minutes else None,
                who=trip_.who,
                measure=spike.measure,
                rule=trip_.rule,
                facts=facts,
            )
        if begun is None:
            return False
        labels = {"kind": str(spike.slice), "measure": str(spike.measure)}
        activity.metric_meter().create_counter(BEGUN, "Slices that were paused by a spike").add(1, labels)
        _log.warning("paused", extra={"slice": f"{spike.slice} {spike.name}", "rule": trip_.rule, **facts})
        return True


async def _tripped(tx: AsyncSession, now: datetime) -> list[tuple[Spike, Trip]]:
    """The spikes that pause their slice, one for each; what led to a pause that has ended does not count again."""
    found: dict[tuple[str, str], tuple[Spike, Trip]] = {}
    for minutes in WINDOWS:
        before = await pauses.ended_since(tx, now - timedelta(minutes=minutes))
        since: dict[datetime, list[Spike]] = {}
        for spike in await anomalies.measure(tx, now, minutes):
            ended = before.get((spike.slice, spike.name))
            again: Spike | None = spike
            if ended is not None:
                if ended.at not in since:
                    since[ended.at] = await anomalies.measure(tx, now, minutes, since=ended.at)
                alike = (replace(one, again=ended.by_time) for one in since[ended.at] if _which(one) == _which(spike))
                again = next(alike, None)
            tripped = _trip(again) if again is not None else None
            if again is not None and tripped is not None:
                found.setdefault((spike.slice, spike.name), (again, tripped))
    return list(found.values())


def _which(spike: Spike) -> tuple[str, str, str]:
    return spike.slice, spike.name, spike.measure


def _trip(spike: Spike) -> Trip | None:
    with new_decision():
        return trip(spike)

"""When stages are due, by the tables; and the sweep, which mends that, warns before, and escalates after, each level
once."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from temporalio import activity

from activities.contracts import WATCH_DEADLINES, DeadlineAsk, DeadlinesSeen
from domain.clock import BEIJING, format_beijing, utc_now
from domain.deadlines import Due, Limit, NeverOver, Stage, Stop, due
from domain.deciding import Asked, new_decision
from domain.order import Order
from domain.sourcing import Reason
from rules.documents import BadRule
from rules.sla import limit, stops, versions
from rules.workdays import NAME as OFFICIAL_DAYS
from rules.workdays import known, missing, number, official
from store import deadlines
from store.database import Database
from store.deadlines import PERCENTILES, Durations, Judged, Standing
from store.tables import HoldRow, StageDeadlineRow

_log = logging.getLogger("orderhub.deadlines")

CALLS = "orderhub_deadline_calls_total"
OPEN = "orderhub_deadlines_open"
LATE = "orderhub_deadlines_late"
SECONDS = "orderhub_stage_seconds"

_MEASURED = timedelta(hours=1)
"""The metrics tell of the stages that ended within so long."""


class DeadlineSteps:
    """The one timer of all stages of all orders. Steps that begin a stage on the same database judge it at once."""

    def __init__(self, db: Database) -> None:
        self._db = db
        deadlines.judge_by(db, judge)

    @activity.defn(name=WATCH_DEADLINES.name)
    async def watch_deadlines(self, ask: DeadlineAsk) -> DeadlinesSeen:
        """Judge what has to be judged, tell who has to be told, and show it all in the metrics.

        A batch is one transaction that holds its stages, so that a sweep that runs twice calls nobody twice.
        """
        until = time.monotonic() + ask.seconds
        looked, calls = 0, Counter[tuple[str, int]]()
        while time.monotonic() < until:
            seen = await self._batch(ask.batch, calls)
            looked += seen
            activity.heartbeat()
            if not seen:
                break
        async with self._db.reading() as tx:
            standing = await deadlines.standing(tx, utc_now())
            took = await deadlines.durations(tx, utc_now(), _MEASURED)
        missed = missing(utc_now().astimezone(BEIJING).date())
        await deadlines.miss_calendar(self._db, missed.year if missed else None, now=missed is not None and missed.now)
        _measure(calls, standing, took)
        warned = sum(count for (_, level), count in calls.items() if level == 0)
        late = sum(one.late for one in standing.values())
        return DeadlinesSeen(looked, warned, sum(calls.values()) - warned, late)

    async def _batch(self, limit: int, calls: Counter[tuple[str, int]]) -> int:
        now = utc_now()
        made: list[tuple[str, int]] = []
        async with self._db.transaction() as tx:
            rows = await deadlines.to_judge(tx, now, versions(), limit)
            ids = {row.order_id for row in rows}
            orders, holds = await deadlines.bodies(tx, ids), await deadlines.held(tx, ids)
            for row in rows:
                judged = judge(row, orders[row.order_id], holds.get(row.order_id, ()), now)
                made += [(row.stage, call.level) for call in await deadlines.tell(tx, row, judged, now)]
        calls.update(made)  # what was rolled back was not told
        return len(rows)


def judge(row: StageDeadlineRow, order: Order, holds: Iterable[HoldRow], now: datetime) -> Judged:
    """When a stage of an order is due, by the tables in force now: a decision of its own."""
    stage = Stage(row.stage)
    try:
        with new_decision() as one:
            terms = limit(stage, order)
            stood = _stood(stage, row.began_at, holds)
            found = due(row.began_at, terms, stood, official)
            why = _why(terms, stood, now)
            if found.due is not None and terms.hours.week.rests:
                last = found.due.astimezone(BEIJING).date()
                why += _days(one.asked, last)
                why += [] if known(last.year) else [Reason("deadline.no_calendar", (("year", str(last.year)),))]
    except (BadRule, NeverOver, LookupError, ValueError, TypeError) as error:
        # One broken row must not keep all other orders from their deadlines, nor this one from its next step.
        _log.error("no deadline", extra={"order_id": row.order_id, "stage": row.stage, "error": str(error)})
        found, why = Due(None), [Reason("deadline.no_rule", (("why", str(error)),))]
    return Judged(found, why, versions())


def _stood(stage: Stage, began: datetime, holds: Iterable[HoldRow]) -> list[Stop]:
    """When the clock of a stage stood."""
    return [
        Stop(hold.opened_at, hold.closed_at, hold.reason)
        for hold in holds
        if (hold.closed_at is None or hold.closed_at > began) and stops(stage, hold.reason)
    ]


def _why(terms: Limit, stood: Iterable[Stop], now: datetime) -> list[Reason]:
    if not terms.lasts:
        return [Reason("deadline.no_limit", (("rule", terms.rules[0]),))]
    minutes = int(terms.lasts.total_seconds()) // 60
    lasts = Reason(
        "deadline.limit",
        (
            ("calendar", f"deadline.calendar.{terms.calendar}"),
            ("lasts", f"{minutes // 60}:{minutes % 60:02}"),
            ("rule", terms.rules[0]),
        ),
    )
    return [lasts, *(_stopped(stop, now) for stop in stood)]


def _days(asked: Iterable[Asked], last: date) -> list[Reason]:
    """The rows of official days that count until a deadline, each once."""
    found = {}
    for one in asked:
        if one.table == OFFICIAL_DAYS and one.facts["day"] <= number(last):
            for row, rule in zip(one.results, one.rules, strict=True):
                found[rule] = Reason("deadline.official_day", (("rule", rule), ("title", str(row["title"]))))
    return list(found.values())


def _stopped(stop: Stop, now: datetime) -> Reason:
    since, badge = format_beijing(stop.begins)[:16], f"hold.{stop.why}"
    if stop.ends is None or stop.ends > now:
        return Reason("deadline.stands", (("badge", badge), ("since", since)))
    return Reason("deadline.stood", (("badge", badge), ("since", since), ("until", format_beijing(stop.ends)[:16])))


def _measure(calls: Counter[tuple[str, int]], standing: dict[Stage, Standing], took: Iterable[Durations]) -> None:
    meter = activity.metric_meter()
    told = meter.create_counter(CALLS, "People who were warned (level 0) or told that a stage is late, by stage")
    for (stage, level), count in calls.items():
        told.add(count, {"stage": stage, "level": str(level)})
    now_open = meter.create_gauge(OPEN, "Orders in a stage now")
    late = meter.create_gauge(LATE, "Orders in a stage whose time is up")
    for which, one in standing.items():
        now_open.set(one.open, {"stage": which})
        late.set(one.late, {"stage": which})
    seconds = meter.create_gauge(SECONDS, "How long stages took that ended in the last hour", "s")
    for each in took:
        for percent, value in zip(PERCENTILES, each.seconds().values(), strict=True):
            labels = {"stage": each.stage, "kind": each.kind, "name": each.name, "quantile": f"0.{percent}"}
            seconds.set(value, labels)

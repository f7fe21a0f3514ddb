"""Deadlines of stages: begun, judged and ended by whatever moves an order; mended and told of by the sweep."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, update
from sqlalchemy import select as count_by
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select

from domain.clock import format_beijing
from domain.deadlines import SPANS, Call, Due, Stage, bucket_of, percentile
from domain.golden import GoldenState
from domain.order import Order
from domain.sourcing import Reason
from domain.texts import text
from store.database import Database
from store.holds import close_task, open_task
from store.tables import ConsignmentRow, HoldRow, OrderRow, OrderVersionRow, StageDeadlineRow, TaskRow

MET, LEFT = "met", "left"

KIND = "deadline"
"""The kind of the tasks: one for each stage of an order, for whoever hears of it last."""

PERCENTILES = (50, 90, 99)

_OPEN = col(StageDeadlineRow.ended_at).is_(None)


def task_key(order_id: str, stage: str) -> str:
    """The key of the task about a stage of an order."""
    return f"{order_id}/deadline/{stage}"


@dataclass(frozen=True)
class Judged:
    """When a stage is due, why then, and the mark of the rule versions that say so."""

    found: Due
    why: Sequence[Reason]
    rules: str


Judge = Callable[[StageDeadlineRow, Order, Iterable[HoldRow], datetime], Judged]
"""Says when a stage of an order that has had these holds is due. It only computes, and never raises for a bad rule."""

_JUDGE = "judge of deadlines"


def judge_by(db: Database, judge: Judge) -> None:
    """Let every transaction on this database judge a stage as it begins, or as what it hangs on changes. In a process
    that has no rules the sweep does it within a minute."""
    db.info[_JUDGE] = judge


async def moved(
    tx: AsyncSession, row: OrderRow, before: str | None, at: datetime, body: Order | None = None
) -> datetime | None:
    """An order came to another state, or left: end the stages that are over by it, begin those that begin with it.

    `body` is its newest one, if known; else it comes along with the stages: a step has no more statements by that.
    Returns when the first of the stages that it is in now is due; None: none is, as far as is known.
    """
    if row.exit is not None:
        await _end(tx, await _open_of(tx, [row.order_id]), LEFT, at)
        return None
    if row.state is None or row.state == before:
        return await first_due(tx, row.order_id)
    state = GoldenState(row.state)
    began = _beginning(row, state, at)
    still: list[StageDeadlineRow] = []
    if any(span.ends is state for span in SPANS.values()):
        found, known = await _open_with_body(tx, row, wanted=bool(began) and body is None)
        body = body or known
        over = [one for one in found if SPANS[Stage(one.stage)].ends is state]
        still = [one for one in found if one not in over]
        await _end(tx, over, MET, at)
    await _judge_new(tx, row, began, body, at)
    tx.add_all(began)
    return min((one.due_at for one in (*still, *began) if one.due_at is not None), default=None)


def _beginning(row: OrderRow, state: GoldenState, at: datetime) -> list[StageDeadlineRow]:
    begun = []
    for stage, span in SPANS.items():
        if span.begins is state:
            began = min(row.paid_at or at, at) if stage is Stage.SHIP else at
            begun.append(
                StageDeadlineRow(order_id=row.order_id, stage=stage, channel=row.channel, began_at=began, next_at=began)
            )
    return begun


async def _judge_new(
    tx: AsyncSession, row: OrderRow, began: Sequence[StageDeadlineRow], body: Order | None, at: datetime
) -> None:
    """Say when stages that begin now are due. Whom to tell, and when, is the sweep's affair."""
    judge: Judge | None = tx.info.get(_JUDGE)
    if judge is None or not began:
        return
    body = body or (await bodies(tx, [row.order_id])).get(row.order_id)
    if body is None:
        return
    # What is over by now stopped no clock but that of the promise, which began with the payment.
    met_holds = row.holds or (row.revision > 1 and any(one.began_at < at for one in began))
    holds = (await held(tx, [row.order_id])).get(row.order_id, []) if met_holds else []
    for one in began:
        judged = judge(one, body, holds, at)
        _say(one, judged)
        calls = judged.found.to_do(one.level, at)
        one.next_at = at if calls else judged.found.next(one.level, at)


async def _open_with_body(
    tx: AsyncSession, row: OrderRow, *, wanted: bool
) -> tuple[list[StageDeadlineRow], Order | None]:
    """The open stages of an order, locked; where it is wanted with its newest body, in the same statement."""
    if not wanted or _JUDGE not in tx.info:
        return await _open_of(tx, [row.order_id]), None
    newest = and_(
        col(OrderVersionRow.order_id) == col(StageDeadlineRow.order_id),
        col(OrderVersionRow.revision) == row.revision,
    )
    query = select(StageDeadlineRow, OrderVersionRow).join(OrderVersionRow, newest)
    query = query.where(col(StageDeadlineRow.order_id) == row.order_id, _OPEN)
    query = query.order_by(col(StageDeadlineRow.stage)).with_for_update(of=StageDeadlineRow)
    found = list((await tx.execute(query.execution_options(populate_existing=True))).tuples())
    return [stage for stage, _ in found], Order.model_validate(found[0][1].body) if found else None


async def _end(tx: AsyncSession, rows: Iterable[StageDeadlineRow], outcome: str, at: datetime) -> None:
    for row in rows:
        row.ended_at, row.outcome, row.next_at = at, outcome, None
        row.stopped_since, row.stopped_by = None, ""
        if outcome == MET:
            row.bucket = bucket_of(at - row.began_at)
        tx.add(row)
        if row.level >= 0:
            await close_task(tx, task_key(row.order_id, row.stage), "orderhub")


async def _open_of(tx: AsyncSession, order_ids: Collection[str]) -> list[StageDeadlineRow]:
    """Open stages of orders, locked in the order of their keys."""
    query = select(StageDeadlineRow).where(col(StageDeadlineRow.order_id).in_(order_ids), _OPEN)
    query = query.order_by(col(StageDeadlineRow.order_id), col(StageDeadlineRow.stage)).with_for_update()
    return list((await tx.execute(query.execution_options(populate_existing=True))).scalars())


async def first_due(tx: AsyncSession, order_id: str) -> datetime | None:
    """When the first of the stages that an order is in is due; None: none has a limit, or their clocks stand."""
    due = select(StageDeadlineRow.due_at).where(
        col(StageDeadlineRow.order_id) == order_id, _OPEN, col(StageDeadlineRow.due_at).is_not(None)
    )
    return (await tx.execute(due.order_by(col(StageDeadlineRow.due_at)).limit(1))).scalar_one_or_none()


async def look_again(tx: AsyncSession, order_id: str, at: datetime) -> None:
    """Something changed that an order's deadlines hang on (its body, a hold): they are judged anew.

    What that means for those who were told is looked after by the sweep, which judges them once more.
    """
    rows = await _open_of(tx, [order_id])
    judge: Judge | None = tx.info.get(_JUDGE)
    if judge is not None and rows:
        holds = (await held(tx, [order_id])).get(order_id, [])
        for body in (await bodies(tx, [order_id])).values():
            for row in rows:
                _say(row, judge(row, body, holds, at))
    for row in rows:
        row.next_at = at
        tx.add(row)


def _say(row: StageDeadlineRow, judged: Judged) -> None:
    found = judged.found
    row.due_at, row.rules = found.due, judged.rules
    row.why = [[reason.key, dict(reason.params)] for reason in judged.why]
    row.stopped_since = found.stopped.begins if found.stopped else None
    row.stopped_by = found.stopped.why if found.stopped else ""


# ------------------------------------------------------------------------------------------------------- the sweep


async def to_judge(tx: AsyncSession, now: datetime, rules: str, limit: int) -> list[StageDeadlineRow]:
    """The open stages of the orders whose turn it is, the longest due first; then those judged by other rules.

    Of an order that is among them all open stages whose turn it is are there, locked. The sweep's own lock on an
    order's stages is what makes every call happen once.
    """
    turn = or_(col(StageDeadlineRow.next_at) <= now, and_(_OPEN, col(StageDeadlineRow.rules) != rules))
    due = select(StageDeadlineRow.order_id).where(col(StageDeadlineRow.next_at) <= now)
    ids = list((await tx.execute(due.order_by(col(StageDeadlineRow.next_at)).limit(limit))).scalars())
    if not ids:
        old = select(StageDeadlineRow.order_id).where(_OPEN, col(StageDeadlineRow.rules) != rules)
        ids = list((await tx.execute(old.limit(limit))).scalars())
    if not ids:
        return []
    query = select(StageDeadlineRow).where(col(StageDeadlineRow.order_id).in_(ids), _OPEN, turn)
    query = query.order_by(col(StageDeadlineRow.order_id), col(StageDeadlineRow.stage)).with_for_update()
    rows = list((await tx.execute(query.execution_options(populate_existing=True))).scalars())
    place = {order_id: n for n, order_id in reversed(list(enumerate(ids)))}
    return sorted(rows, key=lambda row: place[row.order_id])


async def bodies(tx: AsyncSession, order_ids: Collection[str]) -> dict[str, Order]:
    """The newest body of each of these orders."""
    query = (
        select(OrderVersionRow)
        .join(
            OrderRow,
            and_(
                col(OrderRow.order_id) == col(OrderVersionRow.order_id),
                col(OrderRow.revision) == col(OrderVersionRow.revision),
            ),
        )
        .where(col(OrderRow.order_id).in_(order_ids))
    )
    return {row.order_id: Order.model_validate(row.body) for row in (await tx.execute(query)).scalars()}


async def held(tx: AsyncSession, order_ids: Collection[str]) -> dict[str, list[HoldRow]]:
    """All holds that each of these orders ever had, oldest first."""
    query = select(HoldRow).where(col(HoldRow.order_id).in_(order_ids)).order_by(col(HoldRow.opened_at))
    found: dict[str, list[HoldRow]] = {}
    for hold in (await tx.execute(query)).scalars():
        found.setdefault(hold.order_id, []).append(hold)
    return found


async def tell(tx: AsyncSession, row: StageDeadlineRow, judged: Judged, now: datetime) -> Sequence[Call]:
    """Keep when a stage is due and who must be told now. Returns the calls that this makes; again, there are none.

    A call whose moment has moved into the future was not made: whoever was told is told again when it comes to that.
    """
    before, found = row.level, judged.found
    row.level = max((call.level for call in found.calls if call.level <= before and call.at <= now), default=-1)
    calls = found.to_do(row.level, now)
    _say(row, judged)
    if calls:
        row.level = calls[-1].level
        row.told = [*row.told, *([call.level, call.who, now.isoformat()] for call in calls)]
    row.next_at = found.next(row.level, now)
    tx.add(row)
    await _task(tx, row, before, calls)
    return calls


async def _task(tx: AsyncSession, row: StageDeadlineRow, before: int, calls: Sequence[Call]) -> None:
    """One living task for a stage: opened by the first call, given the words of the last, closed when it is for
    nobody any more."""
    key = task_key(row.order_id, row.stage)
    if row.level < 0:
        if before >= 0:
            await close_task(tx, key, "orderhub")
        return
    open_now = and_(col(TaskRow.key) == key, col(TaskRow.closed_at).is_(None))
    if not calls:
        await tx.execute(update(TaskRow).where(open_now).values(due_at=row.due_at))
        return
    late = calls[-1].level > 0
    words = sentence(row, calls[-1])
    if await open_task(tx, key, KIND, words, order_id=row.order_id, alert=late, again=True, due_at=row.due_at):
        return
    changed = {"text": words, "severity": "alert" if late else "normal", "due_at": row.due_at}
    await tx.execute(update(TaskRow).where(open_now).values(**changed))


def sentence(row: StageDeadlineRow, call: Call) -> str:
    """What the one who is told reads."""
    due = row.due_at
    assert due is not None
    key = "deadline.late" if call.level > 0 else "deadline.soon"
    stage = text(f"deadline.stage.{row.stage}")
    return text(key, stage=stage, due=format_beijing(due)[:16], who=text(call.who), level=call.level)


CALENDAR = "calendar"
"""The kind of the tasks about a calendar that is missing."""


async def miss_calendar(db: Database, year: int | None, *, now: bool) -> None:
    """Let there be one task about the calendar that is missing, an alert when it counts already; None: none is."""
    key = f"calendar/{year}/{'now' if now else 'soon'}"
    query = select(TaskRow.key).where(TaskRow.kind == CALENDAR, col(TaskRow.closed_at).is_(None))
    async with db.reading() as tx:
        there = set((await tx.execute(query)).scalars())
    if there == ({key} if year is not None else set()):
        return
    async with db.transaction() as tx:
        if year is not None:
            words = text("task.calendar_now" if now else "task.calendar_soon", year=year)
            await open_task(tx, key, CALENDAR, words, alert=now, again=True)
        for other in there - {key} if year is not None else there:
            await close_task(tx, other, "orderhub")


# ------------------------------------------------------------------------------------------------------ who asks


async def of_order(tx: AsyncSession, order_id: str) -> list[StageDeadlineRow]:
    """All stages of an order, in the order in which they began."""
    query = select(StageDeadlineRow).where(StageDeadlineRow.order_id == order_id)
    rows = list((await tx.execute(query)).scalars())
    return sorted(rows, key=lambda row: (row.began_at, list(Stage).index(Stage(row.stage))))


@dataclass(frozen=True)
class Standing:
    """How many orders are in a stage now: all, those whose clock stands, those warned of, and those that are late."""

    open: int = 0
    stopped: int = 0
    warned: int = 0
    late: int = 0


async def standing(tx: AsyncSession, now: datetime) -> dict[Stage, Standing]:
    """How the orders stand in each stage."""

    def count(which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((which, 1), else_=0)), 0)

    late = col(StageDeadlineRow.due_at) <= now
    query = (
        count_by(
            col(StageDeadlineRow.stage),
            func.count(),
            count(col(StageDeadlineRow.stopped_since).is_not(None)),
            count(and_(col(StageDeadlineRow.level) == 0, ~late)),
            count(late),
        )
        .where(_OPEN)
        .group_by(col(StageDeadlineRow.stage))
    )
    found = {Stage(stage): Standing(*map(int, rest)) for stage, *rest in (await tx.execute(query)).tuples()}
    return {stage: found.get(stage, Standing()) for stage in Stage}


async def late(tx: AsyncSession, now: datetime, limit: int, stage: str | None = None) -> list[StageDeadlineRow]:
    """Open stages whose time is up, the latest first of all."""
    query = select(StageDeadlineRow).where(_OPEN, col(StageDeadlineRow.due_at) <= now)
    if stage is not None:
        query = query.where(col(StageDeadlineRow.stage) == stage)
    return list((await tx.execute(query.order_by(col(StageDeadlineRow.due_at)).limit(limit))).scalars())


@dataclass
class Durations:
    """How long a stage took at a channel or a warehouse, of `count` orders; how many of them were over in time."""

    stage: Stage
    kind: str
    name: str
    in_time: int = 0
    buckets: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many orders."""
        return sum(self.buckets.values())

    def seconds(self) -> dict[str, int]:
        """Its percentiles."""
        return {f"p{percent}": percentile(self.buckets, percent) for percent in PERCENTILES}


async def durations(tx: AsyncSession, now: datetime, window: timedelta) -> list[Durations]:
    """How long the stages took that ended within a window, by channel and by warehouse.

    The store counts; an order of several warehouses counts at each of them. What ended before it was judged was quick,
    and so in time.
    """
    over = and_(
        col(StageDeadlineRow.ended_at) > now - window,
        col(StageDeadlineRow.ended_at) <= now,
        col(StageDeadlineRow.bucket).is_not(None),
    )
    due = col(StageDeadlineRow.due_at)
    in_time = func.sum(case((due < col(StageDeadlineRow.ended_at), 0), else_=1))
    by = (col(StageDeadlineRow.stage), col(StageDeadlineRow.channel), col(StageDeadlineRow.bucket))
    channels = count_by(*by, func.count(), in_time).where(over).group_by(*by)
    first = aliased(ConsignmentRow)
    again = and_(
        col(first.order_id) == col(ConsignmentRow.order_id),
        col(first.warehouse) == col(ConsignmentRow.warehouse),
        col(first.n) < col(ConsignmentRow.n),
        col(first.status) != "off",
    )
    at = (col(StageDeadlineRow.stage), col(ConsignmentRow.warehouse), col(StageDeadlineRow.bucket))
    warehouses = (
        count_by(*at, func.count(), in_time)
        .join(ConsignmentRow, col(ConsignmentRow.order_id) == col(StageDeadlineRow.order_id))
        .where(over, col(ConsignmentRow.status) != "off", ~select(first.order_id).where(again).exists())
        .group_by(*at)
    )
    found: dict[tuple[str, str, str], Durations] = {}
    for kind, query in (("channel", channels), ("warehouse", warehouses)):
        for stage, name, bucket, count, kept in (await tx.execute(query)).tuples():
            one = found.setdefault((stage, kind, name), Durations(Stage(stage), kind, name))
            one.buckets[int(bucket)] = int(count)
            one.in_time += int(kept)
    order = list(Stage)
    return sorted(found.values(), key=lambda one: (order.index(one.stage), one.kind, one.name))

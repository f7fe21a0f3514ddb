"""Deadlines of an order's stages: begun, judged and ended by its steps, mended by the sweep, each call made once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from sqlalchemy import event
from sqlmodel import col, select

from activities.contracts import (
    ACCEPT_ORDER,
    CLOSE_HOLD,
    FINISH_SHIPPING,
    OPEN_HOLD,
    PASS_REVIEW,
    PLAN_COURIERS,
    PUSH_TO_WAREHOUSE,
    RECORD_CANCELLED,
    REQUEST_WAYBILL,
    RESERVE_STOCK,
    WATCH_DEADLINES,
    WRITE_BACK,
    DeadlineAsk,
    DeadlinesSeen,
    DeliveryRef,
    HoldEnd,
    HoldFact,
    OrderAt,
    OrderRef,
    ParcelRef,
    Reasoned,
    StagesDue,
    WaybillAsk,
)
from commands import doctor
from domain.clock import BEIJING, utc_now
from domain.deadlines import Stage
from domain.holds import HoldReason
from domain.order import Region
from domain.rulesets import RuleEvent, What
from rules import engine
from rules.workdays import known
from store import deadlines, orders
from store.deadline_report import report, seen
from store.tables import StageDeadlineRow, TaskRow
from tests.activities.conftest import Bench
from tests.activities.life import Turn, packed, signed
from tests.rules.days import rows, whole
from tests.rules.documents import changed
from tests.store.samples import index_row, receiver

WEDNESDAY = datetime(2026, 3, 4, 10, tzinfo=BEIJING)
HOUR = timedelta(hours=1)

LAST = max(year for year in range(2024, 2060) if known(year))
"""The last year whose calendar there is."""


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WEDNESDAY, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def _the_files_again() -> Iterator[None]:
    yield
    engine.use(engine.Book())


async def _paid(bench: Bench, number: str = "SO1") -> str:
    order = await bench.order(number, paid_at=utc_now(), placed_at=utc_now())
    await bench.run(ACCEPT_ORDER, OrderAt(order.order_id, 1))
    return order.order_id


async def _sweep(bench: Bench, batch: int = 50) -> DeadlinesSeen:
    seen: DeadlinesSeen = await bench.run(WATCH_DEADLINES, DeadlineAsk(batch))
    return seen


async def _stage(bench: Bench, stage: Stage = Stage.REVIEW, order_id: str = "own:main:SO1") -> StageDeadlineRow:
    async with bench.db.reading() as tx:
        return await tx.get_one(StageDeadlineRow, (order_id, stage))


async def _tasks(bench: Bench) -> list[tuple[str, str, bool]]:
    """Of each task about a deadline: what it says, how loudly, and whether it is open."""
    async with bench.db.reading() as tx:
        query = select(TaskRow).where(TaskRow.kind == deadlines.KIND).order_by(col(TaskRow.key))
        return [(task.text, task.severity, task.closed_at is None) for task in (await tx.execute(query)).scalars()]


def _published(name: str, version: str) -> RuleEvent:
    return RuleEvent(1, name, version, What.PUBLISHED, "wei", "x", utc_now(), utc_now())


async def test_steps_begin_and_end_stages_and_say_at_once_when_they_are_due(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    order_id = await _paid(bench)
    assert await _sweep(bench) == DeadlinesSeen(0, 0, 0, 0), "there is nothing to mend"
    assert (await _stage(bench)).due_at == WEDNESDAY + 2 * HOUR
    assert (await _stage(bench, Stage.SHIP)).due_at == WEDNESDAY + 48 * HOUR
    clock.shift(HOUR)
    await bench.run(PASS_REVIEW, OrderRef(order_id))
    await bench.run(PASS_REVIEW, OrderRef(order_id))
    clock.shift(60)
    await bench.run(RESERVE_STOCK, OrderRef(order_id))
    async with bench.db.reading() as tx:
        rows = [(row.stage, row.outcome, row.bucket) for row in await deadlines.of_order(tx, order_id)]
        found = await report(tx, utc_now(), timedelta(days=7), 10)
    assert rows == [("REVIEW", "met", 140), ("SHIP", "", None), ("LOCK", "met", 46), ("PACK", "", None)]
    assert {one["stage"]: one["open"] for one in found["stages"] if one["open"]} == {"SHIP": 1, "PACK": 1}
    assert [(one["stage"], one.get("channel"), one.get("warehouse"), one["orders"]) for one in found["durations"]] == [
        ("REVIEW", "own", None, 1),
        ("REVIEW", None, "WH01", 1),
        ("LOCK", "own", None, 1),
        ("LOCK", None, "WH01", 1),
    ]
    assert found["durations"][0]["seconds"] == {"p50": 3648, "p90": 3648, "p99": 3648}
    assert await _tasks(bench) == []


async def test_each_level_is_called_once_and_the_task_goes_when_the_stage_is_over(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    order_id = await _paid(bench)
    await _sweep(bench)
    clock.shift(89 * 60)
    assert await _sweep(bench) == DeadlinesSeen(0, 0, 0, 0)
    clock.shift(60)
    assert await _sweep(bench) == DeadlinesSeen(1, 1, 0, 0)
    assert await _sweep(bench) == DeadlinesSeen(0, 0, 0, 0)
    assert await _tasks(bench) == [("「审核」即将超时，应在 2026-03-04 12:00 前完成，请客服处理", "normal", True)]
    clock.shift(30 * 60)
    assert await _sweep(bench) == DeadlinesSeen(1, 0, 1, 1)
    clock.shift(HOUR)
    assert await _sweep(bench) == DeadlinesSeen(1, 0, 1, 1)
    [(words, severity, still)] = await _tasks(bench)
    assert words == "「审核」已超时（应在 2026-03-04 12:00 前完成），第 2 级升级，请主管处理"
    assert (severity, still) == ("alert", True)
    row = await _stage(bench)
    assert [call[:2] for call in row.told] == [[0, "role.service"], [1, "role.service"], [2, "role.supervisor"]]
    shown = seen(row, utc_now())
    assert (shown["status"], shown["due_at"]) == ("late", "2026-03-04T12:00:00+08:00")
    assert shown["why"][0].startswith("时限 2:00（办公时间），依据 sla_limits@")
    await bench.run(PASS_REVIEW, OrderRef(order_id))
    assert [still for _, _, still in await _tasks(bench)] == [False]
    assert seen(await _stage(bench), utc_now())["status"] == "missed"


async def test_levels_that_passed_unseen_are_one_call_to_the_last_of_them(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    """Nobody swept for half a day: one task, that of the highest level, and none of them again."""
    await _paid(bench)
    clock.shift(8 * HOUR)
    assert await _sweep(bench) == DeadlinesSeen(1, 1, 3, 1)
    [(words, _, _)] = await _tasks(bench)
    assert "第 3 级" in words
    assert "总监" in words
    assert await _sweep(bench) == DeadlinesSeen(0, 0, 0, 1)


async def test_a_batch_takes_the_longest_due_first_and_goes_on_until_all_are_looked_at(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    for n in range(3):
        order_id = await _paid(bench, f"SO{n}")
        async with bench.db.transaction() as tx:
            await deadlines.look_again(tx, order_id, utc_now())
        clock.shift(60)
    async with bench.db.transaction() as tx:
        first = await deadlines.to_judge(tx, utc_now(), "", 2)
    assert {row.order_id for row in first} == {"own:main:SO0"}
    assert (await _sweep(bench, batch=1)).looked == 6


async def test_a_hold_that_waits_for_others_stops_the_clock_and_one_of_ours_does_not(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    order_id = await _paid(bench)
    await _sweep(bench)
    clock.shift(HOUR)
    deadline = utc_now() + 24 * HOUR
    ours = HoldReason.ADDRESS_INCOMPLETE
    told = await bench.run(OPEN_HOLD, HoldFact(order_id, 1, ours, "x", deadline))
    assert told == StagesDue(WEDNESDAY + 2 * HOUR)
    await _sweep(bench)
    assert (await _stage(bench)).due_at == WEDNESDAY + 2 * HOUR
    refund = HoldFact(order_id, 2, HoldReason.REFUND_PENDING, "x", deadline)
    assert await bench.run(OPEN_HOLD, refund) == StagesDue(None)
    assert await bench.run(OPEN_HOLD, refund) == StagesDue(None)
    assert (await _stage(bench)).due_at is None, "the sweep is not waited for"
    await _sweep(bench)
    row = await _stage(bench)
    assert (row.due_at, row.next_at, row.stopped_by) == (None, None, "REFUND_PENDING")
    clock.shift(3 * HOUR)
    assert await _sweep(bench) == DeadlinesSeen(0, 0, 0, 0)
    assert seen(row, utc_now())["why"][1].startswith("自 2026-03-04 11:00 起停表：")
    ended = await bench.run(CLOSE_HOLD, HoldEnd(order_id, 2, HoldReason.REFUND_PENDING, "channel", "DOCUMENT"))
    assert ended == StagesDue(WEDNESDAY + 5 * HOUR)
    await _sweep(bench)
    assert (await _stage(bench)).due_at == WEDNESDAY + 5 * HOUR


async def test_another_region_moves_what_is_not_over_and_takes_back_a_call(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    order_id = await _paid(bench)
    clock.shift(47 * HOUR)
    await _sweep(bench)
    assert (await _stage(bench, Stage.SHIP)).level == 0
    far = receiver().model_copy(update={"region": Region(province="西藏自治区", city="拉萨市", district="城关区")})
    async with bench.db.transaction() as tx:
        await orders.replace_receiver(tx, await index_row(tx, order_id), far, "address/1")
    await _sweep(bench)
    row = await _stage(bench, Stage.SHIP)
    assert (row.due_at, row.level) == (WEDNESDAY + 120 * HOUR, -1)
    assert [still for words, _, still in await _tasks(bench) if "承诺发货" in words] == [False]


async def test_another_version_of_the_rules_moves_open_deadlines(bench: Bench) -> None:
    order_id = await _paid(bench)
    await bench.run(PASS_REVIEW, OrderRef(order_id))
    await _sweep(bench)
    draft = engine.Table("sla_limits", changed("sla_limits", "lock", minutes="30", warn="10"))
    news = _published("sla_limits", draft.version)
    engine.use(engine.Book([news], [draft]))
    assert (await _sweep(bench)).looked == 2
    assert (await _stage(bench, Stage.LOCK)).due_at == WEDNESDAY + HOUR / 2
    assert (await _stage(bench)).due_at == WEDNESDAY + 2 * HOUR, "the review was over before"
    assert (await _sweep(bench)).looked == 0


async def test_a_broken_rule_keeps_nobody_else_from_a_deadline(bench: Bench) -> None:
    await _paid(bench)
    draft = engine.Table("sla_calendars", changed("sla_calendars", "office", opens='"9"'))
    news = _published("sla_calendars", draft.version)
    engine.use(engine.Book([news], [draft]))
    await _sweep(bench)
    assert (await _stage(bench)).why[0][0] == "deadline.no_rule"
    assert (await _stage(bench, Stage.SHIP)).due_at is not None
    assert (await _sweep(bench)).looked == 0


async def test_an_order_that_left_has_no_deadline_any_more(bench: Bench, clock: time_machine.Traveller) -> None:
    order_id = await _paid(bench)
    clock.shift(3 * HOUR)
    await _sweep(bench)
    await bench.run(RECORD_CANCELLED, Reasoned(order_id, "x", "wei"))
    assert {(await _stage(bench, stage)).outcome for stage in (Stage.REVIEW, Stage.SHIP)} == {"left"}
    assert [still for _, _, still in await _tasks(bench)] == [False]
    assert (await _sweep(bench)).late == 0


async def test_an_order_from_before_there_were_deadlines_gets_them_with_its_next_stage(bench: Bench) -> None:
    order_id = await _paid(bench)
    async with bench.db.transaction() as tx:
        for stage in (Stage.REVIEW, Stage.SHIP):
            await tx.delete(await tx.get_one(StageDeadlineRow, (order_id, stage)))
    await bench.run(PASS_REVIEW, OrderRef(order_id))
    assert (await _stage(bench, Stage.LOCK)).began_at == utc_now()


async def test_a_rule_that_is_broken_keeps_no_order_from_its_next_step(bench: Bench) -> None:
    draft = engine.Table("sla_calendars", changed("sla_calendars", "office", opens='"9"'))
    engine.use(engine.Book([_published("sla_calendars", draft.version)], [draft]))
    order_id = await _paid(bench)
    assert [key for key, _ in (await _stage(bench)).why] == ["deadline.no_rule"]
    assert await bench.run(PASS_REVIEW, OrderRef(order_id)) == StagesDue(WEDNESDAY + 48 * HOUR), "that of the promise"


async def _without_trouble(bench: Bench, number: str) -> tuple[list[int], list[StagesDue | None]]:
    """An order's life: how many statements each of its steps that moves it runs, and when it says to be due."""
    order = await bench.order(number, paid_at=utc_now(), placed_at=utc_now())
    oid = order.order_id
    statements, said = [], []
    ran: list[object] = []
    event.listen(bench.db.engine.sync_engine, "before_cursor_execute", lambda *args: ran.append(args))

    async def go(*turns: Turn) -> None:
        for turn in turns:
            ran.clear()
            answer = await bench.run(turn.step, turn.argument)
            statements.append(len(ran))
            said.append(answer if isinstance(answer, StagesDue) else getattr(answer, "stages", None))

    ref, parcel = OrderRef(oid), ParcelRef(oid, f"{oid}#1")
    await go(Turn(ACCEPT_ORDER, OrderAt(oid, 1)), Turn(PASS_REVIEW, ref), Turn(RESERVE_STOCK, ref))
    await bench.run(PLAN_COURIERS, OrderAt(oid, 1))
    await bench.run(PUSH_TO_WAREHOUSE, DeliveryRef(oid, 1, "SF", "", 1))
    await go((await packed(bench, oid))[1])
    await bench.run(REQUEST_WAYBILL, WaybillAsk(oid, parcel.parcel_id, "sf", "SF", 1))
    await bench.run(WRITE_BACK, parcel)
    await go(Turn(FINISH_SHIPPING, ref))
    await go(*(await signed(bench, oid))[1:])
    return statements, said


async def test_a_stage_that_is_judged_as_it_begins_costs_an_order_no_statement(bench: Bench) -> None:
    judged, said = await _without_trouble(bench, "SO1")
    async with bench.db.reading() as tx:
        rows = {row.stage: row.due_at for row in await deadlines.of_order(tx, "own:main:SO1")}
    assert None not in rows.values()
    assert set(rows) == set(Stage)
    first = [rows[stage] for stage in (Stage.REVIEW, Stage.LOCK, Stage.PACK, Stage.WAYBILL, Stage.SIGN)]
    assert said == [*map(StagesDue, first), None, None]
    bench.db.info.clear()
    left_to_the_sweep, said = await _without_trouble(bench, "SO2")
    assert said == [*[StagesDue(None)] * 5, None, None]
    assert judged == left_to_the_sweep


@pytest.mark.parametrize(
    ("today", "severity", "well", "soon"),
    [
        (date(LAST, 11, 30), None, True, False),
        (date(LAST, 12, 1), "normal", True, True),
        (date(LAST + 1, 1, 4), "alert", False, False),
    ],
)
async def test_a_calendar_that_is_missing_is_told_of_before_and_after(
    bench: Bench, clock: time_machine.Traveller, today: date, severity: str | None, well: bool, soon: bool
) -> None:
    clock.move_to(datetime.combine(today, time(10), BEIJING))
    for _ in range(2):
        await _sweep(bench)
    async with bench.db.reading() as tx:
        open_ones = (await tx.execute(select(TaskRow).where(TaskRow.kind == deadlines.CALENDAR))).scalars().all()
    assert [task.severity for task in open_ones] == ([severity] if severity else [])
    found = doctor.calendar(today)
    assert (found.well, found.soon) == (well, soon)
    await _paid(bench)
    assert [key for key, _ in (await _stage(bench)).why] == ["deadline.limit", *["deadline.no_calendar"] * (not well)]
    clock.move_to(WEDNESDAY)
    await _sweep(bench)
    async with bench.db.reading() as tx:
        assert {task.closed_at is None for task in (await tx.execute(select(TaskRow))).scalars()} <= {False}


async def test_days_that_are_published_move_open_deadlines_and_close_the_task(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    """Without a new package and without a restart."""
    day = next(day for day in (date(LAST + 1, 3, n) for n in range(10, 17)) if day.isoweekday() == 3)
    clock.move_to(datetime.combine(day, time(10), BEIJING))
    await _paid(bench)
    await _sweep(bench)
    assert (await _stage(bench)).due_at == utc_now() + 2 * HOUR
    document = rows(*whole(LAST + 1), ("break", f"{day:%Y%m%d}", "off"))
    draft = engine.Table("official_days", document)
    engine.use(engine.Book([_published("official_days", draft.version)], [draft]))
    assert (await _sweep(bench)).looked == 2
    row = await _stage(bench)
    assert row.due_at == datetime.combine(day + timedelta(days=1), time(11), BEIJING)
    assert [key for key, _ in row.why] == ["deadline.limit", "deadline.official_day"]
    assert row.why[1][1] == {"rule": f"official_days@{draft.version}/break", "title": "break"}
    async with bench.db.reading() as tx:
        [task] = (await tx.execute(select(TaskRow).where(TaskRow.kind == deadlines.CALENDAR))).scalars()
    assert task.closed_at is not None

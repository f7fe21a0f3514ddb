"""The sweep over all partners: one alert for each that is not well, closed by itself when it is well again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlmodel import select

from activities.contracts import WATCH_PARTNERS, PartnersSeen, PartnerWatch
from domain.clock import utc_now
from domain.partner_health import Breaker, Outcome, bucket_of
from domain.texts import use_language
from store import partner_calls
from store.database import Database
from store.partner_calls import KEPT_FOR, Counted, Line
from store.tables import PartnerCallRow, TaskRow
from tests.activities.conftest import Bench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


async def _calls(db: Database, ok: int = 0, failed: int = 0, *, partner: str = "sf", operation: str = "create") -> None:
    """Calls of one process that end now."""
    counts = {
        Counted(bucket_of(utc_now()), partner, operation, outcome, 100): count
        for outcome, count in ((Outcome.OK, ok), (Outcome.UNKNOWN, failed))
        if count
    }
    async with db.transaction() as tx:
        await partner_calls.keep(tx, "worker-1", counts, [], utc_now())


async def _breaker(db: Database, state: Breaker, since: datetime, process: str = "worker-1") -> None:
    async with db.transaction() as tx:
        await partner_calls.keep(tx, process, {}, [Line("sf", 1, "sf.example", state, since)], utc_now())


async def _watch(bench: Bench) -> PartnersSeen:
    seen: PartnersSeen = await bench.run(WATCH_PARTNERS, PartnerWatch())
    return seen


async def _tasks(db: Database) -> list[TaskRow]:
    async with db.reading() as tx:
        return list((await tx.execute(select(TaskRow).order_by(TaskRow.key))).scalars())


async def test_nothing_was_called(bench: Bench) -> None:
    assert await _watch(bench) == PartnersSeen([], [], [])


async def test_an_alert_opens_once_and_closes_when_five_minutes_went_well(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    await _calls(bench.db, ok=90, failed=9)
    await _calls(bench.db, failed=1, operation="void")
    assert await _watch(bench) == PartnersSeen(["sf"], ["sf"], [])
    (task,) = await _tasks(bench.db)
    assert (task.kind, task.severity) == ("partner_unhealthy", "alert")
    assert task.text == "顺丰接口异常：最近 5 分钟成功率 90.00 %，100 次调用中 10 次失败，失败最多的调用：create"

    for _ in range(4):
        clock.shift(MINUTE)
        await _calls(bench.db, ok=100)
        assert await _watch(bench) == PartnersSeen(["sf"], [], [])
    clock.shift(2 * MINUTE)
    assert await _watch(bench) == PartnersSeen([], [], ["sf"])
    assert await _watch(bench) == PartnersSeen([], [], [])
    (task,) = await _tasks(bench.db)
    assert (task.closed_at, task.closed_by) == (NOON + 6 * MINUTE, "orderhub")

    await _calls(bench.db, failed=30)
    assert (await _watch(bench)).opened == ["sf"]
    assert [task.closed_at is None for task in await _tasks(bench.db)] == [False, True]


async def test_two_sweeps_at_the_same_moment_ask_once(bench: Bench) -> None:
    await _calls(bench.db, failed=50)
    seen = await asyncio.gather(*(_watch(bench) for _ in range(4)))
    assert sorted(len(each.opened) for each in seen) == [0, 0, 0, 1]
    assert len(await _tasks(bench.db)) == 1


async def test_partners_are_judged_apart(bench: Bench) -> None:
    await _calls(bench.db, ok=1000, partner="cainiao")
    await _calls(bench.db, failed=19, partner="credit")
    await _calls(bench.db, failed=20, partner="sms")
    await _calls(bench.db, failed=40, partner="acme")  # a connector from outside
    assert await _watch(bench) == PartnersSeen(["acme", "sms"], ["acme", "sms"], [])
    assert ["acme接口异常" in task.text or "短信接口异常" in task.text for task in await _tasks(bench.db)] == [
        True,
        True,
    ]


async def test_an_open_breaker_is_an_alert_whatever_the_number_of_calls(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    use_language("en")
    await _calls(bench.db, failed=5)
    await _breaker(bench.db, Breaker.OPENED, NOON)
    await _breaker(bench.db, Breaker.CLOSED, NOON, process="worker-2")
    assert (await _watch(bench)).opened == ["sf"]
    (task,) = await _tasks(bench.db)
    assert task.text == (
        "SF Express is not called for now, its breaker is open: of 5 calls in 5 minutes 5 failed, mostly create"
    )

    clock.shift(MINUTE)
    await _calls(bench.db, ok=5000)  # 99.9 % of all now
    for _ in range(5):
        await _breaker(bench.db, Breaker.CLOSED, NOON + MINUTE)
        assert await _watch(bench) == PartnersSeen([], [], []), "closed just now: five minutes are not over"
        clock.shift(MINUTE)
    await _breaker(bench.db, Breaker.CLOSED, NOON + MINUTE)
    assert (await _watch(bench)).closed == ["sf"]


async def test_a_breaker_of_a_process_that_died_is_nobodys_any_more(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    await _breaker(bench.db, Breaker.OPENED, NOON)
    clock.shift(2 * MINUTE)
    assert await _watch(bench) == PartnersSeen([], [], [])


async def test_without_calls_an_alert_stays_for_an_hour(bench: Bench, clock: time_machine.Traveller) -> None:
    await _calls(bench.db, failed=50)
    await _watch(bench)
    for _ in range(5):
        clock.shift(10 * MINUTE)
        assert await _watch(bench) == PartnersSeen([], [], [])
    clock.shift(11 * MINUTE)
    assert (await _watch(bench)).closed == ["sf"]


async def test_what_is_too_old_to_be_asked_for_is_dropped(bench: Bench, clock: time_machine.Traveller) -> None:
    await _calls(bench.db, ok=1)
    clock.shift(KEPT_FOR + MINUTE)
    await _calls(bench.db, ok=2)
    await _watch(bench)
    async with bench.db.reading() as tx:
        assert [row.calls for row in (await tx.execute(select(PartnerCallRow))).scalars()] == [2]

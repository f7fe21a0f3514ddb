"""Orders into their workflows: the window, crashes, several dispatchers; on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from store import inbox
from store.orders import Untold
from tests.intake.stage import RecordingOrders, ScriptedSource, Stage, until, working
from tests.store.samples import order

SO1 = order("SO1").order_id


# ------------------------------------------------------------------------------------------------ the start window


async def test_never_more_than_the_window_are_in_flight(stage: Stage) -> None:
    await stage.put_orders(*(order(f"SO{n}") for n in range(7)))
    dispatcher = stage.dispatcher(start_window=3)
    await dispatcher.order_documents()
    assert [await dispatcher.start_orders() for _ in range(3)] == [3, 0, 0]
    await stage.arrived(next(iter(stage.orders.running)))
    assert [await dispatcher.start_orders() for _ in range(2)] == [1, 0]
    assert len(stage.orders.running) == 4


async def test_the_longest_waiting_start_first(stage: Stage) -> None:
    dispatcher = stage.dispatcher(start_window=2)
    for number in ("SO3", "SO1", "SO2"):
        await stage.put_orders(order(number))
        await dispatcher.order_documents()
    await dispatcher.start_orders()
    assert [order_id.rpartition(":")[2] for order_id in stage.orders.start_calls] == ["SO3", "SO1"]


async def test_living_documents_do_not_wait_behind_a_burst_of_new_orders(stage: Stage) -> None:
    await stage.started(order("OLD"))
    await stage.put_orders(*(order(f"SO{n}") for n in range(20)))
    await stage.put_cancel("OLD")
    assert await stage.dispatcher(batch=5).living_documents() == 1
    rows = await stage.rows()
    assert rows["main:OLD/cancel"].outcome == "told"
    assert Counter(row.status for row in rows.values()) == {"done": 2, "new": 20}


# ------------------------------------------------------------------------------------------------ crashes


async def test_a_crash_between_taking_and_starting_starts_once_on_the_next_turn(stage: Stage) -> None:
    async def crash(_: Untold) -> None:
        raise ConnectionError("Temporal is away")

    await stage.put_orders(order("SO1"))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    stage.orders.before_start = crash
    with pytest.raises(ConnectionError):
        await dispatcher.start_orders()
    assert (await stage.index(SO1)).started_at is None
    stage.orders.before_start = None
    assert [await dispatcher.start_orders() for _ in range(2)] == [1, 0]
    assert stage.orders.start_calls == [SO1, SO1]
    assert list(stage.orders.running) == [SO1]


async def test_a_crash_between_starting_and_noting_it_is_noted_on_the_next_turn(stage: Stage) -> None:
    async def crash(_: Untold) -> None:
        raise ConnectionError("the answer was lost")

    await stage.put_orders(order("SO1"))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    stage.orders.after_start = crash
    with pytest.raises(ConnectionError):
        await dispatcher.start_orders()
    stage.orders.after_start = None
    assert [await dispatcher.start_orders() for _ in range(2)] == [1, 0]
    assert (await stage.index(SO1)).started_at is not None


async def test_a_document_of_a_dispatcher_that_died_is_taken_by_another(stage: Stage) -> None:
    await stage.put_orders(order("SO1"))
    async with stage.db.transaction() as tx:
        assert len(await inbox.claim(tx, 10, timedelta(seconds=-1))) == 1
    assert await stage.dispatcher().order_documents() == 1
    assert (await stage.row("main:SO1")).attempts == 2


async def test_the_loops_outlive_an_outage(stage: Stage) -> None:
    tries = Counter[str]()

    async def away_at_first(waiting: Untold) -> None:
        tries[waiting.order_id] += 1
        if tries[waiting.order_id] == 1:
            raise ConnectionError("Temporal is away")

    async def running() -> bool:
        return SO1 in stage.orders.running

    stage.orders.before_start = away_at_first
    await stage.put_orders(order("SO1"))
    async with working(stage.dispatcher()):
        await until(running)
    assert tries[SO1] == 2


# ------------------------------------------------------------------------------------------------ many at once


async def test_two_dispatchers_apply_every_document_once(stage: Stage) -> None:
    numbers = [f"SO{n}" for n in range(30)]
    source = ScriptedSource("qimen", [])
    stage.sources["qimen"] = source
    await stage.put_orders(*(order(number) for number in numbers))
    for number in numbers:
        await stage.put_news("qimen", f"news-{number}")
    one, two = RecordingOrders(), RecordingOrders()

    async def all_done() -> bool:
        rows = (await stage.rows()).values()
        return len(one.running.keys() | two.running.keys()) == 30 and all(row.status == "done" for row in rows)

    async with working(*(stage.dispatcher(orders, batch=4, start_window=100) for orders in (one, two))):
        await until(all_done)
    rows = (await stage.rows()).values()
    assert {row.outcome for row in rows} == {"new", "nothing"}
    assert {row.attempts for row in rows} == {1}
    assert sorted(source.asked) == sorted(f"news-{number}" for number in numbers)

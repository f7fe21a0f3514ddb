"""Spikes pause one step of one slice, small numbers never do, and every other slice goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError

from activities import contracts as c
from activities.contracts import (
    WATCH_ANOMALIES,
    AnomaliesSeen,
    AnomalyAsk,
    Pushed,
    Reserved,
    WaybillAsk,
    WaybillOutcome,
)
from activities.warehouse import SETTLED_AFTER
from domain.clock import BEIJING, utc_now
from domain.holds import HoldReason, Release
from domain.partner_health import Outcome, bucket_of
from domain.pauses import Measure, Slice, Spike
from domain.warehouses import Warehouse
from store import anomalies, orders, partner_calls, pauses, stock, warehouses
from store.partner_calls import Counted
from store.tables import ConsignmentRow, HoldRow, OrderEventRow, PauseRow, ReservationRow, ShortageRow, TaskRow
from tests.activities.conftest import Bench
from tests.activities.life import packed, prepare, to_the_warehouse
from tests.store.samples import order as sample_order
from tests.workflows.partners import fails, lost

NOON = datetime(2026, 3, 1, 12, tzinfo=BEIJING)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


async def _begin(bench: Bench, kind: Slice, name: str, minutes: int | None = 30) -> int:
    now = utc_now()
    async with bench.db.transaction() as tx:
        row = await pauses.begin(tx, kind, name, "x", "wei", now=now, until=now + minutes * MINUTE if minutes else None)
    assert row is not None
    assert row.n is not None
    return row.n


async def _calls(bench: Bench, failed: int, ok: int) -> None:
    counts = {
        Counted(bucket_of(utc_now()), "sf", "create", outcome, 100): count
        for outcome, count in ((Outcome.OK, ok), (Outcome.UNKNOWN, failed))
    }
    async with bench.db.transaction() as tx:
        await partner_calls.keep(tx, "worker-1", counts, [], utc_now())


async def _sweep(bench: Bench) -> tuple[int, int, int]:
    seen: AnomaliesSeen = await bench.run(WATCH_ANOMALIES, AnomalyAsk())
    return seen.begun, seen.ended, seen.in_force


async def _tasks(bench: Bench) -> list[tuple[str, str, bool]]:
    async with bench.db.reading() as tx:
        query = select(TaskRow).where(TaskRow.kind == pauses.KIND).order_by(col(TaskRow.key))
        return [(task.text, task.severity, task.closed_at is None) for task in (await tx.execute(query)).scalars()]


async def test_a_spike_pauses_its_slice_once_and_ends_by_its_rule(bench: Bench, clock: time_machine.Traveller) -> None:
    await _calls(bench, failed=60, ok=20)
    assert await _sweep(bench) == (1, 0, 1)
    assert await _sweep(bench) == (0, 0, 1)
    async with bench.db.reading() as tx:
        [row] = await pauses.listed(tx)
    assert (row.kind, row.name, row.measure, row.by) == ("courier", "sf", "courier_failures", "orderhub")
    assert row.facts == {"window_minutes": 15, "count": 60, "sample": 80}
    assert row.rule.startswith("anomalies@")
    assert row.until == utc_now() + 30 * MINUTE
    words = (
        "快递渠道“顺丰”的取号已暂停：15 分钟内取号失败 60 次（样本 80），恢复时间：2026-03-01 12:30。"
        f"请仓库处理；恢复：orderhub pauses end {row.n}"
    )
    assert await _tasks(bench) == [(words, "alert", True)]
    clock.shift(31 * MINUTE)
    assert await _sweep(bench) == (0, 1, 0)
    assert [still for _, _, still in await _tasks(bench)] == [False]


async def _notes(bench: Bench) -> list[tuple[str, bool]]:
    async with bench.db.reading() as tx:
        query = select(TaskRow).where(TaskRow.kind == pauses.RESUMED).order_by(col(TaskRow.key))
        return [(task.text, task.closed_at is None) for task in (await tx.execute(query)).scalars()]


async def test_what_goes_on_is_told_once_and_is_on_trial(bench: Bench, clock: time_machine.Traveller) -> None:
    await _calls(bench, failed=60, ok=20)
    assert await _sweep(bench) == (1, 0, 1)
    clock.shift(30 * MINUTE)
    assert await _sweep(bench) == (0, 1, 0)
    assert await _sweep(bench) == (0, 0, 0)
    [(words, still)] = await _notes(bench)
    assert still
    assert words.startswith("快递渠道“顺丰”的取号已恢复（到时自动恢复），此前因「15 分钟内取号失败 60 次")
    assert "暂停了 30 分钟" in words
    clock.shift(2 * MINUTE)
    await _calls(bench, failed=12, ok=8)
    assert await _sweep(bench) == (1, 0, 1), "few failures are enough for what has just come back"
    async with bench.db.reading() as tx:
        [row] = await pauses.listed(tx)
    assert row.rule.endswith("/again")
    assert row.until == utc_now() + 120 * MINUTE
    clock.shift(121 * MINUTE)
    await _sweep(bench)
    assert [still for _, still in await _notes(bench)] == [False, True], "a note goes after an hour"


async def test_what_a_person_let_go_on_is_not_on_trial(bench: Bench, clock: time_machine.Traveller) -> None:
    number = await _begin(bench, Slice.COURIER, "sf")
    clock.shift(2 * MINUTE)
    async with bench.db.transaction() as tx:
        assert await pauses.end(tx, number, "wei", utc_now())
    clock.shift(2 * MINUTE)
    await _calls(bench, failed=12, ok=8)
    assert await _sweep(bench) == (0, 0, 0)
    [(words, _)] = await _notes(bench)
    assert "已恢复（wei）" in words


async def test_small_numbers_never_pause_anything(bench: Bench) -> None:
    await _calls(bench, failed=40, ok=0)
    assert await _sweep(bench) == (0, 0, 0)


async def test_what_led_to_a_pause_that_a_person_ended_does_not_lead_to_another(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    await _calls(bench, failed=60, ok=20)
    await _sweep(bench)
    clock.shift(2 * MINUTE)
    async with bench.db.transaction() as tx:
        [row] = await pauses.listed(tx)
        assert await pauses.end(tx, row.n or 0, "wei", utc_now())
        assert not await pauses.end(tx, row.n or 0, "wei", utc_now())
    assert await _sweep(bench) == (0, 0, 0)
    clock.shift(2 * MINUTE)
    await _calls(bench, failed=60, ok=20)
    assert await _sweep(bench) == (1, 0, 1)


async def test_what_is_counted_of_which_slice(bench: Bench) -> None:
    """Two orders of WH01 with a mug, one of them scanned wrongly twice; one of WH02, packed well; one long ago."""
    now = utc_now()
    async with bench.db.transaction() as tx:
        for n, (warehouse, what, at) in enumerate(
            [
                ("WH01", "hold.opened", now),
                ("WH01", "packed", now),
                ("WH02", "packed", now),
                ("WH02", "hold.opened", now - 3 * 60 * MINUTE),
            ]
        ):
            order = sample_order(f"SO{n}")
            await orders.take(tx, order)
            oid = order.order_id
            tx.add(ConsignmentRow(order_id=oid, n=1, warehouse=warehouse, lines=[], status="ready", at=now))
            tx.add(ReservationRow(order_id=oid, sku="MUG", warehouse=warehouse, quantity=1, status="locked", at=now))
            states = ("STOCK_LOCKED", "PACKED") if what == "packed" else ("STOCK_LOCKED", "STOCK_LOCKED")
            for step in (1, 2) if n == 0 else (1,):
                tx.add(
                    OrderEventRow(
                        order_id=oid,
                        step=f"{step}",
                        at=at,
                        who="x",
                        what=what,
                        why="SCAN_MISMATCH: x",
                        state_before=states[0],
                        state_after=states[1],
                    )
                )
    async with bench.db.reading() as tx:
        found = await anomalies.measure(tx, now, 120)
        assert await anomalies.measure(tx, now, 120, since=now) == []
    assert found == [
        Spike(Slice.SKU, "MUG", Measure.SCAN_MISMATCHES, 120, 1, 3),
        Spike(Slice.WAREHOUSE, "WH01", Measure.SCAN_MISMATCHES, 120, 1, 2),
    ]


async def test_an_article_that_is_paused_locks_no_stock_and_others_do(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    await _begin(bench, Slice.SKU, "MUG")
    stopped, other = await bench.order("SO1"), sample_order("SO2")
    line = other.lines[0].model_copy(update={"sku": "CUP"})
    other = other.model_copy(update={"lines": (line,)})
    async with bench.db.transaction() as tx:
        await orders.take(tx, other)
        await stock.receive(tx, "CUP", "WH01", 10, stock.Movement("receive/CUP", "receive", "test"))
    for order in (stopped, other):
        await bench.run(c.ACCEPT_ORDER, c.OrderAt(order.order_id, 1))
        await bench.run(c.PASS_REVIEW, c.OrderRef(order.order_id))
    refused: Reserved = await bench.run(c.RESERVE_STOCK, c.OrderRef(stopped.order_id))
    assert (refused.ok, refused.paused_until) == (False, utc_now() + 30 * MINUTE)
    assert refused.paused == "商品 MUG 的锁库已暂停：x，恢复时间：2026-03-01 12:30"
    assert (await bench.run(c.RESERVE_STOCK, c.OrderRef(other.order_id))).ok
    async with bench.db.reading() as tx:
        assert (await tx.execute(select(ShortageRow))).first() is None, "it is not short of anything"
    clock.shift(30 * MINUTE)  # no sweep has ended it yet
    assert (await bench.run(c.RESERVE_STOCK, c.OrderRef(stopped.order_id))).ok


async def test_an_order_that_a_person_released_goes_on(bench: Bench) -> None:
    order = await bench.order()
    hold = HoldRow(order_id=order.order_id, n=1, reason=HoldReason.PAUSED, detail="x", opened_at=NOON, deadline=NOON)
    hold.closed_at, hold.how = NOON, Release.OPERATOR
    async with bench.db.transaction() as tx:
        tx.add(hold)
    await _begin(bench, Slice.SKU, "MUG", minutes=None)
    async with bench.db.reading() as tx:
        assert await pauses.stops(tx, order.order_id, Slice.SKU, ["MUG"]) is None
        assert await pauses.stops(tx, "own:main:SO2", Slice.SKU, ["MUG"]) is not None
        assert await pauses.stops(tx, "own:main:SO2", Slice.SKU, ["CUP"]) is None
        assert await pauses.stops(tx, "own:main:SO2", Slice.WAREHOUSE, ["MUG"]) is None


async def test_a_warehouse_that_is_paused_gets_no_new_instruction(bench: Bench) -> None:
    order_id = await prepare(bench)
    number = await _begin(bench, Slice.WAREHOUSE, "WH01", minutes=None)
    for turn in to_the_warehouse(order_id)[:-2]:
        answer = await bench.run(turn.step, turn.argument)
    assert isinstance(answer, Pushed)
    assert (answer.ok, answer.paused, answer.paused_until) == (False, True, None)
    assert bench.town.warehouse.orders == {}
    async with bench.db.transaction() as tx:
        assert await pauses.end(tx, number, "wei", utc_now())
    assert (await bench.run(turn.step, turn.argument)).ok
    await _begin(bench, Slice.WAREHOUSE, "WH01")
    assert (await bench.run(turn.step, turn.argument)).ok, "what the warehouse may have is asked for again"


async def test_an_instruction_that_got_lost_before_the_pause_is_not_sent_into_it(
    bench: Bench, clock: time_machine.Traveller
) -> None:
    order_id = await prepare(bench)
    *before, push = to_the_warehouse(order_id)[:-2]
    for turn in before:
        await bench.run(turn.step, turn.argument)
    for did_it in (False, True):
        bench.town.warehouse.will("push", lost("qimen", done=did_it))
        with pytest.raises(ApplicationError, match="no answer"):
            await bench.run(push.step, push.argument)
        number = await _begin(bench, Slice.WAREHOUSE, "WH01", minutes=None)
        if not did_it:
            with pytest.raises(ApplicationError, match="may still be on its way"):
                await bench.run(push.step, push.argument)
            clock.shift(SETTLED_AFTER)
        answer = await bench.run(push.step, push.argument)
        assert (answer.ok, answer.paused) == (did_it, not did_it)
        assert len(bench.town.warehouse.orders) == did_it
        async with bench.db.transaction() as tx:
            await pauses.end(tx, number, "wei", utc_now())


async def test_an_order_is_routed_around_a_warehouse_that_is_paused_if_another_can_deliver_it(bench: Bench) -> None:
    """The nearest would be the one that is paused."""
    await _begin(bench, Slice.WAREHOUSE, "WH01", minutes=None)
    async with bench.db.transaction() as tx:
        await warehouses.put(tx, Warehouse("WH02", province="西藏自治区", city="拉萨市"), "WH01")
        await stock.receive(tx, "MUG", "WH02", 2, stock.Movement("receive/far", "receive", "test"))
    went = []
    for number in ("SO1", "SO2", "SO3"):
        order = await bench.order(number)
        for step in (c.ACCEPT_ORDER, c.PASS_REVIEW, c.RESERVE_STOCK):
            ref = c.OrderAt(order.order_id, 1) if step is c.ACCEPT_ORDER else c.OrderRef(order.order_id)
            answer = await bench.run(step, ref)
        went += [one.warehouse for one in answer.consignments]
    assert went == ["WH02", "WH02", "WH01"], "only the paused one has any more: the last waits for it"


async def test_a_question_that_got_lost_before_the_pause_is_asked_after_and_not_asked_again(bench: Bench) -> None:
    order_id = await prepare(bench)
    for turn in [*to_the_warehouse(order_id)]:
        await bench.run(turn.step, turn.argument)
    for turn in await packed(bench, order_id):
        await bench.run(turn.step, turn.argument)
    ask = WaybillAsk(order_id, f"{order_id}#1", "sf", "SF", 1)
    bench.town.sf.will("create", fails(RuntimeError("the worker died")))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        await bench.run(c.REQUEST_WAYBILL, ask)
    await _begin(bench, Slice.COURIER, "sf")
    assert (await bench.run(c.REQUEST_WAYBILL, ask)).outcome is WaybillOutcome.UNKNOWN
    assert (await bench.run(c.SETTLE_WAYBILL, ask)).outcome is WaybillOutcome.NONE
    assert dict(bench.town.sf.calls) == {"create": 1, "find": 2}


async def test_a_courier_that_is_paused_is_passed_over(bench: Bench) -> None:
    order_id = await prepare(bench)
    for turn in to_the_warehouse(order_id):
        await bench.run(turn.step, turn.argument)
    for turn in await packed(bench, order_id):
        await bench.run(turn.step, turn.argument)
    await _begin(bench, Slice.COURIER, "sf")
    passed = await bench.run(c.REQUEST_WAYBILL, WaybillAsk(order_id, f"{order_id}#1", "sf", "SF", 1))
    assert passed.outcome is WaybillOutcome.NONE
    assert not bench.town.sf.calls
    taken = await bench.run(c.REQUEST_WAYBILL, WaybillAsk(order_id, f"{order_id}#1", "cainiao", "ZTO", 2))
    assert taken.outcome is WaybillOutcome.LIVE


async def test_orders_of_a_channel_that_is_paused_are_not_begun(bench: Bench) -> None:
    await bench.order("SO1")
    await _begin(bench, Slice.CHANNEL, "douyin")
    async with bench.db.reading() as tx:
        assert [one.order_id for one in await orders.to_start(tx, 10)] == ["own:main:SO1"]
    number = await _begin(bench, Slice.CHANNEL, "own")
    async with bench.db.transaction() as tx:
        assert await orders.to_start(tx, 10) == []
        await pauses.end(tx, number, "wei", utc_now())
        assert len(await orders.to_start(tx, 10)) == 1


async def test_a_slice_is_paused_once_at_a_time(bench: Bench, clock: time_machine.Traveller) -> None:
    await _begin(bench, Slice.SKU, "MUG")
    async with bench.db.transaction() as tx:
        assert await pauses.begin(tx, Slice.SKU, "MUG", "y", "li", now=utc_now()) is None
    clock.shift(30 * MINUTE)
    await _begin(bench, Slice.SKU, "MUG")
    async with bench.db.reading() as tx:
        ended = [row.ended_at for row in (await tx.execute(select(PauseRow).order_by(col(PauseRow.n)))).scalars()]
    assert ended == [NOON + 30 * MINUTE, None]

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from activities.partners import HubConfig
from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.partner_health import Outcome, bucket_of
from domain.shipping import TrackCode
from store import deadlines, listings, partner_calls, stock
from store.partner_alerts import open_alerts
from store.partner_calls import Counted
from store.tables import SkuRow, WaybillRow
from tests.workflows.partners import away
from tests.workflows.stage import Stage
from workflows.contracts import (
    COMPARE_SHADOWS_WORKFLOW,
    COMPARE_SHELVES_WORKFLOW,
    DEADLINE_WORKFLOW,
    FREEZE_SWEEP_WORKFLOW,
    PARTNER_HEALTH_WORKFLOW,
    PUBLISH_STOCK_WORKFLOW,
    PURGE_LOGS_WORKFLOW,
    TRACKING_SWEEP_WORKFLOW,
    WATCH_SAFETY_WORKFLOW,
    WAYBILL_SWEEP_WORKFLOW,
    CompareStart,
    OrderEnd,
    PublishStart,
    PurgeStart,
    SweepStart,
)


@pytest.fixture
def config() -> HubConfig:
    """A company that asks for every silent parcel at once."""
    return HubConfig(settle_after=timedelta(0), track_silent_after=timedelta(0))


async def _sweep(stage: Stage, workflow: str) -> int:
    told: int = await stage.client.execute_workflow(
        workflow, SweepStart(), id=f"sweep-{uuid.uuid4()}", task_queue=stage.queue, result_type=int
    )
    return told


async def test_the_waybill_sweep_lets_waiting_orders_ask_again(stage: Stage) -> None:
    for courier in (stage.town.sf, stage.town.cainiao):
        courier.always("create", away(courier.provider))
    orders = [await stage.start() for _ in range(2)]
    for order in orders:
        await order.packed()
        await order.held(HoldReason.WAYBILL_BY_PERSON)
    stage.town.sf.always("create", None)
    assert await _sweep(stage, WAYBILL_SWEEP_WORKFLOW) == 2
    for order in orders:
        await order.reaches(GoldenState.WAYBILL_RETURNED)
        await order.held()
    assert await _sweep(stage, WAYBILL_SWEEP_WORKFLOW) == 0


async def test_a_sweep_minds_no_order_that_has_ended(stage: Stage) -> None:
    for courier in (stage.town.sf, stage.town.cainiao):
        courier.always("create", away(courier.provider))
    gone, waiting = [await stage.start() for _ in range(2)]
    for order in (gone, waiting):
        await order.packed()
        await order.held(HoldReason.WAYBILL_BY_PERSON)
    await gone.handle.terminate("by an engineer")
    stage.town.sf.always("create", None)
    assert await _sweep(stage, WAYBILL_SWEEP_WORKFLOW) == 1
    await waiting.reaches(GoldenState.WAYBILL_RETURNED)


async def test_the_deadline_sweep_judges_what_is_under_way(stage: Stage) -> None:
    order = await stage.start()
    await order.reaches(GoldenState.STOCK_LOCKED)
    assert await _sweep(stage, DEADLINE_WORKFLOW) == 0
    async with stage.db.reading() as tx:
        found = {row.stage: row for row in await deadlines.of_order(tx, order.handle.id)}
    assert {name for name, row in found.items() if row.outcome == "met"} >= {"REVIEW", "LOCK"}
    assert found["PACK"].due_at is not None


async def test_the_tracking_sweep_subscribes_and_then_asks_for_silent_parcels(stage: Stage) -> None:
    order = await stage.start()
    await order.packed()
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    number = await order.number()
    stage.town.tracker.will("subscribe", away("kdniao"))
    assert await _sweep(stage, TRACKING_SWEEP_WORKFLOW) == 0
    assert stage.town.tracker.subscribed == []

    assert await _sweep(stage, TRACKING_SWEEP_WORKFLOW) == 0
    assert stage.town.tracker.subscribed == [number]
    (waybill,) = await order.rows(WaybillRow)
    assert waybill.subscribed_at is not None

    stage.town.tracker.known[number] = TrackCode.SIGNED
    assert await _sweep(stage, TRACKING_SWEEP_WORKFLOW) == 1
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert await _sweep(stage, TRACKING_SWEEP_WORKFLOW) == 0
    assert stage.town.tracker.subscribed == [number]


async def test_the_health_sweep_asks_a_person_once_for_a_partner_that_is_not_well(stage: Stage) -> None:
    assert await _sweep(stage, PARTNER_HEALTH_WORKFLOW) == 0
    failed = Counted(bucket_of(utc_now()), "sf", "create", Outcome.UNAVAILABLE, 100)
    async with stage.db.transaction() as tx:
        await partner_calls.keep(tx, "worker-1", {failed: 30}, [], utc_now())
    for _ in range(2):
        assert await _sweep(stage, PARTNER_HEALTH_WORKFLOW) == 1
    async with stage.db.reading() as tx:
        assert set(await open_alerts(tx)) == {"sf"}


async def test_the_comparison_with_the_warehouse_says_how_many_articles_differ(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        await stock.receive(tx, "CUP", "WH01", 5, stock.Movement("receive/cup", "receive", "test"))
    differing = await stage.client.execute_workflow(
        COMPARE_SHELVES_WORKFLOW,
        CompareStart(),
        id=f"sweep-{uuid.uuid4()}",
        task_queue=stage.queue,
        result_type=int,
    )
    assert differing == 2, "the cup, and the goods of the stage: this warehouse keeps nothing"


async def test_transfers_that_were_not_sent_in_time_are_let_go(stage: Stage) -> None:
    long_ago = utc_now() - timedelta(hours=3)
    async with stage.db.transaction() as tx:
        await stock.receive(tx, "CUP", "WH01", 5, stock.Movement("receive/cup", "receive", "test"))
        for number, at in (("T3", utc_now()), ("T1", long_ago), ("T2", long_ago)):
            await stock.freeze(tx, number, {"CUP": 1}, "WH01", "WH02", "test", now=at)
    assert await _sweep(stage, FREEZE_SWEEP_WORKFLOW) == 2
    async with stage.db.reading() as tx:
        assert [row.number for row in await stock.list_transfers(tx)] == ["T3"]


async def test_stock_is_published_and_safety_stocks_are_looked_after(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        await stock.receive(tx, "CUP", "WH01", 5, stock.Movement("receive/cup", "receive", "test"))
        await listings.put(tx, [listings.Named("own", "main", "", "CUP", "CUP")])
        tx.add(SkuRow(sku="CUP", safety_stock=6, below_safety="suggest"))
    for workflow, start, expected in (
        (PUBLISH_STOCK_WORKFLOW, PublishStart(), 1),
        (WATCH_SAFETY_WORKFLOW, SweepStart(), 1),
        (PURGE_LOGS_WORKFLOW, PurgeStart(), 0),
        (COMPARE_SHADOWS_WORKFLOW, SweepStart(), 0),
    ):
        done = await stage.client.execute_workflow(
            workflow, start, id=f"sweep-{uuid.uuid4()}", task_queue=stage.queue, result_type=int
        )
        assert done == expected
    assert stage.town.own.stock == {("main", "", "CUP"): 0}, "five are there, and six are kept back"

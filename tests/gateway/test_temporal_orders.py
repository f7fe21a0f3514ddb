"""The way to living orders, over a real Temporal server."""

from __future__ import annotations

import asyncio
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain.texts import text
from gateway.deps import InWords, StillRunning, TemporalAway, UpdateRefused
from gateway.temporal_orders import TemporalOrders
from runtime.codec import data_converter
from tests.gateway.house import new_ring
from workflows.contracts import AddressWish, CancelOrder, Outcome, RecordWaybill, ReleaseHold

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("temporal")]

ORDER, QUEUE = "own:main:SO1", "gateway-tests"
NUMBER = RecordWaybill(f"{ORDER}#1", "SF", "SF1000000000001", "wei")


@workflow.defn
class SmallOrder:
    """The updates of an order, and every way in which one can end."""

    def __init__(self) -> None:
        self.numbers: list[str] = []
        self.over = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self.over)

    @workflow.signal
    def end(self) -> None:
        self.over = True

    @workflow.update
    async def record_waybill(self, typed: RecordWaybill) -> Outcome:
        self.numbers.append(typed.number)
        return Outcome(True, f"{typed.by} {typed.number}")

    @record_waybill.validator
    def check_record_waybill(self, typed: RecordWaybill) -> None:
        if self.numbers:
            raise ApplicationError(f"已有 {self.numbers[0]}", type="AlreadyDone")

    @workflow.update
    async def release_hold(self, wish: ReleaseHold) -> Outcome:
        await workflow.sleep(0.01)
        raise ApplicationError("处理时拒绝", type="Refused")

    @workflow.update
    async def change_address(self, wish: AddressWish) -> Outcome:
        await workflow.execute_activity("nobody_has_it", schedule_to_close_timeout=timedelta(milliseconds=50))
        return Outcome(True, "")

    @workflow.update(unfinished_policy=workflow.HandlerUnfinishedPolicy.ABANDON)
    async def cancel(self, order: CancelOrder) -> Outcome:
        await workflow.wait_condition(lambda: False)
        return Outcome(True, "")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def temporal() -> AsyncIterator[Client]:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(
        data_converter=data_converter(new_ring()),
        dev_server_existing_path=str(binary),
        dev_server_log_level="error",
    ) as environment:
        yield environment.client


@asynccontextmanager
async def living(client: Client, *, worked_on: bool = True) -> AsyncIterator[TemporalOrders]:
    """A living order, and the way to it."""

    async def connect() -> Client:
        return client

    handle = await client.start_workflow(SmallOrder.run, id=ORDER, task_queue=QUEUE)
    try:
        if not worked_on:
            yield TemporalOrders(connect, timedelta(seconds=0.5))
            return
        async with Worker(
            client, task_queue=QUEUE, workflows=[SmallOrder], workflow_runner=UnsandboxedWorkflowRunner()
        ):
            yield TemporalOrders(connect, timedelta(seconds=2))
    finally:
        with suppress(RPCError):  # it ended by itself
            await handle.terminate()


async def test_what_comes_of_an_update_is_answered(temporal: Client) -> None:
    async with living(temporal) as orders:
        assert await orders.update(ORDER, "record_waybill", NUMBER) == Outcome(True, "wei SF1000000000001")
        with pytest.raises(UpdateRefused) as refused:
            await orders.update(ORDER, "record_waybill", NUMBER)
        assert refused.value.text == "已有 SF1000000000001"
        outcome = await InWords(orders).update(ORDER, "record_waybill", NUMBER)
        assert outcome == Outcome(False, "已有 SF1000000000001")


async def test_a_no_after_it_was_accepted(temporal: Client) -> None:
    async with living(temporal) as orders:
        with pytest.raises(UpdateRefused) as refused:
            await orders.update(ORDER, "release_hold", ReleaseHold("STOCK_SHORT", "wei", "x"))
        assert refused.value.text == "处理时拒绝"


async def test_a_failure_that_has_no_words_for_people(temporal: Client) -> None:
    async with living(temporal) as orders:
        with pytest.raises(UpdateRefused) as refused:
            await orders.update(ORDER, "change_address", AddressWish(1, "wei"))
        assert refused.value.text == text("order.update_failed")


async def test_what_takes_longer_than_the_patience_goes_on(temporal: Client) -> None:
    async with living(temporal) as orders:
        with pytest.raises(StillRunning):
            await orders.update(ORDER, "cancel", CancelOrder("不要了", "wei"))
        outcome = await InWords(orders).update(ORDER, "cancel", CancelOrder("不要了", "wei"))
        assert outcome == Outcome(False, text("order.still_running"), sure=False)


async def test_an_order_that_ends_while_it_is_asked(temporal: Client) -> None:
    async with living(temporal) as orders:
        asking = asyncio.create_task(orders.update(ORDER, "cancel", CancelOrder("不要了", "wei")))
        await asyncio.sleep(0.5)
        await temporal.get_workflow_handle(ORDER).signal(SmallOrder.end)
        with pytest.raises(UpdateRefused) as refused:
            await asking
        assert refused.value.text == text("order.unknown_or_closed")
        with pytest.raises(UpdateRefused) as closed:
            await orders.update(ORDER, "record_waybill", NUMBER)
        assert closed.value.text == text("order.unknown_or_closed")


async def test_an_order_that_nobody_knows(temporal: Client) -> None:
    async with living(temporal) as orders:
        with pytest.raises(UpdateRefused) as refused:
            await orders.update("own:main:NONE", "record_waybill", NUMBER)
        assert refused.value.text == text("order.unknown_or_closed")


async def test_without_workers_it_is_not_known_whether_it_arrived(temporal: Client) -> None:
    async with living(temporal, worked_on=False) as orders:
        with pytest.raises(TemporalAway):
            await orders.update(ORDER, "record_waybill", NUMBER)


async def test_temporal_that_cannot_be_reached_is_tried_again_later(temporal: Client) -> None:
    reachable = False

    async def connect() -> Client:
        return temporal if reachable else await Client.connect("127.0.0.1:1")

    orders = TemporalOrders(connect, timedelta(seconds=2))
    with pytest.raises(TemporalAway):
        await orders.update(ORDER, "record_waybill", NUMBER)
    assert await InWords(orders).update(ORDER, "record_waybill", NUMBER) == Outcome(
        False, text("order.away"), sure=False
    )
    reachable = True
    with pytest.raises(UpdateRefused):
        await orders.update("own:main:NONE", "record_waybill", NUMBER)

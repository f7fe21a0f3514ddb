"""Documents to living workflows on a real Temporal server, everything sealed on the way."""

from __future__ import annotations

import asyncio
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from intake.orders import TemporalOrders
from runtime.codec import ENCODING, data_converter
from runtime.keys import KeyRing
from store.database import Database
from store.orders import Untold
from tests.intake.stage import RecordingOrders, Stage, own_shop, until, working
from tests.store.samples import order, receiver
from workflows.contracts import CancelSignal, DocumentSignal, OrderStart, Timings
from workflows.details import ORDER_AMOUNT_FEN, ORDER_CHANNEL, ORDER_SHOP, ORDER_STATE, SEARCH_ATTRIBUTES

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("temporal")]

QUEUE = "intake-tests"
TIMINGS = Timings(stock_retry_s=7)


@workflow.defn(name="OrderWorkflow")
class Listener:
    """Hears what an order hears, until it is cancelled."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        self.reason = ""

    @workflow.run
    async def run(self, start: OrderStart) -> list[str]:
        await workflow.wait_condition(lambda: bool(self.reason))
        known = f"{start.order_id} {start.revision} {start.timings.stock_retry_s}"
        return [known, *map(str, self.heard), self.reason]

    @workflow.signal
    def document(self, news: DocumentSignal) -> None:
        self.heard.append(news.revision)

    @workflow.signal
    def cancelled(self, news: CancelSignal) -> None:
        self.reason = news.reason


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def temporal() -> AsyncIterator[Client]:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    async with await WorkflowEnvironment.start_local(
        data_converter=data_converter(KeyRing({"k": bytes(32)}, "k")),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(binary),
        dev_server_log_level="error",
    ) as environment:
        worker = Worker(
            environment.client, task_queue=QUEUE, workflows=[Listener], workflow_runner=UnsandboxedWorkflowRunner()
        )
        async with worker:
            yield environment.client


@pytest.fixture
def orders(temporal: Client) -> TemporalOrders:
    return TemporalOrders(temporal, QUEUE, TIMINGS)


@pytest_asyncio.fixture(loop_scope="module")
async def stage(database_url: str) -> AsyncIterator[Stage]:
    # In this module's event loop, where the server's client lives.
    db, shop = Database(database_url), own_shop()
    yield Stage(db, RecordingOrders(), {"own": shop})
    await shop.close()
    await db.close()


def _untold(number: str) -> Untold:
    return Untold(order(number).order_id, 1, "own", "main", 4950)


async def test_from_the_inbox_to_the_end_of_an_order(stage: Stage, orders: TemporalOrders, temporal: Client) -> None:
    number = f"E2E-{'sqlite' if stage.db.is_sqlite else 'postgres'}"
    order_id = order(number).order_id
    handle = temporal.get_workflow_handle(order_id)

    async def started() -> bool:
        return (await stage.index(order_id)).started_at is not None

    async def told() -> bool:
        return (await stage.index(order_id)).signalled_revision == 2

    await stage.put_orders(order(number))
    async with working(stage.dispatcher(orders), stage.dispatcher(orders)):

        async def taken() -> bool:
            return (await stage.row(f"main:{number}")).status == "done"

        await until(taken)
        await until(started)
        await stage.put_orders(order(number, version=2, receiver=receiver("示例路2号")))
        await until(told)
        await stage.put_cancel(number)
        async with asyncio.timeout(20):
            first, *heard, last = await handle.result()
    assert (first, last) == (f"{order_id} 1 7.0", "不要了")
    assert set(heard) == {"2"}, "both dispatchers may tell it: a signal changes nothing the second time"


async def test_what_the_server_sees_of_an_order_at_its_start(orders: TemporalOrders, temporal: Client) -> None:
    await orders.start(_untold("ATTR"))
    handle = temporal.get_workflow_handle(order("ATTR").order_id)
    described = await handle.describe()
    attributes = described.typed_search_attributes
    assert attributes.get(ORDER_STATE) == "none"
    assert attributes.get(ORDER_CHANNEL) == "own"
    assert attributes.get(ORDER_SHOP) == "main"
    assert attributes.get(ORDER_AMOUNT_FEN) == 4950
    assert await described.static_summary() == "自有商城订单 ATTR"
    # In the history as the server keeps it, arguments and summary are sealed.
    first = (await handle.fetch_history()).events[0]
    started = first.workflow_execution_started_event_attributes
    assert [payload.metadata["encoding"] for payload in started.input.payloads] == [ENCODING]
    assert first.user_metadata.summary.metadata["encoding"] == ENCODING
    assert "自有商城".encode() not in first.SerializeToString()
    assert b"stock_retry_s" not in first.SerializeToString()
    await handle.terminate()


async def test_starting_twice_is_starting_once_while_it_runs_and_after(
    orders: TemporalOrders, temporal: Client
) -> None:
    for _ in range(2):
        await orders.start(_untold("TWICE"))
    handle = temporal.get_workflow_handle(order("TWICE").order_id)
    run_id = (await handle.describe()).run_id
    await handle.terminate()
    with pytest.raises(WorkflowFailureError):
        await handle.result()
    await orders.start(_untold("TWICE"))
    assert (await handle.describe()).run_id == run_id


async def test_an_order_that_never_began_or_has_ended_is_not_told(orders: TemporalOrders, temporal: Client) -> None:
    order_id = order("ENDED").order_id
    assert not await orders.signal(order_id, "document", DocumentSignal(2))
    await orders.start(_untold("ENDED"))
    assert await orders.signal(order_id, "cancelled", CancelSignal("x", "test"))
    await temporal.get_workflow_handle(order_id).result()
    assert not await orders.signal(order_id, "document", DocumentSignal(2))

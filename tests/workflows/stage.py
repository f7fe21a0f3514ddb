"""One test's small world: a store, all partners, a worker on the shared test server, and orders to follow."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import pytest
from sqlmodel import col, select
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper
from temporalio.worker import Worker

from activities.partners import HubConfig
from activities.registry import all_activities
from domain.clock import utc_now
from domain.golden import SEQUENCE, GoldenState
from domain.holds import HoldReason
from domain.news import CancelNews, CreditNews, News, TrackNews, WarehouseNews
from domain.order import ClearReceiver, Order
from domain.shipping import CreditAnswer, TrackCode, WarehouseReport, WarehouseStatus
from domain.warehouses import Warehouse
from intake.apply import apply
from intake.dispatcher import Dispatcher, Pace
from intake.orders import TemporalOrders
from store import shipping, stock
from store.database import Database
from store.holds import open_holds
from store.orders import Untold, mark_signalled, mark_started, take
from store.tables import (
    AddressChangeRow,
    ConsignmentRow,
    DeliveryRow,
    HoldRow,
    OrderEventRow,
    OrderRow,
    ParcelRow,
    ReservationRow,
    StockLedgerRow,
    StockRow,
    TaskRow,
    WaybillRow,
)
from store.warehouses import put
from tests.sandboxed import sandboxed
from tests.store.samples import order as sample_order
from tests.workflows.partners import Town, track
from worker import GRACE, WORKFLOWS
from workflows.contracts import DocumentSignal, OrderEnd, Outcome, Timings

PATIENCE_S = 20
"""A condition that is not met after so long is not going to be."""

T = TypeVar("T")

_numbers = count(1)  # the server of a test process remembers the orders of all its tests


async def until(question: Callable[[], Awaitable[T]], what: str) -> T:
    """Ask until the answer is a yes. Raises AssertionError when that takes too long."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        answer = await question()
        if answer:
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"waited in vain for: {what}"
        await asyncio.sleep(0.02)


@dataclass
class Stage:
    """What the tests play on. Time passes for an order only when the test says so."""

    db: Database
    town: Town
    client: Client
    queue: str
    timings: Timings = field(default_factory=Timings)

    def __post_init__(self) -> None:
        self.time = TimeSkipper(self.client)
        self.orders = TemporalOrders(self.client, self.queue, self.timings)

    async def receive(self, sku: str, quantity: int, warehouse: str = "WH01") -> None:
        """Goods come in."""
        async with self.db.transaction() as tx:
            key = f"receive/{utc_now().isoformat()}"
            await stock.receive(tx, sku, warehouse, quantity, stock.Movement(key, "receive", "test"))

    async def expects(self, number: str, sku: str, quantity: int, at: datetime, warehouse: str = "WH01") -> None:
        """A purchase is on its way."""
        async with self.db.transaction() as tx:
            await stock.expect(tx, number, sku, warehouse, quantity, at)

    async def comes(self, number: str, **goods: int) -> None:
        """Goods of a purchase are booked in."""
        async with self.db.transaction() as tx:
            await stock.receive_incoming(tx, number, goods, f"note/{utc_now().isoformat()}", "test")

    async def wakes(self) -> int:
        """The dispatcher looks whose goods have come in."""
        return await Dispatcher(self.db, {}, self.orders, Pace()).wake_orders()

    async def wakes_short(self) -> int:
        """The dispatcher looks who was short of goods of which there are more now."""
        return await Dispatcher(self.db, {}, self.orders, Pace()).wake_short()

    async def opens(self, *warehouses: str) -> None:
        """There are more warehouses than the one of the settings."""
        async with self.db.transaction() as tx:
            for code in warehouses:
                await put(tx, Warehouse(code), "WH01")

    async def start(self, number: str = "", **changes: Any) -> Living:
        """Keep an order that was paid just now, and start its workflow as the dispatcher does."""
        now = utc_now()
        order = sample_order(number or f"SO{next(_numbers)}", **{"placed_at": now, "paid_at": now, **changes})
        async with self.db.transaction() as tx:
            await take(tx, order)
        await self._start(order)
        async with self.db.transaction() as tx:
            await mark_started(tx, order.order_id, 1)
        handle: WorkflowHandle[Any, OrderEnd] = self.client.get_workflow_handle(order.order_id, result_type=OrderEnd)
        return Living(self, order, handle)

    async def start_again(self, living: Living) -> None:
        """As a dispatcher does that died before it could note the start."""
        await self._start(living.order)

    async def _start(self, order: Order) -> None:
        await self.orders.start(Untold(order.order_id, 1, order.channel, order.shop, order.amounts.paid_fen))

    async def check(self) -> None:
        """What holds after every scenario: at most one live waybill per parcel, stock conserved, states in order."""
        async with self.db.transaction() as tx:
            pools = (await tx.execute(select(StockRow))).scalars().all()
            ledger = (await tx.execute(select(StockLedgerRow))).scalars().all()
            locked = (await tx.execute(select(ReservationRow))).scalars().all()
            events = (await tx.execute(select(OrderEventRow).order_by(col(OrderEventRow.seq)))).scalars().all()
            waybills = (await tx.execute(select(WaybillRow).where(WaybillRow.status == "live"))).scalars().all()
        for pool in pools:
            mine = [line for line in ledger if (line.sku, line.warehouse) == (pool.sku, pool.warehouse)]
            assert pool.on_hand == sum(line.on_hand_delta for line in mine)
            assert pool.reserved == sum(line.reserved_delta for line in mine)
            here = [r for r in locked if (r.sku, r.warehouse, r.status) == (pool.sku, pool.warehouse, "locked")]
            assert pool.reserved == sum(r.quantity for r in here)
        states = defaultdict(list)
        for event in events:
            if event.state_after != event.state_before:
                states[event.order_id].append(event.state_after)
        for seen in states.values():
            assert seen == list(SEQUENCE[: len(seen)])
        by_hand = [(waybill.parcel_id, waybill.number) for waybill in waybills if waybill.provider == "manual"]
        live = Counter(parcel for parcel, _ in by_hand)
        for courier in self.town.couriers():
            live.update(parcel for parcel, _ in courier.live())
        assert all(n == 1 for n in live.values()), f"more than one live waybill: {live}"
        assert max(Counter(waybill.parcel_id for waybill in waybills).values(), default=1) == 1


@asynccontextmanager
async def playing(
    client: Client,
    db: Database,
    town: Town,
    config: HubConfig,
    timings: Timings | None = None,
    *,
    remembers: bool = True,
) -> AsyncIterator[Stage]:
    """A stage with ten mugs and a worker: real activities, workflows in the sandbox. What must hold is checked at the
    end. A worker that does not remember walks every order's whole history at each step, as after a crash."""
    stage = Stage(db, town, client, f"orders-{uuid.uuid4()}", timings or Timings())
    await stage.receive("MUG", 10)
    async with Worker(
        client,
        task_queue=stage.queue,
        workflows=WORKFLOWS,
        activities=all_activities(db, town.partners(), config),
        workflow_runner=sandboxed(),
        max_cached_workflows=1000 if remembers else 0,
        # As in production: a transaction that is cancelled can keep SQLite locked.
        graceful_shutdown_timeout=GRACE,
    ):
        yield stage
        town.let_go()
    await stage.check()


@dataclass
class Living:
    """One order of a test, and everything that can befall it."""

    stage: Stage
    order: Order
    handle: WorkflowHandle[Any, OrderEnd]

    @property
    def id(self) -> str:
        """The order's id."""
        return self.order.order_id

    # ---------------------------------------------------------------------------------------------- what is seen

    async def row(self) -> OrderRow:
        """The index row."""
        async with self.stage.db.transaction() as tx:
            row = await tx.get(OrderRow, self.id)
        assert row is not None
        return row

    async def rows(self, table: type[T]) -> list[T]:
        """All rows of a table that belong to the order, in no order."""
        async with self.stage.db.transaction() as tx:
            mine = select(table).where(table.order_id == self.id)  # type: ignore[attr-defined]
            return list((await tx.execute(mine)).scalars())

    async def events(self) -> list[OrderEventRow]:
        """The audit trail."""
        return sorted(await self.rows(OrderEventRow), key=lambda event: event.seq or 0)

    async def steps(self) -> list[str]:
        """What happened, by name."""
        return [event.what for event in await self.events()]

    async def tasks(self) -> set[str]:
        """The kinds of tasks that people were asked for and that are open."""
        return {task.kind for task in await self.rows(TaskRow) if task.closed_at is None}

    async def hold(self, reason: HoldReason) -> HoldRow:
        """The open hold for a reason."""
        async with self.stage.db.transaction() as tx:
            return next(hold for hold in await open_holds(tx, self.id) if hold.reason == reason)

    async def parcels(self) -> list[ParcelRow]:
        """The order's parcels."""
        async with self.stage.db.transaction() as tx:
            return await shipping.parcels(tx, self.id)

    async def number(self, n: int = 1) -> str:
        """The live number of the nth parcel."""
        async with self.stage.db.transaction() as tx:
            waybill = await shipping.live_waybill(tx, f"{self.id}#{n}")
        assert waybill is not None
        return waybill.number

    async def deliveries(self) -> list[DeliveryRow]:
        """The instructions to the warehouse, in their order."""
        return sorted(await self.rows(DeliveryRow), key=lambda row: row.n)

    async def consignments(self) -> list[ConsignmentRow]:
        """What the order is delivered in."""
        return sorted(await self.rows(ConsignmentRow), key=lambda row: row.n)

    # ------------------------------------------------------------------------------------------------- waiting

    async def reaches(self, state: GoldenState) -> None:
        """Wait until the order is in a golden state, or beyond."""

        async def there() -> bool:
            now = (await self.row()).state
            return now is not None and SEQUENCE.index(GoldenState(now)) >= SEQUENCE.index(state)

        await until(there, state)

    async def held(self, *reasons: HoldReason) -> None:
        """Wait until exactly these holds are open."""

        async def there() -> bool:
            return (await self.row()).holds == sorted(reasons)

        await until(there, f"holds {reasons}")

    async def step(self, what: str, times: int = 1) -> None:
        """Wait until something has happened so often."""

        async def there() -> bool:
            return (await self.steps()).count(what) >= times

        await until(there, what)

    async def task(self, kind: str) -> None:
        """Wait until a person is asked for something."""

        async def there() -> bool:
            return kind in await self.tasks()

        await until(there, f"task {kind}")

    async def instructed(self, n: int = 1) -> str:
        """Wait until the warehouse has taken the nth instruction. Returns its code."""

        async def there() -> str:
            rows = await self.deliveries()
            return rows[n - 1].code if len(rows) >= n and rows[n - 1].status == "pushed" else ""

        return await until(there, f"instruction {n}")

    async def instructed_at(self, warehouse: str, times: int = 1) -> str:
        """Wait until a warehouse has taken so many instructions. Returns the code of the last."""

        async def there() -> str:
            mine = [row for row in await self.deliveries() if row.warehouse == warehouse]
            return mine[times - 1].code if len(mine) >= times and mine[times - 1].status == "pushed" else ""

        return await until(there, f"instruction {times} of {warehouse}")

    async def stands_at(self, warehouse: str, status: str) -> None:
        """Wait until a warehouse's own book says so of the last instruction that it has for this order."""
        town = self.stage.town

        async def there() -> bool:
            told = town.warehouse.orders.items()
            mine = [code for code, order in told if (order.order_id, order.warehouse) == (self.id, warehouse)]
            return bool(mine) and town.warehouse.status[mine[-1]] == status

        await until(there, f"{warehouse}: {status}")

    async def channel_knows(self, parcels: int) -> None:
        """Wait until the channel has the numbers of so many parcels."""

        async def there() -> bool:
            return sum(parcel.told_at is not None for parcel in await self.parcels()) >= parcels

        await until(there, f"{parcels} parcels told")

    async def at_warehouse(self, status: str, n: int = 1) -> None:
        """Wait until the warehouse's own book says so of the nth instruction."""

        async def there() -> bool:
            codes = self.stage.town.warehouse.codes()
            return len(codes) >= n and self.stage.town.warehouse.status[codes[n - 1]] == status

        await until(there, f"warehouse: {status}")

    async def calls(self, partner: str, operation: str, times: int = 1) -> None:
        """Wait until a partner was called so often."""

        async def there() -> bool:
            return bool(getattr(self.stage.town, partner).calls[operation] >= times)

        await until(there, f"{partner}.{operation}")

    async def pass_time(self, **duration: float) -> None:
        """Let time pass for this order."""
        await self.stage.time.fast_forward(self.handle, timedelta(**duration))

    async def rests(self) -> None:
        """Wait until the order waits: time passes for it only while no step is under way."""
        await self.pass_time(seconds=1)

    async def end(self) -> OrderEnd:
        """How the order ended."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.handle.result()

    # ---------------------------------------------------------------------------------------------- what befalls it

    async def hears(self, news: News) -> str:
        """Outside news, by the way that it takes in production."""
        return await apply(self.stage.db, self.stage.orders, news)

    async def packed(self, *boxes: dict[str, int], n: int = 1) -> None:
        """The warehouse packs the nth instruction, and says so."""
        code = await self.instructed(n)
        await self.warehouse_reports(self.stage.town.warehouse.pack(code, *boxes))

    async def packed_at(self, warehouse: str, *boxes: dict[str, int], times: int = 1) -> None:
        """A warehouse packs the last instruction that it has for this order, and says so."""
        code = await self.instructed_at(warehouse, times)
        await self.warehouse_reports(self.stage.town.warehouse.pack(code, *boxes))

    async def warehouse_reports(self, report: WarehouseReport) -> None:
        """The warehouse sends a report."""
        await self.hears(WarehouseNews(report))

    async def warehouse_says(self, status: WarehouseStatus, message: str = "", n: int = 1) -> None:
        """The warehouse reports something else than a packing."""
        code = await self.instructed(n)
        await self.warehouse_reports(WarehouseReport(code, status, message=message))

    async def tracked(self, code: TrackCode, n: int = 1) -> None:
        """The tracker pushes news of the nth parcel."""
        await self.hears(TrackNews(track(await self.number(n), code)))

    async def signed(self) -> None:
        """Every parcel is signed, after the channel has their numbers."""
        await self.reaches(GoldenState.WAYBILL_RETURNED)
        for parcel in await self.parcels():
            await self.tracked(TrackCode.SIGNED, parcel.n)

    async def document(self, **changes: Any) -> None:
        """The channel has a newer version."""
        self.order = self.order.model_copy(update={"version": self.order.version + 1, **changes})
        async with self.stage.db.transaction() as tx:
            await take(tx, self.order)
        await self.told()

    async def told(self) -> None:
        """The dispatcher tells the order of its newest revision."""
        revision = (await self.row()).revision
        await self.stage.orders.signal(self.id, "document", DocumentSignal(revision))
        async with self.stage.db.transaction() as tx:
            await mark_signalled(tx, self.id, revision)

    async def wishes(self, n: int, receiver: ClearReceiver) -> None:
        """Somebody asks for another address; the wish itself is kept in the store."""
        async with self.stage.db.transaction() as tx:
            wish = AddressChangeRow(order_id=self.id, n=n, receiver={}, status="wished", asked_by="buyer", at=utc_now())
            wish.receiver = receiver.model_dump(mode="json")
            tx.add(wish)

    async def wish(self, n: int = 1) -> AddressChangeRow:
        """What became of a wish."""
        return next(row for row in await self.rows(AddressChangeRow) if row.n == n)

    async def channel_cancels(self, reason: str = "不想要了") -> None:
        """The channel pushes a cancellation."""
        order = self.order
        await self.hears(CancelNews(order.channel, order.shop, order.channel_order_no, reason))

    async def bureau_decides(self, answer: CreditAnswer) -> None:
        """The credit bureau calls back."""
        await self.hears(CreditNews(answer))

    async def ask(self, update: str, wish: object) -> Outcome:
        """An update by a person."""
        async with asyncio.timeout(PATIENCE_S):
            outcome: Outcome = await self.handle.execute_update(update, wish, result_type=Outcome)
            return outcome

    async def refusal(self, update: str, wish: object) -> str:
        """The words with which an update is refused."""
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await self.ask(update, wish)
        assert isinstance(refused.value.cause, ApplicationError)
        return refused.value.cause.message

"""The intake path, from a signed HTTP request to an order that lives, on SQLite and on PostgreSQL.

What is measured, with the processes of a real installation (`orderhub gateway`, `orderhub worker`, a Temporal server):

- `orders_per_second`: orders that became durable. A shop sends `orders` new orders in requests of `batch` documents
  over `connections` connections, each of which sends its next request when the last one is answered. Besides the new
  orders it sends repeats (10 %) and older versions (5 %): they cost time and count for nothing. Requests are made and
  signed before the clock starts; the gateway checks each signature, validates, finds the repeats, and commits. Counted
  are the orders that the database has afterwards. This is done three times, the backlog growing: the median is told,
  and the slowest.
- `ack_p99_ms`: how long a request waited for its answer, over all three bursts. `singles` is the same with one order
  per request.
- `rss_mb_before`, `rss_mb_after`: memory of the gateway, warm, before the first burst and after the last one, with
  nothing taken out of the inbox meanwhile; `rss_mb_by_backlog` has the steps between.
- `drain_orders_per_second`: how fast one worker gets the backlog out of the inbox. Counted are orders in the table
  `orders`, from the last look that sees none until the inbox is empty (or the time is up). The worker does all its
  work meanwhile: it starts the paid orders, a few at a time, on Temporal, whose server runs on the same processors.
  `started_per_second` is how many orders came to life then; they end at their first wait, for there is no stock.

The load generator shares the processors with what it measures.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlmodel import col, func, select

from bench import stores
from bench.load import NEWEST, Burst, Shop, send
from embedded.environment import SHELL_FILE, Home, open_home
from embedded.processes import Child, orderhub_command, serves, temporal_command, wait_until
from runtime.client import connect, key_ring
from runtime.setup import ensure_search_attributes
from runtime.shops import take_over
from settings import Settings, load_settings
from store import inbox
from store.database import Database
from store.migrate import upgrade
from store.tables import InboxRow, OrderRow

BURSTS = 3
CONNECTIONS = 8
_WARM_UP = 500
_SINGLES = 2000
_LOOK_S = 0.5
_FIRST_LOOK_S = 0.05

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What was asked for: new orders per burst, the most seconds that one phase takes, documents per request."""

    home: Path
    orders: int = 30_000
    seconds: float = 120
    batch: int = 100
    postgres: str = ""


@dataclass(frozen=True)
class _Look:
    """What stands in the store at a moment: documents that wait, orders, orders that were started."""

    at: float
    waiting: int
    orders: int
    started: int
    rss_mb: float


class WrongResult(RuntimeError):
    """The store does not hold what the answers said: then no figure counts."""


async def run(options: Options, say: Say) -> dict[str, Any]:
    """Both databases, one after the other."""
    report: dict[str, Any] = {
        "bench": "intake",
        "orders": options.orders,
        "batch": options.batch,
        "connections": CONNECTIONS,
        "cpus": os.cpu_count(),
        "note": f"figures move with the machine: the median of {BURSTS} bursts, and the slowest",
    }
    for name in ("sqlite", "postgresql"):
        say(f"{name}:")
        folder = options.home / name
        try:
            home = _fresh(folder)
            store = stores.sqlite(folder.resolve()) if name == "sqlite" else stores.postgresql(options.postgres)
            async with store as url:
                report[name] = await _Run(options, home, url, say).measure()
        except stores.Skipped as skipped:
            say(f"  skipped: {skipped}")
            report[name] = {"skipped": str(skipped)}
    return report


class _Run:
    """All measurements on one database."""

    def __init__(self, options: Options, home: Home, url: str, say: Say) -> None:
        # Here the environment of the benchmark wins, for it must not write into anybody's real store.
        os.environ.update({**home.variables, "ORDERHUB_DATABASE_URL": url, "ORDERHUB_TELEMETRY__LOG_LEVEL": "WARNING"})
        self._options = options
        self._home = home
        self._url = url
        self._say = say
        self._settings: Settings = load_settings()
        account = json.loads(home.variables["ORDERHUB_OWN__SHOPS"])["main"]
        self._shop = Shop("main", account["key_id"], account["secret"])
        self._results: Counter[str] = Counter()

    async def measure(self) -> dict[str, Any]:
        await upgrade(self._url)
        async with AsyncExitStack() as stack:
            self._db = Database(self._url)
            stack.push_async_callback(self._db.close)
            async with self._db.transaction() as tx:
                await take_over(tx, self._settings, key_ring(self._settings.encryption))
            figures: dict[str, Any] = {"store": await stores.described(self._db)}
            gateway = await self._start(stack, "gateway")
            await wait_until(serves(f"{self._home.gateway_url}/healthz"), gateway)
            figures |= await self._intake(gateway)
            await self._check()
            figures |= await self._drain(stack)
        return figures

    async def _intake(self, gateway: Child) -> dict[str, Any]:
        options = self._options
        await self._burst(min(_WARM_UP, options.orders), options.batch)
        before = gateway.rss_mb()
        rates, acks, memory = [], [], []
        for _ in range(BURSTS):
            burst, rate = await self._burst(options.orders, options.batch)
            rates.append(rate)
            acks += burst.acks_s
            memory.append([await self._orders_in_inbox(), gateway.rss_mb()])
            self._say(f"  {rate:.0f} orders/s, {memory[-1][0]} in the inbox, gateway {memory[-1][1]} MB")
        single, single_rate = await self._burst(min(_SINGLES, options.orders), 1)
        self._say(f"  {single_rate:.0f} orders/s one by one")
        return {
            "orders_per_second": round(median(rates), 1),
            "orders_per_second_slowest": round(min(rates), 1),
            "ack_p50_ms": _percentile(acks, 50),
            "ack_p99_ms": _percentile(acks, 99),
            "singles": {
                "orders_per_second": round(single_rate, 1),
                "ack_p50_ms": _percentile(single.acks_s, 50),
                "ack_p99_ms": _percentile(single.acks_s, 99),
            },
            "rss_mb_before": before,
            "rss_mb_after": memory[-1][1],
            "rss_mb_by_backlog": memory,
        }

    async def _burst(self, orders: int, batch: int) -> tuple[Burst, float]:
        """A burst, and the orders per second that it made durable."""
        requests = self._shop.requests(orders, batch)
        before = await self._orders_in_inbox()
        burst = await send(self._home.ports.gateway, requests, CONNECTIONS, self._options.seconds)
        self._results += burst.results()
        return burst, (await self._orders_in_inbox() - before) / burst.seconds

    async def _check(self) -> None:
        async with self._db.reading() as tx:
            rows, repeats = (
                await tx.execute(
                    select(func.count(), func.coalesce(func.sum(InboxRow.repeats), 0)).select_from(InboxRow)
                )
            ).one()
        kept = {"accepted": rows, "duplicate": repeats}
        if {name: count for name, count in self._results.items() if count} != {n: c for n, c in kept.items() if c}:
            raise WrongResult(f"answered: {dict(self._results)}, in the store: {kept}")

    async def _drain(self, stack: AsyncExitStack) -> dict[str, Any]:
        temporal = Child("temporal", temporal_command(self._home), self._home)
        await temporal.start()
        stack.push_async_callback(temporal.stop)
        await wait_until(lambda: connect(self._settings), temporal)
        await ensure_search_attributes(await connect(self._settings), lambda _: None)
        worker = await self._start(stack, "worker")
        drained = await self._watch(worker)
        self._say(f"  drained {drained['drain_orders_per_second']} orders/s, started {drained['started_per_second']}/s")
        return drained

    async def _watch(self, worker: Child) -> dict[str, Any]:
        until = time.perf_counter() + self._options.seconds
        looks = [await self._look(worker)]
        while looks[-1].waiting and looks[-1].at < until and worker.running:
            await asyncio.sleep(_LOOK_S if looks[-1].orders else _FIRST_LOOK_S)
            look = await self._look(worker)
            looks = [*looks, look] if look.orders else [look]  # it begins when the first order is there
        begun, ended = looks[0], looks[-1]
        if not ended.orders:
            raise WrongResult(f"the worker took no orders; its log ends with:\n{worker.tail()}")
        if not ended.waiting:
            await self._check_orders()
        seconds = ended.at - begun.at
        return {
            "drain_orders_per_second": round((ended.orders - begun.orders) / seconds, 1),
            "drained_orders": ended.orders - begun.orders,
            "left_in_inbox": ended.waiting,
            "started_per_second": round((ended.started - begun.started) / seconds, 1),
            "worker_rss_mb_before": begun.rss_mb,
            "worker_rss_mb_after": ended.rss_mb,
            "worker_open_orders": ended.started,
        }

    async def _look(self, worker: Child) -> _Look:
        counted = select(func.count(), func.count(col(OrderRow.started_at))).select_from(OrderRow)
        async with self._db.reading() as tx:
            waiting = (await inbox.counts(tx)).get(inbox.NEW, 0)
            orders, started = (await tx.execute(counted)).one()
        return _Look(time.perf_counter(), waiting, orders, started, worker.rss_mb())

    async def _check_orders(self) -> None:
        """Every order is there once the inbox is empty, in its newest version."""
        async with self._db.reading() as tx:
            newest = select(func.count()).where(OrderRow.version == NEWEST)
            orders, sent = (await tx.execute(newest)).scalar_one(), await self._orders_in_inbox()
        if orders != sent:
            raise WrongResult(f"{sent} orders came, {orders} are there in their newest version")

    async def _orders_in_inbox(self) -> int:
        async with self._db.reading() as tx:
            return int((await tx.execute(select(func.count(func.distinct(InboxRow.order_id))))).scalar_one())

    async def _start(self, stack: AsyncExitStack, name: str) -> Child:
        child = Child(name, orderhub_command(name), self._home)
        await child.start()
        stack.push_async_callback(child.stop)
        return child


def _fresh(path: Path) -> Home:
    """An empty installation; what an earlier run left there is removed, unless it still runs. Raises HomeInUse."""
    if (path / SHELL_FILE).is_file():
        open_home(path)
        shutil.rmtree(path)
    return open_home(path)


def _percentile(seconds: list[float], percent: int) -> float:
    if len(seconds) < 2:
        return round(seconds[0] * 1000, 1)
    return round(quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000, 1)

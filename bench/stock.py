"""How many orders per second can lock stock, on SQLite and on PostgreSQL, and how near that is to what is possible.

Two cases: `hot`, where all orders want one article, and `spread`, where each wants one of a thousand. Each order wants
one piece; `callers` of them are under way at any moment, in one process, as in a worker. At the end an article is sold
out, by more orders than there are pieces.

- `reservations_per_second`: orders that got their piece, by the code of the step `reserve_stock`: the groups of
  `store.stock.together`, each order with its plan, its reservation, its line of the ledger and its channel's account.
- `floor_per_second`: what the database does at best with one transaction for each piece: a bare guarded UPDATE and its
  commit, with as many callers, on rows beside those. `ratio` is the former by the latter; above 1, the group saves more
  than the books cost.
- `one_by_one_per_second`: the same reservations with a transaction for each order.
- `oversold`: pieces that orders have locked and that were not there.

The parts are measured in turns, `ROUNDS` times, and the medians are told.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import update
from sqlmodel import col, func, select

from bench import stores
from bench.intake import WrongResult
from store import stock
from store.database import Database
from store.migrate import upgrade
from store.stock import Claim, Movement, Pick, Plain, Reserving
from store.stock.moving import ledger_line
from store.stock.nouns import Delta
from store.tables import ReservationRow, StockLedgerRow, StockRow

ROUNDS = 3
CALLERS = 200
SKUS = {"hot": 1, "spread": 1000}
_CHANNELS = ("taobao", "douyin", "jd", "pdd", "own")
_WAREHOUSE = "WH01"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What was asked for: orders in each round, the most seconds that one part of a round takes."""

    home: Path
    orders: int = 3_000
    seconds: float = 4
    postgres: str = ""


async def run(options: Options, say: Say) -> dict[str, Any]:
    """Both databases, one after the other."""
    report: dict[str, Any] = {
        "bench": "stock",
        "orders": options.orders,
        "callers": CALLERS,
        "cpus": os.cpu_count(),
        "note": f"figures move with the machine, the ratio less: medians of {ROUNDS} rounds, measured in turns",
    }
    folder = options.home / "stock"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("sqlite", "postgresql"):
        say(f"{name}:")
        try:
            store = stores.sqlite(folder.resolve()) if name == "sqlite" else stores.postgresql(options.postgres)
            async with store as url:
                report[name] = await _measure(options, url, say)
        except stores.Skipped as skipped:
            say(f"  skipped: {skipped}")
            report[name] = {"skipped": str(skipped)}
    return report


async def _measure(options: Options, url: str, say: Say) -> dict[str, Any]:
    await upgrade(url)
    db = Database(url)
    try:
        figures: dict[str, Any] = {"store": await stores.described(db)}
        for case, skus in SKUS.items():
            figures[case] = await _Case(options, db, case, skus).measure()
            say(f"  {case}: {figures[case]}")
        return figures
    finally:
        await db.close()


class _Case:
    """One case on one database."""

    def __init__(self, options: Options, db: Database, name: str, skus: int) -> None:
        self._options = options
        self._db = db
        self._name = name
        self._skus = skus
        self._random = random.Random(1)
        self._reserving: Reserving[Any] = Reserving(db)
        self._received = 0
        self._floors = [f"floor-{name}-{n}" for n in range(skus)]
        self._beside_s = options.seconds / 2  # what it is compared with need not be done to its end

    async def measure(self) -> dict[str, Any]:
        rates: dict[str, list[float]] = {"together": [], "floor": [], "alone": []}
        locked = 0
        await self._fill()
        for n in range(ROUNDS):
            for part, work in (("together", self._together), ("alone", self._alone)):
                got, seconds = await self._orders(f"{n}-{part}", work, part)
                rates[part].append(got / seconds)
                locked += got
            rates["floor"].append(await self._floor())
        rest = await self._sell_out()
        locked += rest
        oversold = await self._check(locked)
        reservations, floor = median(rates["together"]), median(rates["floor"])
        return {
            "reservations_per_second": round(reservations, 1),
            "floor_per_second": round(floor, 1),
            "ratio": round(reservations / floor, 2),
            "one_by_one_per_second": round(median(rates["alone"]), 1),
            "oversold": oversold,
        }

    def _sku(self, n: int) -> str:
        return f"{self._name}-{n}"

    async def _fill(self) -> None:
        """Enough for all rounds, and a little more, so that it can be sold out afterwards."""
        each = ceil(2 * ROUNDS * self._options.orders / self._skus) + 10
        each += each // 2 if self._skus > 1 else 0  # where chance decides, not all get the same
        async with self._db.transaction() as tx:
            for n in range(self._skus):
                place, delta = (self._sku(n), _WAREHOUSE), Delta(on_hand=each)
                movement = Movement(f"fill/{self._sku(n)}", "bench", "bench")
                line = ledger_line(place, delta, asdict(delta), movement, stock.Kind.RECEIVE, "")
                tx.add_all(
                    [StockRow(sku=place[0], warehouse=place[1], on_hand=each, version=1), StockLedgerRow(**line)]
                )
            tx.add_all(StockRow(sku=sku, warehouse="floor", on_hand=10_000_000) for sku in self._floors)
        self._received = each * self._skus

    async def _sell_out(self) -> int:
        """Let orders come for what is left of the first article, and for ten pieces more. How many got one."""
        async with self._db.reading() as tx:
            row = await tx.get_one(StockRow, (self._sku(0), _WAREHOUSE))
        wanted = min(row.on_hand - row.reserved, self._options.orders) + 10
        got = await asyncio.gather(*(self._together(self._claim(self._sku(0), "out", n)) for n in range(wanted)))
        return sum(got)

    def _claim(self, sku: str, round_: str, n: int) -> Claim:
        channel = _CHANNELS[n % len(_CHANNELS)]
        order_id = f"{channel}:bench:{self._name}-{round_}-{n}"
        return Claim(order_id, channel, (Pick(sku, _WAREHOUSE, 1),), "bench")

    async def _orders(self, round_: str, work: Callable[[Claim], Awaitable[bool]], part: str) -> tuple[int, float]:
        """How many orders got their piece, and how long all took."""
        skus = [self._sku(self._random.randrange(self._skus)) for _ in range(self._options.orders)]
        left = iter(enumerate(skus))
        until = time.perf_counter() + (self._options.seconds if part == "together" else self._beside_s)

        async def caller() -> int:
            got = 0
            for n, sku in left:
                got += await work(self._claim(sku, round_, n))
                if time.perf_counter() > until:
                    break
            return got

        began = time.perf_counter()
        got = sum(await asyncio.gather(*(caller() for _ in range(CALLERS))))
        return got, time.perf_counter() - began

    async def _together(self, claim: Claim) -> bool:
        return isinstance(await self._reserving.do(Plain(claim)), str)

    async def _alone(self, claim: Claim) -> bool:
        async with self._db.transaction() as tx:
            [answer] = await stock.claim_all(tx, [claim])
        return isinstance(answer, str)

    async def _floor(self) -> float:
        """Guarded UPDATEs per second, a transaction each, on rows that nothing else uses."""
        until = time.perf_counter() + self._beside_s

        async def caller() -> int:
            done = 0
            while time.perf_counter() < until:
                sku = self._random.choice(self._floors)
                async with self._db.transaction() as tx:
                    statement = (
                        update(StockRow)
                        .where(
                            col(StockRow.sku) == sku,
                            col(StockRow.warehouse) == "floor",
                            col(StockRow.on_hand) - col(StockRow.reserved) - col(StockRow.frozen) >= 1,
                        )
                        .values(reserved=col(StockRow.reserved) + 1)
                        .execution_options(synchronize_session=False)
                    )
                    await tx.execute(statement)
                done += 1
            return done

        began = time.perf_counter()
        return sum(await asyncio.gather(*(caller() for _ in range(CALLERS)))) / (time.perf_counter() - began)

    async def _check(self, locked: int) -> int:
        """Pieces locked beyond what was received. Raises WrongResult when the books tell something else."""
        mine = f"{self._name}-%"
        async with self._db.reading() as tx:
            held = select(func.coalesce(func.sum(ReservationRow.quantity), 0)).where(
                ReservationRow.status == "locked", col(ReservationRow.sku).like(mine)
            )
            in_stock = select(func.sum(StockRow.reserved), func.sum(StockRow.on_hand))
            in_ledger = select(func.sum(StockLedgerRow.reserved_delta), func.sum(StockLedgerRow.on_hand_delta))
            orders = int((await tx.execute(held)).scalar_one())
            stock_now = tuple((await tx.execute(in_stock.where(col(StockRow.sku).like(mine)))).one())
            ledger = tuple((await tx.execute(in_ledger.where(col(StockLedgerRow.sku).like(mine)))).one())
        if not (orders == locked and stock_now == ledger == (locked, self._received)):
            raise WrongResult(f"{locked} answered, {orders} reserved, stock {stock_now}, ledger {ledger}")
        return max(0, orders - self._received)

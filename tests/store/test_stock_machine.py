"""Stock under any sequence of movements, each possibly run again: never oversold, and the ledger tells the same."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import func, select

from store import stock
from store.database import Database
from store.stock import Movement, Pick, ReservationChanged, StockShort, receive, release, reserve_plan, ship
from store.tables import StockLedgerRow, StockRow

T = TypeVar("T")
Refusal = StockShort | ReservationChanged | stock.CountBelowBound

WH = "WH1"
SKUS = ("CUP", "MUG", "PEN")
orders = st.sampled_from([f"O{n}" for n in range(6)])
baskets = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1)


class StockMachine(RuleBasedStateMachine):
    """The stock beside a model of it in plain dictionaries."""

    migrated: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="oh-")
        path = Path(self.directory.name) / "stock.db"
        shutil.copy(self.migrated, path)
        self.runner = asyncio.Runner()
        self.db = Database(f"sqlite+aiosqlite:///{path}")
        self.receipts: set[str] = set()
        self.on_hand: Counter[str] = Counter()
        self.reservations: dict[tuple[str, str], tuple[int, str]] = {}
        """(order, SKU) to quantity and status."""
        self.now = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
        self.freezes: dict[str, tuple[str, int, datetime]] = {}
        """Transfer to SKU, pieces, and when its time is up."""
        self.numbers = 0

    def teardown(self) -> None:
        self.runner.run(self.db.close())
        self.runner.close()
        self.directory.cleanup()

    def transact(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T | Refusal:
        """Do some work in a transaction: its answer, or the refusal that rolled it back."""

        async def run() -> T:
            async with self.db.transaction() as tx:
                return await work(tx)

        try:
            return self.runner.run(run())
        except (StockShort, ReservationChanged, stock.CountBelowBound) as refusal:
            return refusal

    def free(self, sku: str) -> int:
        locked = [n for (_, its), (n, status) in self.reservations.items() if its == sku and status == "locked"]
        return self.on_hand[sku] - sum(locked) - self.frozen(sku)

    def frozen(self, sku: str) -> int:
        """What the books say is frozen: also what is over, until somebody lets it go."""
        return sum(pieces for its, pieces, _ in self.freezes.values() if its == sku)

    def let_go(self, skus: Iterable[str]) -> None:
        """Who locks these lets go what is over."""
        self.freezes = {
            number: (sku, pieces, until)
            for number, (sku, pieces, until) in self.freezes.items()
            if sku not in set(skus) or until > self.now
        }

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(sku=st.sampled_from(SKUS), pieces=st.integers(1, 4))
    def freeze(self, sku: str, pieces: int) -> None:
        self.numbers += 1
        number, kept = f"T{self.numbers}", self.freezes
        self.let_go([sku])
        answer = self.transact(lambda tx: stock.freeze(tx, number, {sku: pieces}, WH, "WH2", "clerk", now=self.now))
        if pieces > self.free(sku):
            assert isinstance(answer, StockShort)
            assert answer.short == {sku: pieces - self.free(sku)}
            self.freezes = kept  # it was rolled back
        else:
            assert answer is True
            self.freezes[number] = (sku, pieces, self.now + stock.FROZEN_FOR)

    @rule(number=st.integers(1, 8))
    def send(self, number: int) -> None:
        if f"T{number}" not in self.freezes:
            return
        sku, pieces, until = self.freezes.pop(f"T{number}")
        answer = self.transact(lambda tx: stock.send(tx, f"T{number}", "clerk", now=self.now))
        assert isinstance(answer, stock.Sent)
        assert answer.ok is (self.now < until)
        if answer.ok:
            self.on_hand[sku] -= pieces

    @rule()
    def sweep(self) -> None:
        gone = {number for number, (_, _, until) in self.freezes.items() if until <= self.now}
        assert self.transact(lambda tx: stock.let_expired_go(tx, now=self.now)) == sorted(gone)
        self.let_go(SKUS)

    @rule(sku=st.sampled_from(SKUS), counted=st.integers(0, 12))
    def count(self, sku: str, counted: int) -> None:
        self.numbers += 1
        movement = Movement(f"count/{self.numbers}", "count", "clerk")
        answer = self.transact(lambda tx: stock.count(tx, sku, WH, counted, movement))
        if counted < self.on_hand[sku] - self.free(sku):
            assert isinstance(answer, stock.CountBelowBound)
        else:
            assert answer == counted - self.on_hand[sku]
            self.on_hand[sku] = counted

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(-3, 8), receipt=st.integers(0, 12))
    def receive(self, sku: str, quantity: int, receipt: int) -> None:
        movement = Movement(f"receipt/{sku}/{receipt}", "receipt", "warehouse")
        answer = self.transact(lambda tx: receive(tx, sku, WH, quantity, movement))
        if movement.key in self.receipts:
            assert answer is False
        elif self.free(sku) + quantity < 0:
            assert isinstance(answer, StockShort)
            assert answer.short == {sku: -quantity - self.free(sku)}
        else:
            assert answer is True
            self.receipts.add(movement.key)
            self.on_hand[sku] += quantity

    @rule(order_id=orders, basket=baskets)
    def reserve(self, order_id: str, basket: dict[str, int]) -> None:
        before = {sku: self.reservations[order_id, sku] for sku in basket if (order_id, sku) in self.reservations}
        new = {sku: quantity for sku, quantity in basket.items() if sku not in before}
        picks = [Pick(sku, WH, quantity) for sku, quantity in basket.items()]
        answer = self.transact(lambda tx: reserve_plan(tx, order_id, "own", picks, "workflow", now=self.now))
        kept = self.freezes
        self.let_go(new)
        if any(quantity != basket[sku] or status == "released" for sku, (quantity, status) in before.items()):
            assert isinstance(answer, ReservationChanged)
        elif short := {sku: quantity - self.free(sku) for sku, quantity in new.items() if quantity > self.free(sku)}:
            assert isinstance(answer, StockShort)
            assert answer.short == short
        else:
            assert isinstance(answer, str)
            self.reservations.update({(order_id, sku): (quantity, "locked") for sku, quantity in new.items()})
            return
        self.freezes = kept  # it was rolled back

    @rule(order_id=orders)
    def release(self, order_id: str) -> None:
        assert self.transact(lambda tx: release(tx, order_id, "workflow")) == len(self.end(order_id, "released"))

    @rule(order_id=orders)
    def ship(self, order_id: str) -> None:
        answer = self.transact(lambda tx: ship(tx, order_id, "workflow"))
        shipped = self.end(order_id, "shipped")
        assert answer == len(shipped)
        self.on_hand.subtract(shipped)

    def end(self, order_id: str, status: str) -> dict[str, int]:
        ended = {
            sku: quantity
            for (its, sku), (quantity, now) in self.reservations.items()
            if its == order_id and now == "locked"
        }
        self.reservations.update({(order_id, sku): (quantity, status) for sku, quantity in ended.items()})
        return ended

    @invariant()
    def books_agree(self) -> None:
        async def read(tx: AsyncSession) -> list[dict[str, tuple[int, int]]]:
            stocks = select(StockRow.sku, StockRow.on_hand, StockRow.reserved).where(StockRow.warehouse == WH)
            bound = select(StockRow.sku, StockRow.frozen, StockRow.reserved).where(StockRow.warehouse == WH)
            ledger = select(
                StockLedgerRow.sku, func.sum(StockLedgerRow.on_hand_delta), func.sum(StockLedgerRow.reserved_delta)
            )
            ledger = ledger.where(StockLedgerRow.warehouse == WH).group_by(StockLedgerRow.sku)
            answers = [(await tx.execute(query)).tuples().all() for query in (stocks, ledger, bound)]
            return [{sku: (on_hand, reserved) for sku, on_hand, reserved in rows} for rows in answers]

        answer = self.transact(read)
        assert isinstance(answer, list)
        stocks, ledger, bound = answer
        frozen = {sku: pieces for sku, (pieces, _) in bound.items()}
        for sku in SKUS:
            on_hand, reserved = stocks.get(sku, (0, 0))
            assert (on_hand, reserved) == ledger.get(sku, (0, 0))
            assert (on_hand, on_hand - reserved - self.frozen(sku)) == (self.on_hand[sku], self.free(sku))
            assert 0 <= reserved <= on_hand - self.frozen(sku)
            assert frozen.get(sku, 0) == self.frozen(sku)


def test_no_sequence_of_movements_oversells_or_loses_stock(migrated_sqlite: Path) -> None:
    class Machine(StockMachine):
        migrated = migrated_sqlite

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )

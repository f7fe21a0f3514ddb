from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.testing import ActivityEnvironment

from activities.contracts import OwnStep, PartnerStep
from activities.partners import HubConfig
from activities.registry import all_activities
from domain.order import Order
from domain.shipping import WarehouseReport
from store import shipping, stock
from store.database import Database
from store.orders import take
from tests.store.samples import order as sample_order
from tests.workflows.partners import Town


class Plain:
    """A phone book of the tests."""

    def seal(self, phone: str, whose: str) -> str:
        return f"{whose}:{phone}"

    def open(self, sealed: str, whose: str) -> str:
        assert sealed.startswith(f"{whose}:")
        return sealed.partition(":")[2]


CLERKS = ("13800000001", "13800000002")


@dataclass
class Bench:
    """All activities on a workbench, run by name as Temporal would, without Temporal."""

    db: Database
    town: Town
    config: HubConfig

    def __post_init__(self) -> None:
        self._by_name: dict[str, Callable[..., Any]] = {}
        for step in all_activities(self.db, self.town.partners(), self.config):
            self._by_name[activity._Definition.must_from_callable(step).name or ""] = step

    async def run(self, step: OwnStep[Any, Any] | PartnerStep[Any, Any], argument: object) -> Any:
        """Run one activity once."""
        assert isinstance(argument, step.takes)
        answer = await ActivityEnvironment().run(self._by_name[step.name], argument)
        assert isinstance(answer, step.gives)
        return answer

    def names(self) -> set[str]:
        """Every activity that a worker offers."""
        return set(self._by_name)

    async def order(self, number: str = "SO1", **changes: Any) -> Order:
        """An order in the store, and goods for it."""
        order = sample_order(number, **changes)
        async with self.db.transaction() as tx:
            await take(tx, order)
            movement = stock.Movement(f"receive/{number}", "receive", "test")
            await stock.receive(tx, "MUG", "WH01", 10, movement)
        return order

    async def report(self, report: WarehouseReport) -> int:
        """A report that the warehouse sent."""
        async with self.db.transaction() as tx:
            return await shipping.keep_report(tx, report)


@pytest.fixture
def town() -> Town:
    """All partners."""
    return Town()


@pytest.fixture
def bench(database: Database, town: Town) -> Bench:
    """All activities on a fresh database, on SQLite and on PostgreSQL."""
    secret = b"a secret of the tests"
    config = HubConfig(
        clerk_phones=CLERKS,
        manager_phones=CLERKS,
        link_secret=secret,
        settle_after=timedelta(0),
        phones=Plain(),
    )
    return Bench(database, town, config)

"""The comparison by day: counted page by page, kept, and listed by kind."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.clock import BEIJING
from domain.order import ChannelStatus
from domain.routing import Routing, Verdict
from domain.shadow import Kind, PlanFacts, ShownParcel, Slice, Would
from domain.shipping import Carrier
from domain.sourcing import Consignment, Reason
from store import orders, shadow_reports, shadows
from store.database import Database
from store.shadows import Decision
from tests.store.samples import order

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=BEIJING)
YESTERDAY = NOW - timedelta(days=1)


async def shipped(db: Database, number: str, placed_at: datetime, carrier: Carrier) -> str:
    """An order of the old system, shipped an hour after it was placed; we would have sent it by SF that day."""
    document = order(number, placed_at=placed_at, paid_at=placed_at)
    parcel = ShownParcel(f"N{number}", carrier, "", placed_at + timedelta(hours=1))
    async with db.transaction() as tx:
        await orders.take(tx, document)
        end = placed_at.replace(hour=23, minute=59)
        made = Decision(Would.SHIP, consignments=({"n": 1},), carrier="SF", ship_by=end)
        await shadows.keep_decision(tx, document.order_id, 1, made)
        await orders.take(tx, document.model_copy(update={"version": 2, "status": ChannelStatus.SHIPPED}))
        await shadows.shown(tx, document.order_id, [parcel])
    return document.order_id


@pytest.fixture
async def trial(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Two days of a shop in shadow, more orders than a page holds."""
    monkeypatch.setattr(shadow_reports, "PAGE", 2)
    async with database.transaction() as tx:
        await shadows.switch(tx, Slice("own"), True, "wei", "trial", "WH01")
    for n in range(3):
        await shipped(database, f"A{n}", YESTERDAY, Carrier.SF)
    for n in range(7):
        await shipped(database, f"B{n}", NOW, Carrier.ZTO)
    async with database.transaction() as tx:
        await orders.take(tx, order("OPEN", placed_at=NOW, paid_at=NOW))
    return database


async def test_days_are_counted_with_examples_and_kept(trial: Database) -> None:
    looked: list[int] = []
    for _ in range(2):
        await shadow_reports.make(trial, 2, NOW, looked.append)
    async with trial.reading() as tx:
        rows = await shadow_reports.kept(tx, YESTERDAY.date())
        assert await shadow_reports.kept(tx, NOW.date(), Slice("own", "other")) == []
    assert [(row.day, row.channel, row.name, row.counts) for row in rows] == [
        ("2026-03-01", "own", "main", {"orders": 3, "agreed": 3}),
        ("2026-03-02", "own", "main", {"orders": 8, "courier": 7, "open": 1}),
    ]
    assert rows[0].examples == {}
    assert rows[1].examples == {"courier": [f"own:main:B{n}" for n in range(shadow_reports.EXAMPLES)]}
    assert looked[-1] == 11


async def test_orders_of_a_kind_are_paged(trial: Database) -> None:
    found, after = [], ""
    for _ in range(3):
        page, after = await shadow_reports.of_kind(trial, Kind.COURIER, NOW.date(), NOW, after=after, limit=3)
        found += [one.order_id for one in page]
    assert found == [f"own:main:B{n}" for n in range(7)]
    assert after == ""
    everything, _ = await shadow_reports.of_kind(trial, Kind.AGREED, YESTERDAY.date(), NOW, of=Slice("own", "main"))
    assert len(everything) == 3
    with pytest.raises(ValueError, match="yesterday"):
        await shadow_reports.of_kind(trial, Kind.COURIER, NOW.date(), NOW, after="yesterday")


async def test_a_warehouse_in_shadow_is_counted_beside_the_real_plans(database: Database) -> None:
    now = datetime.now(BEIJING)

    def plan(freight_fen: int, *warehouses: str) -> Routing:
        parts = tuple(Consignment(n, code, (("1", "MUG", 1),)) for n, code in enumerate(warehouses, 1))
        return Routing(parts, (), "near", (), Reason("promise.stock"), Verdict.FILLED, freight_fen=freight_fen)

    async with database.transaction() as tx:
        real = PlanFacts(("WH01",), 900)
        await shadows.keep_plan(tx, "own:main:SO1", 1, ["HZ"], real, plan(700, "HZ"))
        await shadows.keep_plan(tx, "own:main:SO2", 1, ["HZ"], real, plan(900, "WH01"))
    (row,) = await shadow_reports.make(database, 1, now)
    assert (row.channel, row.name, row.examples["moved"]) == ("", "HZ", ["own:main:SO1"])
    assert row.counts == {
        "orders": 2,
        "moved": 1,
        "cheaper": 1,
        "same": 1,
        "freight_fen": 1600,
        "real_freight_fen": 1800,
    }

"""An order of two warehouses at the real connector and the sandbox's WMS: its book says who was told what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities import contracts as c
from activities.planning import Router
from activities.scanning import ScanSteps
from activities.stock import StockSteps
from activities.warehouse import WarehouseSteps
from connectors.ports import Push, Reply
from connectors.qimen import QimenPush, QimenSettings, QimenWarehouse
from domain.golden import Trigger
from domain.news import WarehouseNews
from domain.warehouses import Warehouse
from embedded.credentials import Ports, new_secrets, settings_tree
from sandbox.settings import SandboxSettings
from store import shipping, stock
from store.database import Database
from store.migrate import upgrade
from store.orders import take
from store.steps import Done, run_step
from store.warehouses import put
from tests.store.samples import order
from tests.wire.wire import SANDBOX, Heard, wire
from tests.workflows.test_refunds import TWO_LINES

ORDER = order("SPLIT", **TWO_LINES)
OID = ORDER.order_id


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """An order that passed its review; a mug lies in one warehouse, a plate in the other."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    await upgrade(url)
    database = Database(url)
    async with database.transaction() as tx:
        await take(tx, ORDER)
        await put(tx, Warehouse("WH02"), "WH01")
        for sku, place in (("MUG", "WH01"), ("PLATE", "WH02")):
            await stock.receive(tx, sku, place, 3, stock.Movement(f"in/{sku}", "receive", "test"))
    for trigger in (Trigger.PAYMENT_CONFIRMED, Trigger.REVIEW_CLEAR):

        async def work(*_: object, trigger: Trigger = trigger) -> Done:
            return Done("test", trigger=trigger)

        await run_step(database, OID, trigger, "test", work)
    yield database
    await database.close()


async def test_each_warehouse_hears_of_its_part_and_the_stop_goes_to_the_right_one(
    db: Database, tmp_path: Path
) -> None:
    tree: dict[str, Any] = settings_tree(tmp_path, Ports(1, 2, 3, 4), new_secrets())
    tree["sandbox"] |= {"pace": {"pack_s": 0.3}, "hub_url": "http://hub.test"}
    settings = QimenSettings(**{**tree["qimen"], "base_url": f"{SANDBOX}/qimen/router/qimen/service"})
    source, heard, reports = QimenPush(settings), Heard(), list[int]()

    async def taken(push: Push) -> Reply:
        for document in source.unpack(push):
            for news in await source.interpret(document):
                assert isinstance(news, WarehouseNews)
                if news.report.packages:
                    async with db.transaction() as tx:
                        reports.append(await shipping.keep_report(tx, news.report))
        heard.one()
        return source.accepted(push)

    warehouse = QimenWarehouse(settings)
    steps, run = WarehouseSteps(db, warehouse, "WH01"), ActivityEnvironment().run
    async with wire(SandboxSettings.model_validate(tree["sandbox"]), taken) as line:
        reserved = await run(StockSteps(db, Router("WH01")).reserve_stock, c.OrderRef(OID))
        assert [(one.n, one.warehouse) for one in reserved.consignments] == [(1, "WH01"), (2, "WH02")]
        for n in (1, 2):
            assert (await run(steps.push_to_warehouse, c.DeliveryRef(OID, n, "SF", "", 1, n))).ok
        stopped = await run(steps.hold_at_warehouse, c.DeliveryRef(OID, 2, "", "wait", consignment=2))
        assert stopped.outcome is c.Stop.STOPPED
        stopped = await run(steps.cancel_at_warehouse, c.DeliveryRef(OID, 2, "", "off", consignment=2))
        assert stopped.outcome is c.Stop.STOPPED

        await heard.until(lambda: reports)
        scanned = await run(ScanSteps(db, "WH01").record_report, c.ReportRef(OID, reports[0]))
        assert (scanned.scan, scanned.consignment, scanned.all_packed) == (c.Scan.PACKED, 1, False)
        stopped = await run(steps.cancel_at_warehouse, c.DeliveryRef(OID, 1, "", "off", consignment=1))
        assert stopped.outcome is c.Stop.TOO_LATE

        book = (await line.book("qimen"))["deliveries"]
    await warehouse.close()
    assert [(one["warehouse"], one["status"], one["lines"]) for one in book] == [
        ("WH01", "PACKED", [{"sku": "MUG", "quantity": 1}]),
        ("WH02", "CANCELLED", [{"sku": "PLATE", "quantity": 1}]),
    ]
    async with db.transaction() as tx:
        held = await stock.reservations(tx, OID)
    assert {(row.sku, row.status) for row in held} == {("MUG", "shipped"), ("PLATE", "locked")}

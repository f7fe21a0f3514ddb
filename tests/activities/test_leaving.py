"""What leaves a warehouse leaves under the reservation that it was instructed under, or is locked anew."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from activities import contracts as c
from activities.contracts import DeliveryRef, FitAsk, OrderAt, OrderRef, ReportRef, Scan, Scanned, Stop
from activities.instructions import delivery_code
from domain.order import Amounts, Order
from domain.warehouses import Warehouse
from store import planning, stock
from store.orders import take
from store.stock import Movement, Pick, StaleReservation
from store.tables import OrderRow, StockRow, TaskRow
from store.warehouses import put
from tests.activities.conftest import Bench
from tests.store.samples import order as sample_order
from tests.workflows.goods import MUG, mugs


async def _begin(bench: Bench, mug: int) -> Order:
    """An order that has locked mugs, and whose warehouse was told."""
    order = await _begin_with(bench, mugs(mug))
    assert (await bench.run(c.PUSH_TO_WAREHOUSE, DeliveryRef(order.order_id, 1, "SF", "", 1))).ok
    return order


async def _begin_with(bench: Bench, goods: dict[str, Any]) -> Order:
    order = await bench.order(**goods)
    async with bench.db.transaction() as tx:
        row = await tx.get_one(OrderRow, order.order_id)
        row.state = "RISK_PASSED"
        tx.add(row)
    assert (await bench.run(c.RESERVE_STOCK, OrderRef(order.order_id))).ok
    return order


async def _fewer(bench: Bench, order: Order, mug: int) -> None:
    """Some of it is paid back and freed, and the warehouse was too quick to be stopped."""
    less = sample_order("SO1", version=2, **mugs(mug))
    async with bench.db.transaction() as tx:
        await take(tx, less)
    assert (await bench.run(c.FIT_STOCK, OrderAt(order.order_id, 2))).ok


async def _packed(bench: Bench, order: Order, n: int = 1) -> Scanned:
    report = bench.town.warehouse.pack(delivery_code(order.order_id, n))
    scanned: Scanned = await bench.run(c.RECORD_REPORT, ReportRef(order.order_id, await bench.report(report)))
    return scanned


async def _stock(bench: Bench, warehouse: str = "WH01") -> tuple[int, int]:
    async with bench.db.transaction() as tx:
        row = await tx.get_one(StockRow, ("MUG", warehouse))
        return row.on_hand, row.reserved


async def _tasks(bench: Bench) -> list[str]:
    async with bench.db.reading() as tx:
        return [row.text for row in (await tx.execute(select(TaskRow))).scalars()]


async def test_what_was_freed_and_packed_all_the_same_is_locked_anew_and_leaves(bench: Bench) -> None:
    order = await _begin(bench, 3)
    await _fewer(bench, order, 1)
    assert await _stock(bench) == (10, 1)
    assert (await _packed(bench, order)).scan is Scan.PACKED
    assert await _stock(bench) == (7, 0), "three are in the box"
    assert await _tasks(bench) == []


async def test_what_others_have_meanwhile_stays_in_the_books_and_is_a_persons(bench: Bench) -> None:
    order = await _begin(bench, 3)
    await _fewer(bench, order, 1)
    async with bench.db.transaction() as tx:
        await stock.reserve_plan(tx, "own:main:X", "own", [Pick("MUG", "WH01", 9)], "orderhub")
    assert (await _packed(bench, order)).scan is Scan.PACKED
    assert await _stock(bench) == (9, 9)
    (told,) = await _tasks(bench)
    assert "MUG × 2" in told


async def test_a_part_leaves_though_another_part_of_its_order_changed(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        await put(tx, Warehouse("WH02"), "WH01")
        await stock.receive(tx, "PLATE", "WH02", 5, Movement("plates", "receive", "test"))
    order = await _begin_with(bench, _two_lines(2))
    async with bench.db.reading() as tx:
        parts = {row.warehouse: row.n for row in await planning.consignments(tx, order.order_id)}
    for n, warehouse in enumerate(("WH01", "WH02"), start=1):
        ref = DeliveryRef(order.order_id, n, "SF", "", 1, parts[warehouse])
        assert (await bench.run(c.PUSH_TO_WAREHOUSE, ref)).ok
    assert (await bench.run(c.CANCEL_AT_WAREHOUSE, ref)).outcome is Stop.STOPPED
    async with bench.db.transaction() as tx:
        old = await stock.reservation_token(tx, order.order_id)
        await take(tx, sample_order("SO1", version=2, **_two_lines(1)))
    assert (await bench.run(c.FIT_CONSIGNMENTS, FitAsk(order.order_id, 2, [parts["WH02"]], change=True))).ok
    with pytest.raises(StaleReservation):
        async with bench.db.transaction() as tx:
            await stock.ship_part(tx, order.order_id, "WH01", {"MUG": 1}, "1", "test", token=old)
    assert await _stock(bench) == (10, 1)
    assert (await _packed(bench, order)).scan is Scan.PACKED
    assert await _stock(bench) == (9, 0)
    assert await _tasks(bench) == []


def _two_lines(plates: int) -> dict[str, Any]:
    lines = (MUG, MUG.model_copy(update={"line_no": "2", "sku": "PLATE", "quantity": plates}))
    return {"lines": lines, "amounts": Amounts(goods_fen=9900, paid_fen=9900)}

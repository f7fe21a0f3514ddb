"""Fields that come after the warehouse was instructed: it is told anew, or its people are asked, once."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from activities import contracts as c
from activities.instructions import delivery_code
from domain.clock import utc_now
from domain.extensions import Place, Scope, Value
from rules.fields import definitions
from store import extensions, orders
from store.steps import load_order
from store.tables import ConsignmentRow, DeliveryRow, OrderRow, TaskRow
from tests.activities.conftest import Bench
from tests.activities.life import prepare, to_the_warehouse
from tests.store.samples import order

LINE = Place(Scope.LINE, "1")
SERIAL = Value(LINE, "serial_no", "SN-SECRET-1")
CENTRE = Value(Place(Scope.CUSTOMER), "cost_centre", "K-1")


async def _supply(bench: Bench, oid: str, *values: Value) -> bool:
    async with bench.db.transaction() as tx:
        return await extensions.supply(tx, await load_order(tx, oid), values, "wei", definitions())


async def _revision(bench: Bench, oid: str) -> int:
    async with bench.db.reading() as tx:
        return (await tx.get_one(OrderRow, oid)).revision


async def _tasks(bench: Bench) -> list[TaskRow]:
    async with bench.db.reading() as tx:
        return list((await tx.execute(select(TaskRow).where(TaskRow.kind == "fields_untold"))).scalars())


async def _instructed(bench: Bench, oid: str) -> None:
    for turn in to_the_warehouse(oid):
        await bench.run(turn.step, turn.argument)


async def _report(bench: Bench, oid: str, n: int = 1) -> c.Scanned:
    report = await bench.report(bench.town.warehouse.pack(delivery_code(oid, n)))
    scanned: c.Scanned = await bench.run(c.RECORD_REPORT, c.ReportRef(oid, report))
    return scanned


async def test_a_field_that_comes_before_the_box_is_packed_makes_another_instruction_with_it(bench: Bench) -> None:
    oid = (await bench.order()).order_id
    first: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 1))
    assert (await bench.run(c.PUSH_TO_WAREHOUSE, c.DeliveryRef(oid, 1, "SF", "", 1))).ok
    assert await _supply(bench, oid, SERIAL)
    assert not await _supply(bench, oid, SERIAL)
    assert await _revision(bench, oid) == 2
    # The workflow stops an instruction whose digest is not that of the present revision, and gives another one.
    again: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 2))
    assert again.ship_digest != first.ship_digest
    assert (again.goods_digest, again.again) == (first.goods_digest, True)
    await bench.run(c.CANCEL_AT_WAREHOUSE, c.DeliveryRef(oid, 1))
    assert (await bench.run(c.PUSH_TO_WAREHOUSE, c.DeliveryRef(oid, 2, "SF", "", 2))).ok
    told = bench.town.warehouse.orders[delivery_code(oid, 2)]
    assert told.lines[0].extras == {"serial_no": "SN-SECRET-1"}
    assert await _tasks(bench) == []


async def test_a_field_of_finance_is_nothing_to_a_warehouse(bench: Bench) -> None:
    oid = (await bench.order()).order_id
    first = await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 1))
    assert await _supply(bench, oid, CENTRE)
    assert await _revision(bench, oid) == 1
    async with bench.db.transaction() as tx:
        row = await load_order(tx, oid)
        await orders.review_again(tx, row)
    assert (await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 2))).ship_digest == first.ship_digest


async def test_people_are_asked_once_about_what_a_packed_box_cannot_be_told(bench: Bench) -> None:
    oid = await prepare(bench)
    await _instructed(bench, oid)
    assert (await _report(bench, oid)).scan is c.Scan.PACKED
    before = await _revision(bench, oid)
    assert await _supply(bench, oid, SERIAL, CENTRE)
    assert await _revision(bench, oid) == before, "a packed order is not reviewed for its warehouse"
    (task,) = await _tasks(bench)
    assert (task.order_id, task.severity) == (oid, "normal")
    assert "ext.serial_no" in task.text
    assert "商品行 1" in task.text
    assert "SECRET" not in task.text
    assert "cost_centre" not in task.text
    async with bench.db.transaction() as tx:
        (await tx.get_one(TaskRow, task.key)).closed_at = task.opened_at
    async with bench.db.transaction() as tx:
        assert not await extensions.ask_people(tx, await load_order(tx, oid), definitions())
    assert not await _supply(bench, oid, SERIAL)
    assert [one.closed_at for one in await _tasks(bench)] == [task.opened_at], "told once is told"
    assert await _supply(bench, oid, Value(LINE, "serial_no", "SN-2"))
    assert [one.closed_at for one in await _tasks(bench)] == [None], "another value is news"


async def test_a_box_that_was_packed_before_its_warehouse_could_be_told_is_a_task(bench: Bench) -> None:
    oid = await prepare(bench)
    await _instructed(bench, oid)
    assert await _supply(bench, oid, SERIAL)
    assert await _tasks(bench) == []
    assert (await _report(bench, oid)).scan is c.Scan.PACKED
    (task,) = await _tasks(bench)
    assert "ext.serial_no" in task.text


async def test_what_the_instruction_said_is_asked_of_nobody(bench: Bench) -> None:
    oid = await prepare(bench)
    assert await _supply(bench, oid, SERIAL)
    await _instructed(bench, oid)
    assert (await _report(bench, oid)).scan is c.Scan.PACKED
    assert await _tasks(bench) == []


async def test_of_several_consignments_people_are_asked_for_the_packed_one_only(bench: Bench) -> None:
    (line,) = order().lines
    lines = (line, line.model_copy(update={"line_no": "2"}))
    oid = (await bench.order(lines=lines)).order_id
    async with bench.db.transaction() as tx:
        for n, status in ((1, "packed"), (2, "pushed")):
            held = [{"line_no": str(n), "sku": "MUG", "quantity": 1}]
            tx.add(ConsignmentRow(order_id=oid, n=n, warehouse=f"WH0{n}", lines=held, status="ready", at=utc_now()))
            given: dict[str, Any] = {
                "code": f"D{n}",
                "order_id": oid,
                "n": n,
                "consignment": n,
                "revision": 1,
                "status": status,
            }
            tx.add(DeliveryRow(**given, fields={}, at=utc_now()))
    assert await _supply(bench, oid, Value(Place(Scope.LINE, "2"), "serial_no", "SN-2"))
    assert await _tasks(bench) == []
    assert await _revision(bench, oid) == 2, "the other one is told"
    assert await _supply(bench, oid, SERIAL)
    (task,) = await _tasks(bench)
    assert "D1" in task.text
    assert "商品行 1" in task.text
    assert "商品行 2" not in task.text

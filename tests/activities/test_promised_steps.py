"""The steps of an order keep its promises: planned, waiting, moved, made to order, called off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from activities import address, planning
from activities import contracts as c
from activities import promises as steps
from domain.clock import BEIJING, utc_now
from domain.order import Amounts, Channel, OrderLine
from domain.warehouses import Warehouse
from store import promises, stock, warehouses
from store.promises import Kept
from store.tables import AddressChangeRow
from tests.activities.conftest import Bench
from tests.store.samples import receiver

PAIR = (("1", "MUG"), ("2", "BOWL"))
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def _monday(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (steps, address):
        monkeypatch.setattr(module, "utc_now", lambda: MONDAY)


async def _planned(bench: Bench, reserve: bool = True, **changes: Any) -> str:
    async with bench.db.transaction() as tx:
        await warehouses.put(tx, Warehouse("WH01", province="浙江省", city="杭州市"), "WH01")
    oid = (await bench.order(**changes)).order_id
    await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 1))
    await bench.run(c.PASS_REVIEW, c.OrderRef(oid))
    if reserve:
        assert (await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))).ok
    return oid


async def _history(bench: Bench, oid: str) -> list[Kept]:
    async with bench.db.reading() as tx:
        return await promises.history(tx, oid)


async def _days(bench: Bench, oid: str) -> list[tuple[int, int, str]]:
    return [
        (kept.n, kept.revision, f"{kept.ship_by:%m-%d}" if kept.ship_by else "") for kept in await _history(bench, oid)
    ]


def _line(sku: str, quantity: int) -> dict[str, Any]:
    line = OrderLine(line_no="1", sku=sku, title="", quantity=quantity, unit_price_fen=4950, amount_fen=4950)
    return {"lines": (line,), "amounts": Amounts(goods_fen=4950, paid_fen=4950)}


async def test_an_order_is_promised_as_it_is_planned_and_once(bench: Bench) -> None:
    oid = await _planned(bench)
    await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))
    assert await _days(bench, oid) == [(1, 1, "03-02")]


async def test_the_promise_moves_with_the_purchase_and_with_the_goods(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        await stock.expect(tx, "PO1", "BOWL", "WH01", 5, MONDAY.replace(day=5, hour=15))
    oid = await _planned(bench, **_line("BOWL", 3))
    assert await _days(bench, oid) == [(1, 1, "03-05")]
    async with bench.db.transaction() as tx:
        await stock.expect(tx, "PO1", "BOWL", "WH01", 5, MONDAY.replace(day=9, hour=17))
    for _ in range(2):
        arrived = await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 1))
        assert (arrived.ready, arrived.waits_until) == (False, MONDAY.replace(day=9, hour=17))
    # After the cut-off: the next day.
    assert await _days(bench, oid) == [(1, 1, "03-05"), (1, 2, "03-10")]
    assert (await _history(bench, oid))[1].why[0].text() == "等采购单 PO1，2026-03-09 到货"
    async with bench.db.transaction() as tx:
        await stock.receive_incoming(tx, "PO1", {"BOWL": 5}, "DN1", "test")
    for _ in range(2):
        assert (await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 1))).ready
    assert (await _days(bench, oid))[2:] == [(1, 3, "03-02")]


async def test_what_a_purchase_that_was_called_off_had_promised_has_no_day(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        await stock.expect(tx, "PO1", "BOWL", "WH01", 5, MONDAY.replace(day=5, hour=15))
    oid = await _planned(bench, **_line("BOWL", 3))
    async with bench.db.transaction() as tx:
        await stock.call_off(tx, "PO1", "BOWL", "test")
    for _ in range(2):
        assert not (await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 1))).ready
    assert await _days(bench, oid) == [(1, 1, "03-05"), (1, 2, "")]
    async with bench.db.transaction() as tx:
        await stock.expect(tx, "PO2", "BOWL", "WH01", 5, MONDAY.replace(day=12, hour=15))
    assert not (await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 1))).ready
    assert (await _days(bench, oid))[2:] == [(1, 3, "03-12")]


async def test_what_was_promised_to_one_consignment_stands_while_another_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench.db.transaction() as tx:
        await stock.expect(tx, "PO1", "BOWL", "WH01", 5, MONDAY.replace(day=5, hour=15))
    lines = [
        OrderLine(line_no=n, sku=sku, title="", quantity=1, unit_price_fen=9900, amount_fen=9900) for n, sku in PAIR
    ]
    oid = await _planned(bench, lines=tuple(lines), amounts=Amounts(goods_fen=19800, paid_fen=19800))
    assert await _days(bench, oid) == [(1, 1, "03-02"), (2, 1, "03-05")]
    monkeypatch.setattr(steps, "utc_now", lambda: MONDAY.replace(day=4))
    assert not (await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 2))).ready
    async with bench.db.transaction() as tx:
        await stock.receive_incoming(tx, "PO1", {"BOWL": 5}, "DN1", "test")
    assert (await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(oid, 2))).ready
    assert await _days(bench, oid) == [(1, 1, "03-02"), (2, 1, "03-05"), (2, 2, "03-04")]


async def test_the_promise_moves_with_the_address(bench: Bench) -> None:
    oid = await _planned(bench)
    region = receiver().region.model_copy(update={"province": "西藏自治区", "city": "拉萨市"})
    async with bench.db.transaction() as tx:
        row = AddressChangeRow(order_id=oid, n=1, receiver={}, status="wished", asked_by="buyer", at=utc_now())
        row.receiver = receiver().model_copy(update={"region": region}).model_dump(mode="json")
        tx.add(row)
    await bench.run(c.APPLY_ADDRESS, c.AddressRef(oid, 1, "staff"))
    assert [f"{kept.deliver_by:%m-%d}" for kept in await _history(bench, oid)] == ["03-03", "03-07"]


async def test_what_nobody_has_is_promised_when_it_is_made_to_order(bench: Bench) -> None:
    oid = await _planned(bench, reserve=False, **_line("MTO-ENGRAVE-RING", 2))
    for _ in range(2):
        assert not (await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))).ok
    [kept] = await _history(bench, oid)
    assert (kept.n, kept.warehouse, kept.why[0].text()) == (
        0,
        "WH01",
        "定制商品 MTO-ENGRAVE-RING，2026-03-02 10:42 完工",
    )
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MTO-ENGRAVE-RING", "WH01", 2, stock.Movement("made", "receive", "test"))
    assert (await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))).ok
    assert await _days(bench, oid) == [(0, 1, "03-02"), (1, 1, "03-02"), (0, 2, "")]
    plain = await _planned(bench, reserve=False, number="SO2", **_line("NOTHING", 1))
    assert not (await bench.run(c.RESERVE_STOCK, c.OrderRef(plain))).ok
    assert await _history(bench, plain) == []


async def test_what_is_called_off_is_not_promised_any_more(bench: Bench) -> None:
    oid = await _planned(bench)
    for _ in range(2):
        await bench.run(c.RELEASE_STOCK, c.OrderRef(oid))
    assert await _days(bench, oid) == [(1, 1, "03-02"), (1, 2, "")]


async def test_a_person_is_asked_where_the_rules_say_so(bench: Bench) -> None:
    for number, channel, words in (("SO1", Channel.OWN, "缺货：NOTHING × 4"), ("SO2", Channel.B2B, "请决定：等货")):
        changes = _line("NOTHING", 4) | {"channel": channel}
        oid = await _planned(bench, reserve=False, number=number, **changes)
        reserved = await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))
        assert not reserved.ok
        assert words in reserved.short
        assert ("请决定" in reserved.short) == (channel is Channel.B2B)


async def test_a_warehouse_that_is_full_on_the_next_day_it_sends_gives_way(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "utc_now", lambda: MONDAY)
    async with bench.db.transaction() as tx:
        for code, city in (("WH01", "杭州市"), ("NB", "宁波市")):
            await warehouses.put(tx, Warehouse(code, province="浙江省", city=city, daily_capacity=1), "WH01")
        await stock.receive(tx, "MUG", "NB", 5, stock.Movement("nb", "receive", "test"))
    promised = []
    for number in ("SO1", "SO2", "SO3"):
        oid = (await bench.order(number)).order_id
        await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 1))
        await bench.run(c.PASS_REVIEW, c.OrderRef(oid))
        [fact] = (await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))).consignments
        [kept] = await _history(bench, oid)
        promised.append((fact.warehouse, f"{kept.ship_by:%m-%d}"))
    # Both are full: the nearest again, a day later.
    assert promised == [("WH01", "03-02"), ("NB", "03-02"), ("WH01", "03-03")]

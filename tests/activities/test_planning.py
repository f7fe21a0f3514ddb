"""Planning where orders come from, and locking what is planned, on both databases."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from activities import contracts as c
from activities.planning import Planned, Router
from domain.order import Order
from domain.warehouses import Warehouse
from store import articles, planning, stock
from store.tables import PlanRow, StockRow
from store.warehouses import put
from tests.activities.conftest import Bench
from tests.workflows.test_refunds import TWO_LINES


async def _more(bench: Bench, sku: str, warehouse: str, quantity: int) -> None:
    async with bench.db.transaction() as tx:
        await put(tx, Warehouse(warehouse), "WH01")
        await stock.receive(tx, sku, warehouse, quantity, stock.Movement(f"in/{sku}/{warehouse}", "receive", "test"))


async def _reviewed(bench: Bench, number: str, **changes: Any) -> Order:
    order = await bench.order(number, **changes)
    await bench.run(c.ACCEPT_ORDER, c.OrderAt(order.order_id, 1))
    await bench.run(c.PASS_REVIEW, c.OrderRef(order.order_id))
    return order


async def test_orders_at_the_same_moment_share_what_two_warehouses_have(bench: Bench) -> None:
    # Each order brings ten mugs of its own to the first warehouse: all but three are taken away again.
    placed = [await _reviewed(bench, f"SO{n}") for n in range(7)]
    await _more(bench, "MUG", "WH02", 3)
    async with bench.db.transaction() as tx:
        await stock.adjust(tx, "MUG", "WH01", -67, stock.Movement("out", "adjust", "test"))
    answers = await asyncio.gather(*(bench.run(c.RESERVE_STOCK, c.OrderRef(one.order_id)) for one in placed))
    assert sorted(answer.ok for answer in answers) == [False] + [True] * 6
    assert [answer.short for answer in answers if not answer.ok] == ["缺货：MUG × 1"]
    async with bench.db.transaction() as tx:
        pools = (await tx.execute(select(StockRow))).scalars().all()
    assert {(pool.warehouse, pool.on_hand, pool.reserved) for pool in pools} == {("WH01", 3, 3), ("WH02", 3, 3)}


async def test_a_plan_whose_goods_are_gone_by_then_is_made_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await _reviewed(bench, "SO1")
    await _more(bench, "MUG", "WH02", 5)
    plan, firm_ones = Router.plan, list[bool]()

    async def too_slow(self: Router, tx: Any, order: Order, *, firm: bool = False) -> Planned:
        planned = await plan(self, tx, order, firm=firm)
        firm_ones.append(firm)
        if len(firm_ones) == 1:  # somebody takes all of it, before it is locked
            await stock.reserve(tx, "own:main:OTHER", {"MUG": 10}, "WH01", "somebody")
        return planned

    monkeypatch.setattr(Router, "plan", too_slow)
    assert (await bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id))).ok
    assert firm_ones == [False, True], "the second time nobody else may take of it"


async def test_a_plan_is_kept_with_what_was_weighed(bench: Bench) -> None:
    order = await _reviewed(bench, "SO1", **TWO_LINES)
    await _more(bench, "PLATE", "WH02", 1)
    reserved = await bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id))
    assert [(one.n, one.warehouse, one.ready) for one in reserved.consignments] == [
        (1, "WH01", True),
        (2, "WH02", True),
    ]
    async with bench.db.transaction() as tx:
        kept = await planning.plan(tx, order.order_id)
        parts = await planning.consignments(tx, order.order_id)
    assert isinstance(kept, PlanRow)
    assert (kept.revision, kept.strategy) == (1, "split")
    assert kept.reason.startswith("没有一个仓库能整单发出，拆为 2 张发货单：WH01")
    assert {score["warehouse"] for score in kept.scores} == {"WH01", "WH02"}
    assert [one.lines for one in parts] == [
        [{"line_no": "1", "sku": "MUG", "quantity": 1}],
        [{"line_no": "2", "sku": "PLATE", "quantity": 1}],
    ]


async def test_what_goods_weigh_counts_for_their_freight(bench: Bench) -> None:
    fen = {}
    for number, grams in (("SO1", 0), ("SO2", 3000)):
        order = await _reviewed(bench, number)
        async with bench.db.transaction() as tx:
            await put(tx, Warehouse("WH01", province="浙江省", city="杭州市"), "WH01")
            await articles.put(tx, [articles.Article("MUG", weight_g=grams)])
        assert (await bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id))).ok
        async with bench.db.reading() as tx:
            plan = await planning.plan(tx, order.order_id)
        assert plan is not None
        fen[grams] = plan.freight_fen
    assert fen == {0: 1200, 3000: 1600}, "10 yuan, and 2 for each kilogram: one where nobody has said"

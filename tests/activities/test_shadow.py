"""Orders and warehouses in shadow: decided by the very steps of a real order, and nothing of it is kept or sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlmodel import SQLModel, col, select, update

from activities import contracts as c
from activities.planning import Router
from activities.review import ReviewSteps
from activities.shadow import ShadowDesk
from domain.order import OrderLine, Region
from domain.shadow import Slice, Would
from domain.warehouses import Warehouse
from store import listings, planning, shadows, stock, warehouses
from store.listings import Named
from store.tables import ListingRow, OrderEventRow, OrderRow, ShadowDecisionRow, ShadowPlanRow
from tests.activities.conftest import Bench
from tests.store.samples import receiver
from views.shadow import shadow_view
from views.trail import events_view

UNTOUCHED = ("shadow", "orders", "order_versions", "order_events")
"""Tables that an order in shadow may have rows in, by the beginning of their names."""


async def into_shadow(bench: Bench, of: Slice, on: bool = True) -> None:
    async with bench.db.transaction() as tx:
        assert await shadows.switch(tx, of, on, "wei", "trial", "WH01")


async def decide(bench: Bench, order_id: str, revision: int = 1) -> ShadowDecisionRow:
    await ShadowDesk(bench.db, ReviewSteps(bench.db, 0), Router("WH01")).decide(order_id, revision)
    async with bench.db.reading() as tx:
        return (await shadows.decisions(tx, order_id))[-1]


async def rows_of_order(bench: Bench, order_id: str) -> set[str]:
    """The tables that have a row of an order."""
    found = set()
    async with bench.db.reading() as tx:
        for name, table in SQLModel.metadata.tables.items():
            if "order_id" in table.c:
                query = select(func.count()).select_from(table).where(table.c.order_id == order_id)
                found |= {name} if (await tx.execute(query)).scalar_one() else set()
    return found


async def second_warehouse(bench: Bench) -> None:
    """HZ, far from the buyer, has what WH01 has not."""
    async with bench.db.transaction() as tx:
        await warehouses.put(tx, Warehouse("HZ", province="浙江省", city="杭州市"), "WH01")


async def test_an_order_is_decided_as_a_real_one_and_nothing_is_touched(bench: Bench) -> None:
    await into_shadow(bench, Slice("own"))
    oid = (await bench.order()).order_id
    made = await decide(bench, oid)
    assert (made.would, made.flags, made.carrier, made.couriers[-1]) == (Would.SHIP, [], "SF", "manual:OTHER")
    (consignment,) = made.consignments
    assert (consignment["warehouse"], consignment["lines"]) == (
        "WH01",
        [{"line_no": "1", "sku": "MUG", "quantity": 1}],
    )
    assert made.ship_by is not None
    assert made.scores
    assert {rule.partition("@")[0] for rule in made.rules} >= {"courier_plan", "routing_strategies", "split_rules"}
    async with bench.db.reading() as tx:
        row = await tx.get_one(OrderRow, oid)
        event = (await tx.execute(select(OrderEventRow).where(OrderEventRow.order_id == oid))).scalar_one()
        there = (await stock.snapshot(tx, ["MUG"])).available("MUG")
    assert (row.state, row.started_at, row.in_flight, row.revision, row.signalled_revision) == (None, None, False, 1, 0)
    assert (event.step, event.what, event.why, event.rules) == ("shadow/1", "shadow.decided", "ship", made.rules)
    assert there == {"WH01": 10}
    assert all(name.startswith(UNTOUCHED) for name in await rows_of_order(bench, oid))
    # Again, nothing changes: neither the decision nor the trail.
    assert (await decide(bench, oid)).at == made.at


async def test_what_a_real_order_would_wait_for_is_said(bench: Bench) -> None:
    await into_shadow(bench, Slice("own"))
    region = Region(province="浙江省", city="", district="")
    nowhere = receiver().model_copy(update={"region": region})
    lacking = (await bench.order("SO1", receiver=nowhere)).order_id
    lines = (OrderLine(line_no="1", sku="MUG", title="杯", quantity=99, unit_price_fen=50, amount_fen=4950),)
    short = (await bench.order("SO2", lines=lines)).order_id
    assert (await decide(bench, lacking)).would == Would.HOLD
    wanting = await decide(bench, short)
    assert (wanting.would, wanting.consignments) == (Would.WAIT, [])
    async with bench.db.reading() as tx:
        seen = await shadow_view(tx, lacking)
        [event] = await events_view(tx, lacking)
    assert seen is not None
    assert seen["decision"]["text"] == event["why_text"]
    assert event["why_text"].startswith("拦截：地址不完整")
    # Its own mending, and the task to choose between places, were undone with everything else.
    touched = await rows_of_order(bench, lacking) | await rows_of_order(bench, short)
    assert all(name.startswith(UNTOUCHED) for name in touched)


async def test_a_newer_revision_is_decided_anew_and_a_broken_one_holds_up_nobody(bench: Bench) -> None:
    await into_shadow(bench, Slice("own"))
    oid = (await bench.order()).order_id
    await decide(bench, oid)
    await bench.order(version=2, receiver=receiver("新路2号"))
    assert (await decide(bench, oid, 2)).revision == 2
    assert (await decide(bench, oid, 3)).would == Would.FAIL  # there is no such body


async def test_a_real_order_is_planned_without_a_warehouse_in_shadow_and_beside_it_with_it(bench: Bench) -> None:
    await second_warehouse(bench)
    await into_shadow(bench, Slice("", "HZ"))
    order = await bench.order()
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "HZ", 5, stock.Movement("receive/HZ", "receive", "test"))
        await tx.execute(update(OrderRow).values(state="RISK_PASSED"))
    reserved: c.Reserved = await bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id))
    assert [one.warehouse for one in reserved.consignments] == ["WH01"]
    async with bench.db.reading() as tx:
        beside = await tx.get_one(ShadowPlanRow, (order.order_id, 1))
        plan = await planning.plan(tx, order.order_id)
        event = (await tx.execute(select(OrderEventRow).where(OrderEventRow.step == "reserve_stock"))).scalar_one()
    assert plan is not None
    assert plan.freight_fen == beside.real_freight_fen
    assert (beside.shadows, beside.real_warehouses, beside.warehouses) == (["HZ"], ["WH01"], ["HZ"])
    assert {score["warehouse"] for score in beside.scores} == {"WH01", "HZ"}
    assert len(event.rules or []) == len(set(event.rules or []))


async def test_goods_of_a_warehouse_in_shadow_are_none_of_ours(bench: Bench) -> None:
    await second_warehouse(bench)
    await into_shadow(bench, Slice("", "WH01"))
    order = await bench.order()
    async with bench.db.transaction() as tx:
        await tx.execute(update(OrderRow).values(state="RISK_PASSED"))
    assert not (await bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id))).ok


async def test_channels_are_told_nothing_of_either(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        await listings.put(tx, [Named("own", "main", "i", "s", "MUG")])
        await stock.receive(tx, "MUG", "WH01", 10, stock.Movement("receive", "receive", "test"))

    async def told(**wake: Any) -> list[int]:
        async with bench.db.transaction() as tx:
            await tx.execute(update(ListingRow).values(next_try_at=None, **wake))
        await bench.run(c.PUBLISH_STOCK, c.PublishAsk())
        return [figure.pieces for figure in bench.town.own.figures]

    await into_shadow(bench, Slice("own", "main"))
    assert await told() == []
    await into_shadow(bench, Slice("own", "main"), on=False)
    await second_warehouse(bench)
    assert await told() == [10]
    await into_shadow(bench, Slice("", "WH01"))
    assert await told(settled_at=None) == [10, 0]
    async with bench.db.reading() as tx:
        assert (await tx.execute(select(col(ListingRow.pieces)))).scalar_one() == 0

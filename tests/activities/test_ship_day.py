"""When an order is to leave, and what must be valid then, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

from activities import contracts as c
from activities.ship_day import planned
from domain.clock import BEIJING, utc_now
from domain.order import Order
from domain.review import Leaves
from domain.tags import Tag
from store import promises, stock
from store.articles import Article, TagOf, put, put_tags
from store.tables import OrderRow
from tests.activities.conftest import Bench
from tests.rules.documents import changed
from tests.rules.published import decided_by

NOW = utc_now()
TODAY = NOW.astimezone(BEIJING).date()
WITHIN_A_DAY = changed("sla_limits", "ship_delta", minutes="1440")


def _in(days: int) -> date:
    return TODAY + timedelta(days=days)


async def _registered(bench: Bench, until: date) -> None:
    tag = Tag("device_registration", "国械注准20153540000", valid_to=until)
    async with bench.db.transaction() as tx:
        await put(tx, [Article("MUG", category="medical_device", grade=2)])
        await put_tags(tx, [TagOf("MUG", tag)])


async def _leaves(bench: Bench, order: Order, free: int = 10) -> Leaves:
    async with bench.db.reading() as tx:
        return await planned(tx, order, {"MUG": free}, NOW)


async def _on_their_way(bench: Bench) -> None:
    """Too few tomorrow, enough in 20 days; nothing is here."""
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH01", -10, stock.Movement("written-off", "adjust", "test"))
        row = await stock.expect(tx, "PO1", "MUG", "WH01", 2, NOW + timedelta(days=1))
        row.reserved = 2
        await stock.expect(tx, "PO2", "MUG", "WH01", 5, NOW + timedelta(days=20))


async def test_by_the_deadline_of_shipping_and_never_in_the_past(bench: Bench) -> None:
    order = await bench.order(placed_at=NOW, paid_at=NOW)
    with decided_by("sla_limits", WITHIN_A_DAY):
        assert await _leaves(bench, order) == Leaves(TODAY, _in(1))
        late = order.model_copy(update={"paid_at": NOW - timedelta(days=30)})
        assert await _leaves(bench, late) == Leaves(TODAY, TODAY)
    with decided_by("sla_limits", changed("sla_limits", "ship_delta", minutes="0")):
        assert await _leaves(bench, order) == Leaves(TODAY, TODAY), "nothing is promised"


async def test_by_the_purchase_that_brings_what_is_short(bench: Bench) -> None:
    order = await bench.order(placed_at=NOW, paid_at=NOW)
    await _on_their_way(bench)
    with decided_by("sla_limits", WITHIN_A_DAY):
        assert await _leaves(bench, order, free=-1) == Leaves(_in(20), _in(20))
        assert await _leaves(bench, order, free=1) == Leaves(TODAY, _in(1))
        more = order.model_copy(update={"lines": (order.lines[0].model_copy(update={"quantity": 9}),)})
        assert await _leaves(bench, more, free=0) == Leaves(TODAY, _in(1)), "nobody knows when there are enough"


async def test_by_what_its_consignments_are_promised(bench: Bench) -> None:
    order = await bench.order(placed_at=NOW, paid_at=NOW)
    await bench.run(c.ACCEPT_ORDER, c.OrderAt(order.order_id, 1))
    await bench.run(c.PASS_REVIEW, c.OrderRef(order.order_id))
    await bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id))
    async with bench.db.reading() as tx:
        [kept] = await promises.newest(tx, order.order_id)
    assert kept.ship_by is not None
    promised = kept.ship_by.astimezone(BEIJING).date()
    assert await _leaves(bench, order, free=0) == Leaves(TODAY, promised)


async def test_a_presale_whose_registration_ends_before_it_leaves_is_flagged_now(bench: Bench) -> None:
    await _registered(bench, _in(10))
    await bench.order(placed_at=NOW, paid_at=NOW)
    here: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt("own:main:SO1", 1))
    assert here.flags == []
    await bench.order("SO2", placed_at=NOW, paid_at=NOW)
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH01", -10, stock.Movement("sold", "adjust", "test"))
    await _on_their_way(bench)
    presale: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt("own:main:SO2", 1))
    assert [flag.code for flag in presale.flags] == ["compliance.expired"]
    assert f"在计划发货日 {_in(20)} 不在有效期内" in presale.flags[0].detail
    await _registered(bench, _in(21))
    again: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt("own:main:SO2", 2))
    assert again.flags == []


async def test_a_purchase_that_comes_later_than_a_registration_ends_has_its_order_reviewed_again(bench: Bench) -> None:
    await _registered(bench, _in(10))
    order = await bench.order(placed_at=NOW, paid_at=NOW)
    ref = c.OrderRef(order.order_id)
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH01", -10, stock.Movement("written-off", "adjust", "test"))
        await stock.expect(tx, "PO1", "MUG", "WH01", 5, NOW + timedelta(days=4))
    accepted: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt(order.order_id, 1))
    assert accepted.flags == []
    await bench.run(c.PASS_REVIEW, ref)
    assert (await bench.run(c.RESERVE_STOCK, ref)).ok

    async def looked() -> int:
        await bench.run(c.CHECK_ARRIVAL, c.ConsignmentRef(order.order_id, 1))
        async with bench.db.reading() as tx:
            return (await tx.get_one(OrderRow, order.order_id)).revision

    assert await looked() == 1
    assert (await _leaves(bench, order)).first == _in(4)
    async with bench.db.transaction() as tx:
        await stock.expect(tx, "PO1", "MUG", "WH01", 5, NOW + timedelta(days=30))
    assert await looked() == 2
    assert await looked() == 2
    assert (await _leaves(bench, order)).first == _in(30)
    again: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt(order.order_id, 2))
    assert [(flag.code, flag.hold) for flag in again.flags] == [("compliance.expired", "COMPLIANCE")]

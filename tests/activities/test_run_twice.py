"""Every step may run twice: after a crash, a lost answer or a slow first run. The second time changes nothing."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import inspect as inspect_table
from sqlmodel import SQLModel, select

from activities import contracts as c
from activities.instructions import delivery_code
from domain.declaring import Supplied
from domain.order import Declaration
from rules import engine
from store import counts, declarations
from store.tables import OrderEventRow
from tests.activities.conftest import Bench
from tests.activities.life import Turn, by_hand, packed, prepare, shipped, signed, stopping, to_the_warehouse, undone
from tests.rules.merging import merging
from tests.workflows.goods import on_account


@pytest.fixture(autouse=True)
def _files_again() -> Iterator[None]:
    yield
    engine.use(engine.Book())


MOVING = {"at", "asked_at", "updated_at", "last_news_at", "told_at"}
"""Columns that say when something was done last."""


async def _books(bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but when it was touched."""
    books = {}
    async with bench.db.transaction() as tx:
        for mapper in SQLModel._sa_registry.mappers:
            rows = (await tx.execute(select(mapper.class_))).scalars().all()
            names = [column.key for column in inspect_table(mapper.class_).columns if column.key not in MOVING]
            books[mapper.class_.__name__] = sorted(({n: getattr(row, n) for n in names} for row in rows), key=str)
    return books


async def _twice(bench: Bench, turns: Sequence[Turn]) -> None:
    for turn in turns:
        first = await bench.run(turn.step, turn.argument)
        before = await _books(bench)
        assert await bench.run(turn.step, turn.argument) == first, turn.step.name
        assert await _books(bench) == before, turn.step.name


async def test_a_whole_life_with_every_step_run_twice(bench: Bench) -> None:
    oid = await prepare(bench, **on_account())
    await _twice(bench, to_the_warehouse(oid))
    await _twice(bench, await packed(bench, oid))
    await _twice(bench, shipped(oid))
    await _twice(bench, await signed(bench, oid))
    books = await _books(bench)
    assert [row["state"] for row in books["OrderRow"]] == ["WARRANTY_ACTIVATED"]
    assert len(bench.town.messenger.sent) == 2, "one for each clerk"
    assert list(bench.town.bureau.reservations.values()) == ["committed"]
    assert len(bench.town.own.told) == len(bench.town.sf.live()) == len(bench.town.warehouse.orders) == 1


async def test_a_number_by_hand_twice(bench: Bench) -> None:
    oid = await prepare(bench)
    for turn in to_the_warehouse(oid):
        await bench.run(turn.step, turn.argument)
    for turn in await packed(bench, oid):
        await bench.run(turn.step, turn.argument)
    await _twice(bench, by_hand(oid))


async def test_a_cancellation_twice(bench: Bench) -> None:
    oid = await prepare(bench, **on_account())
    for turn in to_the_warehouse(oid):
        await bench.run(turn.step, turn.argument)
    await _twice(bench, undone(oid))
    assert list(bench.town.bureau.reservations.values()) == ["released"]


async def test_stopping_parcels_twice(bench: Bench) -> None:
    oid = await prepare(bench)
    for turn in to_the_warehouse(oid):
        await bench.run(turn.step, turn.argument)
    for turn in [*await packed(bench, oid), *shipped(oid)]:
        await bench.run(turn.step, turn.argument)
    await _twice(bench, stopping(oid))
    assert len(bench.town.sf.stopped) == 0
    assert bench.town.sf.live() == []


async def test_waybills_of_a_parcel_that_stays_are_voided_twice(bench: Bench) -> None:
    oid = await prepare(bench)
    for turn in to_the_warehouse(oid):
        await bench.run(turn.step, turn.argument)
    for turn in [*await packed(bench, oid), *shipped(oid)[:1]]:
        await bench.run(turn.step, turn.argument)
    assert len(bench.town.sf.live()) == 1
    await _twice(bench, [Turn(c.VOID_WAYBILLS, c.ParcelRef(oid, f"{oid}#1"))])
    assert not bench.town.sf.live()


async def test_orders_packed_together_with_every_step_run_twice(bench: Bench) -> None:
    merging()
    oids = [(await bench.order(number)).order_id for number in ("SO1", "SO2", "SO3")]
    first, second, third = oids
    for oid in oids:
        for turn in (
            Turn(c.ACCEPT_ORDER, c.OrderAt(oid, 1)),
            Turn(c.PASS_REVIEW, c.OrderRef(oid)),
            Turn(c.RESERVE_STOCK, c.OrderRef(oid)),
        ):
            await bench.run(turn.step, turn.argument)
    await _twice(
        bench,
        [
            Turn(c.PLAN_COURIERS, c.OrderAt(first, 1)),
            Turn(c.PUSH_TO_WAREHOUSE, c.DeliveryRef(first, 1, "SF", "", 1)),
            Turn(c.PLAN_COURIERS, c.OrderAt(second, 1)),
            Turn(c.PLAN_COURIERS, c.OrderAt(third, 1)),
            Turn(c.CHECK_MERGE, c.MergeAsk(first, 1)),
            Turn(c.CANCEL_AT_WAREHOUSE, c.DeliveryRef(first, 1, "", "anew")),
            Turn(c.PUSH_TO_WAREHOUSE, c.DeliveryRef(first, 2, "SF", "", 1)),
            Turn(c.LEAVE_MERGE, c.MergeLeave(third, 0, "held")),
            Turn(c.CHECK_MERGE, c.MergeAsk(first, 2)),
            Turn(c.CHECK_MERGE, c.MergeAsk(third)),
            Turn(c.PUSH_TO_WAREHOUSE, c.DeliveryRef(first, 3, "SF", "", 1)),
        ],
    )
    told = bench.town.warehouse.orders
    assert [len(order.lines) for order in told.values()] == [1, 3, 2]
    async with bench.db.reading() as tx:
        assert (await counts.ours(tx, "WH01", ["MUG"]))["MUG"].told == 2, "both orders' goods, in one instruction"
    report = await bench.report(bench.town.warehouse.pack(delivery_code(first, 3)))
    parcels = [f"{first}#1", f"{second}#1"]
    await _twice(
        bench,
        [
            Turn(c.RECORD_REPORT, c.ReportRef(first, report)),
            Turn(c.CHECK_MERGE, c.MergeAsk(second)),
            Turn(c.RECORD_REPORT, c.ReportRef(second, report)),
            Turn(c.RECORD_REPORT, c.ReportRef(third, report)),
            Turn(c.TAKE_TURN, c.ParcelRef(second, parcels[1])),
            Turn(c.TAKE_TURN, c.ParcelRef(first, parcels[0])),
            Turn(c.REQUEST_WAYBILL, c.WaybillAsk(second, parcels[1], "sf", "SF", 1)),
            Turn(c.TAKE_TURN, c.ParcelRef(first, parcels[0])),
            Turn(c.WRITE_BACK, c.ParcelRef(first, parcels[0])),
            Turn(c.WRITE_BACK, c.ParcelRef(second, parcels[1])),
            Turn(c.FINISH_SHIPPING, c.OrderRef(first)),
            Turn(c.FINISH_SHIPPING, c.OrderRef(second)),
        ],
    )
    books = await _books(bench)
    assert [row["state"] for row in books["OrderRow"]] == ["WAYBILL_RETURNED", "WAYBILL_RETURNED", "STOCK_LOCKED"]
    assert [(row["number"], row["of_parcel"]) for row in books["WaybillRow"]] in (
        [(bench.town.sf.live()[0][1], of) for of in ofs] for ofs in (["", parcels[1]], [parcels[1], ""])
    )
    assert sorted(row["state"] for row in books["MergeMemberRow"]) == ["left", "packed", "packed"]
    assert len(bench.town.own.told) == 2
    # A refund of one does not stop the box of both.
    ask = c.InterceptAsk(first, parcels[0], 1, c.InterceptWish.STOP, "orderhub")
    assert (await bench.run(c.INTERCEPT_PARCEL, ask)).how is c.InterceptHow.REFUSED
    assert bench.town.sf.live()


async def test_two_orders_that_come_at_the_same_moment_open_one_merge(bench: Bench) -> None:
    merging()
    oids = [(await bench.order(number)).order_id for number in ("SO1", "SO2")]
    for oid in oids:
        await bench.run(c.ACCEPT_ORDER, c.OrderAt(oid, 1))
        await bench.run(c.PASS_REVIEW, c.OrderRef(oid))
        await bench.run(c.RESERVE_STOCK, c.OrderRef(oid))
    plans = await asyncio.gather(*(bench.run(c.PLAN_COURIERS, c.OrderAt(oid, 1)) for oid in oids))
    assert len({plan.merge.number for plan in plans}) == len({plan.merge.leader for plan in plans}) == 1
    assert {plan.merge.leader for plan in plans} < set(oids)


async def test_an_order_closed_undelivered_twice(bench: Bench) -> None:
    order = await bench.order()
    await _twice(bench, [Turn(c.RECORD_UNDELIVERED, c.Reasoned(order.order_id, "refused"))])


async def test_a_declaration_supplied_twice(bench: Bench) -> None:
    order = await bench.order(declaration=Declaration(destination="US"))
    oid = order.order_id
    await _twice(bench, [Turn(c.ACCEPT_ORDER, c.OrderAt(oid, 1))])
    async with bench.db.transaction() as tx:
        await declarations.wish(tx, oid, Supplied({"invoice_no": "I1"}), "wei")
    await _twice(
        bench,
        [
            Turn(c.SEND_DECLARATION_ALERT, c.DeclarationAlert(oid, 1)),
            Turn(c.SUPPLY_DECLARATION, c.DeclarationRef(oid, 1, "wei")),
            Turn(c.ACCEPT_ORDER, c.OrderAt(oid, 2)),
        ],
    )
    assert len(bench.town.messenger.sent) == 2, "one for each account manager"


async def test_the_same_step_at_the_same_moment_is_done_once(bench: Bench) -> None:
    # A local activity that was too slow, and the ordinary one that follows it.
    order = await bench.order()
    await bench.run(c.ACCEPT_ORDER, c.OrderAt(order.order_id, 1))
    await bench.run(c.PASS_REVIEW, c.OrderRef(order.order_id))
    answers = await asyncio.gather(*(bench.run(c.RESERVE_STOCK, c.OrderRef(order.order_id)) for _ in range(4)))
    assert answers == [replace(answers[0], consignments=[c.ConsignmentFact(1, "WH01")])] * 4
    assert answers[0].ok
    books = await _books(bench)
    assert [row["reserved"] for row in books["StockRow"]] == [1]
    async with bench.db.transaction() as tx:
        events = (await tx.execute(select(OrderEventRow).where(OrderEventRow.step == "reserve_stock"))).scalars().all()
    assert len(events) == 1


def test_every_contract_has_its_activity_and_every_step_is_run_twice_here(bench: Bench) -> None:
    steps = {value.name: value for _, value in inspect.getmembers(c) if isinstance(value, c.OwnStep | c.PartnerStep)}
    assert set(steps) == bench.names()
    ran = {turn.step.name for turn in [*to_the_warehouse("o"), *shipped("o"), *by_hand("o"), *undone("o")]}
    ran |= {"void_waybills", "send_scan_alert"}  # test_messages.py
    ran |= {"chase_approvers", "decide_approval", "send_approval_link"}  # test_approvals.py
    ran |= {"ask_warehouse", "record_report", "ask_tracker", "record_signed", "activate_warranty", "record_undelivered"}
    ran |= {turn.step.name for turn in stopping("o")}
    ran |= {"supply_declaration", "send_declaration_alert"}
    ran |= {"check_merge", "leave_merge", "take_turn"}
    elsewhere = {"list_waiting", "follow_parcels", "pull_changes", "watch_partners", "list_feeds", "reconcile_shop"}
    elsewhere |= {
        "renew_authorisations",
        "list_files",
        "take_file",
        "compare_shelves",
        "publish_stock",
        "purge_logs",
        "let_freezes_go",
        "watch_safety",
        "watch_deadlines",
        "compare_shadows",
        "watch_anomalies",
    }
    assert set(steps) - ran == elsewhere, "they only read, ask for news, or judge anew (test_health.py, test_files.py)"


@pytest.mark.parametrize("step", [c.PASS_REVIEW, c.RESERVE_STOCK, c.RECORD_SIGNED, c.FINISH_SHIPPING])
async def test_no_step_may_skip_a_state(bench: Bench, step: c.OwnStep[Any, Any]) -> None:
    order = await bench.order()
    with pytest.raises(ValueError, match="would skip"):
        await bench.run(step, c.OrderRef(order.order_id))

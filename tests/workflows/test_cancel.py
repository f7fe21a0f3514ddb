from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

import activities.warehouse
from connectors.errors import Rejected
from domain.golden import GoldenState
from domain.holds import HoldReason
from store.tables import ReservationRow
from tests.workflows.goods import mugs, on_account, short_address
from tests.workflows.partners import away, fails, hangs, lost
from tests.workflows.stage import Living, Stage
from workflows.contracts import CancelOrder, OrderEnd

WISH = CancelOrder("不想要了", "buyer")


async def _all_undone(order: Living) -> None:
    assert (await order.end()).exit == "CANCELLED"
    row = await order.row()
    assert (row.exit, row.holds, row.in_flight) == ("CANCELLED", [], False)
    assert row.closed_at is not None
    assert not await order.tasks()
    assert {reservation.status for reservation in await order.rows(ReservationRow)} <= {"released"}
    assert set(order.stage.town.warehouse.status.values()) <= {"cancelled"}
    assert set(order.stage.town.bureau.reservations.values()) <= {"released"}
    assert not order.stage.town.own.told


async def test_an_order_in_review_is_cancelled(stage: Stage) -> None:
    order = await stage.start(receiver=short_address())
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    assert (await order.ask("cancel", WISH)).done
    await _all_undone(order)


async def test_an_order_whose_credit_is_being_asked_is_cancelled_and_frees_it(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    stage.town.bureau.will("check", slow)
    order = await stage.start(**on_account())
    await slow.arrived.wait()
    asked = asyncio.create_task(order.ask("cancel", WISH))
    slow.gate.set()
    assert (await asked).done
    await _all_undone(order)
    assert list(stage.town.bureau.reservations.values()) == ["released"]


async def test_an_order_at_the_warehouse_is_cancelled_by_its_buyer(stage: Stage) -> None:
    order = await stage.start(**on_account())
    await order.instructed()
    outcome = await order.ask("cancel", WISH)
    assert (outcome.done, outcome.text) == (True, "已取消，全部步骤已撤销")
    await _all_undone(order)
    steps = await order.steps()
    assert steps[-2:] == ["stock.released", "order.cancelled"]


async def test_an_order_at_the_warehouse_is_cancelled_by_its_channel(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await order.channel_cancels()
    await _all_undone(order)


async def test_an_order_that_the_warehouse_refuses_is_cancelled(stage: Stage) -> None:
    stage.town.warehouse.will("push", fails(Rejected("qimen", "deliveryorder.create", "no such SKU", "E1")))
    order = await stage.start()
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    assert (await order.ask("cancel", WISH)).done
    await _all_undone(order)


async def test_every_undo_is_tried_until_it_is_done(stage: Stage) -> None:
    order = await stage.start(**on_account())
    await order.instructed()
    stage.town.warehouse.will("cancel", away("qimen"), lost("qimen"))
    stage.town.bureau.will("release", away("credit"), lost("credit"))
    asked = asyncio.create_task(order.ask("cancel", WISH))
    await order.calls("warehouse", "cancel")
    await order.pass_time(minutes=10)
    assert (await asked).done
    await _all_undone(order)
    assert stage.town.warehouse.calls["cancel"] == 3
    assert stage.town.bureau.calls["release"] == 3


async def test_an_instruction_on_its_way_is_waited_for_and_then_stopped(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    stage.town.warehouse.will("push", slow)
    order = await stage.start()
    await slow.arrived.wait()
    asked = asyncio.create_task(order.ask("cancel", WISH))
    # The warehouse does not know it yet, so its "no such order" is not believed.
    await order.calls("warehouse", "cancel")
    assert not asked.done()
    slow.gate.set()
    await order.at_warehouse("accepted")
    await order.pass_time(seconds=10)
    assert (await asked).done
    await _all_undone(order)
    assert len(await order.deliveries()) == 1


async def test_an_instruction_that_never_arrives_is_believed_gone_after_a_while(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = hangs(Rejected("qimen", "deliveryorder.create", "the connection broke", ""))
    stage.town.warehouse.will("push", stuck)
    order = await stage.start()
    await stuck.arrived.wait()
    asked = asyncio.create_task(order.ask("cancel", WISH))
    await order.calls("warehouse", "cancel")
    assert not asked.done()
    monkeypatch.setattr(activities.warehouse, "SETTLED_AFTER", timedelta(0))
    # The call itself still hangs.
    assert (await asked).done
    await _all_undone(order)
    assert not stage.town.warehouse.orders


async def test_the_warehouse_has_the_last_word(stage: Stage) -> None:
    order = await stage.start()
    code = await order.instructed()
    report = stage.town.warehouse.pack(code)  # packed, and not yet reported
    outcome = await order.ask("cancel", WISH)
    assert (outcome.done, outcome.text) == (False, "仓库已打包")
    assert await order.tasks() == {"cancel_too_late"}
    await order.warehouse_reports(report)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_the_warehouse_may_refuse_in_its_own_words(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    stage.town.warehouse.will("cancel", fails(Rejected("qimen", "order.cancel", "已称重", "S07")))
    outcome = await order.ask("cancel", WISH)
    assert not outcome.done
    assert "已称重" in outcome.text
    # A second try may succeed.
    assert (await order.ask("cancel", WISH)).done
    assert (await order.end()).exit == "CANCELLED"


async def test_after_packing_it_is_too_late(stage: Stage) -> None:
    order = await stage.start()
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    assert "不能取消" in await order.refusal("cancel", WISH)
    await order.channel_cancels()
    await order.task("cancel_too_late")
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_a_report_that_comes_while_the_order_is_cancelled_wins_or_loses_but_never_both(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    order = await stage.start()
    code = await order.instructed()
    stage.town.warehouse.will("cancel", slow)
    asked = asyncio.create_task(order.ask("cancel", WISH))
    await slow.arrived.wait()
    await order.warehouse_reports(stage.town.warehouse.pack(code))
    slow.gate.set()
    assert not (await asked).done
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_a_second_cancellation_waits_for_no_second_undo(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    order = await stage.start()
    await order.instructed()
    stage.town.warehouse.will("cancel", slow)
    asked = asyncio.create_task(order.ask("cancel", WISH))
    await slow.arrived.wait()
    await order.channel_cancels()
    assert await order.refusal("cancel", WISH)
    slow.gate.set()
    assert (await asked).done
    assert stage.town.warehouse.calls["cancel"] == 1
    await _all_undone(order)


async def test_stock_of_a_cancelled_order_is_free_for_the_next(stage: Stage) -> None:
    order = await stage.start(**mugs(10))
    await order.instructed()
    assert (await order.ask("cancel", WISH)).done
    other = await stage.start(**mugs(10))
    await other.reaches(GoldenState.STOCK_LOCKED)

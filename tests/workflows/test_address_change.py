from __future__ import annotations

import asyncio

from connectors.errors import Rejected
from domain.extensions import Place, Scope, Value
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import ClearReceiver
from rules.fields import definitions
from store import extensions
from store.steps import load_order
from tests.store.samples import receiver
from tests.workflows.goods import short_address
from tests.workflows.partners import fails, hangs
from tests.workflows.stage import Living, Stage
from workflows.contracts import AddressWish, CancelOrder, OrderEnd

NEW = receiver("新路22号")


async def _wish(order: Living, wanted: ClearReceiver = NEW, n: int = 1) -> None:
    await order.wishes(n, wanted)
    outcome = await order.ask("change_address", AddressWish(n, "buyer"))
    assert outcome.done
    assert "等待确认" in outcome.text


async def _told(order: Living, n: int) -> str:
    """The street that the warehouse was told in its nth instruction."""
    warehouse = order.stage.town.warehouse
    told = warehouse.orders[await order.instructed(n)].receiver
    assert isinstance(told, ClearReceiver)
    return told.detail


async def test_before_the_warehouse_knows_the_order_there_is_one_instruction_with_the_new_address(stage: Stage) -> None:
    order = await stage.start(receiver=short_address())
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    await _wish(order)
    await order.held(HoldReason.ADDRESS_CHANGE, HoldReason.ADDRESS_INCOMPLETE)
    assert (await order.ask("confirm_address", AddressWish(1, "王"))).done
    assert await _told(order, 1) == "新路22号"
    assert stage.town.warehouse.calls == {"push": 1}
    assert (await order.wish()).status == "confirmed"


async def test_after_the_push_the_warehouse_is_held_and_instructed_anew(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await _wish(order)
    await order.held(HoldReason.ADDRESS_CHANGE)
    await order.at_warehouse("held")
    outcome = await order.ask("confirm_address", AddressWish(1, "王"))
    assert (outcome.done, outcome.text) == (True, "已采用新地址")
    assert await _told(order, 2) == "新路22号"
    assert list(stage.town.warehouse.status.values()) == ["cancelled", "accepted"]
    assert [row.status for row in await order.deliveries()] == ["cancelled", "pushed"]
    await order.packed(n=2)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert stage.town.sf.asked[0].receiver == NEW


async def test_a_wish_that_nobody_confirms_lapses_and_the_warehouse_goes_on(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await _wish(order)
    await order.at_warehouse("held")
    await order.pass_time(minutes=31)
    await order.held()
    await order.at_warehouse("accepted")
    assert (await order.wish()).status == "lapsed"
    assert "没有待确认" in await order.refusal("confirm_address", AddressWish(1, "王"))
    # The next wish is a new one.
    await _wish(order, n=2)
    await order.at_warehouse("held")
    assert (await order.ask("confirm_address", AddressWish(2, "王"))).done
    assert await _told(order, 2) == "新路22号"


async def test_one_wish_at_a_time(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await _wish(order)
    await order.wishes(2, receiver("另一条路3号"))
    assert "已有一个地址修改" in await order.refusal("change_address", AddressWish(2, "buyer"))
    assert "没有待确认" in await order.refusal("confirm_address", AddressWish(2, "王"))


async def test_a_wished_address_that_no_parcel_can_go_to_is_refused_and_the_old_one_stays(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await _wish(order, short_address())
    outcome = await order.ask("confirm_address", AddressWish(1, "王"))
    assert (outcome.done, outcome.text) == (False, "详细地址太短")
    assert await _told(order, 2) == "示例路1号"
    assert (await order.wish()).status == "refused"
    assert not (await order.row()).holds


async def test_after_120_minutes_it_is_too_late(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await order.pass_time(minutes=121)
    assert "120 分钟" in await order.refusal("change_address", AddressWish(1, "buyer"))


async def test_the_warehouse_packs_before_the_confirmation(stage: Stage) -> None:
    order = await stage.start()
    code = await order.instructed()
    await _wish(order)
    await order.at_warehouse("held")
    report = stage.town.warehouse.pack(code)
    outcome = await order.ask("confirm_address", AddressWish(1, "王"))
    assert (outcome.done, outcome.text) == (False, "已打包，不能修改地址")
    await order.warehouse_reports(report)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert (await order.wish()).status == "lapsed"
    assert stage.town.sf.asked[0].receiver == receiver()


async def test_a_report_ends_a_wish_that_waits(stage: Stage) -> None:
    stage.town.warehouse.always("hold", fails(Rejected("qimen", "order.pending", "picking", "S05")))
    order = await stage.start()
    await order.instructed()
    await _wish(order)
    await order.calls("warehouse", "hold")
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert (await order.wish()).status == "lapsed"
    # A warehouse that cannot hold is asked once.
    assert stage.town.warehouse.calls["hold"] == 1


async def test_a_wish_may_come_while_the_instruction_is_on_its_way(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    stage.town.warehouse.will("push", slow)
    order = await stage.start()
    await slow.arrived.wait()
    await _wish(order)
    confirming = asyncio.create_task(order.ask("confirm_address", AddressWish(1, "王")))
    slow.gate.set()
    assert (await confirming).done
    assert await _told(order, 2) == "新路22号"
    assert list(stage.town.warehouse.status.values()) == ["cancelled", "accepted"]


async def test_a_cancelled_order_drops_the_wish(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await _wish(order)
    await order.at_warehouse("held")
    assert (await order.ask("cancel", CancelOrder("不要了", "buyer"))).done
    assert (await order.wish()).status == "lapsed"
    assert list(stage.town.warehouse.status.values()) == ["cancelled"]


async def test_a_channel_that_changes_the_address_replaces_the_instruction(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await order.document(receiver=NEW)
    assert await _told(order, 2) == "新路22号"
    assert list(stage.town.warehouse.status.values()) == ["cancelled", "accepted"]


async def test_a_field_for_the_warehouse_that_comes_late_replaces_the_instruction(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    serial = Value(Place(Scope.LINE, "1"), "serial_no", "SN-1")
    async with stage.db.transaction() as tx:
        assert await extensions.supply(tx, await load_order(tx, order.id), [serial], "wei", definitions())
    await order.told()
    told = stage.town.warehouse.orders[await order.instructed(2)]
    assert [line.extras for line in told.lines] == [{"serial_no": "SN-1"}]
    assert list(stage.town.warehouse.status.values()) == ["cancelled", "accepted"]
    await order.packed(n=2)
    await order.reaches(GoldenState.PACKED)
    assert "fields_untold" not in await order.tasks()


async def test_a_channel_that_changes_the_address_of_a_packed_order_is_told_to_a_person(stage: Stage) -> None:
    order = await stage.start()
    code = await order.instructed()
    report = stage.town.warehouse.pack(code)
    await order.document(receiver=NEW)
    await order.task("changed_too_late")
    await order.warehouse_reports(report)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.document(receiver=receiver("第三条路3号"))
    await order.task("changed_after_packing")


async def test_a_lapse_while_the_confirmation_is_under_way_leaves_one_living_instruction(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    order = await stage.start()
    await order.instructed()
    await _wish(order)
    await order.at_warehouse("held")
    stage.town.warehouse.will("cancel", slow)
    confirming = asyncio.create_task(order.ask("confirm_address", AddressWish(1, "王")))
    await slow.arrived.wait()
    passing = asyncio.create_task(order.pass_time(minutes=31))
    slow.gate.set()
    assert (await confirming).done
    await passing
    assert await _told(order, 2) == "新路22号"
    await order.rests()
    assert list(stage.town.warehouse.status.values()) == ["cancelled", "accepted"]

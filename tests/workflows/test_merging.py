"""Orders of one buyer, packed as one parcel: together as long as nothing keeps one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from connectors.errors import Rejected
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import ChannelStatus
from domain.shipping import CreditAnswer, CreditDecision, TrackCode
from intake.dispatcher import Dispatcher, Pace
from rules import engine
from store.tables import MergeMemberRow, ReservationRow, WaybillRow
from tests.rules.merging import merging
from tests.store.samples import receiver
from tests.workflows.goods import GIFT, MUG, mugs, on_account
from tests.workflows.partners import away, fails
from tests.workflows.stage import Living, Stage, until
from workflows.contracts import AddressWish, CancelOrder, OrderEnd, ReleaseHold, UndoMerge

END = OrderEnd("WARRANTY_ACTIVATED")


@pytest.fixture(autouse=True)
def _merges() -> Iterator[None]:
    merging()
    yield
    engine.use(engine.Book())


@pytest.fixture(autouse=True)
async def _dispatcher(stage: Stage) -> Iterator[None]:  # type: ignore[misc]
    """Somebody tells orders of each other."""
    dispatcher = Dispatcher(stage.db, {}, stage.orders, Pace())

    async def tell() -> None:
        while True:
            if not await dispatcher.wake_merged():
                await asyncio.sleep(0.02)

    telling = asyncio.create_task(tell())
    yield
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)


async def _member(order: Living) -> MergeMemberRow | None:
    rows = await order.rows(MergeMemberRow)
    return rows[0] if rows else None


async def _state(order: Living, state: str) -> None:
    async def there() -> bool:
        member = await _member(order)
        return member is not None and member.state == state

    await until(there, f"{order.id} {state}")


async def _together(stage: Stage, *orders: Living) -> str:
    """Wait until the warehouse has one instruction with the goods of all. Returns its code."""

    async def there() -> str:
        members = [await _member(order) for order in orders]
        codes = {member.code for member in members if member is not None}
        code = codes.pop() if len(codes) == 1 and all(members) else ""
        return code if stage.town.warehouse.status.get(code) == "accepted" else ""

    return await until(there, "one instruction for all")


async def _pair(stage: Stage) -> tuple[Living, Living, str]:
    first = await stage.start()
    await first.instructed()
    second = await stage.start(**mugs(2))
    return first, second, await _together(stage, first, second)


async def _signed(*orders: Living) -> None:
    for order in orders:
        await order.reaches(GoldenState.WAYBILL_RETURNED)
    await orders[0].tracked(TrackCode.SIGNED)
    for order in orders:
        assert await order.end() == END


async def test_two_orders_are_one_parcel_and_each_channel_order_is_told_once(stage: Stage) -> None:
    await stage.receive("CARD", 2)
    first = await stage.start()
    await first.instructed()
    second = await stage.start(lines=(MUG, GIFT))
    code = await _together(stage, first, second)
    told = stage.town.warehouse.orders[code]
    assert [(line.line_no, line.sku, line.order_no, line.gift) for line in told.lines] == [
        ("1", "MUG", "", False),
        ("M2-1", "MUG", second.order.channel_order_no, False),
        ("M2-2", "CARD", second.order.channel_order_no, True),
    ]
    assert told.total_fen == first.order.amounts.paid_fen + second.order.amounts.paid_fen
    await first.warehouse_reports(stage.town.warehouse.pack(code))
    await _signed(first, second)
    assert await first.number() == await second.number()
    assert [(s.channel_order_no, s.line_nos, s.whole_order) for s in stage.town.own.told.values()] == [
        (first.order.channel_order_no, ("1",), True),
        (second.order.channel_order_no, ("1", "2"), True),
    ]
    assert stage.town.own.calls["write_back"] == 2
    assert len(stage.town.sf.live()) == 1
    assert sorted((goods.sku, goods.quantity) for goods in stage.town.sf.asked[0].goods) == [
        ("CARD", 1),
        ("MUG", 1),
        ("MUG", 1),
    ]
    assert [row.status for row in await second.rows(ReservationRow)] == ["shipped"] * 2
    assert [row.of_parcel for row in await second.rows(WaybillRow)] in ([f"{first.id}#1"], [""])
    # The instruction that the first was alone in was stopped before.
    assert list(stage.town.warehouse.status.values()) == ["cancelled", "packed"]


async def test_a_wrong_scan_of_the_other_orders_gift_stops_the_box(stage: Stage) -> None:
    await stage.receive("CARD", 1)
    first = await stage.start()
    await first.instructed()
    second = await stage.start(lines=(MUG, GIFT))
    code = await _together(stage, first, second)
    await first.warehouse_reports(stage.town.warehouse.pack(code, {"MUG": 2}))
    await first.held(HoldReason.SCAN_MISMATCH)
    assert "漏放赠品 CARD × 1" in (await first.hold(HoldReason.SCAN_MISMATCH)).detail
    assert (await second.row()).state == "STOCK_LOCKED"
    await first.warehouse_reports(stage.town.warehouse.pack(code, {"MUG": 1}, {"MUG": 1, "CARD": 1}))
    await second.reaches(GoldenState.WAYBILL_RETURNED)
    for order in (first, second):
        await order.signed()
    assert [await first.end(), await second.end()] == [END, END]
    # Of what names no line, the leading order had the first mug: each box is one order's own.
    assert len(stage.town.sf.live()) == 2


async def test_one_is_cancelled_before_packing_and_the_other_goes_alone(stage: Stage) -> None:
    first, second, code = await _pair(stage)
    assert (await second.ask("cancel", CancelOrder("不想要了", "buyer"))).done
    assert (await second.end()).exit == "CANCELLED"
    assert stage.town.warehouse.status[code] == "cancelled"
    assert {row.status for row in await second.rows(ReservationRow)} == {"released"}
    await first.packed(n=3)
    await _signed(first)
    assert stage.town.warehouse.orders[(await first.deliveries())[2].code].lines[0].quantity == 1


async def test_the_leading_one_is_cancelled_and_another_one_leads(stage: Stage) -> None:
    first, second, _ = await _pair(stage)
    third = await stage.start()
    await _together(stage, first, second, third)
    await first.channel_cancels()
    assert (await first.end()).exit == "CANCELLED"
    code = await _together(stage, second, third)
    assert stage.town.warehouse.orders[code].order_id == second.id
    await second.warehouse_reports(stage.town.warehouse.pack(code))
    await _signed(second, third)
    assert len(stage.town.sf.live()) == 1


async def test_a_person_undoes_it_and_each_is_packed_alone(stage: Stage) -> None:
    first, second, code = await _pair(stage)
    outcome = await first.ask("undo_merge", UndoMerge("买家要分开寄", "li"))
    assert (outcome.done, outcome.text) == (True, "已拆单，各订单分别发货")
    assert await first.refusal("undo_merge", UndoMerge("再来一次", "li")) == "该订单没有合单"
    await first.packed(n=3)
    await second.packed()
    for order in (first, second):
        await order.signed()
        assert await order.end() == END
        member = await _member(order)
        assert member is not None
        assert (member.state, member.why, member.left_by) == ("left", "买家要分开寄", "li")
    assert stage.town.warehouse.status[code] == "cancelled"
    assert len(stage.town.sf.live()) == 2
    assert "merge.undone" in await first.steps()
    assert "merge.left" in await second.steps()


async def test_once_packed_it_is_too_late(stage: Stage) -> None:
    first, second, code = await _pair(stage)
    # Packed, and the report is still on its way.
    report = stage.town.warehouse.pack(code)
    assert (await first.ask("undo_merge", UndoMerge("分开", "li"))).text == "仓库已打包"
    refused = await second.ask("cancel", CancelOrder("不想要了", "buyer"))
    assert (refused.done, refused.text) == (False, "仓库已打包")
    await first.warehouse_reports(report)
    await second.reaches(GoldenState.PACKED)
    assert await first.refusal("undo_merge", UndoMerge("分开", "li")) == "已打包，不能拆单"
    await _signed(first, second)


async def test_whoever_is_held_or_moves_leaves_and_goes_alone_afterwards(stage: Stage) -> None:
    first, second, code = await _pair(stage)
    await second.wishes(1, receiver("新路1号"))
    await second.ask("change_address", AddressWish(1, "buyer"))
    await _state(second, "left")
    assert stage.town.warehouse.status[code] == "cancelled"
    await first.packed(n=3)
    await _signed(first)
    assert (await second.ask("confirm_address", AddressWish(1, "buyer"))).done
    await second.packed()
    assert stage.town.warehouse.orders[(await second.deliveries())[0].code].receiver == receiver("新路1号")
    await second.signed()
    assert await second.end() == END


async def test_a_late_refusal_of_credit_takes_the_leading_one_out(stage: Stage) -> None:
    stage.town.bureau.decision = None
    first = await stage.start(**on_account())
    await first.pass_time(seconds=31)
    await first.instructed()
    second = await stage.start(**on_account())
    await second.pass_time(seconds=31)
    await _together(stage, first, second)
    [asked] = [request for request in stage.town.bureau.requests.values() if request.order_id == first.id]
    await first.bureau_decides(CreditAnswer(asked.request_id, CreditDecision.REJECTED, "逾期", ""))
    await _state(first, "left")
    await second.packed()
    [other] = [request for request in stage.town.bureau.requests.values() if request.order_id == second.id]
    stage.town.bureau.decision = CreditDecision.APPROVED
    await second.bureau_decides(stage.town.bureau.answer(other.request_id))
    await _signed(second)
    assert (await first.row()).holds == ["CREDIT_REFUSED"]
    await first.ask("cancel", CancelOrder("不做了", "li"))


async def test_who_comes_while_the_leading_one_is_held_does_not_wait_for_it(stage: Stage) -> None:
    stage.town.warehouse.will("push", fails(Rejected("qimen", "deliveryorder.create", "no such SKU", "E1")))
    first = await stage.start()
    await first.held(HoldReason.WAREHOUSE_EXCEPTION)
    second = await stage.start()
    await second.packed()
    await _signed(second)
    await first.ask("cancel", CancelOrder("不做了", "li"))


async def test_a_refused_instruction_lets_all_go_alone(stage: Stage) -> None:
    first = await stage.start()
    await first.instructed()
    stage.town.warehouse.will("push", fails(Rejected("qimen", "deliveryorder.create", "not both", "E1")))
    second = await stage.start()
    await second.instructed()
    await first.packed(n=3)
    await second.packed()
    for order in (first, second):
        await order.signed()
        assert await order.end() == END
    assert not await first.tasks()


async def test_whoever_asks_for_the_number_is_taken_back_and_another_one_asks(stage: Stage) -> None:
    for courier in (stage.town.sf, stage.town.cainiao):
        courier.always("create", away(courier.provider))
    first, second, code = await _pair(stage)
    await first.warehouse_reports(stage.town.warehouse.pack(code))

    async def asking() -> list[Living]:
        return [one for one in (first, second) if "WAYBILL_BY_PERSON" in (await one.row()).holds]

    [asks] = await until(asking, "one of them waits for a person")
    stays = second if asks is first else first
    await stays.reaches(GoldenState.PACKED)
    assert not (await stays.row()).holds
    stage.town.sf.always("create", None)
    await asks.document(status=ChannelStatus.CANCELLED)
    assert (await asks.end()).exit == "UNDELIVERED"
    await stays.signed()
    assert await stays.end() == END
    assert [parcel for parcel, _ in stage.town.sf.live()] == [f"{stays.id}#1"]
    assert list(stage.town.own.told) == [f"{stays.id}#1"]


async def test_taken_back_after_it_has_the_number_the_other_takes_it_and_nothing_is_voided(stage: Stage) -> None:
    stage.town.own.always("write_back", fails(Rejected("own", "shipments", "not now", "E1")))
    first, second, code = await _pair(stage)
    await first.warehouse_reports(stage.town.warehouse.pack(code))
    for order in (first, second):
        await order.held(HoldReason.CHANNEL_REFUSED)
    number = await first.number()
    stage.town.own.always("write_back", None)
    await first.document(status=ChannelStatus.CANCELLED)
    assert (await first.end()).exit == "UNDELIVERED"
    await second.ask("release_hold", ReleaseHold("CHANNEL_REFUSED", "li", "again"))
    await second.signed()
    assert await second.end() == END
    assert await second.number() == number
    assert len(stage.town.sf.live()) == 1

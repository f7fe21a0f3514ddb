"""One order, several warehouses: each part at its own pace, all of them under what concerns the order."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

from activities.credit import request_id
from activities.partners import HubConfig
from connectors.errors import Rejected
from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import Amounts, ChannelStatus, ClearReceiver
from domain.refund import RefundStatus
from domain.shipping import CreditDecision, TrackCode, WarehouseReport, WarehouseStatus
from store.database import Database
from store.tables import ReservationRow
from tests.store.samples import receiver
from tests.workflows.goods import GIFT, MUG, on_account
from tests.workflows.partners import Town, away, fails
from tests.workflows.stage import Living, Stage, playing
from tests.workflows.test_refunds import PLATE, TWO_LINES, refund
from workflows.contracts import AddressWish, CancelOrder, OrderEnd, ReleaseHold

WISH = CancelOrder("不想要了", "buyer")
NO = fails(Rejected("qimen", "deliveryorder.create", "no such SKU", "E1"))
NEAR, FAR = "WH01", "WH02"


async def _split(stage: Stage, **changes: Any) -> Living:
    """Mugs in one warehouse, plates in the other."""
    await stage.opens(FAR)
    await stage.receive("PLATE", 5, FAR)
    return await stage.start(**{**TWO_LINES, **changes})


async def _stock(order: Living) -> dict[str, str]:
    return {row.sku: row.status for row in await order.rows(ReservationRow)}


def _books(order: Living) -> dict[str, list[str]]:
    """What each warehouse says of its instructions."""
    warehouse = order.stage.town.warehouse
    found: dict[str, list[str]] = {}
    for code, told in warehouse.orders.items():
        if told.order_id == order.id:
            found.setdefault(told.warehouse, []).append(warehouse.status[code])
    return found


async def test_each_warehouse_delivers_its_part_at_its_own_pace(stage: Stage) -> None:
    await stage.opens(FAR)
    await stage.receive("CARD", 1, FAR)
    await stage.receive("PLATE", 5, FAR)
    gift = GIFT.model_copy(update={"line_no": "3", "gift_of": "2"})
    order = await stage.start(lines=(MUG, PLATE, gift), amounts=Amounts(goods_fen=9900, paid_fen=9900))
    near, far = await order.instructed_at(NEAR), await order.instructed_at(FAR)
    told = stage.town.warehouse.orders
    assert near != far
    assert [[(line.sku, line.quantity) for line in told[code].lines] for code in (near, far)] == [
        [("MUG", 1)],
        [("PLATE", 1), ("CARD", 1)],
    ]
    # What is paid for is told of once.
    assert told[near].total_fen + told[far].total_fen == 9900

    await order.packed_at(FAR)
    await order.channel_knows(1)
    shipment = stage.town.own.told[f"{order.id}#1"]
    assert (shipment.whole_order, shipment.line_nos, shipment.others, shipment.numberless) == (False, ("2", "3"), (), 1)
    assert await _stock(order) == {"MUG": "locked", "PLATE": "shipped", "CARD": "shipped"}
    # The order is as far as the least of its parts.
    assert (await order.row()).state == "STOCK_LOCKED"

    await order.packed_at(NEAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    second = stage.town.own.told[f"{order.id}#2"]
    assert (second.line_nos, [other.number for other in second.others]) == (("1",), [shipment.number])
    assert second.numberless == 0
    await order.tracked(TrackCode.SIGNED, 1)
    assert (await order.row()).state == "WAYBILL_RETURNED"
    await order.tracked(TrackCode.SIGNED, 2)
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert [(row.consignment, row.warehouse, row.status) for row in await order.deliveries()] == [
        (1, NEAR, "packed"),
        (2, FAR, "packed"),
    ]
    assert _books(order) == {NEAR: ["packed"], FAR: ["packed"]}


async def test_the_channels_echo_of_the_first_part_changes_nothing_for_the_others(stage: Stage) -> None:
    order = await _split(stage)
    await order.instructed_at(FAR)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    # Platforms blank the receiver of what they count as shipped.
    await order.document(status=ChannelStatus.SHIPPED, receiver=receiver("***"))
    await order.rests()
    assert _books(order) == {NEAR: ["packed"], FAR: ["accepted"]}
    await order.packed_at(FAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_a_wrong_scan_stops_its_own_part_only(stage: Stage) -> None:
    order = await _split(stage)
    await order.packed_at(NEAR, {"MUG": 2})
    await order.held(HoldReason.SCAN_MISMATCH)
    assert (await order.hold(HoldReason.SCAN_MISMATCH)).detail.startswith("1 号发货单（WH01）：")
    await order.packed_at(FAR)
    await order.channel_knows(1)
    assert (await order.row()).holds == ["SCAN_MISMATCH"]
    await order.packed_at(NEAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert not (await order.row()).holds


async def test_both_parts_may_be_wrong_and_each_is_mended_by_itself(stage: Stage) -> None:
    order = await _split(stage)
    await order.packed_at(NEAR, {"MUG": 2})
    await order.packed_at(FAR, {"PLATE": 3})
    await order.step("hold.opened", times=2)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    assert (await order.hold(HoldReason.SCAN_MISMATCH)).detail.startswith("2 号")
    await order.packed_at(FAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_a_warehouse_that_refuses_or_cancels_holds_up_only_itself(stage: Stage) -> None:
    order = await _split(stage)
    far = await order.instructed_at(FAR)
    await order.warehouse_reports(WarehouseReport(far, WarehouseStatus.CANCELLED))
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    assert (await order.ask("release_hold", ReleaseHold("WAREHOUSE_EXCEPTION", "钱", "误操作"))).done
    await order.packed_at(FAR, times=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    # Numbers of instructions and of parcels are the order's, not the consignment's.
    assert [row.n for row in await order.deliveries()] == [1, 2, 3]
    assert [(parcel.n, parcel.consignment) for parcel in await order.parcels()] == [(1, 1), (2, 2)]


async def test_a_hold_of_the_order_stops_all_that_has_not_left(stage: Stage) -> None:
    order = await _split(stage)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    await order.document(status=ChannelStatus.LOCKED)
    await order.held(HoldReason.CHANNEL_LOCKED)
    await order.stands_at(FAR, "held")
    await order.document(status=ChannelStatus.PAID)
    await order.stands_at(FAR, "accepted")
    await order.packed_at(FAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_an_order_that_was_short_is_planned_anew_when_goods_come_elsewhere(stage: Stage) -> None:
    await stage.opens(FAR)
    order = await stage.start(**TWO_LINES)
    await order.held(HoldReason.STOCK_SHORT)
    await stage.receive("PLATE", 1, FAR)
    await order.pass_time(minutes=11)
    await order.instructed_at(NEAR)
    await order.instructed_at(FAR)
    await order.held()


async def test_a_whole_order_of_the_other_warehouse_goes_the_short_way(stage: Stage) -> None:
    await stage.opens(FAR)
    await stage.receive("PLATE", 5, FAR)
    await stage.receive("MUG", 5, FAR)
    order = await stage.start(**TWO_LINES)
    await order.packed_at(FAR)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert [(row.consignment, row.warehouse) for row in await order.deliveries()] == [(0, FAR)]
    assert {(row.sku, row.warehouse, row.status) for row in await order.rows(ReservationRow)} == {
        ("MUG", FAR, "shipped"),
        ("PLATE", FAR, "shipped"),
    }


# --------------------------------------------------------------------------------------------------- cancelling


async def test_all_parts_are_stopped_by_a_cancellation(stage: Stage) -> None:
    order = await _split(stage)
    await order.instructed_at(NEAR)
    await order.instructed_at(FAR)
    assert (await order.ask("cancel", WISH)).done
    assert (await order.end()).exit == "CANCELLED"
    assert _books(order) == {NEAR: ["cancelled"], FAR: ["cancelled"]}
    assert set((await _stock(order)).values()) == {"released"}
    assert {one.status for one in await order.consignments()} == {"off"}


async def test_a_cancellation_waits_for_a_warehouse_that_is_away_in_sight_of_people(stage: Stage) -> None:
    order = await _split(stage)
    await order.instructed_at(NEAR)
    await order.instructed_at(FAR)
    stage.town.warehouse.will("cancel", away("qimen"), away("qimen"), away("qimen"))
    asked = asyncio.create_task(order.ask("cancel", WISH))
    await order.calls("warehouse", "cancel", 2)
    assert "stopping" in {row.status for row in await order.deliveries()}
    await order.pass_time(minutes=5)
    assert (await asked).done
    assert (await order.end()).exit == "CANCELLED"
    assert _books(order) == {NEAR: ["cancelled"], FAR: ["cancelled"]}
    assert {row.status for row in await order.deliveries()} == {"cancelled"}


async def test_a_part_that_is_packed_refuses_the_cancellation_and_the_others_are_left_alone(stage: Stage) -> None:
    order = await _split(stage)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    await order.instructed_at(FAR)
    outcome = await order.ask("cancel", WISH)
    assert (outcome.done, outcome.text) == (False, "1 号发货单（WH01）已打包，不能取消；其余部分照常发货")
    assert "cancel_too_late" in await order.tasks()
    assert not stage.town.warehouse.calls["cancel"]
    await order.packed_at(FAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_what_was_stopped_in_vain_is_instructed_anew(stage: Stage) -> None:
    order = await _split(stage)
    await order.instructed_at(FAR)
    report = stage.town.warehouse.pack(await order.instructed_at(NEAR))  # packed, and not yet told
    outcome = await order.ask("cancel", WISH)
    assert not outcome.done
    assert "1 号发货单" in outcome.text
    await order.packed_at(FAR, times=2)
    await order.warehouse_reports(report)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert _books(order) == {NEAR: ["packed"], FAR: ["cancelled", "packed"]}


async def test_an_order_that_its_channel_takes_back_is_stopped_where_it_can_be(stage: Stage) -> None:
    stage.town.sf.always("create", NO)
    stage.town.cainiao.always("create", NO)
    order = await _split(stage)
    await order.packed_at(NEAR)
    await order.held(HoldReason.WAYBILL_BY_PERSON)
    await order.instructed_at(FAR)
    await order.document(status=ChannelStatus.CANCELLED)
    assert (await order.end()).exit == "UNDELIVERED"
    assert _books(order) == {NEAR: ["packed"], FAR: ["cancelled"]}
    assert await _stock(order) == {"MUG": "shipped", "PLATE": "released"}
    assert "stop_parcel" in await order.tasks()
    assert not stage.town.own.told
    assert not (await order.row()).holds


# ------------------------------------------------------------------------------------------- address and refunds


async def test_a_new_address_reaches_every_part_that_is_not_packed(stage: Stage) -> None:
    order = await _split(stage)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    await order.instructed_at(FAR)
    new = receiver("新路22号")
    await order.wishes(1, new)
    assert (await order.ask("change_address", AddressWish(1, "buyer"))).done
    await order.stands_at(FAR, "held")
    outcome = await order.ask("confirm_address", AddressWish(1, "王"))
    assert (outcome.done, outcome.text) == (True, "已采用新地址；1 号发货单（WH01）已打包，仍发往原地址")
    told = stage.town.warehouse.orders[await order.instructed_at(FAR, 2)].receiver
    assert isinstance(told, ClearReceiver)
    assert told.detail == "新路22号"
    await order.packed_at(FAR, times=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert [request.receiver for request in stage.town.sf.asked] == [receiver(), new]


async def test_a_refunded_line_leaves_its_part(stage: Stage) -> None:
    await stage.opens(FAR)
    await stage.receive("PLATE", 5, FAR)
    await stage.receive("CARD", 5, FAR)
    card = GIFT.model_copy(update={"line_no": "3", "gift_of": None, "amount_fen": 100, "unit_price_fen": 100})
    order = await stage.start(lines=(MUG, PLATE, card), amounts=Amounts(goods_fen=10000, paid_fen=10000))
    await order.instructed_at(NEAR)
    await order.instructed_at(FAR)
    await refund(order, 1, RefundStatus.REFUNDED, 100, "3")
    again = await order.instructed_at(FAR, 2)
    assert [line.sku for line in stage.town.warehouse.orders[again].lines] == ["PLATE"]
    assert await _stock(order) == {"MUG": "locked", "PLATE": "locked", "CARD": "released"}
    assert _books(order) == {NEAR: ["accepted"], FAR: ["cancelled", "accepted"]}
    assert not await order.tasks()


@pytest.mark.parametrize("packed_first", [False, True])
async def test_a_part_that_a_refund_empties_is_stopped_for_good(stage: Stage, *, packed_first: bool) -> None:
    order = await _split(stage)
    await order.instructed_at(FAR)
    if packed_first:
        await order.packed_at(NEAR)
        await order.channel_knows(1)
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "2")
    await order.stands_at(FAR, "cancelled")
    if not packed_first:
        await order.packed_at(NEAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert await _stock(order) == {"MUG": "shipped", "PLATE": "released"}
    assert [one.status for one in await order.consignments()] == ["packed", "off"]
    # A channel that waits for the last parcel hears that there will be no other.
    assert stage.town.own.calls["write_back"] == 2
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_a_part_that_was_stuck_and_is_paid_back_stops_nobody_any_more(stage: Stage) -> None:
    order = await _split(stage)
    far = await order.instructed_at(FAR)
    await order.warehouse_reports(WarehouseReport(far, WarehouseStatus.EXCEPTION, message="货架为空"))
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "2")
    await order.held()
    await order.packed_at(NEAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_a_late_refusal_of_credit_stops_what_has_not_left(stage: Stage) -> None:
    stage.town.bureau.decision = None
    order = await _split(stage, **on_account())
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    await order.instructed_at(FAR)
    stage.town.bureau.decision = CreditDecision.REJECTED
    await order.bureau_decides(stage.town.bureau.answer(request_id(order.id)))
    await order.held(HoldReason.CREDIT_REFUSED)
    await order.stands_at(FAR, "held")
    assert (await order.ask("release_hold", ReleaseHold("CREDIT_REFUSED", "钱", "已付款"))).done
    await order.packed_at(FAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_a_refund_of_what_has_left_is_for_a_person(stage: Stage) -> None:
    order = await _split(stage)
    await order.packed_at(NEAR)
    await order.channel_knows(1)
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "1")
    await order.task("goods_changed")
    await order.packed_at(FAR)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert await _stock(order) == {"MUG": "shipped", "PLATE": "shipped"}


async def test_a_worker_that_crashes_at_every_step_goes_the_same_way(
    client: Client, db: Database, town: Town, config: HubConfig
) -> None:
    async with playing(client, db, town, config, remembers=False) as stage:
        await stage.expects("PO1", "CARD", 5, utc_now() + timedelta(days=3))
        card = GIFT.model_copy(update={"line_no": "3", "gift_of": None})
        order = await _split(stage, lines=(MUG, PLATE, card))
        await order.held(HoldReason.BACKORDER)
        await order.packed_at(FAR, {"PLATE": 2})
        await order.held(HoldReason.BACKORDER, HoldReason.SCAN_MISMATCH)
        await order.packed_at(NEAR)
        await order.channel_knows(1)
        await order.packed_at(FAR)
        await order.channel_knows(2)
        assert not (await order.ask("cancel", WISH)).done
        await stage.comes("PO1", CARD=1)
        await stage.wakes()
        await order.packed_at(NEAR, times=2)
        await order.signed()
        assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
        assert (await order.steps()).count("warehouse.packed") == 3

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import Rejected
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import Amounts, Notes
from domain.shipping import WarehouseReport, WarehouseStatus
from store.tables import GiftRow, ReservationRow
from tests.workflows.goods import GIFT, MUG, mugs
from tests.workflows.partners import away, fails, lost
from tests.workflows.stage import Stage
from workflows.contracts import OrderEnd, ReleaseHold


async def test_a_wrong_scan_holds_the_order_until_the_warehouse_corrects_it(stage: Stage) -> None:
    await stage.receive("CARD", 1)
    order = await stage.start(lines=(MUG, GIFT))
    await order.packed({"MUG": 1})
    await order.held(HoldReason.SCAN_MISMATCH)
    assert (await order.hold(HoldReason.SCAN_MISMATCH)).detail == "扫描与订单不符：漏放赠品 CARD × 1"
    assert (await order.row()).state == "STOCK_LOCKED"
    assert "hold.SCAN_MISMATCH" in await order.tasks()
    await order.calls("messenger", "send")
    # Another scan, as wrong as the first: the hold says what is wrong now, and nobody is told twice.
    await order.packed({"MUG": 1, "PEN": 1})
    await order.step("warehouse.mismatch", times=2)
    assert (await order.hold(HoldReason.SCAN_MISMATCH)).detail == "扫描与订单不符：漏放赠品 CARD × 1；错放 PEN × 1"
    assert [(sms.template, sms.params["problem"]) for sms in stage.town.messenger.sent] == [
        ("scan", "漏放赠品 CARD × 1")
    ]
    # A person's word does not put the gift into the box.
    assert await order.refusal("release_hold", ReleaseHold("SCAN_MISMATCH", "钱", "算了"))
    await order.packed({"MUG": 1, "CARD": 1})
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert {reservation.status for reservation in await order.rows(ReservationRow)} == {"shipped"}
    assert [gift.status for gift in await order.rows(GiftRow)] == ["given"]
    # What blocks the packing is mended in the warehouse: it was not held there.
    assert stage.town.warehouse.calls["hold"] == 0


async def test_too_much_in_the_box_is_a_wrong_scan(stage: Stage) -> None:
    order = await stage.start()
    await order.packed({"MUG": 2})
    await order.held(HoldReason.SCAN_MISMATCH)
    assert "多放 MUG × 1" in (await order.hold(HoldReason.SCAN_MISMATCH)).detail


async def test_a_messenger_that_is_away_keeps_no_parcel_stopped(stage: Stage) -> None:
    stage.town.messenger.always("send", away("sms"))
    order = await stage.start()
    await order.packed({"MUG": 2})
    await order.calls("messenger", "send")
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_an_exception_at_the_warehouse_ends_with_the_packing(stage: Stage) -> None:
    order = await stage.start()
    await order.warehouse_says(WarehouseStatus.EXCEPTION, "货架为空")
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    assert (await order.hold(HoldReason.WAREHOUSE_EXCEPTION)).detail == "货架为空"
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    await order.held()


async def test_an_instruction_that_the_warehouse_refuses_is_sent_again_after_release(stage: Stage) -> None:
    stage.town.warehouse.will("push", fails(Rejected("qimen", "deliveryorder.create", "no such SKU", "E1")))
    order = await stage.start()
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    assert (await order.ask("release_hold", ReleaseHold("WAREHOUSE_EXCEPTION", "钱", "已建档"))).done
    await order.packed(n=2)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_an_instruction_that_the_warehouse_cancels_itself_is_followed_by_a_new_one(stage: Stage) -> None:
    order = await stage.start()
    await order.warehouse_says(WarehouseStatus.CANCELLED)
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    assert (await order.ask("release_hold", ReleaseHold("WAREHOUSE_EXCEPTION", "钱", "误操作"))).done
    await order.packed(n=2)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert [row.status for row in await order.deliveries()] == ["cancelled", "packed"]


async def test_an_old_report_told_again_does_not_touch_the_new_instruction(stage: Stage) -> None:
    order = await stage.start()
    await order.warehouse_says(WarehouseStatus.CANCELLED)
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    assert (await order.ask("release_hold", ReleaseHold("WAREHOUSE_EXCEPTION", "钱", "误操作"))).done
    await order.instructed(2)
    first = (await order.deliveries())[0].code
    await order.warehouse_reports(WarehouseReport(first, WarehouseStatus.CANCELLED))
    await order.rests()
    assert not (await order.row()).holds
    assert len(stage.town.warehouse.orders) == 2
    await order.packed(n=2)
    await order.reaches(GoldenState.PACKED)


async def test_a_cancelled_instruction_that_is_packed_all_the_same_is_a_task(stage: Stage) -> None:
    order = await stage.start()
    await order.warehouse_says(WarehouseStatus.CANCELLED)
    await order.held(HoldReason.WAREHOUSE_EXCEPTION)
    code = (await order.deliveries())[0].code
    await order.warehouse_reports(stage.town.warehouse.pack(code))
    await order.task("packed_after_stop")
    assert (await order.row()).state == "STOCK_LOCKED"


@pytest.mark.parametrize("silent", [WarehouseStatus.ACCEPTED, WarehouseStatus.HELD])
async def test_reports_without_news_wake_nobody(stage: Stage, silent: WarehouseStatus) -> None:
    order = await stage.start()
    await order.instructed()
    await order.rests()
    before = (await order.handle.describe()).history_length
    await order.warehouse_says(silent)
    assert (await order.handle.describe()).history_length == before


async def test_a_lost_report_is_asked_for_at_the_deadline(stage: Stage) -> None:
    order = await stage.start()
    stage.town.warehouse.pack(await order.instructed())
    await order.pass_time(hours=25)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert "pack_overdue" not in await order.tasks()


async def test_a_warehouse_that_has_not_packed_by_the_deadline_is_a_task(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await order.pass_time(hours=25)
    await order.task("pack_overdue")
    await order.packed()
    await order.reaches(GoldenState.PACKED)


async def test_two_reports_make_one_packing(stage: Stage) -> None:
    order = await stage.start()
    code = await order.instructed()
    warehouse = stage.town.warehouse
    await order.warehouse_reports(warehouse.pack(code, out_biz_code="A"))
    await order.warehouse_reports(warehouse.pack(code, out_biz_code="B"))
    await order.signed()
    await order.end()
    assert len(await order.parcels()) == 1
    assert (await order.steps()).count("warehouse.packed") == 1


async def test_boxes_reported_one_after_the_other_are_one_packing(stage: Stage) -> None:
    await stage.receive("CARD", 1)
    order = await stage.start(lines=(MUG, GIFT))
    code = await order.instructed()
    warehouse = stage.town.warehouse
    await order.warehouse_reports(warehouse.pack(code, {"MUG": 1}, final=False))
    await order.step("warehouse.partial")
    assert (await order.row()).state == "STOCK_LOCKED"
    await order.warehouse_reports(warehouse.pack(code, {"MUG": 1}, {"CARD": 1}))
    await order.reaches(GoldenState.PACKED)
    assert len(await order.parcels()) == 2


@pytest.mark.parametrize("trouble", [away("qimen"), lost("qimen"), lost("qimen", done=False)])
async def test_an_instruction_without_an_answer_is_sent_again_as_the_same(stage: Stage, trouble) -> None:  # type: ignore[no-untyped-def]
    stage.town.warehouse.will("push", trouble)
    order = await stage.start(**mugs(3))
    await order.calls("warehouse", "push")
    await order.pass_time(minutes=1)
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    assert len(stage.town.warehouse.orders) == 1
    assert stage.town.warehouse.calls["push"] == 2


async def test_a_gift_that_a_promotion_gives_is_packed_and_given_and_no_channel_hears_of_it(stage: Stage) -> None:
    """Orders of 示例店铺 that are tagged so get the live show's bag."""
    await stage.receive("LIVE-BAG", 1)
    order = await stage.start(shop="示例店铺", tags=("LIVE2026",), **_due(4356))
    code = await order.instructed()
    sent = stage.town.warehouse.orders[code].lines
    assert [(line.sku, line.quantity, line.gift) for line in sent] == [("MUG", 1, False), ("LIVE-BAG", 1, True)]
    # Its channel says something new, and knows of no gift: the order keeps it.
    await order.document(notes=Notes(buyer="送礼用"), tags=("LIVE2026",))
    await order.packed({"MUG": 1, "LIVE-BAG": 1}, n=2)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert [shipment.line_nos for shipment in stage.town.own.told.values()] == [("1",)]
    assert [(gift.sku, gift.status) for gift in await order.rows(GiftRow)] == [("LIVE-BAG", "given")]
    assert not await order.tasks()


def _due(paid: int) -> dict[str, Any]:
    """A mug with the 88 % that are paid in Hangzhou there."""
    line = MUG.model_copy(update={"amount_fen": paid})
    return {"lines": (line,), "amounts": Amounts(goods_fen=4950, discount_fen=4950 - paid, paid_fen=paid)}

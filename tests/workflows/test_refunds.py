"""A refund or a lock of the channel reaches the living order: it stops, goes on, ships less, or ends."""

from __future__ import annotations

from typing import Any

import pytest

from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.news import RefundNews
from domain.order import Amounts, ChannelStatus
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus
from store.tables import GiftRow, ReservationRow
from tests.store.samples import NOON
from tests.workflows.goods import GIFT, MUG, mugs
from tests.workflows.stage import Living, Stage

PLATE = MUG.model_copy(update={"line_no": "2", "sku": "PLATE", "title": "盘子"})
TWO_LINES: dict[str, Any] = {"lines": (MUG, PLATE), "amounts": Amounts(goods_fen=9900, paid_fen=9900)}


async def refund(order: Living, version: int, status: RefundStatus, amount: int, *line_nos: str) -> None:
    row = await order.row()
    news = Refund(
        channel=row.channel,
        shop=row.shop,
        channel_order_no=row.channel_order_no,
        refund_id="R1",
        version=version,
        status=status,
        kind=RefundKind.MONEY,
        amount_fen=amount,
        lines=tuple(RefundLine(line_no=no) for no in line_nos),
        asked_at=NOON,
    )
    await order.hears(RefundNews(news))
    await order.told()


async def test_an_order_waits_for_its_refund_and_goes_on_when_it_is_refused(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await refund(order, 1, RefundStatus.REQUESTED, 4950)
    await order.held(HoldReason.REFUND_PENDING)
    await order.at_warehouse("held")
    await refund(order, 2, RefundStatus.REFUSED, 4950)
    await order.at_warehouse("accepted")
    await order.held()
    await order.packed()
    await order.reaches(GoldenState.PACKED)


async def test_a_gift_is_refunded_with_its_main_line(stage: Stage) -> None:
    await stage.receive("CARD", 1)
    await stage.receive("PLATE", 1)
    gift = GIFT.model_copy(update={"line_no": "3"})
    order = await stage.start(lines=(MUG, PLATE, gift), amounts=TWO_LINES["amounts"])
    await order.instructed()
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "1")
    await order.instructed(2)
    told = stage.town.warehouse.orders[(await order.deliveries())[1].code]
    assert [line.sku for line in told.lines] == ["PLATE"]
    assert [gift.status for gift in await order.rows(GiftRow)] == ["cancelled"]
    assert {row.sku: row.status for row in await order.rows(ReservationRow)} == {
        "MUG": "released",
        "CARD": "released",
        "PLATE": "locked",
    }
    await order.packed({"PLATE": 1}, n=2)
    await order.reaches(GoldenState.PACKED)


@pytest.mark.parametrize("packed", [True, False])
async def test_goods_that_are_refunded_while_their_box_is_stopped(stage: Stage, packed: bool) -> None:
    await stage.receive("CARD", 1)
    await stage.receive("PLATE", 1)
    gift = GIFT.model_copy(update={"line_no": "3"})
    order = await stage.start(lines=(MUG, PLATE, gift), amounts=TWO_LINES["amounts"])
    code = await order.instructed()
    report = stage.town.warehouse.pack(code, {"MUG": 1, "PLATE": 1})
    if not packed:  # it scanned, and can still be told otherwise
        stage.town.warehouse.status[code] = "accepted"
    await order.warehouse_reports(report)
    await order.held(HoldReason.SCAN_MISMATCH)
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "1")
    if packed:
        # The warehouse says that it is too late: a person must take the goods out.
        await order.task("changed_too_late")
        assert (await order.row()).holds == [HoldReason.SCAN_MISMATCH]
        return
    await order.instructed(2)
    await order.held()
    await order.packed({"PLATE": 1}, n=2)
    await order.reaches(GoldenState.PACKED)


async def test_a_whole_refund_before_packing_ends_the_order_and_frees_its_stock(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await refund(order, 1, RefundStatus.REQUESTED, 4950)
    await order.held(HoldReason.REFUND_PENDING)
    await refund(order, 2, RefundStatus.REFUNDED, 4950)
    assert (await order.end()).exit == "CANCELLED"
    assert [row.status for row in await order.rows(ReservationRow)] == ["released"]


async def test_a_parcel_that_was_packed_meanwhile_waits_for_its_refund(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await refund(order, 1, RefundStatus.REQUESTED, 4950)
    await order.held(HoldReason.REFUND_PENDING)
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    await order.held(HoldReason.REFUND_PENDING)
    assert not stage.town.sf.calls["create"]
    await refund(order, 2, RefundStatus.REFUSED, 4950)
    await order.reaches(GoldenState.WAYBILL_RETURNED)


async def test_a_parcel_that_is_paid_back_before_it_left_stays(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await refund(order, 1, RefundStatus.REQUESTED, 4950)
    await order.held(HoldReason.REFUND_PENDING)
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    await refund(order, 2, RefundStatus.REFUNDED, 4950)
    assert (await order.end()).exit == "UNDELIVERED"
    assert "stop_parcel" in await order.tasks()
    assert not (await order.row()).holds


async def test_a_parcel_that_is_paid_back_while_it_is_packed_stays(stage: Stage) -> None:
    order = await stage.start()
    code = await order.instructed()
    report = stage.town.warehouse.pack(code)  # packed, and not yet told
    await refund(order, 1, RefundStatus.REFUNDED, 4950)
    await order.task("cancel_too_late")
    await order.warehouse_reports(report)
    assert (await order.end()).exit == "UNDELIVERED"
    assert "stop_parcel" in await order.tasks()
    assert not stage.town.sf.calls["create"]


async def test_a_refunded_line_is_freed_and_not_packed(stage: Stage) -> None:
    await stage.receive("PLATE", 5)
    order = await stage.start(**TWO_LINES)
    await order.instructed()
    await refund(order, 1, RefundStatus.REFUNDED, 4950, "2")
    await order.instructed(n=2)  # the first instruction is stopped, the second has the mug alone
    reserved = {row.sku: row.status for row in await order.rows(ReservationRow)}
    assert reserved == {"MUG": "locked", "PLATE": "released"}
    await order.packed({"MUG": 1}, n=2)
    await order.reaches(GoldenState.PACKED)
    assert not await order.tasks()


async def test_more_goods_than_are_locked_are_for_a_person(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await order.document(**mugs(2))
    await order.task("goods_changed")


async def test_an_order_that_the_channel_locks_is_held_until_the_channel_lets_it_go(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    await order.document(status=ChannelStatus.LOCKED)
    await order.held(HoldReason.CHANNEL_LOCKED)
    await order.at_warehouse("held")
    await order.document(status=ChannelStatus.PAID)
    await order.at_warehouse("accepted")


async def test_a_lock_ends_with_the_channels_cancellation(stage: Stage) -> None:
    order = await stage.start(status=ChannelStatus.PAID)
    await order.instructed()
    await order.document(status=ChannelStatus.LOCKED)
    await order.held(HoldReason.CHANNEL_LOCKED)
    await order.document(status=ChannelStatus.CANCELLED)
    assert (await order.end()).exit == "CANCELLED"

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from activities.partners import HubConfig
from connectors.errors import Rejected
from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.news import RefundNews
from domain.order import Channel, CipherReceiver, Region
from domain.refund import Refund, RefundKind, RefundStatus
from domain.shipping import InterceptKind, TrackCode
from store.tables import AddressChangeRow, InterceptionRow, TaskRow
from tests.store.samples import receiver
from tests.workflows.goods import mugs
from tests.workflows.partners import away, fails, hangs, lost
from tests.workflows.stage import Living, Stage, until
from workflows.contracts import AddressWish, OrderEnd, ReleaseHold

NEW = receiver("新路22号")
CIPHER = CipherReceiver(
    platform=Channel.DOUYIN,
    name_cipher="n",
    phone_cipher="p",
    detail_cipher="d",
    region=Region(province="浙江省", city="杭州市", district="余杭区"),
)


async def _shipped(stage: Stage, *boxes: dict[str, int], **changes: Any) -> Living:
    order = await stage.start(**changes)
    await order.packed(*boxes)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    return order


async def _wishes(order: Living, n: int = 1) -> str:
    await order.wishes(n, NEW)
    outcome = await order.ask("change_address", AddressWish(n, "李"))
    assert outcome.done
    return outcome.text


async def _ends(order: Living, status: str, n: int = 1) -> AddressChangeRow:
    async def there() -> bool:
        return (await order.wish(n)).status == status

    await until(there, f"wish {status}")
    return await order.wish(n)


async def _proposals(order: Living, kind: str) -> list[str]:
    tasks = [task for task in await order.rows(TaskRow) if task.kind == kind and task.closed_at is None]
    return [task.proposal["kind"] for task in tasks if task.proposal is not None]


# ------------------------------------------------------------------------------------------------------ another address


async def test_a_shipped_parcel_is_rerouted_once_and_said_so_at_once(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    stage.town.sf.will("intercept", slow)
    order = await _shipped(stage)
    assert await _wishes(order) == "已发货，正在请快递改址，结果稍后可见"
    await slow.arrived.wait()
    assert (await order.wish()).status == "asked"
    await order.wishes(2, NEW)
    assert "上一次改址" in await order.refusal("change_address", AddressWish(2, "李"))
    slow.gate.set()
    await _ends(order, "rerouted")
    [asked] = stage.town.sf.stopped
    assert (asked.kind, asked.receiver, asked.waybill.number) == (InterceptKind.REROUTE, NEW, await order.number())
    assert "parcel.rerouted" in await order.steps()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not await order.tasks()


async def test_a_wish_between_packing_and_shipping_waits_for_the_number(stage: Stage) -> None:
    stage.town.own.will("write_back", away("own"))
    order = await stage.start()
    await order.packed()
    await order.calls("own", "write_back")
    await _wishes(order)
    assert stage.town.sf.stopped == []
    await order.pass_time(minutes=1)
    await _ends(order, "rerouted")


async def test_what_the_courier_refuses_is_said_with_its_reason_and_a_persons(stage: Stage) -> None:
    stage.town.sf.will("intercept", fails(Rejected("sf", "intercept", "已签收", "8196")))
    order = await _shipped(stage)
    await _wishes(order)
    assert "已签收" in (await _ends(order, "refused")).why
    assert await _proposals(order, "reroute_refused") == ["CALL_BUYER"]
    assert stage.town.sf.calls["intercept"] == 1
    # Another wish is another question.
    await _wishes(order, 2)
    await _ends(order, "rerouted", 2)


async def test_a_courier_that_cannot_is_not_asked(stage: Stage) -> None:
    stage.town.sf.always("create", away("sf"))
    order = await _shipped(stage)
    await _wishes(order)
    assert "中通快递不支持在途拦截" in (await _ends(order, "refused")).why


async def test_an_encrypted_receiver_is_the_platforms_matter(stage: Stage) -> None:
    order = await _shipped(stage, channel=Channel.DOUYIN, receiver=CIPHER)
    await _wishes(order)
    assert "平台不允许" in (await _ends(order, "refused")).why
    assert stage.town.platform.calls["void"] == 0


async def test_only_some_parcels_may_still_be_stopped(stage: Stage) -> None:
    order = await _shipped(stage, {"MUG": 1}, {"MUG": 1}, **mugs(2))
    await order.tracked(TrackCode.SIGNED, 2)
    await _wishes(order)
    assert "已签收" in (await _ends(order, "rerouted_in_part")).why
    assert [asked.waybill.number for asked in stage.town.sf.stopped] == [await order.number(1)]


async def test_a_signed_order_takes_no_wish(stage: Stage) -> None:
    order = await _shipped(stage)
    await order.wishes(1, NEW)
    slow = hangs()
    assert slow.gate is not None
    stage.town.sf.will("intercept", slow)
    await order.ask("change_address", AddressWish(1, "李"))
    await slow.arrived.wait()
    await order.signed()
    await order.reaches(GoldenState.WARRANTY_ACTIVATED)
    assert "已签收" in await order.refusal("change_address", AddressWish(2, "李"))
    slow.gate.set()
    # The order waits for what the courier says, and then ends.
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert (await order.wish()).status == "rerouted"


# ---------------------------------------------------------------------------------------------------- answers that lack


async def test_a_lost_answer_is_looked_after_and_nothing_is_done_twice(stage: Stage) -> None:
    stage.town.sf.will("intercept", lost())
    order = await _shipped(stage)
    await _wishes(order)
    await order.pass_time(seconds=30)
    await _ends(order, "rerouted")
    assert stage.town.sf.calls["intercept"] == 1
    assert stage.town.sf.calls["intercepted"] == 1


async def test_the_outcome_may_be_heard_before_the_answer(stage: Stage) -> None:
    stage.town.sf.will("intercept", lost())
    order = await _shipped(stage)
    await order.tracked(TrackCode.COLLECTED)
    await _refund(order)
    await order.calls("sf", "intercept")
    await order.tracked(TrackCode.RETURNED)
    await order.held(HoldReason.DELIVERY_PROBLEM)
    await order.pass_time(seconds=30)
    await order.task("refund_stopped")
    assert "parcel.returning" in await order.steps()


async def test_a_courier_that_cannot_be_reached_is_asked_when_it_can(stage: Stage) -> None:
    stage.town.sf.will("intercept", away("sf"), away("sf"))
    order = await _shipped(stage)
    await _wishes(order)
    await order.pass_time(minutes=2)
    await _ends(order, "rerouted")
    assert stage.town.sf.calls["intercepted"] == 0


async def test_no_sign_of_it_is_a_persons_and_never_asked_again(stage: Stage) -> None:
    stage.town.sf.will("intercept", lost(done=False))
    order = await _shipped(stage)
    await _wishes(order)
    await order.pass_time(minutes=5)
    assert "请电话核实" in (await _ends(order, "refused")).why
    assert stage.town.sf.calls["intercept"] == 1


# ------------------------------------------------------------------------------------------------------------- refunds


async def _refund(
    order: Living,
    kind: RefundKind = RefundKind.MONEY,
    amount: int = 4950,
    status: RefundStatus = RefundStatus.REQUESTED,
) -> None:
    channel = order.order
    refund = Refund(
        channel=channel.channel,
        shop=channel.shop,
        channel_order_no=channel.channel_order_no,
        refund_id="R1",
        version=1 if status is RefundStatus.REQUESTED else 2,
        status=status,
        kind=kind,
        amount_fen=amount,
        asked_at=utc_now(),
    )
    await order.hears(RefundNews(refund))


async def test_a_refund_stops_a_parcel_that_is_not_collected(stage: Stage) -> None:
    order = await _shipped(stage)
    number = await order.number()
    for _ in range(2):
        await _refund(order)
    await order.held(HoldReason.DELIVERY_PROBLEM)
    assert stage.town.sf.void_numbers == {number}
    assert stage.town.sf.stopped == []
    assert (await order.hold(HoldReason.DELIVERY_PROBLEM)).detail == "揽收前已拦下"
    assert await _proposals(order, "refund_stopped") == ["KEEP_AND_REFUND"]
    [parcel] = await order.parcels()
    assert parcel.status == "stopped"
    assert (await order.steps()).count("parcel.void") == 1
    await order.ask("release_hold", ReleaseHold("DELIVERY_PROBLEM", "吴", "已退款"))
    assert await order.end() == OrderEnd("WAYBILL_RETURNED", "UNDELIVERED")


async def test_a_refund_brings_back_a_parcel_that_is_on_its_way(stage: Stage) -> None:
    order = await _shipped(stage)
    await order.tracked(TrackCode.COLLECTED)
    await _refund(order, RefundKind.RETURN)
    await order.task("refund_stopped")
    assert [asked.kind for asked in stage.town.sf.stopped] == [InterceptKind.RETURN]
    assert await _proposals(order, "refund_stopped") == ["GRANT_REFUND"]
    assert stage.town.sf.calls["void"] == 0
    await order.tracked(TrackCode.RETURNED)
    await order.held(HoldReason.DELIVERY_PROBLEM)


async def test_a_parcel_that_nobody_can_stop_decides_the_refund_too(stage: Stage) -> None:
    stage.town.sf.always("create", away("sf"))
    order = await _shipped(stage)
    await order.tracked(TrackCode.COLLECTED)
    await _refund(order)
    await order.task("refund_not_stopped")
    assert await _proposals(order, "refund_not_stopped") == ["REFUSE_REFUND"]
    await _refund(order, status=RefundStatus.REFUSED)
    assert await _proposals(order, "refund_not_stopped") == []
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


@pytest.mark.parametrize(("kind", "amount"), [(RefundKind.EXCHANGE, 4950), (RefundKind.MONEY, 100)])
async def test_a_refund_that_leaves_the_goods_wanted_stops_nothing(stage: Stage, kind: RefundKind, amount: int) -> None:
    order = await _shipped(stage)
    await _refund(order, kind, amount)
    await order.task("refund_after_packing")
    await order.rests()
    assert await order.rows(InterceptionRow) == []


class TestSettling:
    """A company that believes "no sign of it" only after a while."""

    @pytest.fixture
    def config(self) -> HubConfig:
        return HubConfig(link_secret=b"a secret of the tests", settle_after=timedelta(hours=1))

    async def test_what_shows_late_is_found(self, stage: Stage) -> None:
        stage.town.sf.hidden_stops = True
        stage.town.sf.will("intercept", lost())
        order = await _shipped(stage)
        await _wishes(order)
        await order.calls("sf", "intercept")
        await order.pass_time(minutes=1)
        await order.calls("sf", "intercepted", 2)
        assert (await order.wish()).status == "asked"
        stage.town.sf.hidden_stops = False
        await order.pass_time(minutes=10)
        await _ends(order, "rerouted")
        assert stage.town.sf.calls["intercept"] == 1

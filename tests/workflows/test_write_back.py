from __future__ import annotations

from connectors.errors import Misconfigured, Rejected, Throttled
from domain.golden import GoldenState
from domain.holds import HoldReason
from store.tables import TaskRow
from tests.workflows.goods import mugs
from tests.workflows.partners import away, fails, lost
from tests.workflows.stage import Stage
from workflows.contracts import OrderEnd, ReleaseHold

NO = fails(Rejected("own", "shipment", "unknown carrier", "E7"))


async def test_a_channel_that_refuses_the_number_is_told_again_by_itself(stage: Stage) -> None:
    stage.town.own.will("write_back", NO, NO)
    order = await stage.start()
    await order.packed()
    await order.held(HoldReason.CHANNEL_REFUSED)
    assert "E7" in (await order.hold(HoldReason.CHANNEL_REFUSED)).detail
    await order.pass_time(minutes=16)
    assert (await order.row()).holds == ["CHANNEL_REFUSED"]
    await order.pass_time(minutes=16)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert stage.town.own.calls["write_back"] == 3


async def test_an_operator_need_not_wait(stage: Stage) -> None:
    stage.town.own.will("write_back", NO)
    order = await stage.start()
    await order.packed()
    await order.held(HoldReason.CHANNEL_REFUSED)
    assert (await order.ask("release_hold", ReleaseHold("CHANNEL_REFUSED", "周", "已登记快递"))).done
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert not (await order.row()).holds


async def test_with_two_parcels_the_hold_stays_until_both_are_taken(stage: Stage) -> None:
    stage.town.own.will("write_back", NO, NO)
    order = await stage.start(**mugs(2))
    await order.packed({"MUG": 1}, {"MUG": 1})
    await order.held(HoldReason.CHANNEL_REFUSED)
    await order.pass_time(minutes=16)
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not (await order.row()).holds
    assert len(stage.town.own.told) == 2


async def test_a_channel_that_is_away_throttles_or_loses_its_answer_is_told_until_it_has_heard(stage: Stage) -> None:
    stage.town.own.will("write_back", away("own"), fails(Throttled("own", "shipment", retry_after=3)), lost("own"), NO)
    order = await stage.start()
    await order.packed()
    await order.calls("own", "write_back")
    await order.pass_time(minutes=1)
    # The channel has the number; what it says to the last try is a refusal, and is tried again.
    await order.held(HoldReason.CHANNEL_REFUSED)
    await order.pass_time(minutes=16)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert len(stage.town.own.told) == 1


async def test_a_wrong_key_alerts_and_the_order_goes_on_once_it_is_mended(stage: Stage) -> None:
    stage.town.own.will("write_back", fails(Misconfigured("own", "shipment", "bad signature", "401")))
    order = await stage.start()
    await order.packed()
    await order.task("misconfigured")
    await order.pass_time(minutes=2)
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    assert [task.severity for task in await order.rows(TaskRow)] == ["alert"]

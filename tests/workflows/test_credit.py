from __future__ import annotations

import pytest

from connectors.errors import BreakerOpen, Rejected
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.shipping import CreditDecision
from store.tables import CreditCheckRow
from tests.workflows.goods import on_account
from tests.workflows.partners import away, fails, hangs, lost
from tests.workflows.stage import Living, Stage
from workflows.contracts import CancelOrder, OrderEnd, ReleaseHold


async def _credit(order: Living) -> CreditCheckRow:
    (row,) = await order.rows(CreditCheckRow)
    return row


def _books(stage: Stage) -> list[str]:
    return list(stage.town.bureau.reservations.values())


async def _finish(order: Living) -> OrderEnd:
    await order.packed()
    await order.signed()
    return await order.end()


async def test_an_approved_order_reserves_and_then_uses_its_credit(stage: Stage) -> None:
    order = await stage.start(**on_account())
    await order.instructed()
    assert (await order.row()).credit == "approved"
    assert _books(stage) == ["reserved"]
    assert await _finish(order) == OrderEnd("WARRANTY_ACTIVATED")
    assert _books(stage) == ["committed"]
    assert (await _credit(order)).reservation == "committed"


async def test_a_refused_order_is_held_until_finance_releases_it(stage: Stage) -> None:
    stage.town.bureau.decision, stage.town.bureau.reason = CreditDecision.REJECTED, "额度不足"
    order = await stage.start(**on_account())
    await order.held(HoldReason.CREDIT_REFUSED)
    assert (await order.hold(HoldReason.CREDIT_REFUSED)).detail == "额度不足"
    assert (await order.row()).state == "PAID"
    assert (await order.ask("release_hold", ReleaseHold("CREDIT_REFUSED", "李", "老板批准"))).done
    assert await _finish(order) == OrderEnd("WARRANTY_ACTIVATED")
    assert _books(stage) == []


async def test_a_question_that_the_bureau_cannot_judge_is_for_a_person(stage: Stage) -> None:
    stage.town.bureau.always("check", fails(Rejected("credit", "check", "unknown customer", "C404")))
    order = await stage.start(**on_account())
    await order.held(HoldReason.CREDIT_REFUSED)
    assert "C404" in (await order.hold(HoldReason.CREDIT_REFUSED)).detail


async def test_after_30_seconds_without_an_answer_the_order_goes_on_and_somebody_must_look(stage: Stage) -> None:
    stage.town.bureau.always("check", away("credit"))
    order = await stage.start(**on_account())
    await order.calls("bureau", "check")
    await order.pass_time(seconds=31)
    await order.instructed()
    row = await _credit(order)
    assert (row.state, row.later_review) == ("assumed", True)
    assert await order.tasks() == {"credit_review"}


async def test_an_open_breaker_is_not_waited_for(stage: Stage) -> None:
    stage.town.bureau.always("check", fails(BreakerOpen("credit", "check")))
    order = await stage.start(**on_account())
    await order.instructed()
    assert (await _credit(order)).state == "assumed"
    assert stage.town.bureau.calls["check"] == 1


async def test_a_lost_answer_is_asked_for_again_and_reserves_once(stage: Stage) -> None:
    stage.town.bureau.will("check", lost("credit"))
    order = await stage.start(**on_account())
    await order.calls("bureau", "check")
    await order.pass_time(seconds=5)
    await order.instructed()
    assert _books(stage) == ["reserved"]
    assert (await _credit(order)).state == "approved"


async def _assumed(stage: Stage) -> Living:
    stage.town.bureau.decision = None
    order = await stage.start(**on_account())
    await order.instructed()
    assert (await order.row()).credit == "assumed"
    return order


async def _late(order: Living, decision: CreditDecision, reason: str = "") -> None:
    bureau = order.stage.town.bureau
    bureau.decision, bureau.reason = decision, reason
    await order.bureau_decides(bureau.answer((await _credit(order)).request_id))


async def test_a_late_approval_ends_the_later_review(stage: Stage) -> None:
    order = await _assumed(stage)
    await _late(order, CreditDecision.APPROVED)
    assert not await order.tasks()
    assert (await order.row()).credit == "approved"
    await _finish(order)
    assert _books(stage) == ["committed"]


async def test_a_late_refusal_holds_an_order_that_has_not_shipped(stage: Stage) -> None:
    order = await _assumed(stage)
    await _late(order, CreditDecision.REJECTED, "逾期未付")
    await order.held(HoldReason.CREDIT_REFUSED)
    await order.at_warehouse("held")
    # The bureau thinks again.
    await _late(order, CreditDecision.APPROVED)
    await order.at_warehouse("accepted")
    await order.held()
    assert await _finish(order) == OrderEnd("WARRANTY_ACTIVATED")


async def test_a_late_refusal_of_a_packed_order_keeps_it_from_shipping(stage: Stage) -> None:
    order = await _assumed(stage)
    await _late(order, CreditDecision.REJECTED, "逾期未付")
    await order.at_warehouse("held")
    await order.packed()
    await order.reaches(GoldenState.PACKED)
    await order.held(HoldReason.CREDIT_REFUSED)
    assert stage.town.sf.calls["create"] == 0
    assert (await order.ask("release_hold", ReleaseHold("CREDIT_REFUSED", "李", "已付款"))).done
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_a_refusal_while_the_couriers_are_asked_keeps_the_number_from_the_channel(stage: Stage) -> None:
    slow = hangs()
    assert slow.gate is not None
    stage.town.sf.will("create", slow)
    order = await _assumed(stage)
    await order.packed()
    await slow.arrived.wait()
    await _late(order, CreditDecision.REJECTED, "逾期未付")
    await order.held(HoldReason.CREDIT_REFUSED)
    slow.gate.set()
    await order.step("waybill.live")
    await order.rests()
    assert not stage.town.own.told
    assert (await order.ask("release_hold", ReleaseHold("CREDIT_REFUSED", "李", "已付款"))).done
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert not (await order.row()).holds


async def test_after_shipping_a_late_refusal_is_only_a_task(stage: Stage) -> None:
    order = await _assumed(stage)
    await order.packed()
    await order.reaches(GoldenState.WAYBILL_RETURNED)
    await _late(order, CreditDecision.REJECTED, "逾期未付")
    await order.task("credit_refused_late")
    assert not (await order.row()).holds
    await order.signed()
    # Nothing was reserved, so nothing is used.
    await order.end()
    assert _books(stage) == []


@pytest.mark.parametrize("heard", [True, False])
async def test_a_cancelled_order_gives_its_credit_back(stage: Stage, *, heard: bool) -> None:
    if not heard:
        # The bureau reserved, but its answers are lost until the order goes on without.
        stage.town.bureau.always("check", lost("credit"))
    order = await stage.start(**on_account())
    await order.calls("bureau", "check")
    if not heard:
        await order.pass_time(seconds=31)
    await order.instructed()
    assert _books(stage) == ["reserved"]
    assert (await order.ask("cancel", CancelOrder("不要了", "buyer"))).done
    assert _books(stage) == ["released"]
    assert (await order.end()).exit == "CANCELLED"

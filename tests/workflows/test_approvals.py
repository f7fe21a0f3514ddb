"""Orders that people must approve."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.clock import utc_now
from domain.golden import GoldenState
from domain.holds import HoldReason
from domain.order import Amounts, OrderLine
from intake.dispatcher import Dispatcher, Pace
from store import approvers
from store.approvers import Changes
from store.rereviews import review_by_new_rules
from store.tables import ApprovalLinkRow, ApprovalRequestRow
from tests.rules.documents import changed
from tests.rules.published import decided_by
from tests.workflows.goods import short_address
from tests.workflows.stage import Living, Stage, until
from workflows.contracts import CancelOrder, Decide, OrderEnd, ReleaseHold

LARGE = 6_800_000
ROLES = {"li": "sales_director", "wang": "technical_director", "qian": "general_manager"}


def costs(fen: int) -> dict[str, Any]:
    """One mug at this price."""
    line = OrderLine(line_no="1", sku="MUG", title="服务器", quantity=1, unit_price_fen=fen, amount_fen=fen)
    return {"lines": (line,), "amounts": Amounts(goods_fen=fen, paid_fen=fen)}


@pytest.fixture
async def large(stage: Stage) -> Living:
    """An order that two directors must approve, who are there."""
    return await _large(stage)


async def _large(stage: Stage) -> Living:
    async with stage.db.transaction() as tx:
        for who, role in ROLES.items():
            await approvers.put(tx, who, Changes(roles=(role,)), "test")
    order = await stage.start(**costs(LARGE))
    await order.held(HoldReason.APPROVAL)
    return order


def say(n: int, verdict: str, by: str, why: str = "", fen: int = LARGE) -> Decide:
    """A decision by the staff API."""
    return Decide(n, verdict, by, "api", why, fen)


async def test_it_goes_on_when_both_have_agreed(large: Living) -> None:
    deadline = (await large.hold(HoldReason.APPROVAL)).deadline
    row = (await large.rows(ApprovalRequestRow))[0]
    assert row.deadline is not None
    assert abs(deadline - row.deadline - timedelta(hours=1)) < timedelta(minutes=1)
    assert "不能人工放行" in await large.refusal("release_hold", ReleaseHold("APPROVAL", "x", "快"))
    assert not (await large.ask("approve", say(2, "approve", "li"))).done
    assert (await large.ask("approve", say(1, "approve", "li"))).text == "已同意"
    assert (await large.row()).holds == ["APPROVAL"]
    assert (await large.hold(HoldReason.APPROVAL)).detail == "订单金额 68000.00 元，需要技术总监审批"
    assert (await large.ask("approve", say(2, "approve", "wang"))).done
    await large.packed()
    await large.signed()
    assert await large.end() == OrderEnd("WARRANTY_ACTIVATED")
    assert (await large.row()).holds == []


async def test_too_late_is_said_at_once(stage: Stage) -> None:
    order = await stage.start()
    await order.instructed()
    assert await order.refusal("approve", say(1, "approve", "li")) == "该订单没有待审批事项"
    assert await order.refusal("approve", say(1, "withdraw", "li")) == "订单已通过审核，审批不能再撤回"
    assert await order.refusal("approve", say(1, "perhaps", "li")) == "没有这项审批"


async def test_a_refused_order_waits_for_a_person_who_cancels_it(large: Living) -> None:
    assert (await large.ask("approve", say(1, "refuse", "li", "毛利太低"))).done
    assert (await large.tasks()) >= {"approval_refused", "hold.APPROVAL"}
    assert (await large.ask("cancel", CancelOrder("销售总监驳回", "zhao"))).done
    assert (await large.end()).exit == "CANCELLED"
    assert {row.status for row in await large.rows(ApprovalRequestRow)} == {"refused", "dropped"}


async def test_what_was_agreed_can_be_taken_back_while_something_else_holds_the_order(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        for who, role in ROLES.items():
            await approvers.put(tx, who, Changes(roles=(role,)), "test")
    order = await stage.start(**costs(LARGE), receiver=short_address())
    await order.held(HoldReason.APPROVAL, HoldReason.ADDRESS_INCOMPLETE)
    for n, who in ((1, "li"), (2, "wang")):
        assert (await order.ask("approve", say(n, "approve", who))).done
    await order.held(HoldReason.ADDRESS_INCOMPLETE)
    assert (await order.ask("approve", say(1, "withdraw", "li"))).text == "已撤回"
    await order.held(HoldReason.APPROVAL, HoldReason.ADDRESS_INCOMPLETE)
    assert (await order.ask("release_hold", ReleaseHold("ADDRESS_INCOMPLETE", "zhao", "已核实"))).done
    assert (await order.row()).holds == ["APPROVAL"]
    assert (await order.ask("approve", say(1, "approve", "li"))).done
    await order.reaches(GoldenState.RISK_PASSED)


async def test_a_document_with_more_asks_anew_and_one_with_less_needs_nobody(large: Living) -> None:
    assert (await large.ask("approve", say(1, "approve", "li"))).done
    await large.document(**costs(LARGE + 1))
    await large.step("order.accepted", times=2)
    assert not (await large.ask("approve", say(2, "approve", "wang"))).done
    assert (await large.row()).holds == ["APPROVAL"]
    await large.document(**costs(4_000_000))
    await large.reaches(GoldenState.STOCK_LOCKED)
    assert (await large.row()).holds == []


async def test_an_order_that_costs_more_before_it_is_packed_waits_at_the_warehouse(stage: Stage) -> None:
    async with stage.db.transaction() as tx:
        for who, role in ROLES.items():
            await approvers.put(tx, who, Changes(roles=(role,)), "test")
    order = await stage.start(**costs(4_000_000))
    await order.instructed()
    await order.document(**costs(LARGE))
    await order.held(HoldReason.APPROVAL)
    await order.at_warehouse("held")
    for n, who in ((1, "li"), (2, "wang")):
        assert (await order.ask("approve", say(n, "approve", who))).done
    await order.packed()
    await order.signed()
    assert await order.end() == OrderEnd("WARRANTY_ACTIVATED")


async def test_other_people_and_another_table_reach_an_order_that_waits(large: Living) -> None:
    stage = large.stage
    await large.rests()
    async with stage.db.transaction() as tx:
        await approvers.put(tx, "sun", Changes(roles=("technical_director",)), "test")
    dispatcher = Dispatcher(stage.db, {}, stage.orders, Pace())
    assert await dispatcher.tell_of_approvers() == 1
    await until(lambda: _asked(large, "sun"), "sun is asked")
    assert await dispatcher.tell_of_approvers() == 0
    assert (await large.ask("approve", say(1, "approve", "li"))).done
    with decided_by("approvals", changed("approvals", "large", amount="> 10000000")):
        async with stage.db.transaction() as tx:
            assert await review_by_new_rules(tx, large.id, utc_now())
        assert await Dispatcher(stage.db, {}, stage.orders, Pace()).tell_orders() == 1
        await large.reaches(GoldenState.STOCK_LOCKED)
    assert (await large.row()).holds == []


async def _asked(order: Living, who: str) -> bool:
    return who in {link.approver for link in await order.rows(ApprovalLinkRow)}


async def test_nobody_decides_so_the_next_may_and_people_are_told(stage: Stage) -> None:
    with decided_by("approvals", changed("approvals", "large", calendar='"ALWAYS"')):
        large = await _large(stage)
        await _nobody_decides(large)


async def _nobody_decides(large: Living) -> None:
    await large.rests()
    await large.pass_time(hours=5, minutes=1)
    await large.step("approval.late", times=2)
    await large.step("hold.escalated")
    assert (await large.ask("approve", say(1, "approve", "qian"))).done
    assert "会签需要两个人" in (await large.ask("approve", say(2, "approve", "qian"))).text
    assert (await large.ask("approve", say(2, "approve", "wang"))).done
    await large.reaches(GoldenState.RISK_PASSED)

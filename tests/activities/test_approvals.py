"""What an order asks of approvers, and what they may say, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from activities import contracts as c
from activities.contracts import Decided, Decision
from domain.clock import utc_now
from domain.links import approval_code
from domain.order import Amounts, OrderLine
from store import approvals, approvers
from store.approvers import Changes
from store.orders import take
from store.tables import ApprovalLinkRow, ApprovalRequestRow, OrderEventRow, TaskRow
from tests.activities.conftest import Bench
from tests.store.samples import order as sample_order

LARGE = 6_800_000
PEOPLE = {
    "li": Changes("李", ("sales_director",), "li:13800000011", None),
    "wang": Changes("王", ("technical_director",), "wang:13800000012", None),
    "qian": Changes("钱", ("general_manager",), None, None),
}


def costs(fen: int, **changes: Any) -> dict[str, Any]:
    """One article at this price."""
    line = OrderLine(line_no="1", sku="MUG", title="服务器", quantity=1, unit_price_fen=fen, amount_fen=fen)
    return {"lines": (line,), "amounts": Amounts(goods_fen=fen, paid_fen=fen), **changes}


async def fill_roles(bench: Bench, **people: Changes) -> None:
    """Who there is."""
    async with bench.db.transaction() as tx:
        for who, one in (people or PEOPLE).items():
            await approvers.put(tx, who, one, "test")


async def _reviewed(bench: Bench, fen: int = LARGE, revision: int = 1) -> c.Accepted:
    if revision == 1:
        await bench.order(**costs(fen))
    else:
        async with bench.db.transaction() as tx:
            await take(tx, sample_order("SO1", revision, **costs(fen)))
    accepted: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt("own:main:SO1", revision))
    return accepted


async def _say(bench: Bench, n: int, verdict: str, by: str, fen: int = LARGE, why: str = "") -> Decided:
    said: Decided = await bench.run(c.DECIDE_APPROVAL, Decision("own:main:SO1", n, verdict, by, "api", why, fen))
    return said


async def _chase(bench: Bench) -> c.Chased:
    chased: c.Chased = await bench.run(c.CHASE_APPROVERS, c.Chase("own:main:SO1", utc_now()))
    return chased


async def _states(bench: Bench) -> dict[int, str]:
    async with bench.db.reading() as tx:
        return {row.n: row.status for row in await approvals.requests(tx, "own:main:SO1")}


def _needs(accepted: c.Accepted) -> list[str]:
    return [flag.hold for flag in accepted.flags]


async def test_an_order_up_to_the_limit_needs_nobody(bench: Bench) -> None:
    accepted = await _reviewed(bench, 5_000_000)
    assert (_needs(accepted), accepted.approve_by) == ([], None)
    assert await _states(bench) == {}


async def test_both_must_agree_and_each_only_for_themselves(bench: Bench) -> None:
    await fill_roles(bench)
    accepted = await _reviewed(bench)
    assert _needs(accepted) == ["APPROVAL"]
    assert "68000.00" in accepted.flags[0].detail
    assert "销售总监、技术总监" in accepted.flags[0].detail
    assert (await _say(bench, 2, "approve", "li")).text == "这项审批不归您：需要技术总监"
    assert (await _say(bench, 3, "approve", "li")).text == "没有这项审批"
    first = await _say(bench, 1, "approve", "li")
    assert (first.done, first.complete) == (True, False)
    assert "技术总监" in first.detail
    assert await _say(bench, 1, "approve", "li") == first, "said twice, it is one decision"
    assert "已由 li 处理" in (await _say(bench, 1, "refuse", "li", why="不行")).text
    assert "金额已变化" in (await _say(bench, 2, "approve", "wang", 1)).text
    assert (await _say(bench, 2, "approve", "wang")).complete
    async with bench.db.reading() as tx:
        decided = await approvals.decisions(tx, "own:main:SO1")
        events = (await tx.execute(select(OrderEventRow.what, OrderEventRow.who))).tuples().all()
    assert [(one.who, one.verdict, one.standing, one.amount_fen) for one in decided] == [
        ("li", "approve", "own", LARGE),
        ("wang", "approve", "own", LARGE),
    ]
    assert [event for event in events if event[0].startswith("approval.")] == [
        ("approval.approve", "li"),
        ("approval.approve", "wang"),
    ]


async def test_a_refusal_needs_a_reason_tells_people_and_can_be_taken_back(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    assert (await _say(bench, 1, "refuse", "li")).text == "驳回请写明原因"
    refused = await _say(bench, 1, "refuse", "li", why="毛利太低")
    assert (refused.done, refused.complete) == (True, False)
    assert "已驳回" in refused.detail
    assert (await _say(bench, 2, "approve", "wang")).done is False, "nobody is asked any more"
    async with bench.db.reading() as tx:
        [task] = (await tx.execute(select(TaskRow).where(TaskRow.kind == "approval_refused"))).scalars()
    assert "毛利太低" in task.text
    assert (await _say(bench, 1, "withdraw", "wang")).text == "只能撤回自己的审批意见"
    assert (await _say(bench, 1, "withdraw", "li")).done
    assert await _states(bench) == {1: "open", 2: "open"}
    assert (await _say(bench, 1, "approve", "li")).done
    assert (await _say(bench, 2, "approve", "wang")).complete
    assert (await _say(bench, 2, "withdraw", "wang")).done
    assert (await _say(bench, 2, "approve", "wang")).complete
    await bench.run(c.PASS_REVIEW, c.OrderRef("own:main:SO1"))
    assert (await _say(bench, 2, "withdraw", "wang")).text == "订单已通过审核，审批不能再撤回"


async def test_more_money_is_asked_anew_and_less_is_not(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    await _say(bench, 1, "approve", "li")
    await _say(bench, 2, "approve", "wang")
    assert _needs(await _reviewed(bench, LARGE - 100, 2)) == []
    assert await _states(bench) == {1: "approved", 2: "approved"}
    assert _needs(await _reviewed(bench, LARGE + 100, 3)) == ["APPROVAL"]
    assert await _states(bench) == {1: "superseded", 2: "superseded", 3: "open", 4: "open"}
    assert "金额已变化" in (await _say(bench, 1, "withdraw", "li")).text
    assert _needs(await _reviewed(bench, 4_000_000, 4)) == []
    assert await _states(bench) == {1: "superseded", 2: "superseded", 3: "dropped", 4: "dropped"}


async def test_what_has_passed_is_asked_again_only_for_more(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench, 4_000_000)
    await bench.run(c.PASS_REVIEW, c.OrderRef("own:main:SO1"))
    assert _needs(await _reviewed(bench, 3_900_000, 2)) == []
    assert _needs(await _reviewed(bench, LARGE, 3)) == ["APPROVAL"]


async def _late(bench: Bench) -> None:
    async with bench.db.transaction() as tx:
        past = utc_now() - timedelta(seconds=1)
        await tx.execute(update(ApprovalRequestRow).where(col(ApprovalRequestRow.n) == 1).values(deadline=past))


async def _linked(bench: Bench) -> list[tuple[int, str]]:
    async with bench.db.reading() as tx:
        links = (await tx.execute(select(ApprovalLinkRow).order_by(col(ApprovalLinkRow.n)))).scalars()
        return [(link.request, link.approver) for link in links]


async def test_who_is_asked_gets_one_message_and_is_asked_again_with_the_next(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    chased = await _chase(bench)
    assert chased == await _chase(bench), "looking again makes no second link"
    assert await _linked(bench) == [(1, "li"), (2, "wang")]
    for n in (*chased.links, *chased.links):
        await bench.run(c.SEND_APPROVAL_LINK, c.ApprovalLink("own:main:SO1", n))
    assert [message.phone for message in bench.town.messenger.sent] == ["13800000011", "13800000012"]
    code = approval_code(bench.config.link_secret, "own:main:SO1", 1)
    assert bench.town.messenger.sent[0].params == {"order": "SO1", "amount": "68000.00", "code": code}
    assert (await _chase(bench)).links == []

    assert (await _say(bench, 1, "approve", "qian")).done is False
    await _late(bench)  # there is no deputy
    again = await _chase(bench)
    assert again == await _chase(bench)
    assert await _linked(bench) == [(1, "li"), (2, "wang"), (1, "li"), (1, "qian")]
    async with bench.db.reading() as tx:
        late = (await tx.execute(select(TaskRow).where(TaskRow.kind == "approval_late"))).scalars().all()
    assert len(late) == 1
    assert (await _say(bench, 1, "approve", "qian")).done
    async with bench.db.reading() as tx:
        [decided] = await approvals.decisions(tx, "own:main:SO1")
    assert (decided.standing, decided.stands_for) == ("escalated", "general_manager")
    await bench.run(c.SEND_APPROVAL_LINK, c.ApprovalLink("own:main:SO1", 4))
    async with bench.db.reading() as tx:
        tasks = (await tx.execute(select(TaskRow.kind, TaskRow.text))).tuples().all()
    assert ("approval_no_phone", "审批人 qian 没有手机号，收不到审批短信") in tasks


async def test_a_deputy_signs_for_who_is_away_but_never_for_both(bench: Bench) -> None:
    until = utc_now() + timedelta(hours=9)
    away = Changes("李", ("sales_director",), None, "wang", absence=True, absent_until=until)
    await fill_roles(bench, wang=PEOPLE["wang"], li=away)
    await _reviewed(bench)
    await _chase(bench)
    assert await _linked(bench) == [(1, "wang"), (2, "wang")]
    assert (await _say(bench, 2, "approve", "wang")).done
    assert "会签需要两个人" in (await _say(bench, 1, "approve", "wang")).text
    assert (await _say(bench, 1, "approve", "li")).complete, "away, and deciding all the same"


async def test_where_nobody_fills_a_role_people_are_told_how(bench: Bench) -> None:
    await _reviewed(bench)
    assert (await _chase(bench)).links == []
    async with bench.db.reading() as tx:
        tasks = (await tx.execute(select(TaskRow.text).where(TaskRow.kind == "approval_nobody"))).scalars().all()
    assert len(tasks) == 2
    assert any("orderhub approvers add" in words and "sales_director" in words for words in tasks)
    await fill_roles(bench)
    assert (await _chase(bench)).links == [1, 2]


@pytest.mark.parametrize("step", ["cancelled", "undelivered"])
async def test_nobody_is_asked_about_an_order_that_is_off(bench: Bench, step: str) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    end = c.Reasoned("own:main:SO1", "不要了", "staff")
    await bench.run(c.RECORD_CANCELLED if step == "cancelled" else c.RECORD_UNDELIVERED, end)
    assert await _states(bench) == {1: "dropped", 2: "dropped"}
    assert await _chase(bench) == c.Chased([], None)

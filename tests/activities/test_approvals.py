"""What an order asks of approvers, and what they may say, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from activities import contracts as c
from activities.contracts import Decided, Decision
from domain.approvals import mark_of
from domain.clock import utc_now
from domain.links import approval_code
from domain.order import Amounts, OrderLine
from rules.documents import Document
from store import approvals, approvers
from store.approvers import Changes
from store.orders import review_again, take
from store.tables import ApprovalLinkRow, ApprovalRequestRow, OrderEventRow, OrderRow, TaskRow
from tests.activities.conftest import Bench
from tests.rules.documents import changed, with_row
from tests.rules.published import decided_by
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


NOT_SO_SOON = changed("approvals", "large", amount="> 10000000")


async def _again(bench: Bench, revision: int, document: Document, number: str = "SO1") -> c.Accepted:
    """Reviewed once more, by another table."""
    async with bench.db.transaction() as tx:
        row = await tx.get_one(OrderRow, f"own:main:{number}", with_for_update=True)
        assert await review_again(tx, row) == revision
    with decided_by("approvals", document):
        accepted: c.Accepted = await bench.run(c.ACCEPT_ORDER, c.OrderAt(f"own:main:{number}", revision))
    return accepted


async def test_another_table_takes_a_question_back_and_loses_no_answer(bench: Bench) -> None:
    await fill_roles(bench, li=PEOPLE["li"])
    await _reviewed(bench)
    await _chase(bench)
    assert (await _say(bench, 1, "approve", "li")).done
    assert _needs(await _again(bench, 2, NOT_SO_SOON)) == []
    assert await _states(bench) == {1: "dropped", 2: "dropped"}
    assert not (await _say(bench, 2, "approve", "wang")).done
    async with bench.db.reading() as tx:
        nobody = (await tx.execute(select(TaskRow.closed_by).where(TaskRow.kind == "approval_nobody"))).scalars()
        assert set(nobody) == {"orderhub"}, "nobody need be named any more"
    back = changed("approvals", "large", amount="> 6000000")
    assert _needs(await _again(bench, 3, back)) == ["APPROVAL"]
    assert await _states(bench) == {1: "approved", 2: "dropped", 3: "open"}
    assert _needs(await _again(bench, 4, back)) == ["APPROVAL"]
    assert await _states(bench) == {1: "approved", 2: "dropped", 3: "open"}, "looked at again, nothing changes"
    async with bench.db.reading() as tx:
        assert [(one.who, one.verdict) for one in await approvals.decisions(tx, "own:main:SO1")] == [("li", "approve")]


async def test_what_was_refused_goes_on_when_nobody_is_asked_any_more(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    assert (await _say(bench, 1, "refuse", "li", why="毛利太低")).done
    assert _needs(await _again(bench, 2, NOT_SO_SOON)) == []
    async with bench.db.reading() as tx:
        [task] = (await tx.execute(select(TaskRow).where(TaskRow.kind == "approval_refused"))).scalars()
    assert task.closed_at is not None
    assert _needs(await _again(bench, 3, changed("approvals", "large", amount="> 6000000"))) == ["APPROVAL"]
    assert await _states(bench) == {1: "refused", 2: "dropped", 3: "waiting"}, "the refusal stands, too"
    async with bench.db.reading() as tx:
        [task] = (await tx.execute(select(TaskRow).where(TaskRow.kind == "approval_refused"))).scalars()
    assert (task.closed_at, "毛利太低" in task.text) == (None, True)


async def test_who_waits_is_asked_as_the_newest_table_says(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    assert (await _say(bench, 1, "approve", "li")).done
    async with bench.db.reading() as tx:
        before = (await approvals.requests(tx, "own:main:SO1"))[1]
    one_is_enough = changed("approvals", "large", mode='"any"', hours="9", calendar='"ALWAYS"', deputy='"cfo"')
    assert _needs(await _again(bench, 2, one_is_enough)) == []
    async with bench.db.reading() as tx:
        first, second = await approvals.requests(tx, "own:main:SO1")
    assert (first.status, first.mode, second.mode, second.status) == ("approved", "any", "any", "waiting")
    both = changed("approvals", "large", hours="9", calendar='"ALWAYS"')
    assert _needs(await _again(bench, 3, both)) == ["APPROVAL"]
    async with bench.db.reading() as tx:
        second = (await approvals.requests(tx, "own:main:SO1"))[1]
    assert second.opened_at is not None
    assert second.deadline == second.opened_at + timedelta(hours=9)
    assert before.deadline is not None
    assert before.calendar == "OFFICE"
    more = with_row("approvals", "large", _id="also", row='"also"', who='"finance_director"', step="2")
    assert _needs(await _again(bench, 4, more)) == ["APPROVAL"]
    assert (await _say(bench, 2, "approve", "wang")).detail == "订单金额 68000.00 元，需要财务总监审批"


async def test_a_newer_table_stops_nothing_that_has_passed_but_frees_what_waits(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench, 4_000_000)
    await bench.run(c.PASS_REVIEW, c.OrderRef("own:main:SO1"))
    stricter = changed("approvals", "large", amount="> 1000000")
    assert _needs(await _again(bench, 2, stricter)) == []
    assert _needs(await _reviewed(bench, LARGE, 3)) == ["APPROVAL"]
    assert _needs(await _again(bench, 4, NOT_SO_SOON)) == []
    assert _needs(await _reviewed(bench, LARGE + 1, 5)) == ["APPROVAL"]
    with decided_by("approvals", stricter):
        assert _needs(await _reviewed(bench, 4_000_000, 6)) == [], "it has passed with so much"


async def test_the_mark_of_a_roster_changes_with_whoever_may_decide(bench: Bench) -> None:
    await fill_roles(bench)
    await _reviewed(bench)
    now = utc_now()

    async def untold(at: datetime = now) -> list[str]:
        async with bench.db.transaction() as tx:
            roster = mark_of(await approvers.roster(tx), at)
            found = await approvals.untold_of_roster(tx, roster, 10)
            for order_id in found:
                await approvals.mark_told(tx, order_id, roster)
            return found

    assert await untold() == [], "it was asked by this roster"
    await fill_roles(bench, li=Changes(name="李四", phone=""))
    assert await untold() == []
    away = Changes(absence=True, absent_until=now + timedelta(hours=2))
    for change in (away, Changes(deputy="wang"), Changes(roles=("finance_director",)), Changes(removed=True)):
        await fill_roles(bench, li=change)
        assert await untold() == ["own:main:SO1"]
        assert await untold() == []
    await fill_roles(bench, wang=away)
    assert await untold() == ["own:main:SO1"]
    assert await untold(now + timedelta(hours=3)) == ["own:main:SO1"], "back by the clock alone"
    await _say(bench, 2, "approve", "wang")
    async with bench.db.reading() as tx:
        assert await approvals.untold_of_roster(tx, "another", 10) == ["own:main:SO1"], "one is open still"

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select
from temporalio.exceptions import ApplicationError

from activities import contracts as c
from activities.contracts import ClerkLink
from activities.instructions import delivery_code
from connectors.errors import Rejected
from domain.links import form_code
from store.tables import FormLinkRow, NotificationRow, TaskRow
from tests.activities.conftest import CLERKS, Bench
from tests.workflows.partners import away, fails, lost


@pytest.fixture
async def link(bench: Bench) -> ClerkLink:
    """A parcel that needs a number."""
    order = await bench.order()
    return ClerkLink(order.order_id, f"{order.order_id}#1", 1)


def _sent(bench: Bench) -> list[str]:
    return [message.phone for message in bench.town.messenger.sent]


async def test_every_clerk_gets_one_message_with_the_link(bench: Bench, link: ClerkLink) -> None:
    await bench.run(c.SEND_CLERK_LINK, link)
    assert _sent(bench) == list(CLERKS)
    async with bench.db.transaction() as tx:
        (row,) = (await tx.execute(select(FormLinkRow))).scalars().all()
    assert row.code == form_code(bench.config.link_secret, link.parcel_id, 1)
    assert {message.params["code"] for message in bench.town.messenger.sent} == {row.code}


@pytest.mark.parametrize("trouble", [lost("sms"), lost("sms", done=False), away("sms")])
async def test_a_message_whose_answer_is_lost_is_looked_for_before_it_is_sent_again(
    bench: Bench, link: ClerkLink, trouble: object
) -> None:
    bench.town.messenger.will("send", trouble)  # type: ignore[arg-type]
    with pytest.raises(ApplicationError) as error:
        await bench.run(c.SEND_CLERK_LINK, link)
    assert not error.value.non_retryable
    await bench.run(c.SEND_CLERK_LINK, link)
    assert sorted(_sent(bench)) == sorted(CLERKS)
    assert bench.town.messenger.calls["find"] == 1


async def test_nothing_is_sent_while_it_cannot_be_looked_for(bench: Bench, link: ClerkLink) -> None:
    bench.town.messenger.will("send", lost("sms"))
    bench.town.messenger.will("find", away("sms"))
    for _ in range(2):
        with pytest.raises(ApplicationError):
            await bench.run(c.SEND_CLERK_LINK, link)
    assert _sent(bench) == [CLERKS[0]]


async def test_a_refused_message_is_a_task_and_not_sent_again(bench: Bench, link: ClerkLink) -> None:
    bench.town.messenger.will("send", fails(Rejected("sms", "send", "", "isv.MOBILE_NUMBER_ILLEGAL")))
    for _ in range(2):
        await bench.run(c.SEND_CLERK_LINK, link)
    assert _sent(bench) == [CLERKS[1]]
    async with bench.db.transaction() as tx:
        statuses = sorted((await tx.execute(select(NotificationRow.status))).scalars())
        (task,) = (await tx.execute(select(TaskRow))).scalars().all()
    assert statuses == ["failed", "sent"]
    assert "isv.MOBILE_NUMBER_ILLEGAL" in task.text
    assert CLERKS[0] not in task.text


async def test_phones_are_kept_nowhere(bench: Bench, link: ClerkLink) -> None:
    await bench.run(c.SEND_CLERK_LINK, link)
    async with bench.db.transaction() as tx:
        rows = (await tx.execute(select(NotificationRow))).scalars().all()
    assert len(rows) == 2
    assert not any(phone in str(row.model_dump()) for row in rows for phone in CLERKS)


async def test_clerks_are_told_once_what_is_wrong_in_a_box(bench: Bench) -> None:
    order = await bench.order()
    turns = to_the_warehouse_plainly(order.order_id)
    for step, argument in turns:
        await bench.run(step, argument)
    report = bench.town.warehouse.pack(delivery_code(order.order_id, 1), {"MUG": 1, "A-VERY-LONG-ARTICLE-CODE-0001": 1})
    report_id = await bench.report(report)
    assert (await bench.run(c.RECORD_REPORT, c.ReportRef(order.order_id, report_id))).scan is c.Scan.MISMATCH
    for _ in range(2):
        await bench.run(c.SEND_SCAN_ALERT, c.ScanAlert(order.order_id, report_id))
    assert _sent(bench) == list(CLERKS)
    [params, _] = [message.params for message in bench.town.messenger.sent]
    # A template's variable may have 35 characters.
    assert params == {"order": "SO1", "problem": "错放 A-VERY-LONG-ARTICLE-CODE-0001 × 1"[:35]}


def to_the_warehouse_plainly(oid: str) -> list[tuple[c.OwnStep[Any, Any] | c.PartnerStep[Any, Any], object]]:
    """An order at the warehouse, without anything happening to it."""
    ref = c.OrderRef(oid)
    return [
        (c.ACCEPT_ORDER, c.OrderAt(oid, 1)),
        (c.PASS_REVIEW, ref),
        (c.RESERVE_STOCK, ref),
        (c.PUSH_TO_WAREHOUSE, c.DeliveryRef(oid, 1, "SF", "", 1)),
    ]

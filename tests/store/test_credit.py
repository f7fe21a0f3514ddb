from __future__ import annotations

import pytest
from sqlmodel import select

from domain.shipping import CreditAnswer, CreditDecision
from store import credit
from store.database import Database
from store.tables import CreditCheckRow, TaskRow
from tests.store.samples import index_row, taken

APPROVED = CreditAnswer("Q1", CreditDecision.APPROVED, "in limit", "R1")
REFUSED = CreditAnswer("Q1", CreditDecision.REJECTED, "over limit")


async def _asked(db: Database) -> str:
    order_id = await taken(db)
    for _ in range(2):
        async with db.transaction() as tx:
            await credit.ask(tx, "Q1", order_id)
    return order_id


async def _decide(db: Database, answer: CreditAnswer) -> str:
    async with db.transaction() as tx:
        return await credit.decide(tx, answer)


async def _assume(db: Database, order_id: str) -> None:
    async with db.transaction() as tx:
        await credit.assume(tx, "Q1", order_id, "no answer")


async def _check(db: Database) -> CreditCheckRow:
    async with db.transaction() as tx:
        row = await credit.find(tx, "Q1")
        assert row is not None
        return row


async def _shown(db: Database, order_id: str) -> str:
    async with db.transaction() as tx:
        return (await index_row(tx, order_id)).credit


async def _open_tasks(db: Database) -> int:
    async with db.transaction() as tx:
        return len([task for task in (await tx.execute(select(TaskRow))).scalars() if task.closed_at is None])


async def test_a_question_is_kept_once_and_waits(database: Database) -> None:
    order_id = await _asked(database)
    row = await _check(database)
    assert (row.order_id, row.state, row.reservation, row.decided_at) == (order_id, "asked", "", None)
    async with database.transaction() as tx:
        assert await credit.find(tx, "Q2") is None


async def test_an_approval_reserves_and_shows_in_the_index(database: Database) -> None:
    order_id = await _asked(database)
    assert await _decide(database, APPROVED) == "approved"
    row = await _check(database)
    assert (row.state, row.reason, row.reservation_id, row.reservation) == ("approved", "in limit", "R1", "reserved")
    assert await _shown(database, order_id) == "approved"


@pytest.mark.parametrize("decision", [CreditDecision.REJECTED, CreditDecision.REVIEW])
async def test_a_refusal_or_a_wish_to_review_is_refused(database: Database, decision: CreditDecision) -> None:
    order_id = await _asked(database)
    assert await _decide(database, CreditAnswer("Q1", decision, "why")) == "refused"
    assert await _shown(database, order_id) == "refused"


async def test_the_same_answer_again_keeps_the_first_moment_and_what_became_of_the_amount(database: Database) -> None:
    await _asked(database)
    await _decide(database, APPROVED)
    first = await _check(database)
    async with database.transaction() as tx:
        await credit.settle(tx, "Q1", "R1", "committed")
    await _decide(database, APPROVED)
    second = await _check(database)
    assert second.decided_at == first.decided_at
    assert second.reservation == "committed"


async def test_silence_is_assumed_good_with_one_alert_for_later(database: Database) -> None:
    order_id = await _asked(database)
    await _assume(database, order_id)
    await _assume(database, order_id)
    row = await _check(database)
    assert (row.state, row.reason, row.later_review) == ("assumed", "no answer", True)
    assert await _shown(database, order_id) == "assumed"
    assert await _open_tasks(database) == 1


async def test_silence_after_an_answer_changes_nothing(database: Database) -> None:
    order_id = await _asked(database)
    await _decide(database, REFUSED)
    await _assume(database, order_id)
    assert (await _check(database)).state == "refused"
    assert await _open_tasks(database) == 0


async def test_a_late_approval_ends_the_later_review(database: Database) -> None:
    order_id = await _asked(database)
    await _assume(database, order_id)
    await _decide(database, APPROVED)
    assert not (await _check(database)).later_review
    assert await _open_tasks(database) == 0


async def test_a_late_refusal_stays_on_the_list(database: Database) -> None:
    order_id = await _asked(database)
    await _assume(database, order_id)
    assert await _decide(database, REFUSED) == "refused"
    assert (await _check(database)).later_review
    assert await _open_tasks(database) == 1


async def test_an_answer_to_no_question_is_a_lookup_error(database: Database) -> None:
    with pytest.raises(LookupError, match="Q1"):
        await _decide(database, APPROVED)

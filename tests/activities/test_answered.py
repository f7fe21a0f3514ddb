from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select
from temporalio.exceptions import ApplicationError

from activities.partners import answered
from connectors.errors import BreakerOpen, Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from store.database import Database
from store.tables import TaskRow
from tests.store.samples import taken


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (Unavailable("sf", "create"), None),
        (BreakerOpen("sf", "create"), None),
        (OutcomeUnknown("sf", "create"), None),
        (Throttled("sf", "create", retry_after=7), timedelta(seconds=7)),
        (Misconfigured("sf", "create", "bad key", "A1"), timedelta(minutes=1)),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_error_is_retried_by_temporal_under_its_own_name(
    database: Database, error: PartnerError, pause: timedelta | None
) -> None:
    order_id = await taken(database)
    with pytest.raises(ApplicationError) as raised:
        async with answered(database, order_id):
            raise error
    assert raised.value.type == type(error).__name__
    assert not raised.value.non_retryable
    assert raised.value.next_retry_delay == pause
    assert raised.value.__cause__ is error


async def test_a_no_is_an_answer(database: Database) -> None:
    error = Rejected("sf", "create", "no route", "8016")
    with pytest.raises(Rejected) as raised:
        async with answered(database, None):
            raise error
    assert raised.value is error


async def test_a_bug_is_not_dressed_up(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with answered(database, None):
            raise ZeroDivisionError


async def test_what_only_a_person_can_mend_is_one_alert(database: Database) -> None:
    order_id = await taken(database)
    for code in ("A1", "A1", "A2"):
        with pytest.raises(ApplicationError):
            async with answered(database, order_id):
                raise Misconfigured("sf", "create", "bad key", code)
    async with database.transaction() as tx:
        tasks = (await tx.execute(select(TaskRow))).scalars().all()
    assert len(tasks) == 2
    assert {(task.kind, task.severity) for task in tasks} == {("misconfigured", "alert")}

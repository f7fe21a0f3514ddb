"""From a pull to the store, past platforms at their worst: nothing lost, nothing doubled, and the rest goes on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from sqlmodel import select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.contracts import PullAsk
from activities.pulling import PullSteps
from connectors.errors import PartnerError
from domain.ids import order_id
from domain.refund import Refund
from store import inbox, orders
from store.database import Database
from store.tables import InboxRow, OrderRow, RefundRow
from tests.intake.bad_platforms import Top, Xhs
from tests.intake.stage import RecordingOrders, Stage

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)


async def _pull(stage: Stage, played: Top | Xhs) -> None:
    """One turn of each feed's schedule; what fails is tried again, as Temporal does."""
    steps = PullSteps(stage.db, played.feeds)
    for feed in played.feeds:
        for _ in range(60):
            try:
                await ActivityEnvironment().run(steps.pull_changes, PullAsk(feed, played.shop, first_s=1800))
                break
            except (ApplicationError, PartnerError):
                continue
        else:
            raise AssertionError("the feed never ends")


async def _dispatch(stage: Stage, traveller: time_machine.Traveller) -> bool:
    """Let the dispatcher work for some time. Whether no document is left."""
    dispatcher = stage.dispatcher(max_attempts=1000)
    for _ in range(12):
        while await dispatcher.order_documents() + await dispatcher.living_documents():
            pass
        traveller.shift(5)
    async with stage.db.reading() as tx:
        return not (await inbox.counts(tx)).get(inbox.NEW)


async def _bodies(db: Database) -> dict[str, str]:
    """What the buyer wrote, by order."""
    async with db.reading() as tx:
        rows = (await tx.execute(select(OrderRow))).scalars().all()
        return {row.order_id: (await orders.body(tx, row.order_id)).notes.buyer for row in rows}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no database is at stake here
@pytest.mark.parametrize("platform", [Top, Xhs])
async def test_everything_arrives_once_in_its_newest_version(
    database: Database, platform: type[Top] | type[Xhs]
) -> None:
    with time_machine.travel(NOW, tick=True) as traveller:
        played = platform(seed=1)
        stage = Stage(database, RecordingOrders(), {played.channel.source: played.channel})
        with played.served():
            for turn in range(20):
                played.quiet = turn > 2  # even a bad day ends
                await _pull(stage, played)
                if await _dispatch(stage, traveller) and played.quiet:
                    break
        await played.close()
    channel = played.channel.source
    wanted = {order_id(channel, played.shop, item.number): item.words for item in played.orders.values()}
    assert await _bodies(database) == wanted
    async with database.reading() as tx:
        refunds = [Refund.model_validate(row.body) for row in (await tx.execute(select(RefundRow))).scalars()]
        documents = (await tx.execute(select(InboxRow))).scalars().all()
    assert {each.refund_id: each.amount_fen for each in refunds} == {
        item.number: 100 * (1 + int(item.words)) for item in played.refunds.values()
    }
    assert sum(int(item.words) for item in played.orders.values()) > 2, "orders changed while pages were read"
    spoilt = [row for row in documents if row.status == inbox.QUARANTINED]
    assert spoilt
    assert all("sha256" in row.document_id for row in spoilt), "only rows that are no orders were put aside"

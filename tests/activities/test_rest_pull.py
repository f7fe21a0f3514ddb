"""Both ends together: a shop of the sandbox whose pushes get lost, and the pull that finds what they held."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import time_machine
from pydantic import SecretStr
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.contracts import PullAsk, Pulled
from activities.pulling import LAG, PullSteps
from connectors.ports import Document
from connectors.rest import RestChannel, RestSettings, ShopAccount
from domain.clock import utc_now
from domain.news import OrderNews, RefundNews
from domain.order import Channel
from domain.refund import RefundLine, RefundStatus
from sandbox.faults import Fault, FaultKind, FaultPlan
from store.database import Database
from store.tables import InboxRow
from tests.sandbox.town import Town, draft, town

SECRETS = {"pos": ("shop-till", "till"), "b2b": ("shop-trade", "trade")}


def channel_of(place: Town, name: str) -> RestChannel:
    """The connector, whose calls go to the sandbox of this process."""
    key_id, shop = SECRETS[name]
    account = ShopAccount(
        key_id=key_id, secret=SecretStr(f"{name}-secret"), base_url=f"http://sandbox.test/{name}", pull=True
    )
    channel = RestChannel(Channel(name), RestSettings(shops={shop: account}))
    channel._lines[shop]._client = httpx.AsyncClient(
        transport=place.http._transport, base_url=f"http://sandbox.test/{name}"
    )
    return channel


async def pulled(db: Database, channel: RestChannel) -> Pulled:
    ask = PullAsk(channel.feed, channel.shops[0], first_s=3600)
    return await ActivityEnvironment().run(PullSteps(db, {channel.feed: channel}).pull_changes, ask)


@pytest.mark.parametrize("name", ["pos", "b2b"])
async def test_lost_pushes_are_found_once_in_their_newest_version(database: Database, name: str) -> None:
    async with town() as place:
        place.world.faults.set_plan(FaultPlan(faults=[Fault(partner=name, kind=FaultKind.LOSE_PUSH)]))
        await place.control("/orders", [draft(channel=name, order_no=f"A{n:03}") for n in range(120)])
        await place.control(f"/{name}/A000/change", {"buyer_note": "快点"})
        channel = channel_of(place, name)
        with time_machine.travel(utc_now() + LAG + timedelta(minutes=1), tick=False):
            first = await pulled(database, channel)
            again = await pulled(database, channel)
        await channel.close()
    assert (first.pages, first.fresh, again.fresh) == (3, 120, 0)
    async with database.reading() as tx:
        rows = (await tx.execute(select(InboxRow))).scalars().all()
    assert {row.source for row in rows} == {name}
    assert len({row.document_id for row in rows}) == 120
    assert [row.version for row in rows if row.order_id == f"{name}:{SECRETS[name][1]}:A000"] == [2]
    for row in rows:
        document = Document(row.source, row.kind, row.document_id, row.version, row.body, row.order_id)
        [news] = await channel.interpret(document)
        assert isinstance(news, OrderNews)


@pytest.mark.parametrize("name", ["pos", "b2b"])
async def test_lost_refunds_are_found_beside_their_orders(database: Database, name: str) -> None:
    async with town() as place:
        place.world.faults.set_plan(FaultPlan(faults=[Fault(partner=name, kind=FaultKind.LOSE_PUSH)]))
        await place.control("/orders", [draft(channel=name, order_no="A1"), draft(channel=name, order_no="A2")])
        line = (await place.control(f"/{name}/A1/refund", {"line": 2}))["refund_id"]
        whole = (await place.control(f"/{name}/A2/refund", {}))["refund_id"]
        await place.control(f"/{name}/refunds/{whole}/approve", None, 204)
        channel = channel_of(place, name)
        with time_machine.travel(utc_now() + LAG + timedelta(minutes=1), tick=False):
            first = await pulled(database, channel)
            again = await pulled(database, channel)
        assert (first.fresh, again.fresh) == (4, 0)
        async with database.reading() as tx:
            rows = (await tx.execute(select(InboxRow).where(InboxRow.kind == "refund"))).scalars().all()
        found = {}
        for row in rows:
            [news] = await channel.interpret(Document(row.source, row.kind, row.document_id, row.version, row.body))
            assert isinstance(news, RefundNews)
            found[news.refund.refund_id] = news.refund
        await channel.close()
    assert {refund_id: (refund.status, refund.version) for refund_id, refund in found.items()} == {
        line: (RefundStatus.REQUESTED, 1),
        whole: (RefundStatus.REFUNDED, 2),
    }
    assert found[line].lines == (RefundLine(line_no="2", quantity=None),)
    assert (found[whole].order_id, found[whole].lines, found[whole].amount_fen) == (
        f"{name}:{channel.shops[0]}:A2",
        (),
        13732,
    )

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
from domain.extensions import FieldRule, FieldType, Scope, use_fields
from domain.news import OrderNews, RefundNews
from domain.order import Channel
from domain.refund import RefundLine, RefundStatus
from sandbox.faults import Fault, FaultKind, FaultPlan
from store import orders
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


async def test_an_order_that_is_here_is_not_refused_by_younger_rules_but_its_next_version_is(
    database: Database,
) -> None:
    rule = FieldRule("colour", Scope.ORDER, "colour", FieldType.TEXT, "颜色", "colour", pattern="[a-z]+")
    async with town() as place:
        place.world.faults.set_plan(FaultPlan(faults=[Fault(partner="b2b", kind=FaultKind.LOSE_PUSH)]))
        await place.control("/orders", [draft(channel="b2b", order_no="A1", ext={"colour": "RED"})])
        channel = channel_of(place, "b2b")
        with time_machine.travel(utc_now() + LAG + timedelta(minutes=1), tick=False) as clock:
            try:
                assert (await pulled(database, channel)).fresh == 1
                async with database.transaction() as tx:
                    row = (await tx.execute(select(InboxRow))).scalars().one()
                    document = Document(row.source, row.kind, row.document_id, row.version, row.body, row.order_id)
                    [news] = await channel.interpret(document)
                    assert isinstance(news, OrderNews)
                    await orders.take(tx, news.order)
                use_fields(lambda: [rule])
                clock.shift(60)  # a window whose overlap has the order once more
                again = await pulled(database, channel)
                assert (again.pages, again.fresh) == (1, 0), "it was taken when it was as it should be"
                await place.control("/b2b/A1/change", {"buyer_note": "快点"})
                clock.shift(60)
                assert (await pulled(database, channel)).fresh == 1, "what comes now is judged by what holds now"
            finally:
                use_fields(None)
                await channel.close()
    async with database.reading() as tx:
        kinds = (await tx.execute(select(InboxRow.kind, InboxRow.version).order_by(InboxRow.kind))).tuples().all()
    assert kinds == [("order", 1), ("refused_order", 2)]

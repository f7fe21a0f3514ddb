"""Documents out of the inbox, on both databases."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import pytest
from sqlmodel import col, select

from connectors.errors import DocumentUnreadable, Unavailable
from connectors.ports import Document
from connectors.rest import RestChannel, RestSettings, ShopAccount
from connectors.rest.documents import order_document
from domain.clock import utc_now
from domain.news import CreditNews, TrackNews, WarehouseNews
from domain.order import Channel, ChannelStatus
from domain.shipping import Carrier, CreditAnswer, CreditDecision, TrackReport, WarehouseReport, WarehouseStatus
from store import credit, shops
from store.orders import Untold
from store.shops import ShopState
from store.tables import InboxRow
from tests.intake.stage import ScriptedSource, Stage, until, working
from tests.store.samples import order, receiver
from workflows.contracts import CancelSignal, CreditSignal, DocumentSignal

SO1 = order("SO1").order_id


# ------------------------------------------------------------------------------------------------ documents


async def test_an_order_goes_from_the_inbox_to_its_workflow(stage: Stage) -> None:
    await stage.put_orders(order("SO1"))
    dispatcher = stage.dispatcher()
    assert await dispatcher.living_documents() == 0, "an order document is not about a living order"
    assert await dispatcher.order_documents() == 1
    assert await dispatcher.start_orders() == 1
    assert stage.orders.running == {SO1: Untold(SO1, 1, "own", "main", 4950)}
    row = await stage.row("main:SO1")
    assert (row.status, row.outcome, row.attempts, row.claimed_until) == ("done", "new", 1, None)
    index = await stage.index(SO1)
    assert index.started_at is not None
    assert (index.in_flight, index.signalled_revision) == (True, 1)
    assert [await dispatcher.order_documents(), await dispatcher.start_orders(), await dispatcher.tell_orders()] == [
        0
    ] * 3


async def test_every_version_is_answered_for_itself(stage: Stage) -> None:
    first, third = order("SO1"), order("SO1", version=3, receiver=receiver("示例路3号"))
    for document in (first, third, order("SO1", version=2, receiver=receiver("示例路2号")), third):
        await stage.put_orders(document)
        await stage.dispatcher().order_documents()
    async with stage.db.reading() as tx:
        rows = (await tx.execute(select(InboxRow).order_by(col(InboxRow.version)))).scalars().all()
    assert [(row.version, row.outcome, row.repeats) for row in rows] == [
        (1, "new", 0),
        (2, "stale", 0),
        (3, "newer", 1),
    ]


async def test_an_unpaid_order_starts_when_it_is_paid(stage: Stage) -> None:
    dispatcher = stage.dispatcher()
    await stage.put_orders(order("SO1", status=ChannelStatus.UNPAID, paid_at=None))
    await dispatcher.order_documents()
    assert await dispatcher.start_orders() == 0
    await stage.put_orders(order("SO1", version=2))
    await dispatcher.order_documents()
    assert await dispatcher.start_orders() == 1
    assert stage.orders.running[SO1].revision == 2
    assert await dispatcher.tell_orders() == 0, "it was started with the newest revision"


async def test_a_newer_document_of_a_living_order_is_told_once(stage: Stage) -> None:
    await stage.started(order("SO1"))
    await stage.put_orders(order("SO1", version=2, receiver=receiver("示例路2号")))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    assert [await dispatcher.tell_orders() for _ in range(2)] == [1, 0]
    assert stage.orders.told == [(SO1, "document", DocumentSignal(2))]


async def test_a_signal_that_failed_is_given_again(stage: Stage) -> None:
    await stage.started(order("SO1"))
    await stage.put_orders(order("SO1", version=2, receiver=receiver("示例路2号")))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    stage.orders.broken = ConnectionError("Temporal is away")
    with pytest.raises(ConnectionError):
        await dispatcher.tell_orders()
    stage.orders.broken = None
    assert await dispatcher.tell_orders() == 1
    assert stage.orders.told == [(SO1, "document", DocumentSignal(2))]


# ------------------------------------------------------------------------------------------------ cancellations


async def test_a_cancellation_that_overtook_its_order_waits_for_it(stage: Stage) -> None:
    await stage.put_cancel("SO1")
    dispatcher = stage.dispatcher()
    await dispatcher.living_documents()
    row = await stage.row("main:SO1/cancel")
    assert (row.status, row.outcome) == ("new", f"{SO1} is not here yet")
    await stage.put_orders(order("SO1"))
    await stage.drain()
    assert (await stage.row("main:SO1/cancel")).outcome == "cancelled before it was started"
    assert await dispatcher.start_orders() == 0


async def test_a_cancellation_of_a_living_order_is_told_once(stage: Stage) -> None:
    await stage.started(order("SO1"))
    await stage.put_cancel("SO1")
    await stage.put_cancel("SO1")
    await stage.drain()
    assert stage.orders.told == [(SO1, "cancelled", CancelSignal("不要了", "channel:own"))]
    assert (await stage.row("main:SO1/cancel")).repeats == 1


# ------------------------------------------------------------------------------------------------ quarantine


async def test_an_unknown_delivery_code_goes_to_quarantine_alone(stage: Stage) -> None:
    stage.sources["qimen"] = ScriptedSource("qimen", [WarehouseNews(WarehouseReport("X9", WarehouseStatus.PACKED))])
    await stage.put_news("qimen", "bad")
    await stage.put_orders(order("SO1"))
    await stage.drain()
    rows = await stage.rows()
    assert (rows["bad"].status, rows["bad"].outcome) == ("quarantined", "no such delivery order: X9")
    assert (rows["main:SO1"].status, rows["main:SO1"].outcome) == ("done", "new")


async def test_an_unreadable_document_goes_to_quarantine_alone(stage: Stage) -> None:
    await stage.put(Document("own", "order", "main:SO0", 1, '{"channel": "own"}'))
    await stage.put_orders(order("SO1"))
    await stage.drain()
    rows = await stage.rows()
    assert rows["main:SO0"].status == "quarantined"
    assert "unusable fields in the stored order" in rows["main:SO0"].outcome
    assert rows["main:SO1"].status == "done"
    assert await stage.dispatcher().heed_quarantine() == 1, "people are asked"
    assert await stage.dispatcher().heed_quarantine() == 0


async def test_a_document_that_means_nothing_is_done(stage: Stage) -> None:
    stage.sources["qimen"] = ScriptedSource("qimen", [])
    await stage.put_news("qimen")
    await stage.drain()
    row = await stage.row()
    assert (row.status, row.outcome) == ("done", "nothing")


# ------------------------------------------------------------------------------------------------ trying again


async def test_an_unknown_number_is_tried_again_and_then_quarantined(stage: Stage) -> None:
    source = ScriptedSource("kdniao", [TrackNews(TrackReport(Carrier.SF, "SF1000000000001", ()))])
    stage.sources["kdniao"] = source
    await stage.put_news("kdniao")
    await stage.drain()
    row = await stage.row()
    assert (row.status, row.attempts, len(source.asked)) == ("quarantined", 4, 4)
    assert row.outcome == "given up after 4 tries: no waybill has this number"


async def test_the_pause_doubles_up_to_five_minutes(stage: Stage) -> None:
    stage.sources["kdniao"] = ScriptedSource("kdniao", Unavailable("kdniao", "query"))
    await stage.put_news("kdniao")
    pauses = []
    for _ in range(10):
        before = utc_now()
        await stage.dispatcher(retry_s=2, max_attempts=50).living_documents()
        row = await stage.row()
        assert (row.status, row.claimed_until) == ("new", None)
        pauses.append((row.next_try_at - before).total_seconds())
        async with stage.db.transaction() as tx:
            row.next_try_at = before
            await tx.merge(row)
    assert [round(pause) for pause in pauses] == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


async def test_a_partner_that_comes_back_is_asked_again(stage: Stage) -> None:
    away = Unavailable("credit", "lookup", "connection refused")
    await stage.started(order("SO1"))
    async with stage.db.transaction() as tx:
        await credit.ask(tx, "Q1", SO1)
    answer = CreditNews(CreditAnswer("Q1", CreditDecision.REJECTED, "额度不足"))
    stage.sources["credit"] = ScriptedSource("credit", away, away, [answer])
    await stage.put_news("credit")
    await stage.drain()
    row = await stage.row()
    assert (row.status, row.outcome, row.attempts) == ("done", "told", 3)
    assert stage.orders.told == [(SO1, "credit_decided", CreditSignal(False, "额度不足"))]


async def test_an_error_of_our_own_does_not_lose_the_document(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.sources["qimen"] = ScriptedSource("qimen", ZeroDivisionError("a bug"), [])
    await stage.put_news("qimen")
    with caplog.at_level(logging.ERROR, "orderhub.intake"):
        await stage.dispatcher().living_documents()
    assert (await stage.row()).outcome == "ZeroDivisionError: a bug"
    assert [record.message for record in caplog.records] == ["a document failed"]
    await stage.drain()
    assert (await stage.row()).status == "done"


async def test_a_document_of_a_partner_that_is_not_configured_waits_for_it(stage: Stage) -> None:
    await stage.put_news("qimen")
    await stage.dispatcher().living_documents()
    row = await stage.row()
    assert (row.status, row.outcome) == ("new", "no partner qimen is configured")
    stage.sources["qimen"] = ScriptedSource("qimen", [])
    await stage.drain()
    assert (await stage.row()).status == "done"


async def test_a_partner_that_hangs_holds_up_nobody_else(stage: Stage) -> None:
    hanging, gate = ScriptedSource("sf", []), asyncio.Event()
    hanging.gate = gate.wait
    stage.sources |= {"sf": hanging, "qimen": ScriptedSource("qimen", [])}
    await stage.put_news("sf", "slow")
    await stage.put_news("qimen", "quick")
    await stage.put_orders(order("SO1"))

    async def done(document_id: str) -> bool:
        return (await stage.row(document_id)).status == "done"

    async def others_went_on() -> bool:
        return SO1 in stage.orders.running and await done("quick")

    async with working(stage.dispatcher()):
        await until(others_went_on)
        assert not await done("slow")
        gate.set()
        await until(lambda: done("slow"))


async def test_an_unreadable_news_between_good_ones_stops_none(stage: Stage) -> None:
    stage.sources["qimen"] = ScriptedSource("qimen", [], DocumentUnreadable("qimen", "no code"), [])
    for n in range(3):
        await stage.put_news("qimen", str(n))
    await stage.dispatcher().living_documents()
    assert Counter(row.status for row in (await stage.rows()).values()) == {"done": 2, "quarantined": 1}


@pytest.mark.parametrize("source", ["b2b", "wechat_orders"])
async def test_what_a_paused_shop_sends_waits(stage: Stage, source: str) -> None:
    """Also of a mini-program, whose orders do not come from the source that its channel is called by."""
    channel = {"b2b": Channel.B2B, "wechat_orders": Channel.WECHAT}[source]
    stage.sources[source] = RestChannel(channel, RestSettings(shops={"wx1": ShopAccount()}))
    async with stage.db.transaction() as tx:
        await shops.put(tx, source, "wx1", "", "command")
        await shops.move(tx, source, "wx1", to=ShopState.PAUSED)
    document = order_document(order("SO1", channel=channel, shop="wx1"))
    await stage.put(document)
    await stage.dispatcher().order_documents()
    row = await stage.row(document.document_id)
    assert (row.status, row.outcome) == ("new", "the shop is paused")


async def test_an_order_of_this_minute_does_not_wait_for_all_of_a_backlog(stage: Stage) -> None:
    await stage.put_orders(*(order(f"OLD{n}") for n in range(20)), order("NOW"))
    assert await stage.dispatcher(batch=8).order_documents() == 8
    done = {name.removeprefix("main:") for name, row in (await stage.rows()).items() if row.status == "done"}
    assert done == {*(f"OLD{n}" for n in range(6)), "OLD19", "NOW"}

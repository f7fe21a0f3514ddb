"""Orders of shops in shadow at the dispatcher: kept, decided, never started; what the old system did is heard."""

from __future__ import annotations

from datetime import timedelta

from activities.planning import Router
from activities.review import ReviewSteps
from activities.shadow import ShadowDesk
from domain.clock import utc_now
from domain.news import News, OrderNews, ShippedNews
from domain.order import Channel, ChannelStatus
from domain.shadow import ShownParcel, Slice
from domain.shipping import Carrier
from intake.dispatcher import Dispatcher
from store import shadows
from store.tables import ShadowOrderRow
from tests.intake.stage import ScriptedSource, Stage
from tests.store.samples import order

SO1 = order("SO1").order_id


def dispatcher(stage: Stage) -> Dispatcher:
    desk = ShadowDesk(stage.db, ReviewSteps(stage.db, 0), Router("WH01"))
    return Dispatcher(stage.db, stage.sources, stage.orders, stage.pace, decide=desk.decide)


async def flip(stage: Stage, on: bool) -> None:
    async with stage.db.transaction() as tx:
        assert await shadows.switch(tx, Slice("own"), on, "wei", "trial", "WH01")


async def test_an_order_in_shadow_is_decided_and_never_started_and_switching_over_is_one_step(stage: Stage) -> None:
    await flip(stage, on=True)
    desk = dispatcher(stage)
    await stage.put_orders(order("SO1"))
    await desk.order_documents()
    assert [await desk.start_orders(), await desk.decide_shadows(), await desk.decide_shadows()] == [0, 1, 0]
    await flip(stage, on=False)
    await stage.put_orders(order("SO2", placed_at=utc_now() + timedelta(seconds=1)), order("SO1", 2, status="LOCKED"))
    await desk.order_documents()
    await desk.start_orders()
    assert list(stage.orders.running) == [order("SO2").order_id]
    async with stage.db.reading() as tx:
        assert [one.revision for one in await shadows.decisions(tx, SO1)] == [1]


async def test_a_cancellation_of_an_order_in_shadow_is_told_to_nobody(stage: Stage) -> None:
    await flip(stage, on=True)
    desk = dispatcher(stage)
    await stage.put_orders(order("SO1"))
    await desk.order_documents()
    await desk.decide_shadows()
    await stage.put_cancel("SO1")
    await desk.living_documents()
    assert stage.orders.told == []
    assert (await stage.index(SO1)).status == ChannelStatus.CANCELLED
    async with stage.db.reading() as tx:
        assert (await tx.get_one(ShadowOrderRow, SO1)).cancelled_at is not None


async def test_the_numbers_that_a_channel_shows_are_the_old_systems(stage: Stage) -> None:
    parcel = ShownParcel("SF0001", Carrier.SF, "SF")
    shipped = order("SO1", 2, status=ChannelStatus.SHIPPED)
    news: list[News] = [OrderNews(shipped), ShippedNews(Channel.OWN, "main", "SO1", (parcel,))]
    stage.sources["script"] = ScriptedSource("script", [OrderNews(order("SO1"))], news, news)
    await stage.put_news("script", "0")
    desk = dispatcher(stage)
    await flip(stage, on=True)
    await desk.living_documents()
    for n in (1, 2):
        await stage.put_news("script", str(n))
        await desk.living_documents()
    rows = await stage.rows()
    assert [rows[str(n)].outcome for n in range(3)] == [
        "new",
        "duplicate, parcels of the old system",
        "duplicate, known parcels",
    ]
    async with stage.db.reading() as tx:
        assert [one["number"] for one in (await tx.get_one(ShadowOrderRow, SO1)).parcels] == ["SF0001"]


async def test_the_numbers_of_our_own_parcels_change_nothing(stage: Stage) -> None:
    await stage.started(order("SO1"))
    news = ShippedNews(Channel.OWN, "main", "SO1", (ShownParcel("SF0001", Carrier.SF),))
    stage.sources["script"] = ScriptedSource("script", [news])
    await stage.put_news("script")
    await dispatcher(stage).living_documents()
    assert (await stage.row()).outcome == "ours"

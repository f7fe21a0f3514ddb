"""What happens between reading that an order waits and noting that it runs. Its workflow is played by its own steps."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.contracts import HoldFact, OrderAt
from activities.holds import HoldSteps
from activities.review import ReviewSteps
from domain.clock import utc_now
from domain.news import CancelNews
from domain.order import Amounts, Channel, ChannelStatus
from intake.apply import apply
from store.orders import Untold, count_in_flight, withdraw
from tests.intake.stage import Stage
from tests.store.samples import order

SO1 = order("SO1").order_id


async def test_an_order_that_is_held_before_its_start_is_noted_takes_no_place_in_the_window(stage: Stage) -> None:
    async def quick_workflow(started: Untold) -> None:
        accepted = await ReviewSteps(stage.db, 0).accept_order(OrderAt(started.order_id, started.revision))
        flag = accepted.flags[0]
        deadline = utc_now() + timedelta(hours=2)
        await HoldSteps(stage.db).open_hold(HoldFact(started.order_id, 1, flag.hold, flag.detail, deadline))

    stage.orders.after_start = quick_workflow
    await stage.put_orders(order("SO1", amounts=Amounts(goods_fen=4951, paid_fen=4950)))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    await dispatcher.start_orders()
    async with stage.db.reading() as tx:
        assert await count_in_flight(tx) == 0


async def test_a_cancellation_just_before_the_start_reaches_the_order(stage: Stage) -> None:
    async def cancelled_meanwhile(_: Untold) -> None:
        await apply(stage.db, stage.orders, CancelNews(Channel.OWN, "main", "SO1", "不要了"))

    stage.orders.before_start = cancelled_meanwhile
    await stage.put_orders(order("SO1"))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    await dispatcher.start_orders()
    accepted = await ReviewSteps(stage.db, 0).accept_order(OrderAt(SO1, 1))
    assert accepted.cancelled or "cancelled" in {name for _, name, _ in stage.orders.told}


async def test_an_order_taken_in_at_the_moment_in_which_it_is_withdrawn_is_not_started(stage: Stage) -> None:
    await stage.put_orders(order("SO1"))
    await stage.dispatcher().order_documents()
    async with stage.db.transaction() as tx:
        await withdraw(tx, SO1, "split")  # committed after the order had looked for it
    assert await stage.dispatcher().start_orders() == 0


async def test_a_newer_document_after_a_start_that_was_never_noted_reaches_the_order(stage: Stage) -> None:
    async def crash(_: Untold) -> None:
        raise ConnectionError("the answer was lost")

    stage.orders.after_start = crash
    await stage.put_orders(order("SO1"))
    dispatcher = stage.dispatcher()
    await dispatcher.order_documents()
    with pytest.raises(ConnectionError):
        await dispatcher.start_orders()
    stage.orders.after_start = None
    await ReviewSteps(stage.db, 0).accept_order(OrderAt(SO1, 1))  # it runs, whoever knows of it
    await stage.put_orders(order("SO1", version=2, status=ChannelStatus.CANCELLED))
    await dispatcher.order_documents()
    await dispatcher.start_orders()
    await dispatcher.tell_orders()
    assert "document" in {name for _, name, _ in stage.orders.told}

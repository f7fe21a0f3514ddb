"""Payments told of by another than the order's document: marked once, under the order's lock, for no other amount."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from domain.order import Channel, ChannelStatus, Notes, Order
from domain.refund import Refund, RefundKind, RefundStatus
from store import orders, payments, refunds
from store.database import Database
from store.payments import AnotherAmount
from store.tables import OrderRow, TaskRow
from tests.store.samples import NOON, index_row, order

ORDER_ID = "wechat:wx1:SO1"
PAID_AT = NOON + timedelta(minutes=3)


def mini(number: str = "SO1", version: int = 1, **changes: Any) -> Order:
    """A mini-program's order, as its own backend sends it."""
    values = {"channel": Channel.WECHAT, "shop": "wx1", "status": ChannelStatus.UNPAID, "paid_at": None}
    return order(number, version=version, **(values | changes))


async def keep(db: Database, *documents: Order) -> None:
    for document in documents:
        async with db.transaction() as tx:
            await orders.take(tx, document)


async def pay(db: Database, amount: int = 4950) -> str:
    async with db.transaction() as tx:
        return await payments.take(tx, ORDER_ID, amount, PAID_AT)


async def row(db: Database) -> OrderRow:
    async with db.reading() as tx:
        return await index_row(tx, ORDER_ID)


async def tasks(db: Database) -> list[str]:
    async with db.reading() as tx:
        return list((await tx.execute(select(TaskRow.kind))).scalars())


async def test_an_order_is_marked_paid_once(database: Database) -> None:
    await keep(database, mini(version=7))
    assert [await pay(database), await pay(database)] == ["newer", "duplicate"]
    kept = await row(database)
    assert (kept.status, kept.paid_at, kept.version, kept.revision) == ("PAID", PAID_AT, 7, 2)
    async with database.reading() as tx:
        assert (await orders.body(tx, ORDER_ID)).paid
        assert [found.order_id for found in await orders.to_start(tx, 9)] == [ORDER_ID]
    assert await tasks(database) == []


async def test_a_newer_document_that_says_the_same_makes_no_payment_old(database: Database) -> None:
    await keep(database, mini(), mini(version=2))
    assert [await pay(database), await pay(database)] == ["newer", "duplicate"]
    kept = await row(database)
    assert (kept.status, kept.paid_at, kept.version) == ("PAID", PAID_AT, 2)


async def test_a_payment_before_its_order_waits(database: Database) -> None:
    with pytest.raises(LookupError):
        await pay(database)


@pytest.mark.parametrize("amount", [4949, 4951, 0])
async def test_another_amount_marks_nothing(database: Database, amount: int) -> None:
    await keep(database, mini())
    with pytest.raises(AnotherAmount) as caught:
        await pay(database, amount)
    assert caught.value.due_fen == 4950
    kept = await row(database)
    assert (kept.status, kept.paid_at, kept.revision) == ("UNPAID", None, 1)


async def test_the_newest_document_is_paid_for(database: Database) -> None:
    """A document that came between the payment and its being looked at takes nothing away, and nothing hides it."""
    await keep(database, mini(), mini(version=2, notes=Notes(buyer="快点")))
    await pay(database)
    await keep(database, mini(version=3, notes=Notes(buyer="更快")))
    kept = await row(database)
    assert (kept.status, kept.version) == ("PAID", 3)
    async with database.reading() as tx:
        newest = await orders.body(tx, ORDER_ID)
    assert (newest.paid_at, newest.notes.buyer) == (PAID_AT, "更快")


async def test_a_refund_that_was_quicker_counts(database: Database) -> None:
    await keep(database, mini())
    refund = Refund(
        channel=Channel.WECHAT,
        shop="wx1",
        channel_order_no="SO1",
        refund_id="R1",
        version=3,
        status=RefundStatus.REFUNDED,
        kind=RefundKind.MONEY,
        amount_fen=4950,
        asked_at=NOON,
    )
    async with database.transaction() as tx:
        await refunds.take(tx, refund)
    await pay(database)
    assert (await row(database)).status == "CANCELLED"
    assert await tasks(database) == []  # the money is back already


async def test_a_cancelled_order_stays_so_and_its_money_is_somebodys_task(database: Database) -> None:
    await keep(database, mini(), mini(version=2, status=ChannelStatus.CANCELLED))
    assert [await pay(database), await pay(database)] == ["newer", "duplicate"]
    kept = await row(database)
    assert (kept.status, kept.paid_at) == ("CANCELLED", PAID_AT)
    assert await tasks(database) == ["paid_but_cancelled"]


async def test_an_order_that_was_cancelled_by_word_only_is_not_started(database: Database) -> None:
    """The shop's cancellation stands in the index, and not in the body that it sent."""
    await keep(database, mini())
    async with database.transaction() as tx:
        kept = await index_row(tx, ORDER_ID)
        kept.status = ChannelStatus.CANCELLED
        tx.add(kept)
    await pay(database)
    assert (await row(database)).status == "CANCELLED"
    async with database.reading() as tx:
        assert await orders.to_start(tx, 9) == []


async def test_unpaid_orders_are_found_by_when_they_were_placed(database: Database) -> None:
    hour = timedelta(hours=1)
    await keep(
        database,
        *(mini(f"N{n}", placed_at=NOON + n * hour) for n in range(6)),
        mini("OTHER", shop="wx2", placed_at=NOON),
        mini("GONE", status=ChannelStatus.CANCELLED, placed_at=NOON),
        mini("SO1", placed_at=NOON),
        order("OWN", status=ChannelStatus.UNPAID, paid_at=None, placed_at=NOON),
    )
    await pay(database)

    async def found(*spans: tuple[int, int], after: str = "", limit: int = 9) -> list[str]:
        placed = [(NOON + start * hour, NOON + end * hour) for start, end in spans]
        async with database.reading() as tx:
            return await payments.unpaid(tx, Channel.WECHAT, "wx1", placed, after=after, limit=limit)

    assert await found((0, 2)) == ["N0", "N1"]
    assert await found((0, 1), (3, 5)) == ["N0", "N3", "N4"]
    assert await found((0, 9), (1, 4)) == [f"N{n}" for n in range(6)]
    assert await found((0, 9), after="N2", limit=2) == ["N3", "N4"]
    assert await found((7, 9)) == []

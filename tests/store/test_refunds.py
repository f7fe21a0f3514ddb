"""Refunds in the store, on both databases: the newest version wins, and living orders get a new revision."""

from __future__ import annotations

import pytest

from domain.golden import Trigger
from domain.order import ChannelStatus
from domain.refund import Refund, RefundKind, RefundStatus
from store import orders, refunds
from store.database import Database
from store.steps import Done, run_step
from store.tables import OrderRow, TaskRow
from tests.store.samples import NOON, index_row, order, receiver, taken


def refund(version: int, status: RefundStatus, amount: int = 4950) -> Refund:
    whose = order()
    return Refund(
        channel=whose.channel,
        shop=whose.shop,
        channel_order_no=whose.channel_order_no,
        refund_id="R1",
        version=version,
        status=status,
        kind=RefundKind.MONEY,
        amount_fen=amount,
        asked_at=NOON,
    )


async def _take(db: Database, wanted: Refund) -> str:
    async with db.transaction() as tx:
        return await refunds.take(tx, wanted)


async def _row(db: Database, order_id: str) -> OrderRow:
    async with db.transaction() as tx:
        return await index_row(tx, order_id)


async def test_a_refund_of_an_order_that_is_not_here_is_told_so(database: Database) -> None:
    with pytest.raises(LookupError):
        await _take(database, refund(1, RefundStatus.REQUESTED))


async def test_a_refund_stops_the_order_and_its_refusal_lets_it_go(database: Database) -> None:
    oid = await taken(database)
    asked, refused = refund(1, RefundStatus.REQUESTED), refund(2, RefundStatus.REFUSED)
    said = [await _take(database, each) for each in (asked, asked, refused, asked, refused)]
    assert said == ["new", "duplicate", "newer", "stale", "duplicate"]
    async with database.transaction() as tx:
        stopped, now = await orders.body(tx, oid, 2), await orders.body(tx, oid)
    assert stopped.refund_pending
    assert not now.refund_pending
    assert (await _row(database, oid)).revision == 3


async def test_a_whole_refund_before_it_was_started_ends_the_order(database: Database) -> None:
    oid = await taken(database)
    await _take(database, refund(1, RefundStatus.REFUNDED))
    assert (await _row(database, oid)).status == ChannelStatus.CANCELLED
    async with database.transaction() as tx:
        assert await orders.to_start(tx, 10) == []


async def test_a_newer_document_does_not_undo_a_refund_and_the_same_one_changes_nothing(database: Database) -> None:
    oid = await taken(database)
    await _take(database, refund(1, RefundStatus.REFUNDED, amount=50))
    moved = order(version=2, receiver=receiver("示例路9号"))
    async with database.transaction() as tx:
        assert await orders.take(tx, moved) == "newer"
    async with database.transaction() as tx:
        assert await orders.take(tx, moved) == "duplicate"
    async with database.transaction() as tx:
        now = await orders.body(tx, oid)
    assert (now.amounts.paid_fen, now.receiver) == (4900, moved.receiver)
    assert (await _row(database, oid)).revision == 4  # bought, refunded, moved, refunded again


async def test_a_refund_keeps_an_address_that_was_changed_here(database: Database) -> None:
    oid = await taken(database)
    async with database.transaction() as tx:
        await orders.replace_receiver(tx, await index_row(tx, oid), receiver("新路22号"), "address")
    await _take(database, refund(1, RefundStatus.REQUESTED))
    async with database.transaction() as tx:
        now = await orders.body(tx, oid)
    assert (now.receiver, now.refund_pending) == (receiver("新路22号"), True)


async def test_what_has_left_stays_as_it_was_and_a_person_is_asked_once(database: Database) -> None:
    oid = await taken(database)

    for trigger in (
        Trigger.PAYMENT_CONFIRMED,
        Trigger.REVIEW_CLEAR,
        Trigger.ALL_LINES_RESERVED,
        Trigger.WAREHOUSE_SCAN_MATCHED,
        Trigger.CHANNEL_ACCEPTED_WAYBILLS,
    ):

        async def work(tx: object, row: object, trigger: Trigger = trigger) -> Done:
            return Done("moved", trigger=trigger)

        await run_step(database, oid, str(trigger), "test", work)
    await _take(database, refund(1, RefundStatus.REQUESTED))
    await _take(database, refund(2, RefundStatus.REFUNDED))
    async with database.transaction() as tx:
        task = await tx.get(TaskRow, f"{oid}/refund_after_packing/R1")
        row = await index_row(tx, oid)
    assert task is not None
    assert "49.50" in task.text
    assert row.revision == 1

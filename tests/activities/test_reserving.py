"""Many orders that come to their stock at the same moment, in the step as a worker runs it."""

from __future__ import annotations

import asyncio

from sqlalchemy import event
from sqlmodel import select

from activities import contracts as c
from domain.golden import GoldenState
from store import stock
from store.orders import take
from store.tables import OrderEventRow, OrderRow, StockRow
from tests.activities.conftest import Bench
from tests.store.samples import order

ORDERS = 20
PIECES = 7


async def test_orders_of_one_moment_share_transactions_and_each_is_all_or_nothing(bench: Bench) -> None:
    placed = [order(f"SO{n}") for n in range(ORDERS)]
    async with bench.db.transaction() as tx:
        await stock.receive(tx, "MUG", "WH01", PIECES, stock.Movement("receive", "receive", "test"))
        for one in placed:
            await take(tx, one)
    for one in placed:
        await bench.run(c.ACCEPT_ORDER, c.OrderAt(one.order_id, 1))
        await bench.run(c.PASS_REVIEW, c.OrderRef(one.order_id))
    commits = 0

    def committed(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(bench.db.engine.sync_engine, "commit", committed)
    ids = [one.order_id for one in placed]
    answers: list[c.Reserved] = await asyncio.gather(*(bench.run(c.RESERVE_STOCK, c.OrderRef(oid)) for oid in ids))
    event.remove(bench.db.engine.sync_engine, "commit", committed)
    assert [answer.ok for answer in answers] == [True] * PIECES + [False] * (ORDERS - PIECES)
    assert all("MUG" in answer.short for answer in answers[PIECES:])
    # The last of the first group planned on what their fellows got: these are planned again, each alone.
    assert commits < ORDERS, commits
    # The same steps again give what they gave,
    # and an order that is not there takes nobody with it.
    works = [bench.run(c.RESERVE_STOCK, c.OrderRef(oid)) for oid in ["own:main:NOBODY", *ids]]
    nobody, *again = await asyncio.gather(*works, return_exceptions=True)
    assert isinstance(nobody, LookupError)
    assert again == answers
    async with bench.db.transaction() as tx:
        [row] = (await tx.execute(select(StockRow))).scalars()
        assert (row.on_hand, row.reserved) == (PIECES, PIECES)
        locked = (
            (await tx.execute(select(OrderRow.order_id).where(OrderRow.state == GoldenState.STOCK_LOCKED)))
            .scalars()
            .all()
        )
        events = select(OrderEventRow.order_id).where(OrderEventRow.what == "stock.locked")
        assert sorted(locked) == sorted((await tx.execute(events)).scalars()) == sorted(ids[:PIECES])

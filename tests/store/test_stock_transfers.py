"""Goods between warehouses, and freezes that end to the second."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from store import stock
from store.database import Database
from store.stock import Pick, StockShort, TransferChanged, UnknownTransfer
from store.tables import TaskRow
from tests.store.pool import NORTH, SOUTH, books, do, receive

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
TWO_HOURS = timedelta(hours=2)
SECOND = timedelta(seconds=1)


async def _freeze(db: Database, number: str, quantity: int, now: datetime = NOON) -> bool:
    return await do(db, lambda tx: stock.freeze(tx, number, {"MUG": quantity}, NORTH, SOUTH, "clerk", now=now))


async def _reserve(db: Database, n: int, quantity: int, now: datetime) -> bool:
    picks = [Pick("MUG", NORTH, quantity)]
    try:
        await do(db, lambda tx: stock.reserve_plan(tx, f"own:main:SO{n}", "own", picks, "orderhub", now=now))
    except StockShort:
        return False
    return True


async def _tasks(db: Database) -> dict[str, str]:
    async with db.reading() as tx:
        return {row.key: row.severity for row in (await tx.execute(select(TaskRow))).scalars()}


async def test_a_transfer_from_freeze_to_shelf(database: Database) -> None:
    await receive(database, "MUG", 9)
    assert await _freeze(database, "T1", 4)
    assert not await _freeze(database, "T1", 4)
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9, "frozen": 4}}
    for _ in range(2):
        assert (await do(database, lambda tx: stock.send(tx, "T1", "clerk", now=NOON + TWO_HOURS - SECOND))).ok
        assert await books(database) == {("MUG", NORTH): {"on_hand": 5}, ("MUG", SOUTH): {"in_transit": 4}}
    assert await do(database, lambda tx: stock.take_in(tx, "T1", "clerk", now=NOON))
    assert not await do(database, lambda tx: stock.take_in(tx, "T1", "clerk", now=NOON))
    assert await books(database) == {("MUG", NORTH): {"on_hand": 5}, ("MUG", SOUTH): {"on_hand": 4}}
    assert await _tasks(database) == {}


async def test_frozen_goods_are_not_locked_and_locked_goods_not_frozen(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _freeze(database, "T1", 4)
    assert not await _reserve(database, 1, 6, NOON)
    assert await _reserve(database, 1, 5, NOON)
    with pytest.raises(StockShort) as caught:
        await _freeze(database, "T2", 3)
    assert caught.value.short == {"MUG": 3}
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9, "reserved": 5, "frozen": 4}}


async def test_a_freeze_ends_to_the_second(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _freeze(database, "T1", 9)
    end = NOON + TWO_HOURS
    assert not await _reserve(database, 1, 9, end - SECOND)
    async with database.reading() as tx:
        assert (await stock.snapshot(tx, ["MUG"], now=end - SECOND)).available("MUG") == {}
        assert (await stock.snapshot(tx, ["MUG"], now=end)).available("MUG") == {NORTH: 9}
    # Nobody swept: whoever locks lets it go himself.
    assert await _reserve(database, 1, 9, end)
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9, "reserved": 9}}


async def test_the_sweep_lets_go_what_is_over_and_nothing_else(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _freeze(database, "T1", 2)
    await _freeze(database, "T2", 3, NOON + SECOND)
    end = NOON + TWO_HOURS
    assert await do(database, lambda tx: stock.let_expired_go(tx, now=end - SECOND)) == []
    assert await do(database, lambda tx: stock.let_expired_go(tx, now=end)) == ["T1"]
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9, "frozen": 3}}
    assert await do(database, lambda tx: stock.let_expired_go(tx, now=end + SECOND)) == ["T2"]
    assert await do(database, lambda tx: stock.let_expired_go(tx, now=end + SECOND)) == []
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9}}


async def test_a_freeze_that_is_over_sends_nothing_and_people_are_told(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _freeze(database, "T1", 4)
    for _ in range(2):
        sent = await do(database, lambda tx: stock.send(tx, "T1", "clerk", now=NOON + TWO_HOURS))
        assert not sent.ok
        assert "T1" in sent.why
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9}}
    assert await _tasks(database) == {"transfer/T1/invalid": "alert", f"replenish/{SOUTH}/MUG": "normal"}


async def test_a_cancelled_transfer_sends_nothing(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _freeze(database, "T1", 4)
    assert await do(database, lambda tx: stock.cancel(tx, "T1", "clerk", now=NOON))
    assert not await do(database, lambda tx: stock.cancel(tx, "T1", "clerk", now=NOON))
    assert not (await do(database, lambda tx: stock.send(tx, "T1", "clerk", now=NOON))).ok
    with pytest.raises(TransferChanged):
        await _freeze(database, "T1", 4)
    assert await books(database) == {("MUG", NORTH): {"on_hand": 9}}


async def test_what_is_on_its_way_is_taken_in_and_not_cancelled(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _freeze(database, "T1", 4)
    with pytest.raises(TransferChanged):
        await do(database, lambda tx: stock.take_in(tx, "T1", "clerk"))
    await do(database, lambda tx: stock.send(tx, "T1", "clerk", now=NOON))
    with pytest.raises(TransferChanged):
        await do(database, lambda tx: stock.cancel(tx, "T1", "clerk"))
    with pytest.raises(TransferChanged):
        await do(database, lambda tx: stock.take_in(tx, "T1", "clerk", arrived={"MUG": 5}))
    with pytest.raises(UnknownTransfer):
        await do(database, lambda tx: stock.send(tx, "T2", "clerk"))
    assert await do(database, lambda tx: stock.take_in(tx, "T1", "clerk", arrived={"MUG": 3}))
    assert await books(database) == {("MUG", NORTH): {"on_hand": 5}, ("MUG", SOUTH): {"on_hand": 3}}
    assert await _tasks(database) == {"transfer/T1/MUG/lost": "alert"}


async def test_two_transfers_and_orders_at_the_same_moment(database: Database) -> None:
    await receive(database, "MUG", 30)
    await receive(database, "CUP", 30)

    async def freeze(number: str) -> bool:
        goods = {"CUP": 10, "MUG": 10}
        try:
            return await do(database, lambda tx: stock.freeze(tx, number, goods, NORTH, SOUTH, "clerk", now=NOON))
        except StockShort:
            return False

    async def order(n: int) -> bool:
        picks = [Pick("MUG", NORTH, 1), Pick("CUP", NORTH, 1)]
        try:
            await do(database, lambda tx: stock.reserve_plan(tx, f"own:main:SO{n}", "own", picks, "orderhub", now=NOON))
        except StockShort:
            return False
        return True

    answers = await asyncio.gather(freeze("T1"), freeze("T2"), *(order(n) for n in range(40)))
    froze, ordered = sum(answers[:2]), sum(answers[2:])
    # Whoever came first got it, and nothing is left.
    assert 10 * froze + ordered == 30
    amounts = {"on_hand": 30, "reserved": ordered, "frozen": 10 * froze}
    amounts = {name: n for name, n in amounts.items() if n}
    assert await books(database) == {("MUG", NORTH): amounts, ("CUP", NORTH): amounts}


async def test_orders_and_the_sweep_let_the_same_freezes_go_once(database: Database) -> None:
    await receive(database, "MUG", 20)
    for number in ("T1", "T2", "T3", "T4"):
        await _freeze(database, number, 5)
    end = NOON + TWO_HOURS
    sweeps = [do(database, lambda tx: stock.let_expired_go(tx, now=end)) for _ in range(3)]
    sends = [do(database, lambda tx: stock.send(tx, "T4", "clerk", now=end))]
    answers = await asyncio.gather(*sweeps, *sends, *(_reserve(database, n, 1, end) for n in range(20)))
    assert answers[4:] == [True] * 20
    assert await books(database) == {("MUG", NORTH): {"on_hand": 20, "reserved": 20}}

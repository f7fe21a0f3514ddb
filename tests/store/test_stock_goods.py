"""Goods that are corrected, counted, broken and thrown away."""

from __future__ import annotations

import asyncio

import pytest
from sqlmodel import col, select

from store import stock
from store.database import Database
from store.stock import CountBelowBound, Movement, Pick, StockShort
from store.tables import StockLedgerRow
from tests.store.pool import NORTH, SOUTH, books, do, receive


def _why(key: str) -> Movement:
    return Movement(key, "stocktaking", "clerk")


async def _count(db: Database, counted: int, key: str) -> int | None:
    return await do(db, lambda tx: stock.count(tx, "MUG", NORTH, counted, _why(key)))


async def _bind(db: Database) -> None:
    """Three pieces for an order, two for a transfer."""
    await do(db, lambda tx: stock.reserve_plan(tx, "own:s:1", "own", [Pick("MUG", NORTH, 3)], "orderhub"))
    await do(db, lambda tx: stock.freeze(tx, "T1", {"MUG": 2}, NORTH, SOUTH, "clerk"))


async def test_a_count_sets_what_is_on_hand_once(database: Database) -> None:
    await receive(database, "MUG", 9)
    assert await _count(database, 7, "count/1") == -2
    assert await _count(database, 5, "count/1") is None
    assert await _count(database, 7, "count/2") == 0
    assert await _count(database, 12, "count/3") == 5
    assert await books(database) == {("MUG", NORTH): {"on_hand": 12}}
    async with database.reading() as tx:
        lines = (await tx.execute(select(StockLedgerRow).order_by(col(StockLedgerRow.seq)))).scalars().all()
    assert [(line.kind, line.on_hand_delta, line.who) for line in lines[1:]] == [
        ("count", -2, "clerk"),
        ("count", 0, "clerk"),
        ("count", 5, "clerk"),
    ]


async def test_a_count_below_what_is_bound_is_refused_and_says_by_what(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _bind(database)
    with pytest.raises(CountBelowBound, match="3 are locked for orders and 2 frozen") as refused:
        await _count(database, 4, "count/1")
    assert (refused.value.counted, refused.value.reserved, refused.value.frozen) == (4, 3, 2)
    assert await _count(database, 5, "count/1") == -4
    with pytest.raises(ValueError, match="-1"):
        await _count(database, -1, "count/2")


async def test_a_count_of_what_was_never_there(database: Database) -> None:
    assert await _count(database, 4, "count/1") == 4
    assert await books(database) == {("MUG", NORTH): {"on_hand": 4}}


async def test_defective_pieces_are_beside_the_good_ones(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _bind(database)
    with pytest.raises(StockShort) as short:
        await do(database, lambda tx: stock.mark_defective(tx, "MUG", NORTH, 5, _why("broken/1")))
    assert short.value.short == {"MUG": 1}
    for fresh in (True, False):
        assert await do(database, lambda tx: stock.mark_defective(tx, "MUG", NORTH, 4, _why("broken/1"))) is fresh
    assert (await books(database))["MUG", NORTH] == {"on_hand": 5, "reserved": 3, "frozen": 2, "defective": 4}
    await do(database, lambda tx: stock.mark_defective(tx, "MUG", NORTH, -1, _why("mended/1")))
    with pytest.raises(StockShort) as short:
        await do(database, lambda tx: stock.scrap(tx, "MUG", NORTH, 4, _why("scrap/1")))
    assert short.value.short == {"MUG": 1}
    assert await do(database, lambda tx: stock.scrap(tx, "MUG", NORTH, 3, _why("scrap/1")))
    with pytest.raises(ValueError, match="scrap"):
        await do(database, lambda tx: stock.scrap(tx, "MUG", NORTH, 0, _why("scrap/2")))
    assert (await books(database))["MUG", NORTH] == {"on_hand": 6, "reserved": 3, "frozen": 2}


async def test_an_adjustment_takes_nothing_that_is_bound(database: Database) -> None:
    await receive(database, "MUG", 9)
    await _bind(database)
    with pytest.raises(StockShort) as short:
        await do(database, lambda tx: stock.adjust(tx, "MUG", NORTH, -6, _why("loss/1")))
    assert short.value.short == {"MUG": 2}
    answers = await asyncio.gather(
        *(do(database, lambda tx: stock.adjust(tx, "MUG", NORTH, -4, _why("loss/1"))) for _ in range(4))
    )
    assert sorted(answers) == [False, False, False, True]
    assert (await books(database))["MUG", NORTH] == {"on_hand": 5, "reserved": 3, "frozen": 2}

from __future__ import annotations

import asyncio
import gc

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from store.database import Database
from store.tables import OrderVersionRow, StockRow
from store.upsert import insert_ignore
from tests.store.samples import NOON

MUG = {"sku": "MUG", "warehouse": "WH1", "on_hand": 1, "reserved": 0}


async def _on_hand(db: Database) -> list[int]:
    async with db.transaction() as tx:
        return list((await tx.execute(select(StockRow.on_hand))).scalars())


async def test_a_transaction_commits_at_the_end_and_rolls_back_on_any_exception(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await insert_ignore(tx, StockRow, MUG)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert await _on_hand(database) == []
    async with database.transaction() as tx:
        await insert_ignore(tx, StockRow, MUG)
    assert await _on_hand(database) == [1]


async def test_a_cancelled_transaction_keeps_nothing_and_blocks_nobody(database: Database) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with database.transaction() as tx:
            await insert_ignore(tx, StockRow, MUG)
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _on_hand(database) == []
    async with database.transaction() as tx:
        assert await insert_ignore(tx, StockRow, MUG)


async def test_insert_ignore_tells_who_won_and_leaves_the_first_row(database: Database) -> None:
    async with database.transaction() as tx:
        assert await insert_ignore(tx, StockRow, MUG)
        assert not await insert_ignore(tx, StockRow, {**MUG, "on_hand": 9})
    assert await _on_hand(database) == [1]


async def test_read_then_write_at_the_same_moment_waits_instead_of_failing(database: Database) -> None:
    async with database.transaction() as tx:
        await insert_ignore(tx, StockRow, MUG)

    async def add() -> None:
        async with database.transaction() as tx:
            row = await tx.get(StockRow, ("MUG", "WH1"), with_for_update=True)
            assert row is not None
            before = row.on_hand
            await asyncio.sleep(0.01)
            row.on_hand = before + 1

    await asyncio.gather(*(add() for _ in range(10)))
    assert await _on_hand(database) == [11]


async def test_a_body_without_its_order_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as tx:
            tx.add(
                OrderVersionRow(
                    order_id="NONE", revision=1, version=1, fingerprint="", body={}, origin="channel", at=NOON
                )
            )


async def test_a_cancelled_transaction_leaves_no_lock(database: Database) -> None:
    """A local activity that is timed out, a request that is dropped: the others must not find the store locked."""
    async with database.transaction() as tx:
        for n in range(200):
            await insert_ignore(tx, StockRow, {**MUG, "sku": f"SKU-{n}"})
    begun = asyncio.Event()

    async def writer() -> None:
        async with database.transaction() as tx:
            begun.set()
            await tx.execute(text("UPDATE stock SET on_hand = on_hand + 1 RETURNING sku"))
            await tx.execute(text("SELECT a.sku FROM stock a, stock b LIMIT 20000"))

    other = Database(database.url)
    gc.disable()  # which would hide a lock that waits for it
    try:
        for turn in range(30):
            begun.clear()
            cancelled = asyncio.create_task(writer())
            await begun.wait()
            await asyncio.sleep(turn / 1500)  # each time a little further in: where it hurts depends on the machine
            cancelled.cancel()
            await asyncio.gather(cancelled, return_exceptions=True)
            async with other.transaction() as tx:
                await tx.execute(text("UPDATE stock SET on_hand = on_hand + 1"))
    finally:
        gc.enable()
        await other.close()

"""Orders that are short of goods are woken by whatever makes more of them free: the oldest first, never too many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from domain.clock import utc_now
from domain.golden import GoldenState
from store import shortages, stock
from store.database import Database
from store.stock import Movement, Pick
from store.tables import OrderRow
from tests.store.pool import NORTH, SOUTH, do, receive
from tests.store.samples import index_row, taken


async def _short(db: Database, number: str, needed: Mapping[str, int]) -> str:
    """A reviewed order for which nothing could be locked."""
    order_id = await taken(db, number)
    async with db.transaction() as tx:
        row = await index_row(tx, order_id)
        row.state = GoldenState.RISK_PASSED
        tx.add(row)
        await shortages.note(tx, order_id, needed)
    return order_id


async def _woken(db: Database, limit: int = 50) -> list[str]:
    """What one look wakes, by order number."""
    looked = await do(db, lambda tx: shortages.look(tx, limit))
    await do(db, lambda tx: shortages.told(tx, looked))
    return [order_id.rpartition(":")[2] for order_id in looked.wake]


async def _takes(db: Database, number: str, sku: str, quantity: int) -> None:
    """An order locks its goods, as one does that was woken."""
    order_id = f"own:main:{number}"
    await do(db, lambda tx: stock.reserve_plan(tx, order_id, "own", [Pick(sku, NORTH, quantity)], "orderhub"))
    async with db.transaction() as tx:
        row = await tx.get(OrderRow, order_id)
        if row is not None:
            row.state = GoldenState.STOCK_LOCKED
            tx.add(row)


async def test_goods_that_come_wake_as_many_as_they_are_enough_for_the_oldest_first(database: Database) -> None:
    for number, pieces in (("A", 3), ("B", 2), ("C", 1), ("D", 9)):
        await _short(database, number, {"MUG": pieces})
    assert await _woken(database) == []
    await receive(database, "MUG", 5)
    assert await _woken(database) == ["A", "B"]
    await _takes(database, "A", "MUG", 3)
    await _takes(database, "B", "MUG", 2)
    assert await _woken(database) == [], "nothing is left"
    await receive(database, "MUG", 1, key="again")
    assert await _woken(database) == ["C"]


async def test_who_was_told_in_vain_makes_room_for_the_next(database: Database) -> None:
    await _short(database, "A", {"MUG": 5})
    await _short(database, "B", {"MUG": 1})
    await receive(database, "MUG", 5)
    assert await _woken(database) == ["A"]
    # A could not be planned all the same (its rules allow no split), and says so.
    await _short(database, "A", {"MUG": 5})
    assert await _woken(database) == ["B"]
    assert await _woken(database) == [], "nobody is told twice of the same goods"
    await _takes(database, "X", "MUG", 1)
    await do(database, lambda tx: stock.release(tx, "own:main:X", "orderhub"))
    assert await _woken(database) == [], "as much as they were told of"
    await receive(database, "MUG", 1, warehouse=SOUTH)
    assert await _woken(database) == ["A", "B"]


async def test_a_freed_reservation_a_correction_and_a_freeze_that_is_over_wake(database: Database) -> None:
    await receive(database, "MUG", 4)
    await _takes(database, "X", "MUG", 2)
    over = utc_now() - timedelta(hours=1)
    await do(
        database,
        lambda tx: stock.freeze(tx, "T1", {"MUG": 2}, NORTH, SOUTH, "clerk", now=over, lasts=timedelta(hours=2)),
    )
    for number in ("A", "B", "C"):
        await _short(database, number, {"MUG": 2})
    assert await _woken(database) == []
    await do(database, lambda tx: stock.release(tx, "own:main:X", "orderhub"))
    assert await _woken(database) == ["A"]
    await _takes(database, "A", "MUG", 2)
    assert await _woken(database) == []
    movement = Movement("count/1", "found behind the shelf", "clerk")
    await do(database, lambda tx: stock.adjust(tx, "MUG", NORTH, 2, movement))
    assert await _woken(database) == ["B"]
    await _takes(database, "B", "MUG", 2)
    assert await _woken(database) == []
    # A freeze that is over, swept or not.
    await do(database, lambda tx: stock.cancel(tx, "T1", "clerk"))
    await do(
        database,
        lambda tx: stock.freeze(tx, "T2", {"MUG": 2}, NORTH, SOUTH, "clerk", now=over, lasts=timedelta(minutes=1)),
    )
    assert await _woken(database) == ["C"]


async def test_an_order_needs_all_its_goods(database: Database) -> None:
    await _short(database, "A", {"MUG": 1, "LAMP": 1})
    await _short(database, "B", {"MUG": 1})
    await receive(database, "MUG", 1)
    assert await _woken(database, limit=1) == [], "A lacks a lamp, and was all that was looked at"
    assert await _woken(database, limit=1) == ["B"]
    await receive(database, "LAMP", 1)
    assert await _woken(database) == ["A"]


async def test_what_is_locked_or_over_is_forgotten(database: Database) -> None:
    gone = await _short(database, "A", {"MUG": 1})
    await _short(database, "B", {"MUG": 2})
    await _short(database, "B", {"LAMP": 1})
    async with database.transaction() as tx:
        row = await index_row(tx, gone)
        row.closed_at = utc_now()
        tx.add(row)
    await receive(database, "MUG", 9)
    assert await _woken(database) == [], "A has ended, and B needs something else by now"
    await receive(database, "LAMP", 1)
    assert await _woken(database) == ["B"]

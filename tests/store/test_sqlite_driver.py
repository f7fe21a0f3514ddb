"""SQLite by one trip to its thread for each statement: the same answers as by four."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import Database


@pytest.fixture
async def db(tmp_path: Path) -> Any:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'trips.db'}")
    async with made.transaction() as tx:
        await tx.execute(sql("CREATE TABLE cups (n INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield made
    await made.close()


async def _trips(tx: AsyncSession) -> list[Any]:
    """What goes to the driver's thread from now on."""
    driver: Any = (await (await tx.connection()).get_raw_connection()).driver_connection
    gone: list[Any] = []
    real = driver._tx

    class Queue:
        def put_nowait(self, item: Any) -> None:
            gone.append(item)
            real.put_nowait(item)

    driver._tx = Queue()
    return gone


async def test_a_statement_is_one_trip(db: Database) -> None:
    async with db.transaction() as tx:
        gone = await _trips(tx)
        await tx.execute(sql("INSERT INTO cups (name) VALUES ('a')"))
        assert len(gone) == 1
        await tx.execute(sql("INSERT INTO cups (name) VALUES (:name)"), [{"name": "b"}, {"name": "c"}])
        assert len(gone) == 2
        found = await tx.execute(sql("SELECT n, name FROM cups WHERE n < :n ORDER BY n"), {"n": 3})
        assert len(gone) == 3
        assert list(found.keys()) == ["n", "name"]
        assert [tuple(row) for row in found] == [(1, "a"), (2, "b")]
        assert len(gone) == 3


async def test_it_says_how_many_rows_changed(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(sql("INSERT INTO cups (name) VALUES ('a'), ('b')"))
        changed: Any = await tx.execute(sql("UPDATE cups SET name = name || '!'"))
        assert changed.rowcount == 2
        gone: Any = await tx.execute(sql("DELETE FROM cups WHERE n = :n"), [{"n": 1}, {"n": 7}])
        assert gone.rowcount == 1
        returned = await tx.execute(sql("INSERT INTO cups (name) VALUES ('c') RETURNING n"))
        assert returned.scalar_one() == 3


async def test_what_the_database_refuses_is_raised_and_the_connection_goes_on(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(sql("INSERT INTO cups (name) VALUES ('a')"))
        with pytest.raises(IntegrityError):
            await tx.execute(sql("INSERT INTO cups (name) VALUES ('a')"))
        with pytest.raises(IntegrityError):
            await tx.execute(sql("INSERT INTO cups (name) VALUES (:name)"), [{"name": "b"}, {"name": "a"}])
        with pytest.raises(OperationalError):
            await tx.execute(sql("SELECT saucer FROM cups"))
        assert (await tx.execute(sql("SELECT count(*) FROM cups"))).scalar_one() == 2


async def test_rows_can_be_streamed(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute(sql("INSERT INTO cups (name) VALUES (:name)"), [{"name": str(n)} for n in range(50)])
        seen = [row.n async for row in await tx.stream(sql("SELECT n FROM cups ORDER BY n"))]
        assert seen == list(range(1, 51))

"""Group commit, on both databases: who is in whose transaction, and that nobody is taken along by a neighbour."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from store import inbox
from store.database import Database
from store.inbox import Incoming, Put
from store.tables import InboxRow
from store.together import Together

BAD = cast(Any, None)
"""A body that no database takes."""


class Works:
    """Keeps documents, and remembers the groups in which they came."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self, tx: AsyncSession, wishes: Sequence[Incoming]) -> Sequence[Put]:
        self.groups.append([wish.document_id for wish in wishes])
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return await inbox.put_all(tx, wishes)


def document(name: str, version: int = 1, body: str = "{}") -> Incoming:
    return Incoming("own", "order", name, version, body, f"own:main:{name}")


def together(db: Database, works: Works, most: int = 100, at_once: int = 1) -> Together[Incoming, Put]:
    return Together(db, works, size=lambda _: 1, most=most, at_once=at_once)


async def kept(db: Database) -> set[str]:
    async with db.reading() as tx:
        return set((await tx.execute(select(InboxRow.document_id))).scalars())


async def begun(works: Works, group: Together[Incoming, Put], *names: str) -> list[asyncio.Task[Put]]:
    """A first wish whose transaction stands open, and others that wait for the next one."""
    works.gate.clear()
    first = asyncio.create_task(group.do(document("first")))
    while not works.groups:  # noqa: ASYNC110 - it is not told
        await asyncio.sleep(0)
    tasks = [
        first,
        *(asyncio.create_task(group.do(document(name, body=BAD if "bad" in name else "{}"))) for name in names),
    ]
    await asyncio.sleep(0)
    return tasks


async def test_whoever_comes_while_a_transaction_is_under_way_is_in_the_next_one(database: Database) -> None:
    works = Works()
    tasks = await begun(works, together(database, works), *"abcd")
    works.gate.set()
    assert await asyncio.gather(*tasks) == [Put.FRESH] * 5
    assert works.groups == [["first"], ["a", "b", "c", "d"]]
    assert await kept(database) == {"first", "a", "b", "c", "d"}


async def test_a_lonely_wish_waits_for_nobody(database: Database) -> None:
    works = Works()
    group = together(database, works)
    for name in "ab":
        assert await group.do(document(name)) is Put.FRESH
        assert name in await kept(database), "it is committed when it is answered"
    assert works.groups == [["a"], ["b"]]


async def test_a_group_is_no_larger_than_it_may_be_and_nobody_is_overtaken(database: Database) -> None:
    works = Works()
    tasks = await begun(works, together(database, works, most=2), *"abcde")
    works.gate.set()
    await asyncio.gather(*tasks)
    assert works.groups == [["first"], ["a", "b"], ["c", "d"], ["e"]]


async def test_a_wish_larger_than_a_group_goes_alone(database: Database) -> None:
    works = Works()
    group = Together[Incoming, Put](
        database, works, size=lambda wish: 9 if wish.document_id == "b" else 1, most=5, at_once=1
    )
    tasks = await begun(works, group, *"abc")
    works.gate.set()
    await asyncio.gather(*tasks)
    assert works.groups == [["first"], ["a"], ["b"], ["c"]]


async def test_wishes_for_the_same_in_one_group_are_told_apart(database: Database) -> None:
    works = Works()
    group = together(database, works)
    tasks = await begun(works, group, "a")
    tasks += [asyncio.create_task(group.do(document("a", body=body))) for body in ("{}", "other")]
    await asyncio.sleep(0)
    works.gate.set()
    assert await asyncio.gather(*tasks) == [Put.FRESH, Put.FRESH, Put.SAME, Put.OTHER]
    assert len(works.groups) == 2


async def test_a_wish_that_the_database_refuses_takes_no_neighbour_with_it(database: Database) -> None:
    works = Works()
    tasks = await begun(works, together(database, works), "a", "bad1", "b", "bad2", "c")
    works.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [result if isinstance(result, Put) else type(result) for result in results] == [
        Put.FRESH, Put.FRESH, IntegrityError, Put.FRESH, IntegrityError, Put.FRESH,
    ]  # fmt: skip
    assert await kept(database) == {"first", "a", "b", "c"}
    assert works.groups[1:] == [["a", "bad1", "b", "bad2", "c"], ["a"], ["bad1"], ["b"], ["bad2"], ["c"]]


async def test_an_error_of_our_own_takes_no_neighbour_with_it(database: Database) -> None:
    class Stumbles(Works):
        async def __call__(self, tx: AsyncSession, wishes: Sequence[Incoming]) -> Sequence[Put]:
            done = await super().__call__(tx, wishes)
            if any(wish.document_id == "stone" for wish in wishes):
                raise ZeroDivisionError
            return done

    works = Stumbles()
    tasks = await begun(works, together(database, works), "a", "stone", "b")
    works.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [Put, Put, ZeroDivisionError, Put]
    assert await kept(database) == {"first", "a", "b"}


@pytest.mark.parametrize(
    "away", [ConnectionRefusedError("gone"), OperationalError("INSERT", {}, Exception("database is locked"))]
)
async def test_a_database_that_is_away_is_told_to_all_and_not_asked_for_each(
    database: Database, away: Exception
) -> None:
    works = Works()
    group = together(database, works)
    tasks = await begun(works, group, *"abc")
    works.error = away
    works.gate.set()
    assert await asyncio.gather(*tasks, return_exceptions=True) == [away] * 4
    assert len(works.groups) == 2
    works.error = None
    assert await group.do(document("a")) is Put.FRESH


async def test_one_that_is_gone_before_its_transaction_begins_is_not_worked_on(database: Database) -> None:
    works = Works()
    tasks = await begun(works, together(database, works), *"abc")
    tasks[2].cancel()
    works.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[2], asyncio.CancelledError)
    assert works.groups == [["first"], ["a", "c"]]
    assert await kept(database) == {"first", "a", "c"}


async def test_one_that_goes_while_its_transaction_is_open_disturbs_nobody(database: Database) -> None:
    works = Works()
    group = together(database, works)
    tasks = await begun(works, group, "a")
    tasks[0].cancel()
    works.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1] is Put.FRESH
    assert await kept(database) == {"first", "a"}
    assert await group.do(document("first")) is Put.SAME, "whoever asks again learns that it is here"


async def test_when_the_process_ends_nobody_waits_for_ever(database: Database) -> None:
    works = Works()
    group = together(database, works)
    tasks = await begun(works, group, *"ab")
    for task in group._tasks:
        task.cancel()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    assert [type(result) for result in results] == [asyncio.CancelledError] * 3
    works.gate.set()
    assert await group.do(document("a")) is Put.FRESH


async def test_two_processes_that_keep_the_same_at_once_keep_it_once(database_url: str) -> None:
    dbs = [Database(database_url) for _ in range(2)]
    names = [f"D{n}" for n in range(40)]
    try:
        groups = [together(db, Works(), at_once=2) for db in dbs]
        there = [groups[0].do(document(name)) for name in names]
        back = [groups[1].do(document(name)) for name in reversed(names)]
        results = await asyncio.gather(*there, *back)
        assert sorted(results) == [Put.FRESH] * 40 + [Put.SAME] * 40
        async with dbs[0].reading() as tx:
            repeats = (await tx.execute(select(InboxRow.repeats))).scalars().all()
        assert sorted(repeats) == [1] * 40
    finally:
        for db in dbs:
            await db.close()


async def test_any_number_at_any_moment_is_answered(database: Database) -> None:
    works = Works()
    group = together(database, works, most=7, at_once=3)

    async def some(n: int) -> list[Put]:
        got = []
        for i in range(5):
            got.append(await group.do(replace(document(f"D{n}-{i}"))))
            await asyncio.sleep(0)
        return got

    assert await asyncio.gather(*(some(n) for n in range(20))) == [[Put.FRESH] * 5] * 20
    assert len(works.groups) < 100

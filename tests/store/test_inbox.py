from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from domain.clock import utc_now
from store.database import Database
from store.inbox import (
    Incoming,
    Put,
    body_of,
    claim,
    counts,
    finish,
    postpone,
    put,
    put_all,
    put_quarantined,
    release,
)
from store.tables import InboxRow
from store.upsert import parts

LEASE = timedelta(minutes=1)
OVER = timedelta(seconds=-1)
"""A lease that is over at once: its dispatcher died."""


def incoming(document_id: str = "D1", version: int = 1, *, kind: str = "order", body: str = "{}") -> Incoming:
    return Incoming("own", kind, document_id, version, body, "own:main:SO1")


async def _fill(db: Database, number: int) -> None:
    async with db.transaction() as tx:
        for n in range(number):
            assert await put(tx, incoming(f"D{n}"))


async def _claimed(db: Database, limit: int = 10, lease: timedelta = LEASE) -> list[InboxRow]:
    async with db.transaction() as tx:
        return await claim(tx, limit, lease)


async def _only(db: Database) -> InboxRow:
    async with db.transaction() as tx:
        row: InboxRow = (await tx.execute(select(InboxRow))).scalar_one()
        return row


async def test_a_document_is_kept_once_and_its_repeats_are_counted(database: Database) -> None:
    for expected in (True, False, False):
        async with database.transaction() as tx:
            assert await put(tx, incoming(body="first")) is expected
    row = await _only(database)
    assert (row.repeats, row.body, row.status, row.order_id) == (2, "first", "new", "own:main:SO1")


async def test_another_version_source_or_document_is_another_row(database: Database) -> None:
    async with database.transaction() as tx:
        assert await put(tx, incoming())
        assert await put(tx, incoming(version=2))
        assert await put(tx, incoming("D2"))
        assert await put(tx, Incoming("pos", "order", "D1", 1, "{}"))
        assert await counts(tx) == {"new": 4}


async def test_the_same_document_from_many_doors_at_once_is_kept_once(database: Database) -> None:
    async def one() -> bool:
        async with database.transaction() as tx:
            return await put(tx, incoming())

    assert sorted(await asyncio.gather(*(one() for _ in range(8)))) == [False] * 7 + [True]
    assert (await _only(database)).repeats == 7


async def test_the_body_is_found_under_its_key(database: Database) -> None:
    async with database.transaction() as tx:
        await put(tx, incoming(body="订单"))
        assert await body_of(tx, incoming(body="other")) == "订单"
        assert await body_of(tx, incoming("D2")) is None


async def test_claims_are_oldest_first_and_count_attempts(database: Database) -> None:
    await _fill(database, 5)
    rows = await _claimed(database, 3)
    assert [row.document_id for row in rows] == ["D0", "D1", "D2"]
    assert [row.attempts for row in rows] == [1, 1, 1]
    assert [row.document_id for row in await _claimed(database, 3)] == ["D3", "D4"]
    assert await _claimed(database) == []


async def test_only_wanted_kinds_are_claimed(database: Database) -> None:
    async with database.transaction() as tx:
        await put(tx, incoming("D1", kind="order"))
        await put(tx, incoming("D2", kind="track"))
        await put(tx, incoming("D3", kind="receipt"))
    async with database.transaction() as tx:
        assert [row.document_id for row in await claim(tx, 9, LEASE, kinds=("track", "receipt"))] == ["D2", "D3"]
        assert await claim(tx, 9, LEASE, kinds=()) == []


async def test_dispatchers_at_the_same_moment_never_share_a_row_nor_take_too_many(database: Database) -> None:
    await _fill(database, 60)
    got: list[list[str]] = []

    async def dispatcher() -> None:
        while True:
            async with database.transaction() as tx:
                rows = await claim(tx, 4, LEASE)
                await asyncio.sleep(0)
            if not rows:
                return
            got.append([row.document_id for row in rows])

    await asyncio.gather(*(dispatcher() for _ in range(4)))
    assert max(len(batch) for batch in got) == 4
    every = [document for batch in got for document in batch]
    assert sorted(every) == sorted(f"D{n}" for n in range(60))


async def test_a_claim_in_an_open_transaction_hides_its_rows_from_others(database: Database) -> None:
    """On PostgreSQL the second dispatcher steps over locked rows; on SQLite it waits its turn."""
    await _fill(database, 4)
    first_has_claimed, second_may_finish = asyncio.Event(), asyncio.Event()

    async def first() -> list[str]:
        async with database.transaction() as tx:
            rows = await claim(tx, 2, LEASE)
            first_has_claimed.set()
            if not database.is_sqlite:
                await second_may_finish.wait()
            return [row.document_id for row in rows]

    async def second() -> list[str]:
        await first_has_claimed.wait()
        rows = await _claimed(database, 2)
        second_may_finish.set()
        return [row.document_id for row in rows]

    assert list(await asyncio.gather(first(), second())) == [["D0", "D1"], ["D2", "D3"]]


async def test_a_document_whose_dispatcher_died_is_delivered_again(database: Database) -> None:
    await _fill(database, 1)
    await _claimed(database, lease=OVER)
    (row,) = await _claimed(database)
    assert row.attempts == 2
    assert await _claimed(database) == []


async def test_a_claim_that_is_rolled_back_takes_nothing(database: Database) -> None:
    await _fill(database, 1)
    try:
        async with database.transaction() as tx:
            assert len(await claim(tx, 1, LEASE)) == 1
            raise InterruptedError
    except InterruptedError:
        pass
    (row,) = await _claimed(database)
    assert row.attempts == 1


async def test_a_finished_document_is_never_claimed_again(database: Database) -> None:
    await _fill(database, 2)
    good, bad = await _claimed(database, lease=OVER)
    async with database.transaction() as tx:
        await finish(tx, good.seq or 0, "order.new")
        await finish(tx, bad.seq or 0, "x" * 900, quarantined=True)
    assert await _claimed(database) == []
    async with database.transaction() as tx:
        assert await counts(tx) == {"done": 1, "quarantined": 1}
        kept = (await tx.execute(select(InboxRow).where(InboxRow.seq == bad.seq))).scalar_one()
        assert len(kept.outcome) == 500
        assert kept.done_at is not None
        assert kept.claimed_until is None


async def test_a_repeat_does_not_wake_a_finished_document(database: Database) -> None:
    await _fill(database, 1)
    (row,) = await _claimed(database)
    async with database.transaction() as tx:
        await finish(tx, row.seq or 0, "order.new")
        assert not await put(tx, incoming("D0"))
    assert await _claimed(database) == []


async def test_a_postponed_document_comes_when_it_is_due(database: Database) -> None:
    await _fill(database, 1)
    (row,) = await _claimed(database)
    async with database.transaction() as tx:
        await postpone(tx, row.seq or 0, utc_now() + timedelta(hours=1), "the platform is away")
    assert await _claimed(database) == []
    async with database.transaction() as tx:
        await postpone(tx, row.seq or 0, utc_now() - timedelta(seconds=1), "the platform is away")
    (again,) = await _claimed(database)
    assert (again.attempts, again.outcome) == (2, "the platform is away")


async def test_released_documents_are_due_at_once_and_the_attempt_does_not_count(database: Database) -> None:
    await _fill(database, 3)
    rows = await _claimed(database)
    async with database.transaction() as tx:
        await release(tx, [row.seq or 0 for row in rows[1:]])
    again = await _claimed(database)
    assert [(row.document_id, row.attempts) for row in again] == [("D1", 1), ("D2", 1)]


async def test_an_unreadable_document_is_kept_aside_with_its_reason(database: Database) -> None:
    async with database.transaction() as tx:
        await put_quarantined(tx, incoming(), "no such field")
        await put_quarantined(tx, incoming(), "again")
    row = await _only(database)
    assert (row.status, row.outcome, row.repeats) == ("quarantined", "no such field", 1)
    assert await _claimed(database) == []


async def test_many_documents_at_once_are_answered_in_their_order(database: Database) -> None:
    async with database.transaction() as tx:
        await put(tx, incoming("D3", body="here"))
    asked = [
        incoming("D9"),
        incoming("D3", body="here"),
        incoming("D1", body="first"),
        incoming("D3", body="other"),
        incoming("D1", body="second"),
        incoming("D1", body="first"),
        incoming("D1", version=2),
    ]
    async with database.transaction() as tx:
        assert await put_all(tx, asked) == [
            Put.FRESH, Put.SAME, Put.FRESH, Put.OTHER, Put.OTHER, Put.SAME, Put.FRESH,
        ]  # fmt: skip
    async with database.reading() as tx:
        rows = (
            (await tx.execute(select(InboxRow).order_by(col(InboxRow.document_id), col(InboxRow.version))))
            .scalars()
            .all()
        )
    assert [(row.document_id, row.version, row.body, row.repeats) for row in rows] == [
        ("D1", 1, "first", 2),
        ("D1", 2, "{}", 0),
        ("D3", 1, "here", 2),
        ("D9", 1, "{}", 0),
    ]


@pytest.mark.parametrize("number", [0, 1, 255, 256, 257, 777])
async def test_any_number_of_documents(database: Database, number: int) -> None:
    documents = [incoming(f"D{n}") for n in range(number)]
    async with database.transaction() as tx:
        assert await put_all(tx, documents) == [Put.FRESH] * number
    async with database.transaction() as tx:
        assert await put_all(tx, documents[::-1]) == [Put.SAME] * number
        assert await counts(tx) == ({"new": number} if number else {})
    async with database.reading() as tx:
        assert set((await tx.execute(select(InboxRow.repeats))).scalars()) == ({1} if number else set())


async def test_batches_with_the_same_documents_in_any_order_never_wait_in_a_circle(database: Database) -> None:
    """Each pair collides both in what is inserted and in whose repeats are counted."""
    documents = [incoming(f"D{n}") for n in range(30)]
    async with database.transaction() as tx:
        await put_all(tx, documents[::2])

    async def one(seed: int) -> list[Put]:
        mixed = Random(seed).sample(documents, len(documents))
        async with database.transaction() as tx:
            first = await put_all(tx, mixed)
            await asyncio.sleep(0)
        return first

    results = await asyncio.gather(*(one(seed) for seed in range(8)))
    assert sum(result.count(Put.FRESH) for result in results) == 15
    assert sum(result.count(Put.SAME) for result in results) == 8 * 30 - 15


@given(st.integers(0, 3000))
def test_parts_are_the_whole_and_of_few_lengths(number: int) -> None:
    cut = list(parts(range(number)))
    assert [item for part in cut for item in part] == list(range(number))
    assert {len(part) for part in cut} <= {2**n for n in range(9)}
    assert len(cut) <= number // 256 + 8

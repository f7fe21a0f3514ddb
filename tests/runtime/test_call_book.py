"""Counting calls in a process: what is kept, by whom, and what a store that is away costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import respx
import time_machine
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

import runtime.call_book
from connectors.errors import OutcomeUnknown
from connectors.transport import Limits, Line
from domain.partner_health import BUCKET, Breaker, Health, Outcome
from runtime.call_book import CallBook, counting_calls
from store import partner_calls
from store.database import Database
from store.tables import PartnerCallRow, PartnerLineRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""Where the clock of these tests stands. `_seen` looks from there on, so what really happens now is seen as well."""


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


class Moody(Database):
    """A database that can be away."""

    away = False

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.kept, self.refused = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        async with super().transaction() as tx:
            yield tx
            if self.away:  # at the last moment: nothing is kept
                self.refused.set()
                raise OSError("the database is away")
        self.kept.set()


@pytest.fixture
async def moody(database_url: str) -> AsyncIterator[Moody]:
    db = Moody(database_url)
    yield db
    await db.close()


def _call(book: CallBook, times: int = 1, outcome: Outcome = Outcome.OK, seconds: float = 0.08) -> None:
    for _ in range(times):
        book.called("sf", "create", outcome, seconds)


async def _seen(db: Database, since: datetime = NOON) -> Health:
    async with db.reading() as tx:
        found = await partner_calls.healths(tx, since)
    return found.get("sf", {}).get("create", Health())


async def _rows(db: Database, table: type[Any]) -> list[Any]:
    async with db.reading() as tx:
        return list((await tx.execute(select(table))).scalars())


async def test_two_processes_keep_their_counts_again_and_again(
    database: Database, clock: time_machine.Traveller
) -> None:
    other = Database(database.url)
    one, two = CallBook("worker-1"), CallBook("worker-2")
    try:
        for _ in range(3):
            _call(one, 2)
            _call(two, 3)
            _call(two, 1, Outcome.UNKNOWN, 5.0)
            for book, db in ((one, database), (two, other)):
                await book.keep(db)
                await book.keep(db)
            clock.shift(4)
    finally:
        await other.close()
    seen = await _seen(database)
    assert seen.outcomes == {Outcome.OK: 15, Outcome.UNKNOWN: 3}
    assert seen.latencies == {100: 15, 5000: 3}
    assert {row.process for row in await _rows(database, PartnerCallRow)} == {"worker-1", "worker-2"}


async def test_a_bucket_that_is_over_is_kept_once_more_and_then_forgotten(
    database: Database, clock: time_machine.Traveller
) -> None:
    book = CallBook("worker-1")
    _call(book, 2)
    await book.keep(database)
    _call(book, 1)
    clock.shift(BUCKET)
    _call(book, 5)
    await book.keep(database)
    await book.keep(database)
    assert [row.calls for row in sorted(await _rows(database, PartnerCallRow), key=lambda row: row.bucket)] == [3, 5]
    clock.shift(BUCKET)
    await book.keep(database)
    assert book.held == 0


async def test_calls_that_end_while_the_counts_are_being_kept_are_not_lost(
    database: Database, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = CallBook("worker-1")
    keep = partner_calls.keep

    async def meanwhile(*arguments: Any) -> None:
        await keep(*arguments)
        _call(book, 4)

    _call(book, 1)
    with monkeypatch.context() as patch:
        patch.setattr(partner_calls, "keep", meanwhile)
        await book.keep(database)
    assert (await _seen(database)).tried == 1
    clock.shift(BUCKET)
    await book.keep(database)
    assert (await _seen(database)).tried == 5


async def test_nothing_new_writes_nothing(moody: Moody, clock: time_machine.Traveller) -> None:
    book = CallBook("worker-1")
    moody.away = True
    await book.keep(moody)
    moody.away = False
    _call(book)
    book.breaker("sf", 1, "partner.example", Breaker.CLOSED)
    await book.keep(moody)
    moody.away = True
    await book.keep(moody)


async def test_what_a_store_that_is_away_does_not_take_it_gets_later(
    moody: Moody, clock: time_machine.Traveller
) -> None:
    book = CallBook("worker-1")
    moody.away = True
    for _ in range(4):
        _call(book, 2)
        book.breaker("sf", 1, "partner.example", Breaker.OPENED)
        with pytest.raises(OSError, match="away"):
            await book.keep(moody)
        clock.shift(BUCKET)
    assert await _rows(moody, PartnerCallRow) == []
    moody.away = False
    await book.keep(moody)
    assert (await _seen(moody)).tried == 8
    assert [row.state for row in await _rows(moody, PartnerLineRow)] == [Breaker.OPENED]


async def test_memory_does_not_grow_while_the_store_is_away(moody: Moody, clock: time_machine.Traveller) -> None:
    book = CallBook("worker-1")
    moody.away = True
    for _ in range(120):
        _call(book)
        with pytest.raises(OSError, match="away"):
            await book.keep(moody)
        clock.shift(BUCKET)
    assert book.held <= 91
    moody.away = False
    await book.keep(moody)
    assert 80 < (await _seen(moody)).tried <= 91, "the newest are still there"


async def test_a_living_process_shows_itself_though_nothing_happens(
    database: Database, clock: time_machine.Traveller
) -> None:
    book = CallBook("worker-1")
    book.breaker("sf", 1, "partner.example", Breaker.OPENED)
    for _ in range(40):
        await book.keep(database)
        clock.shift(5)
    async with database.reading() as tx:
        (line,) = (await partner_calls.lines(tx, NOON + timedelta(seconds=200)))["sf"]
    assert (line.state, line.since) == (Breaker.OPENED, NOON)


async def test_a_closed_line_goes(database: Database, clock: time_machine.Traveller) -> None:
    book = CallBook("worker-1")
    for number in (1, 2):
        book.breaker("own", number, "shop.example", Breaker.CLOSED)
    await book.keep(database)
    book.closed("own", 1)
    book.closed("own", 9)  # never used
    await book.keep(database)
    assert [row.line for row in await _rows(database, PartnerLineRow)] == [2]


@pytest.fixture
def wire() -> Iterator[respx.Route]:
    with respx.mock as mock:
        yield mock.post("https://sf.example/api")


async def _status(line: Line) -> int:
    return await line.exchange("create", "POST", "/api", lambda answer: answer.status_code, writes=True)


async def test_a_process_counts_what_its_lines_do(database: Database, wire: respx.Route) -> None:
    wire.mock(side_effect=[httpx.Response(200), httpx.Response(500), httpx.Response(200)])
    async with counting_calls(database, "worker"):
        line = Line("sf", "https://sf.example", Limits(timeout_s=1))
        assert await _status(line) == 200
        with pytest.raises(OutcomeUnknown):
            await _status(line)
        assert await _status(line) == 200
        await line.close()
    assert (await _seen(database)).outcomes == {Outcome.OK: 2, Outcome.UNKNOWN: 1}
    assert all(row.process.startswith("worker-") for row in await _rows(database, PartnerCallRow))
    assert await _rows(database, PartnerLineRow) == [], "a process that ends well leaves no line behind"


async def test_counts_are_kept_while_the_process_runs_and_an_outage_is_logged_once(
    moody: Moody, wire: respx.Route, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runtime.call_book, "KEEP_EVERY_S", 0)
    wire.mock(return_value=httpx.Response(200))
    moody.away = True
    async with counting_calls(moody, "gateway"):
        line = Line("sf", "https://sf.example", Limits(timeout_s=1))
        assert await _status(line) == 200
        for _ in range(3):
            moody.refused.clear()
            await moody.refused.wait()
        assert caplog.text.count("cannot be kept") == 1
        assert "the database is away" not in caplog.text
        moody.away = False
        await moody.kept.wait()
        assert (await _seen(moody)).tried == 1
        await line.close()


async def test_a_store_that_is_away_at_the_end_keeps_no_process_from_ending(moody: Moody, wire: respx.Route) -> None:
    wire.mock(return_value=httpx.Response(200))
    async with counting_calls(moody, "worker"):
        line = Line("sf", "https://sf.example", Limits(timeout_s=1))
        await _status(line)
        moody.away = True
    assert moody.refused.is_set()
    assert not moody.kept.is_set()

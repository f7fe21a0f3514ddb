"""Counts of calls to partners: kept by each process for itself, read together."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from sqlmodel import select

from domain.partner_health import BUCKET, Breaker, LineSeen, Outcome
from store import partner_calls
from store.database import Database
from store.partner_calls import ALIVE, KEPT_FOR, SUMMED, Counted, Line
from store.tables import PartnerCallRow, PartnerLineRow

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _key(
    operation: str = "create",
    outcome: Outcome = Outcome.OK,
    *,
    latency_ms: int = 100,
    ago: timedelta = timedelta(0),
    partner: str = "sf",
) -> Counted:
    return Counted(NOW - ago, partner, operation, outcome, latency_ms)


async def _keep(db: Database, process: str, counts: dict[Counted, int], *lines: Line, now: datetime = NOW) -> None:
    async with db.transaction() as tx:
        await partner_calls.keep(tx, process, counts, lines, now)


async def _tried(db: Database, ago: timedelta = timedelta(minutes=5)) -> dict[str, dict[str, tuple[int, int]]]:
    async with db.reading() as tx:
        healths = await partner_calls.healths(tx, NOW - ago)
    return {
        partner: {name: (seen.tried, seen.failed) for name, seen in operations.items()}
        for partner, operations in healths.items()
    }


async def test_nothing_was_called(database: Database) -> None:
    await _keep(database, "a", {})
    assert await _tried(database) == {}


async def test_what_is_kept_again_is_not_counted_again(database: Database) -> None:
    for count in (3, 3, 5):  # the same once more, and then the bucket went on
        await _keep(database, "a", {_key(): count})
    assert await _tried(database) == {"sf": {"create": (5, 0)}}


async def test_processes_add_up_and_everything_else_stays_apart(database: Database) -> None:
    await _keep(database, "a", {_key(): 3, _key(outcome=Outcome.UNKNOWN): 1, _key("void"): 2})
    await _keep(database, "b", {_key(): 4, _key(latency_ms=500): 1, _key(partner="cainiao"): 7})
    assert await _tried(database) == {"cainiao": {"create": (7, 0)}, "sf": {"create": (9, 1), "void": (2, 0)}}
    async with database.reading() as tx:
        create = (await partner_calls.healths(tx, NOW))["sf"]["create"]
    assert create.outcomes == {Outcome.OK: 8, Outcome.UNKNOWN: 1}
    assert create.latencies == {100: 8, 500: 1}


async def test_many_rows_at_once(database: Database) -> None:
    counts = {_key(f"operation-{n}", latency_ms=bound): 1 for n in range(20) for bound in range(10, 110)}
    await _keep(database, "a", counts)
    await _keep(database, "a", counts)
    tried = await _tried(database)
    assert sum(calls for calls, _ in tried["sf"].values()) == 2_000


async def test_a_window_begins_at_its_bucket(database: Database) -> None:
    counts = {_key(ago=BUCKET * n): 1 for n in range(60)}
    await _keep(database, "a", counts)
    assert await _tried(database, timedelta(minutes=5)) == {"sf": {"create": (31, 0)}}
    assert await _tried(database, timedelta(minutes=5) - BUCKET / 2) == {"sf": {"create": (31, 0)}}
    assert await _tried(database, timedelta(minutes=5) - BUCKET) == {"sf": {"create": (30, 0)}}
    assert await _tried(database, timedelta(hours=1)) == {"sf": {"create": (60, 0)}}


async def test_who_was_really_asked(database: Database) -> None:
    counts = {
        _key(): 1,
        _key(partner="cainiao", outcome=Outcome.BREAKER_OPEN): 5,
        _key(partner="credit", outcome=Outcome.CANCELLED): 5,
        _key(partner="sms", ago=timedelta(hours=2)): 5,
        _key(partner="qimen", outcome=Outcome.UNAVAILABLE): 1,
    }
    await _keep(database, "a", counts)
    async with database.reading() as tx:
        assert await partner_calls.tried(tx, NOW - timedelta(hours=1)) == {"sf", "qimen"}


def _line(number: int, state: Breaker = Breaker.CLOSED, partner: str = "sf") -> Line:
    return Line(partner, number, "partner.example", state, NOW - timedelta(hours=1))


async def _lines(db: Database, now: datetime = NOW) -> dict[str, list[Breaker]]:
    async with db.reading() as tx:
        found = await partner_calls.lines(tx, now)
    assert all(isinstance(line, LineSeen) for lines in found.values() for line in lines)
    return {partner: sorted(line.state for line in lines) for partner, lines in found.items()}


async def test_breakers_of_all_living_processes(database: Database) -> None:
    await _keep(database, "a", {}, _line(1), _line(2, partner="cainiao"))
    await _keep(database, "b", {}, _line(1, Breaker.OPENED))
    assert await _lines(database) == {"sf": [Breaker.CLOSED, Breaker.OPENED], "cainiao": [Breaker.CLOSED]}
    await _keep(database, "b", {}, _line(1))
    assert (await _lines(database))["sf"] == [Breaker.CLOSED, Breaker.CLOSED]


async def test_a_process_that_does_not_show_itself_counts_no_more(database: Database) -> None:
    await _keep(database, "a", {}, _line(1, Breaker.OPENED))
    await _keep(database, "b", {}, _line(1), now=NOW + ALIVE)
    assert await _lines(database, NOW + ALIVE) == {"sf": [Breaker.CLOSED]}


async def test_a_closed_line_is_dropped_and_its_neighbours_are_not(database: Database) -> None:
    await _keep(database, "a", {}, _line(1), _line(2))
    await _keep(database, "b", {}, _line(1, Breaker.OPENED))
    async with database.transaction() as tx:
        await partner_calls.drop_lines(tx, "a", [1, 7])
        await partner_calls.drop_lines(tx, "a", [])
    assert await _lines(database) == {"sf": [Breaker.CLOSED, Breaker.OPENED]}


async def test_what_is_too_old_is_dropped_and_nothing_else(database: Database) -> None:
    old, young = _key(ago=KEPT_FOR + BUCKET), _key(ago=KEPT_FOR)
    await _keep(database, "a", {old: 1, young: 1}, _line(1), now=NOW - timedelta(hours=2))
    await _keep(database, "b", {}, _line(1))
    for _ in range(2):
        async with database.transaction() as tx:
            await partner_calls.purge(tx, NOW)
    async with database.reading() as tx:
        assert [row.bucket for row in (await tx.execute(select(PartnerCallRow))).scalars()] == [young.bucket]
        assert [row.process for row in (await tx.execute(select(PartnerLineRow))).scalars()] == ["b"]


async def _sum_up(db: Database, now: datetime = NOW) -> None:
    async with db.transaction() as tx:
        await partner_calls.sum_up(tx, now)


async def _shape(db: Database) -> dict[str, int]:
    """How many rows each process has."""
    async with db.reading() as tx:
        return Counter((await tx.execute(select(PartnerCallRow.process))).scalars())


async def _two_processes(db: Database) -> None:
    """Three hours of calls, two hours of which are looked at closely."""
    for process in ("a", "b"):
        counts = {
            _key(outcome=outcome, latency_ms=latency_ms, ago=BUCKET * n): 1 + n % 3
            for n in range(3 * 360)
            for outcome, latency_ms in ((Outcome.OK, 100), (Outcome.UNKNOWN, 5000))
        }
        await _keep(db, process, counts)


async def test_old_counts_are_summed_up_and_say_the_same(database: Database) -> None:
    await _two_processes(database)
    windows = [timedelta(minutes=each) for each in (5, 60, 120, 150, 180)]
    before = [await _tried(database, each) for each in windows]
    assert await _shape(database) == {"a": 2160, "b": 2160}
    for steps in (4, 8, 12, 12):  # an hour is twelve steps
        await _sum_up(database)
        assert [await _tried(database, each) for each in windows] == before
        fine = 2160 - (60 * steps - 2)  # the very first step is not whole
        assert await _shape(database) == {"a": fine, "b": fine, SUMMED: 2 * steps}
    async with database.reading() as tx:
        create = (await partner_calls.healths(tx, NOW - timedelta(hours=3)))["sf"]["create"]
    assert create.latencies[100] == create.latencies[5000] == create.tried / 2


async def test_two_that_sum_up_at_once_count_nothing_twice(database: Database) -> None:
    await _two_processes(database)
    before = await _tried(database, timedelta(hours=3))
    other = Database(database.url)
    try:
        for _ in range(3):
            await asyncio.gather(*(_sum_up(db) for db in (database, other, database, other)))
    finally:
        await other.close()
    assert await _tried(database, timedelta(hours=3)) == before
    assert (await _shape(database))[SUMMED] == 24


async def test_a_long_backlog_is_summed_up_bit_by_bit(database: Database) -> None:
    counts = {_key(ago=timedelta(minutes=5 * n)): 1 for n in range(12 * 8)}
    await _keep(database, "a", counts)
    left = []
    for _ in range(8):
        await _sum_up(database)
        left.append((await _shape(database))["a"])
    assert left == [92, 88, 84, 80, 76, 72, 68, 64], "the oldest first, a few at once"
    assert await _tried(database, timedelta(hours=8)) == {"sf": {"create": (96, 0)}}

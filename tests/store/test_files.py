"""Which orders of files are news, and which content was taken, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlmodel import col, select

from store import files, orders
from store.database import Database
from store.files import COUNTED_BELOW, Drop, Filed, Listed, Overtaken
from store.inbox import Incoming
from store.tables import InboxRow, TakenFileRow
from tests.store.samples import order

DROP = Drop("own/files", "main")
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
FILE = Listed("a.csv", 10, "x")


def filed(content: str, number: str = "SO1", stage: int = 1) -> Filed:
    incoming = Incoming("own", "order", f"main:{number}", 0, content, f"own:main:{number}")
    return Filed(incoming, f"fingerprint of {content}", stage)


class Taking:
    """One file after the other, each with a content of its own."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.n = 0

    async def take(self, *orders: Filed, told_at: datetime | None = None) -> int:
        self.n += 1
        async with self.db.transaction() as tx:
            row = await files.begin(tx, DROP, f"sha-{self.n}", FILE)
            return await files.take(tx, row, orders, told_at, (row.progress, row.progress + 1))

    async def versions(self, number: str = "SO1") -> list[tuple[int, str]]:
        query = select(InboxRow.version, InboxRow.body).where(InboxRow.document_id == f"main:{number}")
        async with self.db.reading() as tx:
            return list((await tx.execute(query.order_by(col(InboxRow.version)))).tuples().all())


@pytest.fixture
def taking(database: Database) -> Taking:
    return Taking(database)


async def test_the_same_content_is_no_news_and_other_content_is(taking: Taking) -> None:
    news = [await taking.take(filed(content)) for content in ("A", "A", "B", "B", "A")]
    assert news == [1, 0, 1, 0, 1]
    assert await taking.versions() == [(1, "A"), (2, "B"), (3, "A")]


async def test_orders_are_told_apart(taking: Taking) -> None:
    assert await taking.take(filed("A", "SO1"), filed("A", "SO2"), filed("B", "SO3")) == 3
    assert await taking.take(filed("A", "SO1"), filed("B", "SO2"), filed("C", "SO4")) == 2
    assert await taking.versions("SO2") == [(1, "A"), (2, "B")]


async def test_an_order_twice_in_one_file(taking: Taking) -> None:
    assert await taking.take(filed("A"), filed("A"), filed("B")) == 2


async def test_a_file_that_says_it_is_older_changes_nothing(taking: Taking) -> None:
    later = NINE + timedelta(hours=1)
    assert await taking.take(filed("A"), told_at=NINE) == 1
    assert await taking.take(filed("B"), told_at=later) == 1
    assert await taking.take(filed("C", stage=3), told_at=NINE + timedelta(minutes=30)) == 0
    assert await taking.take(filed("A"), told_at=NINE) == 0
    assert [body for _, body in await taking.versions()] == ["A", "B"]


async def test_a_file_that_only_confirms_makes_what_is_before_it_older(taking: Taking) -> None:
    assert await taking.take(filed("A"), told_at=NINE) == 1
    assert await taking.take(filed("A"), told_at=NINE + timedelta(hours=2)) == 0
    assert await taking.take(filed("B"), told_at=NINE + timedelta(hours=1)) == 0


@pytest.mark.parametrize("told_at", [None, NINE])
async def test_without_times_to_compare_the_state_never_goes_back(taking: Taking, told_at: datetime | None) -> None:
    await taking.take(filed("shipped", stage=2), told_at=told_at)
    assert await taking.take(filed("paid", stage=1), told_at=None) == 0
    assert await taking.take(filed("shipped to another address", stage=2), told_at=None) == 1
    assert await taking.take(filed("finished", stage=3), told_at=None) == 1


async def test_a_later_file_may_take_a_state_back(taking: Taking) -> None:
    await taking.take(filed("shipped", stage=2), told_at=NINE)
    assert await taking.take(filed("not shipped after all", stage=1), told_at=NINE + timedelta(hours=1)) == 1


async def test_an_order_that_the_channel_told_of_is_left_alone(taking: Taking) -> None:
    async with taking.db.transaction() as tx:
        await orders.take(tx, order("SO1", version=int(NINE.timestamp() * 1000)))
    assert await taking.take(filed("A"), filed("A", "SO2"), told_at=NINE + timedelta(days=1)) == 1
    assert await taking.versions() == []


async def test_the_channel_takes_over_what_a_file_brought(taking: Taking) -> None:
    await taking.take(filed("A"))
    async with taking.db.transaction() as tx:
        assert await orders.take(tx, order("SO1", version=1)) == "new"
        assert await orders.take(tx, order("SO1", version=COUNTED_BELOW, shop="main")) == "duplicate"
    assert await taking.take(filed("B")) == 0


async def test_counting_goes_on_above_what_the_order_has(taking: Taking) -> None:
    async with taking.db.transaction() as tx:
        await orders.take(tx, order("SO1", version=7))  # what was counted before is gone, e.g. after a restore
    await taking.take(filed("A"))
    assert await taking.versions() == [(8, "A")]


async def test_two_workers_at_one_file(taking: Taking) -> None:
    async with taking.db.transaction() as tx:
        row = await files.begin(tx, DROP, "sha", FILE)
    async with taking.db.transaction() as tx:
        await files.take(tx, row, [filed("A")], None, (0, 5))
    with pytest.raises(Overtaken):
        async with taking.db.transaction() as tx:
            await files.take(tx, row, [filed("B", "SO2")], None, (0, 3))
    assert await taking.versions("SO2") == []
    async with taking.db.transaction() as tx:
        again = await files.begin(tx, DROP, "sha", FILE)
        assert (again.progress, again.orders, again.known) == (5, 1, 0)


async def test_a_content_is_decided_once(database: Database) -> None:
    async with database.transaction() as tx:
        await files.note_listing(tx, DROP, [FILE])
        await files.begin(tx, DROP, "sha", FILE)
        await files.finish(tx, DROP, "sha", FILE, files.TAKEN, rows=3, rejects=1)
    other = Listed("renamed.csv", 10, "y")
    async with database.transaction() as tx:
        await files.note_listing(tx, DROP, [FILE, other])
        row = await files.begin(tx, DROP, "sha", other)
        assert (row.state, row.name, row.repeats) == ("taken", "a.csv", 1)
    async with database.transaction() as tx:
        for name in ("a.csv", "renamed.csv"):
            kept = await files.decided(tx, DROP, name)
            assert kept is not None
            assert kept.sha256 == "sha"
        assert await files.decided(tx, Drop("own/files", "other"), "a.csv") is None
        assert await files.had_rejects(tx, DROP, "a.csv", "another")
        assert not await files.had_rejects(tx, DROP, "a.csv", "sha")


async def test_a_file_is_complete_when_it_looks_alike_for_long_enough(database: Database) -> None:
    async def since(at: datetime, *listed: Listed) -> dict[str, datetime]:
        with time_machine.travel(at, tick=False):
            async with database.transaction() as tx:
                rows = await files.note_listing(tx, DROP, listed)
                return {name: row.since for name, row in rows.items()}

    minute = timedelta(minutes=1)
    assert await since(NINE, FILE) == {"a.csv": NINE}
    assert await since(NINE + minute, FILE) == {"a.csv": NINE}
    grown = Listed("a.csv", 11, "x")
    assert await since(NINE + 2 * minute, grown) == {"a.csv": NINE + 2 * minute}
    rewritten = Listed("a.csv", 11, "y")
    assert await since(NINE + 3 * minute, rewritten) == {"a.csv": NINE + 3 * minute}
    assert await since(NINE + 4 * minute) == {}
    assert await since(NINE + 5 * minute, rewritten) == {"a.csv": NINE + 5 * minute}


async def test_a_file_that_is_replaced_is_to_be_looked_at_again(database: Database) -> None:
    async with database.transaction() as tx:
        await files.note_listing(tx, DROP, [FILE])
        await files.begin(tx, DROP, "sha", FILE)
        await files.finish(tx, DROP, "sha", FILE, files.TAKEN)
        await files.note_listing(tx, DROP, [Listed("a.csv", 10, "later")])
    async with database.reading() as tx:
        assert await files.decided(tx, DROP, "a.csv") is None
        assert (await tx.get_one(TakenFileRow, (DROP.feed, DROP.shop, "sha"))).state == "taken"

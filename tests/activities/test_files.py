"""Taking files: each content once, going on where a worker died, and nothing that is wrong in one stops the others."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import col, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

import activities.file_taking as under_test
from activities.contracts import FileAsk, FileOutcome, FilesAsk, FilesListed, FileTaken
from activities.files import FileSteps
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from domain.clock import utc_now
from store import files, inbox, shops
from store.database import Database
from store.shops import ShopState
from store.tables import InboxRow, SeenFileRow, TakenFileRow, TaskRow

from .drops import HEADER, SHOP, Feed, MemoryDrop, export, failing, row

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
ASK = FilesAsk("jd/files", SHOP)


class Hub:
    """The steps, and what they left in the store. Time stands still but for `later`."""

    def __init__(self, db: Database, drop: MemoryDrop) -> None:
        self.db = db
        self.drop = drop
        self.steps = FileSteps(db, {"jd/files": Feed(drop)})

    async def look(self, ask: FilesAsk = ASK) -> FilesListed:
        return await ActivityEnvironment().run(self.steps.list_files, ask)

    async def settle(self) -> FilesListed:
        """List, wait, list again."""
        await self.look()
        with time_machine.travel(utc_now() + timedelta(seconds=31), tick=False):
            return await self.look()

    async def take(self, listed: FilesListed) -> list[FileTaken]:
        return [
            await ActivityEnvironment().run(self.steps.take_file, FileAsk("jd/files", SHOP, file))
            for file in listed.ready
        ]

    async def turn(self) -> list[FileTaken]:
        """All that is there, complete or not by now."""
        return await self.take(await self.settle())

    async def inbox(self) -> list[tuple[str, int]]:
        query = select(InboxRow.document_id, InboxRow.version).order_by(col(InboxRow.seq))
        async with self.db.reading() as tx:
            return [(number.partition(":")[2], n) for number, n in (await tx.execute(query)).tuples().all()]

    async def tasks(self) -> dict[str, str]:
        async with self.db.reading() as tx:
            rows = (await tx.execute(select(TaskRow))).scalars()
            return {row.kind: row.text for row in rows}

    async def taken(self) -> list[TakenFileRow]:
        async with self.db.reading() as tx:
            return list((await tx.execute(select(TakenFileRow).order_by(col(TakenFileRow.name)))).scalars())


@pytest.fixture(autouse=True)
def at_nine() -> Iterator[None]:
    with time_machine.travel(NINE, tick=False):
        yield


@pytest.fixture
def drop() -> MemoryDrop:
    return MemoryDrop()


@pytest.fixture
def hub(database: Database, drop: MemoryDrop) -> Hub:
    return Hub(database, drop)


# ------------------------------------------------------------------------------------------------ what is taken, when


async def test_a_file_is_taken_once_it_looks_the_same_for_a_while(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1)))
    assert await hub.look() == FilesListed([], 1)
    with time_machine.travel(NINE + timedelta(seconds=29), tick=False):
        assert (await hub.look()).ready == []
    with time_machine.travel(NINE + timedelta(seconds=30), tick=False):
        assert [file.name for file in (await hub.look()).ready] == ["a.csv"]


async def test_a_file_that_still_grows_is_left(hub: Hub, drop: MemoryDrop) -> None:
    whole = export(row(1), row(2))
    for n, cut in enumerate((100, 200, len(whole))):
        drop.upload("a.csv", whole[:cut], written=str(n))
        with time_machine.travel(NINE + timedelta(minutes=n), tick=False):
            assert (await hub.look()).ready == []
    assert await hub.inbox() == []


async def test_a_file_that_grows_between_listing_and_fetching_is_left(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1)))
    listed = await hub.settle()
    drop.upload("a.csv", export(row(1), row(2)), written="2")
    assert await hub.take(listed) == [FileTaken(FileOutcome.INCOMPLETE)]
    assert (await hub.inbox(), await hub.taken()) == ([], [])
    assert [taken.orders for taken in await hub.turn()] == [2]


async def test_the_marker_says_that_a_file_is_complete(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1)))
    drop.upload("a.csv.ok", b"")
    taken = await hub.take(await hub.look())
    assert [each.outcome for each in taken] == [FileOutcome.TAKEN]
    assert drop.files == {}
    assert set(drop.folders) == {"archive/20260301/a.csv", "archive/20260301/a.csv.ok"}


async def test_where_only_the_marker_counts(database: Database) -> None:
    drop = MemoryDrop(marker_only=True)
    hub = Hub(database, drop)
    drop.upload("a.csv", export(row(1)))
    drop.upload("b.csv", export(row(2)))
    drop.upload("b.csv.ok", b"")
    assert [file.name for file in (await hub.settle()).ready] == ["b.csv"]


async def test_what_is_no_file_of_orders_is_not_touched(hub: Hub, drop: MemoryDrop) -> None:
    names = ["a.csv.tmp", "b.csv.part", ".c.csv", "d.txt", "x.ok", "e\n.csv", "../f.csv", "g\\h.csv"]
    for name in names:
        drop.upload(name, export(row(1)))
    assert await hub.settle() == FilesListed([], 0)
    assert list(drop.files) == names


async def test_the_oldest_first_by_the_times_in_the_names(hub: Hub, drop: MemoryDrop) -> None:
    names = ["JD_1_20260301100000_1.csv", "a.csv", "Z_20260301090000.csv", "JD_1_20260301100000_2.csv"]
    for name in names:
        drop.upload(name, export(row(1)))
    assert [file.name for file in (await hub.settle()).ready] == [names[2], names[0], names[3], names[1]]
    limited = await hub.look(FilesAsk("jd/files", SHOP, limit=3))
    assert limited == FilesListed([], 4)  # at nine none of them was there for long
    with time_machine.travel(NINE + timedelta(minutes=1), tick=False):
        limited = await hub.look(FilesAsk("jd/files", SHOP, limit=3))
    assert (len(limited.ready), limited.waiting) == (3, 1)


# ------------------------------------------------------------------------------------------------ once


async def test_the_same_content_under_another_name_is_taken_once(hub: Hub, drop: MemoryDrop) -> None:
    content = export(row(1), row(2))
    drop.upload("a.csv", content)
    assert await hub.turn() == [FileTaken(FileOutcome.TAKEN, rows=2, orders=2)]
    drop.upload("a.csv", content, written="2")
    drop.upload("b.csv", content)
    assert [each.outcome for each in await hub.turn()] == [FileOutcome.REPEATED] * 2
    assert await hub.inbox() == [("1", 1), ("2", 1)]
    (row_,) = await hub.taken()
    assert (row_.name, row_.state, row_.repeats) == ("a.csv", "taken", 2)
    assert drop.files == {}
    assert await hub.tasks() == {}


async def test_an_order_that_changed_is_newer_and_one_that_did_not_is_known(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("JD_1_20260301090000_1.csv", export(row(1), row(2)))
    await hub.turn()
    drop.upload("JD_1_20260301100000_1.csv", export(row(1, "已出库"), row(2), row(3)))
    assert await hub.turn() == [FileTaken(FileOutcome.TAKEN, rows=3, orders=2, known=1)]
    assert await hub.inbox() == [("1", 1), ("2", 1), ("1", 2), ("3", 1)]
    drop.upload("JD_1_20260301093000_9.csv", export(row(1, "锁定"), row(2, "锁定")))
    (late,) = await hub.turn()
    assert (late.orders, late.known) == (0, 2)  # of both something newer is known, if only that nothing changed


# ------------------------------------------------------------------------------------------------ what is wrong


def rejects(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))


async def test_bad_rows_are_told_beside_the_file_and_stop_nothing(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1), row(2, phone=""), "合计,,", row(3), row(4) + ",多", encoding="gbk"))
    assert await hub.turn() == [FileTaken(FileOutcome.TAKEN, rows=5, orders=2, rejects=3)]
    assert await hub.inbox() == [("1", 1), ("3", 1)]
    header, *rows = rejects(drop.folders["error/a.csv.rejects.csv"])
    assert header == [*HEADER.split(","), "行号", "不合格原因"]
    assert [(line[0], line[14], line[15]) for line in rows] == [
        ("2", "3", "缺少联系电话"),
        ("合计", "4", "没有订单号"),
        ("4", "6", "单元格与表头不符"),
    ]
    assert rows[2][16:] == ["多"]
    assert "archive/20260301/a.csv" in drop.folders
    assert (await hub.tasks())["file_rejects"] == "店铺 10001 的文件 a.csv 有 3 行不合格，见 error/a.csv.rejects.csv"


async def test_rejects_of_another_file_of_the_same_name_stay(hub: Hub, drop: MemoryDrop) -> None:
    for n in (1, 2):
        drop.upload("a.csv", export(row(n, phone="")), written=str(n))
        await hub.turn()
    first, second = [name for name in drop.folders if name.endswith(".rejects.csv")]
    assert first == "error/a.csv.rejects.csv"
    assert second.startswith("error/a.csv.")
    assert rejects(drop.folders[first])[1][0] == "1"
    assert rejects(drop.folders[second])[1][0] == "2"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (export(row(1), encoding="gbk") + b"\xff\xff", "编码无法识别"),
        ("订单,金额\r\n1,2\r\n".encode(), "缺少列：订单号"),
        (b"", "缺少列"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "编码无法识别"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_whole_and_blocks_nobody(
    hub: Hub, drop: MemoryDrop, content: bytes, words: str
) -> None:
    drop.upload("a.csv", content)
    drop.upload("b.csv", export(row(1)))
    assert [each.outcome for each in await hub.turn()] == [FileOutcome.REFUSED, FileOutcome.TAKEN]
    assert await hub.inbox() == [("1", 1)]
    assert drop.folders["error/a.csv"] == content
    tasks = await hub.tasks()
    assert words in tasks["file_refused"]
    refused, _ = await hub.taken()
    assert refused.state == "refused"
    assert words in refused.why
    drop.upload("again.csv", content)
    assert [each.outcome for each in await hub.turn()] == [FileOutcome.REPEATED]
    assert drop.folders["error/again.csv"] == content


async def test_a_file_that_is_too_large_is_refused_unread(database: Database) -> None:
    drop = MemoryDrop(max_bytes=100)
    hub = Hub(database, drop)
    drop.upload("a.csv", export(row(1)))
    assert await hub.turn() == [FileTaken(FileOutcome.REFUSED)]
    assert drop.fetched == []
    assert "error/a.csv" in drop.folders
    assert "100" in (await hub.tasks())["file_refused"]


# ------------------------------------------------------------------------------------------------ what dies, and when


async def test_it_goes_on_where_a_worker_died(hub: Hub, drop: MemoryDrop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "BATCH", 10)
    lines = [row(n) for n in range(1, 96)] + [row(99, phone="")] + [row(n) for n in range(100, 105)]
    drop.upload("a.csv", export(*lines))
    listed = await hub.settle()
    real, calls = files.take, [0]

    async def dying(tx: Any, *arguments: Any) -> int:
        calls[0] += 1
        if calls[0] == 4:
            raise ConnectionError("the worker was killed")
        return await real(tx, *arguments)

    monkeypatch.setattr(files, "take", dying)
    with pytest.raises(ConnectionError):
        await hub.take(listed)
    (kept,) = await hub.taken()
    assert (kept.state, kept.orders, len(await hub.inbox())) == ("taking", 30, 30)
    assert drop.files
    assert await hub.take(listed) == [FileTaken(FileOutcome.TAKEN, rows=101, orders=100, rejects=1)]
    assert calls[0] == 4 + 8  # the three batches that were in are not taken again
    arrived = sorted(int(number) for number, _ in await hub.inbox())
    assert arrived == [*range(1, 96), *range(100, 105)]
    assert len(rejects(drop.folders["error/a.csv.rejects.csv"])) == 2


@pytest.mark.parametrize("operation", ["connect", "list", "fetch", "put", "move", "moved"])
@pytest.mark.parametrize("times", [1, 2, 3])
async def test_whatever_fails_at_the_server_it_is_taken_once_in_the_end(
    hub: Hub, drop: MemoryDrop, operation: str, times: int
) -> None:
    drop.upload("a.csv", export(row(1), row(2, phone="")))
    listed = await hub.settle()
    drop.fail = failing(operation, times, OutcomeUnknown if operation == "moved" else Unavailable)
    outcomes: list[FileTaken] = []
    for _ in range(5):
        try:
            outcomes += await hub.take(listed)
        except ApplicationError:
            continue
        break
    assert len(outcomes) == 1
    assert await hub.inbox() == [("1", 1)]
    (kept,) = await hub.taken()
    assert (kept.state, kept.rejects, kept.repeats) == ("taken", 1, 0)
    assert set(drop.folders) == {"archive/20260301/a.csv", "error/a.csv.rejects.csv"}
    assert drop.files == {}
    assert await hub.turn() == []


async def test_what_cannot_be_moved_away_is_not_read_again_and_blocks_nobody(hub: Hub, drop: MemoryDrop) -> None:
    for n in range(3):
        drop.upload(f"a{n}.csv", export(row(n + 1)))
    drop.writable = False
    assert [each.outcome for each in await hub.turn()] == [FileOutcome.TAKEN] * 3
    drop.upload("b.csv", export(row(9)))
    with time_machine.travel(NINE + timedelta(minutes=5), tick=False):
        listed = await hub.settle()
        assert [file.name for file in listed.ready] == ["b.csv", "a0.csv", "a1.csv", "a2.csv"]
        assert [each.outcome for each in await hub.take(listed)] == [FileOutcome.TAKEN, *[FileOutcome.MOVED] * 3]
    assert sorted(drop.fetched) == ["a0.csv", "a1.csv", "a2.csv", "b.csv"]
    assert "archive" not in "".join(drop.folders)
    assert "no rights" in (await hub.tasks())["file_stays"]
    drop.writable = True
    with time_machine.travel(NINE + timedelta(minutes=9), tick=False):
        await hub.take(await hub.settle())
    assert drop.files == {}
    assert len(drop.fetched) == 4


async def test_a_file_that_is_replaced_before_it_is_moved_away_is_not_lost(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1)))
    listed = await hub.settle()

    def replaced(operation: str) -> None:
        if operation == "list" and drop.files["a.csv"] == export(row(1)):
            drop.upload("a.csv", export(row(2)), written="2")

    drop.fail = replaced
    assert [each.outcome for each in await hub.take(listed)] == [FileOutcome.TAKEN]
    assert drop.files == {"a.csv": export(row(2))}
    await hub.turn()
    assert await hub.inbox() == [("1", 1), ("2", 1)]
    assert drop.files == {}


async def test_a_file_that_fails_again_and_again_becomes_a_task(
    hub: Hub, drop: MemoryDrop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop.upload("a.csv", export(row(1)))
    (file,) = (await hub.settle()).ready

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Feed, "read", broken)
    for attempt, told in ((1, False), (3, True)):
        environment = ActivityEnvironment()
        environment.info = environment.info.__class__(**(environment.info.__dict__ | {"attempt": attempt}))
        with pytest.raises(ZeroDivisionError):
            await environment.run(hub.steps.take_file, FileAsk("jd/files", SHOP, file))
        assert ("file_failed" in await hub.tasks()) == told


async def test_a_rejects_file_that_cannot_be_written_is_tried_again(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1, phone="")))
    listed = await hub.settle()
    drop.fail = failing("put", 1, Rejected)
    with pytest.raises(Rejected):
        await hub.take(listed)
    assert "a.csv" in drop.files
    assert [each.rejects for each in await hub.take(listed)] == [1]


# ------------------------------------------------------------------------------------------------ the rest of the hub


async def test_a_large_file_waits_for_the_dispatcher(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "BATCH", 10)
    monkeypatch.setattr(under_test, "_PAUSE_S", 0.005)
    drop = MemoryDrop()
    hub = Hub(database, drop)
    hub.steps = FileSteps(database, {"jd/files": Feed(drop)}, most_waiting=20)
    drop.upload("a.csv", export(*[row(n) for n in range(1, 51)]))
    listed = await hub.settle()
    taking = asyncio.ensure_future(hub.take(listed))
    most = 0
    while not taking.done():
        async with database.transaction() as tx:
            waiting = await inbox.backlog(tx, 1000)
            most = max(most, waiting)
            if waiting == 20:
                for claimed in await inbox.claim(tx, 10, timedelta(seconds=5)):
                    await inbox.finish(tx, claimed.seq or 0, "new")
        await asyncio.sleep(0.002)
    assert (await taking)[0].orders == 50
    assert most <= 20 + 10


async def test_a_worker_that_is_told_to_stop_stops(hub: Hub, drop: MemoryDrop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "_PAUSE_S", 30.0)
    hub.steps = FileSteps(hub.db, {"jd/files": Feed(drop)}, most_waiting=0)
    drop.upload("a.csv", export(*[row(n) for n in range(1, 51)]))
    (file,) = (await hub.settle()).ready
    environment = ActivityEnvironment()
    waits = asyncio.Event()
    environment.on_heartbeat = lambda *details: waits.set() if "dispatcher" in details[0] else None
    running = asyncio.ensure_future(environment.run(hub.steps.take_file, FileAsk("jd/files", SHOP, file)))
    await waits.wait()
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_shop_that_is_paused_or_gone_is_left_alone(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1)))
    listed = await hub.settle()
    async with hub.db.transaction() as tx:
        await shops.put(tx, "jd", SHOP, "sealed", "settings")
        await shops.move(tx, "jd", SHOP, to=ShopState.PAUSED)
    assert await hub.settle() == FilesListed([], 0)
    async with hub.db.transaction() as tx:
        await shops.move(tx, "jd", SHOP, to=ShopState.ACTIVE)
        await shops.move(tx, "jd", SHOP, to=ShopState.UNAUTHORISED)
    assert await hub.settle() == listed
    hub.steps = FileSteps(hub.db, {})
    assert await hub.settle() == FilesListed([], 0)
    assert await hub.take(listed) == [FileTaken(FileOutcome.INCOMPLETE)]


async def test_two_shops_have_nothing_to_do_with_each_other(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1)))
    await hub.turn()
    drop.upload("a.csv", export(row(1)))
    await hub.look(FilesAsk("jd/files", "10002"))
    with time_machine.travel(NINE + timedelta(minutes=1), tick=False):
        (file,) = (await hub.look(FilesAsk("jd/files", "10002"))).ready
        taken = await ActivityEnvironment().run(hub.steps.take_file, FileAsk("jd/files", "10002", file))
    assert taken.outcome is FileOutcome.TAKEN
    async with hub.db.reading() as tx:
        assert (await tx.execute(select(SeenFileRow))).scalars().all() == []
        documents = (await tx.execute(select(InboxRow.document_id))).scalars().all()
    assert sorted(documents) == ["10001:1", "10002:1"]


async def test_a_mended_file_of_rejects_may_be_uploaded_as_it_is(hub: Hub, drop: MemoryDrop) -> None:
    drop.upload("a.csv", export(row(1), row(2, phone="")))
    await hub.turn()
    told = drop.folders["error/a.csv.rejects.csv"].decode("utf-8-sig")
    drop.upload("a.csv.rejects.csv", told.replace("示例路1号,,", "示例路1号,13800000000,").encode())
    assert await hub.turn() == [FileTaken(FileOutcome.TAKEN, rows=1, orders=1)]
    assert await hub.inbox() == [("1", 1), ("2", 1)]

"""One file of orders on its way into the inbox, going on where it was when a worker died.

What a file's orders mean for those that are known already stands in `store/files.py`.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO, TypeVar

from temporalio import activity

from activities.contracts import FileAsk, FileOutcome, FileTaken
from activities.partners import answered
from connectors.drops import FiledOrder, FileDrop, FileFeed, Heard, OrderFile, Reject, RemoteFile
from connectors.errors import DocumentUnreadable, Rejected
from domain.clock import BEIJING, utc_now
from domain.texts import text
from store import files, inbox
from store.database import Database
from store.files import Drop, Filed, Listed
from store.holds import open_task
from store.tables import TakenFileRow

T = TypeVar("T")

BATCH = 200
"""Orders that are taken in one transaction."""
MARKER = ".ok"
"""A file is complete when one of its name and this ending lies beside it."""
_BEAT_S = 5.0
_PAUSE_S = 1.0


class _Stopped(Exception):
    """The activity ends: the thread that works for it must as well."""


@dataclass
class _Batch:
    """What the next groups of a file came to."""

    orders: list[FiledOrder] = field(default_factory=list)
    rejects: int = 0
    at: int = 0
    over: bool = False


class Taking:
    """One file on its way."""

    def __init__(self, db: Database, feed: FileFeed, drop: FileDrop, ask: FileAsk, most_waiting: int) -> None:
        self._db = db
        self._feed = feed
        self._ask = ask
        self._file = Listed(ask.file.name, ask.file.size, ask.file.modified)
        self._drop = Drop(ask.feed, ask.shop)
        self._remote = drop
        self._most_waiting = most_waiting
        self._received = 0

    async def run(self) -> FileTaken:
        """Fetch, read, take and put away: what of it is not done yet."""
        async with self._db.reading() as tx:
            row = await files.decided(tx, self._drop, self._file.name)
        if row is not None:
            await self._put_away(row.state)
            return FileTaken(FileOutcome.MOVED, row.rows, row.orders, row.known, row.rejects)
        if self._file.size > self._remote.rules.max_bytes:
            return await self._refuse(_unread(self._file), text("file.too_large", most=self._remote.rules.max_bytes))
        with tempfile.TemporaryDirectory(prefix="orderhub-files-") as folder:
            content = Path(folder) / "content"
            if not await self._fetch(content):
                return FileTaken(FileOutcome.INCOMPLETE)
            sha256 = await self._in_thread(lambda _: _digest(content))
            async with self._db.transaction() as tx:
                row = await files.begin(tx, self._drop, sha256, self._file)
            if row.state != files.TAKING:
                await self._put_away(row.state)
                return FileTaken(FileOutcome.REPEATED, row.rows, row.orders, row.known, row.rejects)
            return await self._take(content, Path(folder), row)

    async def _fetch(self, target: Path) -> bool:
        """Whether the file is here now, as it was listed."""
        try:
            async with answered(self._db, None), self._remote.open() as session:
                await session.fetch(self._file.name, target, self._fetched)
        except Rejected:
            return False  # it is not there any more
        return self._received == self._file.size

    def _fetched(self, received: int) -> None:
        self._received = received
        activity.heartbeat("fetch", self._file.name, received)

    async def _take(self, content: Path, folder: Path, row: TakenFileRow) -> FileTaken:
        sha256 = row.sha256
        try:
            read = self._feed.read
            file = await self._in_thread(lambda heard: read(content, folder / "rows", self._ask.shop, heard), "read")
        except DocumentUnreadable as error:
            return await self._refuse(sha256, error.reason)
        try:
            rejects = await self._orders(file, folder / "rejects.csv", row)
        finally:
            file.close()
        if rejects:
            await self._put_rejects(folder / "rejects.csv", sha256, rejects)
        async with self._db.transaction() as tx:
            row = await files.finish(tx, self._drop, sha256, self._file, files.TAKEN, rows=file.rows, rejects=rejects)
        await self._put_away(row.state)
        return FileTaken(FileOutcome.TAKEN, row.rows, row.orders, row.known, row.rejects)

    async def _orders(self, file: OrderFile, rejects: Path, row: TakenFileRow) -> int:
        """Put all orders into the inbox that are not there yet. Returns how many rows are rejected."""
        told_at = self._feed.told_at(self._file.name)
        rejected, progress = 0, row.progress
        reading = file.orders()
        with rejects.open("w", encoding="utf-8-sig", newline="") as out:
            _reject_header(out, file.header)
            over = False
            while not over:
                batch = await self._in_thread(lambda _: _next_batch(reading, out, len(file.header)))
                rejected += batch.rejects
                over = batch.over
                if batch.at > progress:
                    fresh = [_filed(order) for order in batch.orders if order.at > progress]
                    await self._room()
                    async with self._db.transaction() as tx:
                        await files.take(tx, row, fresh, told_at, (progress, batch.at))
                    progress = batch.at
                activity.heartbeat("orders", self._file.name, batch.at, file.rows)
        return rejected

    async def _room(self) -> None:
        """Wait until the dispatcher has done most of what it got."""
        while True:
            async with self._db.reading() as tx:
                waiting = await inbox.backlog(tx, self._most_waiting)
            if waiting < self._most_waiting:
                return
            activity.heartbeat("waits for the dispatcher", self._file.name, waiting)
            await asyncio.sleep(_PAUSE_S)

    async def _put_rejects(self, path: Path, sha256: str, rejects: int) -> None:
        async with self._db.reading() as tx:
            again = await files.had_rejects(tx, self._drop, self._file.name, sha256)
        stem = f"{self._file.name}.{sha256[:8]}" if again else self._file.name
        rules = self._remote.rules
        async with answered(self._db, None), self._remote.open() as session:
            await self._beating(session.put(path, rules.errors, f"{stem}.rejects.csv"))
        key = f"file_rejects/{self._drop.feed}/{self._drop.shop}/{sha256[:16]}"
        sentence = text(
            "task.file_rejects",
            shop=self._drop.shop,
            name=self._file.name,
            rows=rejects,
            where=f"{rules.errors}/{stem}.rejects.csv",
        )
        async with self._db.transaction() as tx:
            await open_task(tx, key, "file_rejects", sentence)

    async def _refuse(self, sha256: str, why: str) -> FileTaken:
        """The file as a whole is for a person; it goes where they find it."""
        async with self._db.transaction() as tx:
            await files.begin(tx, self._drop, sha256, self._file)
            row = await files.finish(tx, self._drop, sha256, self._file, files.REFUSED, why=why)
            key = f"file_refused/{self._drop.feed}/{self._drop.shop}/{sha256[:16]}"
            sentence = text("task.file_refused", shop=self._drop.shop, name=self._file.name, why=why)
            await open_task(tx, key, "file_refused", sentence, alert=True)
        await self._put_away(row.state)
        return FileTaken(FileOutcome.REFUSED)

    async def _put_away(self, state: str) -> None:
        """Move the file away, unless another one lies there under its name by now. What cannot be moved is tried again
        with the next listing, and not read again."""
        rules, name = self._remote.rules, self._file.name
        archive = f"{rules.archive}/{utc_now().astimezone(BEIJING):%Y%m%d}"
        try:
            async with answered(self._db, None), self._remote.open() as session:
                present = {file.name: file for file in await session.list()}
                if name in present and listed(present[name]) != self._file:
                    return
                await session.move(name, rules.errors if state == files.REFUSED else archive, name)
                if f"{name}{MARKER}" in present:
                    await session.move(f"{name}{MARKER}", archive, f"{name}{MARKER}")
        except Rejected as refusal:
            key = f"file_stays/{self._drop.feed}/{self._drop.shop}"
            sentence = text("task.file_stays", shop=self._drop.shop, name=name, why=refusal.detail)
            async with self._db.transaction() as tx:
                await open_task(tx, key, "file_stays", sentence)
            return
        async with self._db.transaction() as tx:
            await files.forget(tx, self._drop, name)

    async def _in_thread(self, work: Callable[[Heard], T], what: str = "") -> T:
        """Run what blocks in a thread, which ends before this does."""
        stop = threading.Event()
        come = 0

        def heard(so_far: int) -> None:
            nonlocal come
            come = so_far
            if stop.is_set():
                raise _Stopped

        thread = asyncio.ensure_future(asyncio.to_thread(work, heard))
        try:
            while not (await asyncio.wait({thread}, timeout=_BEAT_S))[0]:
                activity.heartbeat(what, self._file.name, come)
            return thread.result()
        finally:
            stop.set()
            if not thread.done():
                await asyncio.wait({thread})

    async def _beating(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for something at the partner, with signs of life."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=_BEAT_S))[0]:
                activity.heartbeat("waits for the server", self._file.name)
        except asyncio.CancelledError:
            task.cancel()
            raise
        task.result()


def listed(file: RemoteFile) -> Listed:
    """A file as its folder shows it."""
    return Listed(file.name, file.size, file.modified)


def _filed(order: FiledOrder) -> Filed:
    document = order.document
    incoming = inbox.Incoming(
        document.source, document.kind, document.document_id, document.version, document.body, document.order_id
    )
    return Filed(incoming, order.fingerprint, order.stage)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unread(file: Listed) -> str:
    """In place of the digest of a content that nobody read."""
    return hashlib.sha256(f"unread|{file.name}|{file.size}|{file.modified}".encode()).hexdigest()


def _next_batch(reading: Iterator[FiledOrder | Reject], out: TextIO, width: int) -> _Batch:
    batch = _Batch()
    writer = csv.writer(out)
    for found in islice(reading, BATCH):
        batch.at = found.at
        if isinstance(found, FiledOrder):
            batch.orders.append(found)
            continue
        batch.rejects += len(found.lines)
        for line, cells in zip(found.lines, found.cells, strict=True):
            padded = [*cells[:width], *[""] * (width - len(cells))]
            writer.writerow([*padded, line, found.reason, *cells[width:]])
    batch.over = batch.at == 0
    return batch


def _reject_header(out: TextIO, header: tuple[str, ...]) -> None:
    csv.writer(out).writerow([*header, text("file.reject_line"), text("file.reject_reason")])

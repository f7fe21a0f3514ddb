"""Taking orders out of files: each file once, whatever its name."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.contracts import LIST_FILES, TAKE_FILE, FileAsk, FileFact, FileOutcome, FilesAsk, FilesListed, FileTaken
from activities.file_taking import MARKER, Taking, listed
from activities.partners import answered
from connectors.drops import DropRules, FileFeed, RemoteFile
from domain.clock import utc_now
from domain.texts import text
from store import files, shops
from store.database import Database
from store.files import Drop
from store.holds import open_task
from store.shops import ShopState

MOST_WAITING = 2000
"""A file that brings more than the dispatcher can take waits with the rest, so that fresh orders get their turn."""
_TRIES_BEFORE_A_TASK = 3
_UNFINISHED = (".tmp", ".part", MARKER)


class FileSteps:
    """The files of all shops that have a drop."""

    def __init__(self, db: Database, feeds: Mapping[str, FileFeed], *, most_waiting: int = MOST_WAITING) -> None:
        self._db = db
        self._feeds = feeds
        self._most_waiting = most_waiting

    @activity.defn(name=LIST_FILES.name)
    async def list_files(self, ask: FilesAsk) -> FilesListed:
        """The files that are complete, the oldest first by their names; how many are not complete yet."""
        feed = self._feeds.get(ask.feed)
        if feed is None or ask.shop not in feed.shops or await self._paused(feed, ask.shop):
            return FilesListed([], 0)
        async with answered(self._db, None):
            drop = feed.drop(ask.shop)
            async with drop.open() as session:
                present = await session.list()
        names = {file.name for file in present}
        wanted = [file for file in present if _wanted(file, drop.rules)]
        async with self._db.transaction() as tx:
            seen = await files.note_listing(tx, Drop(ask.feed, ask.shop), [listed(file) for file in wanted])
        settled = utc_now() - timedelta(seconds=drop.rules.settle_s)
        ready = [
            file
            for file in wanted
            if f"{file.name}{MARKER}" in names or (not drop.rules.marker_only and seen[file.name].since <= settled)
        ]

        def turn(file: RemoteFile) -> tuple[bool, float, str]:
            # What only has to be moved away comes last, for it may never succeed.
            told_at = feed.told_at(file.name)
            return bool(seen[file.name].sha256), told_at.timestamp() if told_at else math.inf, file.name

        ready.sort(key=turn)
        facts = [FileFact(file.name, file.size, file.modified) for file in ready[: ask.limit]]
        return FilesListed(facts, len(wanted) - len(facts))

    @activity.defn(name=TAKE_FILE.name)
    async def take_file(self, ask: FileAsk) -> FileTaken:
        """Take a file's orders into the inbox, write what is wrong beside them, and move the file away."""
        feed = self._feeds.get(ask.feed)
        if feed is None or ask.shop not in feed.shops:
            return FileTaken(FileOutcome.INCOMPLETE)
        try:
            async with answered(self._db, None):
                drop = feed.drop(ask.shop)
            return await Taking(self._db, feed, drop, ask, self._most_waiting).run()
        except ApplicationError:
            raise
        except Exception as error:
            if activity.info().attempt >= _TRIES_BEFORE_A_TASK:
                await self._tell(ask, error)
            raise

    async def _paused(self, feed: FileFeed, shop: str) -> bool:
        """Whether a person paused the shop. One whose API refuses our credentials still has its files taken."""
        async with self._db.reading() as tx:
            kept = await shops.find(tx, feed.channel, shop)
        return kept is not None and kept.state is ShopState.PAUSED

    async def _tell(self, ask: FileAsk, error: Exception) -> None:
        key = f"file_failed/{ask.feed}/{ask.shop}/{ask.file.name}/{ask.file.size}/{ask.file.modified}"
        why = f"{type(error).__name__} {getattr(error, 'detail', '')}".strip()
        sentence = text("task.file_failed", shop=ask.shop, name=ask.file.name, why=why)
        with suppress(Exception):  # the store may be what is broken
            async with self._db.transaction() as tx:
                await open_task(tx, key, "file_failed", sentence, alert=True)


def _wanted(file: RemoteFile, rules: DropRules) -> bool:
    plain = not file.name.startswith(".") and not any(ord(letter) < 32 or letter in "/\\" for letter in file.name)
    return plain and not file.name.endswith(_UNFINISHED) and fnmatch.fnmatchcase(file.name, rules.pattern)

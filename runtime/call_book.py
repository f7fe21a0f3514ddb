"""Counting this process's calls to partners in memory, and keeping the counts in the store every few seconds.

A call is counted in memory and goes on. What the store cannot take now it gets later; if it is away for long, the
oldest counts are dropped: they are statistics.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from connectors.recording import Recorder, recording
from domain.clock import utc_now
from domain.partner_health import BUCKET, Breaker, Outcome, bucket_of, latency_class
from store import partner_calls
from store.database import Database
from store.partner_calls import ALIVE, Counted, Line

_log = logging.getLogger("orderhub.partners")

KEEP_EVERY_S = 5.0
_SHOW_EVERY = ALIVE / 3
"""How often a process shows that it lives, even when nothing happened."""
_REMEMBERED = 90 * BUCKET
"""For how long counts are held in memory while the store is away."""
_WITHIN_S = 10.0


class CallBook:
    """A `Recorder` whose counts are kept in the store under the name of this process."""

    def __init__(self, process: str) -> None:
        self.process = process
        self._counts: Counter[Counted] = Counter()
        self._fresh: set[Counted] = set()
        self._lines: dict[int, Line] = {}
        self._gone: set[int] = set()
        self._changed = False
        self._shown_at: datetime | None = None

    @property
    def held(self) -> int:
        """How many counts are in memory."""
        return len(self._counts)

    def called(self, partner: str, operation: str, outcome: Outcome, seconds: float) -> None:
        """Count a call."""
        key = Counted(bucket_of(utc_now()), partner, operation, outcome, latency_class(seconds))
        self._counts[key] += 1
        self._fresh.add(key)

    def breaker(self, partner: str, line: int, host: str, state: Breaker) -> None:
        """Remember a line's breaker."""
        self._lines[line] = Line(partner, line, host, state, utc_now())
        self._changed = True

    def closed(self, partner: str, line: int) -> None:
        """Forget a line."""
        if self._lines.pop(line, None) is not None:
            self._gone.add(line)

    async def keep(self, db: Database) -> None:
        """Bring into the store what is new since the last time. When the database raises, nothing is lost by that."""
        now = utc_now()
        fresh, self._fresh = self._fresh, set()
        gone, self._gone = self._gone, set()
        show = self._lines if self._changed or self._shown_at is None or now - self._shown_at >= _SHOW_EVERY else {}
        changed, self._changed = self._changed, False
        try:
            if fresh or show or gone:
                async with db.transaction() as tx:
                    counts = {key: self._counts[key] for key in fresh}
                    await partner_calls.keep(tx, self.process, counts, list(show.values()), now)
                    await partner_calls.drop_lines(tx, self.process, sorted(gone))
        except BaseException:
            self._fresh |= fresh
            self._gone |= gone
            self._changed = self._changed or changed
            raise
        finally:
            self._forget(now)
        if show:
            self._shown_at = now

    def _forget(self, now: datetime) -> None:
        """Counts of past buckets change no more: they need not be held once they are kept, nor for ever if not."""
        for key in list(self._counts):
            kept = key.bucket < bucket_of(now) and key not in self._fresh
            if kept or key.bucket < now - _REMEMBERED:
                del self._counts[key]
                self._fresh.discard(key)


@asynccontextmanager
async def counting_calls(db: Database, role: str, *beside: Recorder) -> AsyncIterator[None]:
    """Count every call to a partner that this process makes in the block, and tell other recorders `beside`.

    `role` is the first part of the process's name, e.g. "worker". Build the partners inside, so that their lines are
    closed before the last counts are kept.
    """
    book = CallBook(f"{role}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}")
    with contextlib.ExitStack() as stack:
        for recorder in (book, *beside):
            stack.enter_context(recording(recorder))
        keeping = asyncio.create_task(_keep_on(book, db))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await _keep_now(book, db)


async def _keep_on(book: CallBook, db: Database) -> None:
    kept = True
    while True:
        await asyncio.sleep(KEEP_EVERY_S)
        kept = await _keep_now(book, db, quiet=not kept)


async def _keep_now(book: CallBook, db: Database, *, quiet: bool = False) -> bool:
    try:
        async with asyncio.timeout(_WITHIN_S):
            await book.keep(db)
    except Exception as error:
        # Only the type: the message of a database error quotes the values.
        if not quiet:
            _log.warning("counts of partner calls cannot be kept for now", extra={"error": type(error).__name__})
        return False
    return True

"""Group commit: what many callers wish at the same moment is done in one transaction.

A commit costs as much as a hundred rows, so one for each of a thousand callers is what limits them. Nobody waits for a
group to fill: whoever comes while a transaction is under way is in the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import Database

Wish = TypeVar("Wish")
Got = TypeVar("Got")

Work = Callable[[AsyncSession, Sequence[Wish]], Awaitable[Sequence[Got]]]
"""Does all wishes in one transaction, and gives what came of each, in their order."""


class Together(Generic[Wish, Got]):
    """Commits wishes in groups. `size` is how much one is, and a group is at most `most` (or one wish).

    A wish that fails takes nobody with it: the transaction of its group is rolled back, and each of the group is done
    again in one of its own. What does not concern a single wish (no connection) is told to all at once.
    """

    def __init__(
        self, db: Database, work: Work[Wish, Got], *, size: Callable[[Wish], int], most: int, at_once: int
    ) -> None:
        self._db = db
        self._work = work
        self._size = size
        self._most = most
        # SQLite has one writer at a time anyway.
        self._at_once = 1 if db.is_sqlite else at_once
        self._waiting: deque[_Member[Wish, Got]] = deque()
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, wish: Wish) -> Got:
        """What came of a wish, when it is committed. Raises what the work raised.

        Whoever is cancelled meanwhile does not know whether it was done; the others of the group go on.
        """
        member = _Member[Wish, Got](wish)
        self._waiting.append(member)
        if self._running < self._at_once:
            self._running += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await member.got

    async def _run(self) -> None:
        group: list[_Member[Wish, Got]] = []
        try:
            while group := self._next():
                await self._commit(group)
        except asyncio.CancelledError as cancelled:
            # The process ends: nobody may wait for ever.
            for member in (*group, *self._waiting):
                member.failed(cancelled)
            raise
        finally:
            self._running -= 1

    def _next(self) -> list[_Member[Wish, Got]]:
        group: list[_Member[Wish, Got]] = []
        size = 0
        while self._waiting:
            member = self._waiting[0]
            size += self._size(member.wish)
            if group and size > self._most:
                break
            self._waiting.popleft()
            if not member.got.done():
                group.append(member)
        return group

    async def _commit(self, group: Sequence[_Member[Wish, Got]]) -> None:
        try:
            await self._transaction(group)
        except Exception as error:
            if len(group) > 1 and not _concerns_all(error):
                await self._one_by_one(group)
                return
            for member in group:
                member.failed(error)

    async def _one_by_one(self, group: Sequence[_Member[Wish, Got]]) -> None:
        for i, member in enumerate(group):
            if member.got.done():
                continue
            try:
                await self._transaction([member])
            except Exception as error:
                for concerned in group[i:] if _concerns_all(error) else [member]:
                    concerned.failed(error)
                if _concerns_all(error):
                    return

    async def _transaction(self, group: Sequence[_Member[Wish, Got]]) -> None:
        async with self._db.transaction() as tx:
            got = await self._work(tx, [member.wish for member in group])
        for member, one in zip(group, got, strict=True):
            member.succeeded(one)


class _Member(Generic[Wish, Got]):
    """A caller that waits. It may be gone before its answer is there."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.got: asyncio.Future[Got] = asyncio.get_running_loop().create_future()

    def succeeded(self, got: Got) -> None:
        if not self.got.done():
            self.got.set_result(got)

    def failed(self, error: BaseException) -> None:
        if self.got.done():
            return
        if isinstance(error, asyncio.CancelledError):
            self.got.cancel()
        else:
            self.got.set_exception(error)


def _concerns_all(error: Exception) -> bool:
    """Whether the next wish would fail the same way: the database is away, or locked."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError)
    # While it connects, the driver raises its own errors, and the system's.
    return isinstance(error, NoConnection | OSError | asyncpg.PostgresError | asyncpg.InterfaceError)

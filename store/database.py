"""The engine, and the one way in which a transaction is opened, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from store.sqlite_driver import Driver

_READS = "orderhub_reads"

SQLITE_BUSY_MS = 3_000
"""How long a writer waits for one of another process on SQLite, where there is one writer at a time."""


class Database:
    """A pool of connections to the store. `close` it at the end."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.engine = _engine(url, pool_size)
        self._writers = asyncio.Lock() if self.is_sqlite else None
        self.info: dict[str, Any] = {}
        """What every transaction knows (`tx.info`) of the process that it is in."""
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, info=self.info)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def reading(self, *, snapshot: bool = False) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads: on SQLite it waits for no writer, and no writer waits for it.

        With `snapshot` every statement sees the store of the same moment (SQLite's always do).
        """
        options: dict[str, Any] = {_READS: True}
        if snapshot and not self.is_sqlite:
            options["isolation_level"] = "REPEATABLE READ"
        async with self._sessions() as session, session.begin():
            await session.connection(execution_options=options)
            yield session

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A transaction that commits at the end of the block and rolls back on any exception."""
        async with self._turn(), self._sessions() as session, session.begin():
            yield session

    def _turn(self) -> AbstractAsyncContextManager[object]:
        # SQLite has one writer at a time, and its waiters poll without a queue: the unlucky starve. So the writers of
        # one process line up here, and only processes compete.
        return self._writers if self._writers is not None else nullcontext()

    async def close(self) -> None:
        """End all connections."""
        await self.engine.dispose()


def _write_ahead(connection: Any, cursor: Any) -> None:
    """Switch a SQLite file to WAL, which it keeps.

    While another process uses a new file, SQLite refuses this at once, whatever the busy timeout says.
    """
    until = time.monotonic() + SQLITE_BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            connection.run_async(lambda _driver: asyncio.sleep(0.02))


def _engine(url: str, pool_size: int) -> AsyncEngine:
    if not url.startswith("sqlite"):
        # hide_parameters: an error message must not quote what a person wrote.
        return create_async_engine(
            url, hide_parameters=True, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True
        )
    engine = create_async_engine(
        url, hide_parameters=True, module=Driver(), connect_args={"timeout": SQLITE_BUSY_MS / 1000}
    )

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction control is switched off, so that BEGIN is ours (below).
        connection.isolation_level = None
        cursor = connection.cursor()
        _write_ahead(connection, cursor)
        for pragma in ("synchronous=NORMAL", f"busy_timeout={SQLITE_BUSY_MS}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "invalidate")
    def on_invalidate(connection: Any, _record: Any, _error: Any) -> None:
        # A task cancelled in its transaction makes SQLAlchemy throw the connection away, and the driver closes it with
        # a statement still open: SQLite then stays locked until the garbage is collected. So roll back first, on the
        # driver's own thread (its queue is private, and there is no other way to reach a thread that may be busy).
        driver = connection.driver_connection
        driver._tx.put_nowait((None, driver._conn.rollback))

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        # A transaction that reads first and writes later would fail at once when another one wrote in between.
        reads = connection.get_execution_options().get(_READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine

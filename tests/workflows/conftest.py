"""Orders on a real Temporal server whose time can be skipped, one server per test process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.partners import HubConfig
from store.database import Database
from tests.workflows.partners import Town
from tests.workflows.server import LocalServer, connect
from tests.workflows.stage import Stage, playing

CLERK = "13800000001"


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """A Temporal server of this test process alone."""
    # A loop of its own: the server outlives the loops of single tests.
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        server = LocalServer()
        thread.submit(runner.run, server.start()).result()
        yield server.address
        thread.submit(runner.run, server.stop()).result()


@pytest.fixture
async def client(temporal_address: str) -> Client:
    """A client of that server."""
    return await connect(temporal_address)


@pytest.fixture
async def db(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A freshly migrated store."""
    path = tmp_path / "store.db"
    shutil.copy(migrated_sqlite, path)
    database = Database(f"sqlite+aiosqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture
def town() -> Town:
    """All partners."""
    return Town()


@pytest.fixture
def config() -> HubConfig:
    """This company. A module that needs another one overrides it."""
    return HubConfig(
        clerk_phones=(CLERK,), manager_phones=(CLERK,), link_secret=b"a secret of the tests", settle_after=timedelta(0)
    )


@pytest.fixture
async def stage(client: Client, db: Database, town: Town, config: HubConfig) -> AsyncIterator[Stage]:
    """A worker with real activities, workflows in the sandbox, and ten mugs."""
    async with playing(client, db, town, config) as stage:
        yield stage

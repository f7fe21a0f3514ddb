"""A clean world for every test, and its books behind a real local HTTP server."""

from __future__ import annotations

import asyncio
import copy
import json
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from store.database import Database
from tests.audit.clean import clean_world
from tests.audit.world import World
from tests.conftest import TEMPLATE, PostgresCluster

Serve = Callable[[Any], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve some JSON at `/books`. Gives the server's address."""
    servers: list[ThreadingHTTPServer] = []

    def start(content: Any) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/books"
                self.send_response(200 if found else 404)
                self.end_headers()
                self.wfile.write(json.dumps(content).encode() if found else b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                """Nothing: the server's own log is noise here."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


Copy = tuple[str, dict[str, Any]]
"""Where a built world's store is, and its books."""


@pytest.fixture(scope="session")
def sqlite_world(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The clean world, built once."""
    path = tmp_path_factory.mktemp("world") / "world.db"
    shutil.copy(migrated_sqlite, path)
    return str(path), _build(f"sqlite+aiosqlite:///{path}")


@pytest.fixture(scope="session")
def postgres_world(postgres_cluster: PostgresCluster) -> Copy:
    """The clean world, built once."""
    name = postgres_cluster.create(TEMPLATE)
    return name, _build(postgres_cluster.url(name))


@pytest.fixture(params=["sqlite", "postgres"])
def world_copy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copy]:
    """The clean world of one test alone: the address of its store, and its books."""
    built, books = request.getfixturevalue(f"{request.param}_world")
    own_books = copy.deepcopy(books)
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(built, path)
        yield f"sqlite+aiosqlite:///{path}", own_books
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    name = cluster.create(built)
    yield cluster.url(name), own_books
    cluster.drop(name)


@pytest.fixture
async def world(world_copy: Copy) -> AsyncIterator[World]:
    """The clean world: nothing is wrong with it yet."""
    url, books = world_copy
    db = Database(url)
    yield World(db, books)
    await db.close()


def _build(url: str) -> dict[str, Any]:
    async def build() -> dict[str, Any]:
        db = Database(url)
        try:
            return (await clean_world(db)).books
        finally:
            await db.close()

    # A session's fixture may be set up while a test's own event loop runs.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, build()).result()

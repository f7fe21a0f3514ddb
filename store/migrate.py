"""Brings a database to the newest schema, or says where it stands."""

from __future__ import annotations

import asyncio
import threading
from argparse import Namespace
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from store.database import Database

SCRIPTS = Path(__file__).parent / "migrations"

ADVISORY_LOCK = 0x6F726465726875
"""Whoever migrates a PostgreSQL database holds this. Any number does that no other program locks in it."""

_one_at_a_time = threading.Lock()
"""alembic keeps what it works on in module globals."""


async def upgrade(url: str) -> None:
    """Bring the database to the newest schema. Does nothing when it is there already.

    All missing revisions are applied in one transaction, or none. Any number of processes may do this at once: one
    works, the others wait for it.
    """
    await asyncio.to_thread(_upgrade, url)


async def current(url: str) -> str | None:
    """The revision that the database is at; None when it was never migrated."""
    db = Database(url)
    try:
        async with db.engine.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await db.close()


def head() -> str:
    """The newest revision that this code knows and needs."""
    revision = ScriptDirectory(str(SCRIPTS)).get_current_head()
    if revision is None:
        raise RuntimeError(f"no revisions in {SCRIPTS}")
    return revision


def _upgrade(url: str) -> None:
    config = Config(cmd_opts=Namespace(x=[f"url={url}"]))
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _one_at_a_time:
        command.upgrade(config, "head")

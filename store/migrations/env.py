"""What alembic runs for each command: opens the database named by `-x url=...` and applies or compares there.

Everything happens in one transaction that only one process can be in: on PostgreSQL behind an advisory lock, on SQLite
because `Database` begins every transaction as the only writer.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, event
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import store.tables  # noqa: F401 - fills SQLModel.metadata
from store.database import Database
from store.migrate import ADVISORY_LOCK
from store.types import UtcDateTime


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types into a new revision as what they are in the database.

    A revision stays as it is for ever, so it must not depend on classes of ours or of SQLModel.
    """
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()" if item.length is None else f"sa.String(length={item.length})"
    return False


def migrate(connection: Connection) -> None:
    """Run alembic's command on an open connection, within its transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,  # SQLite cannot alter most of a table: alembic rebuilds it
        render_item=render_item,
    )
    context.run_migrations()
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("the migration would leave rows that point at nothing; it was rolled back")


SQLITE_WAITS_MS = 60_000
"""How long SQLite waits for another process that migrates."""


def for_migrations(connection: Any, _record: Any) -> None:
    """Let SQLite wait longer than usual, and switch its foreign keys off: rebuilding a table drops it, and rows that
    point at it must survive that."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={SQLITE_WAITS_MS}")
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


async def main(url: str) -> None:
    """Open the database, migrate, close."""
    db = Database(url)
    if db.is_sqlite:
        event.listen(db.engine.sync_engine, "connect", for_migrations)
    try:
        async with db.engine.begin() as connection:
            await connection.run_sync(migrate)
    finally:
        await db.close()


asyncio.run(main(context.get_x_argument(as_dictionary=True)["url"]))

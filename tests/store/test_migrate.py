"""The migrations make exactly the tables of store/tables/, on both databases, whoever runs them and how often."""

from __future__ import annotations

import asyncio
import shutil
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel, select

import store.migrate
from store.database import Database
from store.migrate import ADVISORY_LOCK, current, head, upgrade
from store.orders import body
from store.tables import OrderRow
from tests.store.samples import order, taken


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations that a test may add to, in use instead of the real ones."""
    copy = tmp_path / "migrations"
    shutil.copytree(store.migrate.SCRIPTS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(store.migrate, "SCRIPTS", copy)
    return copy


def _add_revision(scripts: Path, revision: str, after: str, work: str) -> None:
    lines = [
        "import sqlalchemy as sa",
        "from alembic import op",
        f"revision, down_revision, branch_labels, depends_on = {revision!r}, {after!r}, None, None",
        "def upgrade():",
        *(f"    {line}" for line in work.splitlines()),
    ]
    (scripts / "versions" / f"r{revision}.py").write_text("\n".join(lines))


async def _on(url: str, work: Any) -> Any:
    db = Database(url)
    try:
        async with db.engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await db.close()


def _differences(connection: Connection) -> list[Any]:
    differences: list[Any] = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    return differences


def _shape(connection: Connection) -> dict[str, Any]:
    """All that the database knows of its tables, for comparing with ==."""
    inspector = inspect(connection)
    shape: dict[str, Any] = {}
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        columns = [{**column, "type": repr(column["type"])} for column in inspector.get_columns(table)]
        shape[table] = {
            "columns": sorted(columns, key=lambda column: column["name"]),
            "key": inspector.get_pk_constraint(table),
            "unique": sorted(map(repr, inspector.get_unique_constraints(table))),
            "foreign": inspector.get_foreign_keys(table),
            "checks": inspector.get_check_constraints(table),
            "indexes": sorted(
                (
                    index["name"] or "",
                    index["column_names"],
                    index["unique"],
                    " ".join(f"{name}={value}" for name, value in index.get("dialect_options", {}).items()),
                )
                for index in inspector.get_indexes(table)
            ),
        }
    return shape


async def test_an_empty_database_becomes_the_newest_schema(empty_database_url: str) -> None:
    assert await current(empty_database_url) is None
    await upgrade(empty_database_url)
    assert await current(empty_database_url) == head()


async def test_tables_and_migrations_agree(database_url: str) -> None:
    """Red here: a table was changed without a migration (how to make one: store/migrations/alembic.ini)."""
    assert await _on(database_url, _differences) == []


async def test_migrations_make_what_create_all_makes(database_url: str) -> None:
    """Finer than alembic's comparison, which sees neither CHECK constraints nor the WHERE of an index."""
    migrated = await _on(database_url, _shape)
    await _on(database_url, SQLModel.metadata.drop_all)
    assert await _on(database_url, _shape) == {}
    await _on(database_url, SQLModel.metadata.create_all)
    assert migrated == await _on(database_url, _shape)
    assert [check["name"] for check in migrated["stock"]["checks"]] == ["never_oversold"]
    assert any(
        index[0] == "one_live_waybill" and index[2] and "live" in index[3] for index in migrated["waybills"]["indexes"]
    )


@pytest.mark.parametrize(
    "drift",
    [
        "DROP INDEX ix_inbox_due",
        "ALTER TABLE tasks DROP COLUMN severity",
        "ALTER TABLE tasks ADD COLUMN mood VARCHAR",
        "DROP TABLE warranties",
    ],
)
async def test_a_forgotten_migration_shows(database_url: str, drift: str) -> None:
    before = await _on(database_url, _differences)
    await _on(database_url, lambda connection: connection.execute(text(drift)))
    assert len(await _on(database_url, _differences)) == len(before) + 1


async def test_times_have_a_zone_on_postgresql(database_url: str) -> None:
    shape = await _on(database_url, _shape)
    types = {column["name"]: column["type"] for column in shape["orders"]["columns"]}
    if database_url.startswith("postgresql"):
        assert types["placed_at"] == "TIMESTAMP(timezone=True)"
        assert types["holds"].startswith("JSON(")
    assert types["version"] == "BIGINT()"


async def test_a_second_upgrade_changes_nothing_and_keeps_the_rows(database_url: str, database: Database) -> None:
    order_id = await taken(database)
    await upgrade(database_url)
    async with database.transaction() as tx:
        assert (await tx.execute(select(OrderRow.order_id))).scalars().all() == [order_id]


async def test_many_upgrades_at_once_in_one_process(empty_database_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_database_url) for _ in range(4)))
    assert await current(empty_database_url) == head()


async def test_an_upgrade_waits_for_whoever_is_migrating(empty_database_url: str) -> None:
    other = Database(empty_database_url)
    async with other.engine.begin() as connection:
        if not other.is_sqlite:  # there the transaction itself is the lock
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
        waiting = asyncio.create_task(upgrade(empty_database_url))
        done, _ = await asyncio.wait({waiting}, timeout=1.5)
        assert not done
    await other.close()
    await waiting
    assert await current(empty_database_url) == head()


async def test_processes_that_start_at_the_same_moment_wait_for_each_other(empty_database_url: str) -> None:
    program = "import asyncio, sys; from store.migrate import upgrade; asyncio.run(upgrade(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, empty_database_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    ends = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0], [end[1].decode()[-2000:] for end in ends]
    assert await current(empty_database_url) == head()
    assert await _on(empty_database_url, _differences) == []


async def test_a_later_migration_may_rebuild_a_table_that_others_point_at(
    database_url: str, database: Database, scripts: Path
) -> None:
    """On SQLite alembic copies the table and drops the old one: the bodies of the orders must survive that."""
    order_id = await taken(database)
    await database.close()
    rebuild = (
        "with op.batch_alter_table('orders', recreate='auto') as batch:\n"
        "    batch.alter_column('courier', existing_type=sa.String(), nullable=True)"
    )
    _add_revision(scripts, "test2", head(), rebuild)
    await upgrade(database_url)
    assert await current(database_url) == "test2"
    async with database.transaction() as tx:
        assert await body(tx, order_id) == order()


async def test_a_migration_that_fails_leaves_everything_as_it_was(
    database_url: str, database: Database, scripts: Path
) -> None:
    await taken(database)
    await database.close()
    before, shape = head(), await _on(database_url, _shape)
    _add_revision(scripts, "test2", before, "op.add_column('orders', sa.Column('x', sa.Integer()))")
    _add_revision(scripts, "test3", "test2", "op.drop_table('tasks')\nraise RuntimeError('half way')")
    with pytest.raises(RuntimeError, match="half way"):
        await upgrade(database_url)
    assert await current(database_url) == before
    assert await _on(database_url, _shape) == shape


async def test_a_migration_that_orphans_rows_is_rolled_back(
    database_url: str, database: Database, scripts: Path
) -> None:
    await taken(database)
    await database.close()
    _add_revision(scripts, "test2", head(), "op.execute('DELETE FROM orders')")
    with pytest.raises(Exception, match=r"point at nothing|violates foreign key"):
        await upgrade(database_url)
    async with database.transaction() as tx:
        assert len((await tx.execute(select(OrderRow.order_id))).all()) == 1


def _developer(url: str, ini: Path) -> Config:
    return Config(str(ini), cmd_opts=Namespace(x=[f"url={url}"]))


def test_the_developers_check_is_content(database_url: str) -> None:
    command.check(_developer(database_url, store.migrate.SCRIPTS / "alembic.ini"))


def test_a_generated_revision_runs_as_it_stands(empty_database_url: str, scripts: Path) -> None:
    """What `alembic revision --autogenerate` writes for all tables at once makes the same schema."""
    for written in (scripts / "versions").glob("r*.py"):
        written.unlink()
    config = _developer(empty_database_url, scripts / "alembic.ini")
    with pytest.raises(CommandError, match="New upgrade operations"):
        command.check(config)
    command.revision(config, "everything", autogenerate=True, rev_id="0001")
    assert (scripts / "versions" / "r0001_everything.py").exists()
    command.upgrade(config, "head")
    command.check(config)

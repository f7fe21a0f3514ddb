"""`orderhub partners`, run as a user does, on a store that worker processes wrote into."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.clock import utc_now
from domain.order import Channel
from domain.partner_health import Breaker, Outcome, bucket_of
from embedded.credentials import Ports
from embedded.environment import open_home
from store import partner_calls
from store.database import Database
from store.partner_alerts import open_alert
from store.partner_calls import Counted, Line

ROOT = Path(__file__).parents[2]
ON_TIME, LATE = timedelta(minutes=1), timedelta(minutes=30)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An installation, as a process finds it."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHUB_")}
    return {**outside, **open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables, "COLUMNS": "160"}


def _run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "partners", *arguments],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _json(environ: dict[str, str], *arguments: str) -> dict[str, Any]:
    ran = _run(environ, "--json", *arguments)
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


async def _fill(db: Database) -> datetime:
    """Two workers' calls to SF, one of them with its breaker open, and the alert about it."""
    now = utc_now()

    def key(operation: str, outcome: Outcome, ago: timedelta, latency_ms: int) -> Counted:
        return Counted(bucket_of(now - ago), "sf", operation, outcome, latency_ms)

    one = {
        key("create", Outcome.OK, ON_TIME, 100): 90,
        key("create", Outcome.UNKNOWN, ON_TIME, 5000): 8,
        key("find", Outcome.REJECTED, ON_TIME, 50): 20,
        key("create", Outcome.OK, LATE, 100): 800,
    }
    two = {key("create", Outcome.UNKNOWN, ON_TIME, 5000): 2, key("create", Outcome.BREAKER_OPEN, ON_TIME, 10): 50}
    async with db.transaction() as tx:
        closed = Line("sf", 1, "sf.example", Breaker.CLOSED, now - LATE)
        opened = Line("sf", 1, "sf.example", Breaker.OPENED, now - ON_TIME)
        await partner_calls.keep(tx, "worker-1", one, [closed], now)
        await partner_calls.keep(tx, "worker-2", two, [opened], now)
        await open_alert(tx, "sf", "顺丰接口异常")
    return now


def test_a_store_that_is_away_is_said_in_a_line(environ: dict[str, str]) -> None:
    ran = _run({**environ, "ORDERHUB_DATABASE_URL": "postgresql+asyncpg://nobody:hush@127.0.0.1:1/none"}, "--json")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "the store cannot be read" in ran.stderr
    assert "hush" not in ran.stderr


async def test_the_health_of_all_partners_as_json(database: Database, environ: dict[str, str]) -> None:
    now = await _fill(database)
    answer = _json({**environ, "ORDERHUB_DATABASE_URL": database.url}, "--minutes", "1440")
    assert (answer["threshold"], answer["min_calls"]) == (99.5, 20)
    assert abs(datetime.fromisoformat(answer["at"]) - now) < timedelta(minutes=2)
    partners = {partner["partner"]: partner for partner in answer["partners"]}
    assert set(partners) == {*Channel, "wechat_orders", "sf", "cainiao", "qimen", "kdniao", "credit", "sms"}
    sf = partners["sf"]
    assert (sf["name"], sf["breaker"], sf["worst_operation"]) == ("顺丰", "opened", "create")
    assert datetime.fromisoformat(sf["breaker_since"]) == now - ON_TIME
    assert sf["alert"]["text"] == "顺丰接口异常"
    short, long = sf["windows"]["5m"], sf["windows"]["1h"]
    assert sf["windows"]["1440m"] == long
    assert (short["calls"], short["failed"], short["success_percent"]) == (120, 10, 91.667)
    assert (long["calls"], long["failed"], long["success_percent"]) == (920, 10, 98.913)
    assert short["outcomes"]["breaker_open"] == 50
    assert 50 < short["p50_ms"] <= 100
    assert 3000 < short["p95_ms"] <= short["p99_ms"] <= 5000
    create, find = sf["operations"]
    assert (create["operation"], create["windows"]["5m"]["success_percent"]) == ("create", 90.0)
    assert (find["operation"], find["windows"]["5m"]["success_percent"]) == ("find", 100.0)
    quiet = partners["cainiao"]
    assert (quiet["breaker"], quiet["alert"], quiet["operations"]) == (None, None, [])
    assert (quiet["windows"]["5m"]["calls"], quiet["windows"]["5m"]["success_percent"]) == (0, None)


async def test_the_table_in_both_languages(migrated_sqlite: Path, tmp_path: Path, environ: dict[str, str]) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "store.db")
    environ["ORDERHUB_DATABASE_URL"] = f"sqlite+aiosqlite:///{tmp_path / 'store.db'}"
    db = Database(environ["ORDERHUB_DATABASE_URL"])
    await _fill(db)
    await db.close()
    for language, words in (
        ("zh", ["顺丰", "91.66 %", "98.91 %", "已熔断", "create", "920"]),
        ("en", ["SF Express", "91.66 %", "98.91 %", "open", "create", "920"]),
    ):
        ran = _run({**environ, "ORDERHUB_LANGUAGE": language})
        assert ran.returncode == 0, ran.stderr
        (row,) = (line for line in ran.stdout.splitlines() if words[0] in line)
        assert all(word in row for word in words), row

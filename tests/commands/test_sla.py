"""`orderhub sla`."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from commands.sla import main
from domain.clock import utc_now
from domain.deadlines import Call, Due, Stage
from domain.golden import Trigger
from domain.sourcing import Reason
from embedded.credentials import Ports
from embedded.environment import open_home
from settings import load_settings
from store import deadlines
from store.database import Database
from store.steps import Done, record
from tests.store.samples import index_row, taken


async def test_what_is_late_is_listed_and_how_long_stages_take(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    order_id, now = await taken(database), utc_now()
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        await record(tx, row, "pay", "x", Done("x", trigger=Trigger.PAYMENT_CONFIRMED))
        await record(tx, row, "review", "x", Done("x", trigger=Trigger.REVIEW_CLEAR))
        due = now - timedelta(hours=1)
        [ship] = [one for one in await deadlines.of_order(tx, order_id) if one.stage == Stage.SHIP]
        why = [Reason("deadline.limit", (("calendar", "deadline.calendar.ALWAYS"), ("lasts", "48:00"), ("rule", "r")))]
        found = Due(due, (Call(1, "role.operations", due),))
        await deadlines.tell(tx, ship, deadlines.Judged(found, why, "mark"), now)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    settings = load_settings()
    assert await main(settings, days=7, limit=20, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["late"] == 1
    assert [one for one in said["stages"] if one["open"]] == [
        {"stage": "LOCK", "open": 1, "stopped": 0, "warned": 0, "late": 0},
        {"stage": "SHIP", "open": 1, "stopped": 0, "warned": 0, "late": 1},
    ]
    [late] = said["latest"]
    assert (late["order_id"], late["status"], late["told"][0]["who"]) == (order_id, "late", "运营")
    assert late["due_at"].endswith("+08:00")
    assert late["why"] == ["时限 48:00（自然时间），依据 r"]
    assert said["durations"] == [
        {"stage": "REVIEW", "channel": "own", "orders": 1, "in_time": 1, "seconds": {"p50": 0, "p90": 0, "p99": 0}}
    ]
    assert await main(settings, days=7, limit=20, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "承诺发货" in shown
    assert "运营" in shown

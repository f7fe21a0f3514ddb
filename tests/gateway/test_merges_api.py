"""Merges over the staff API and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from commands.merges import listed, show, undo_by
from domain.clock import utc_now
from embedded.credentials import Ports
from embedded.environment import open_home
from gateway.deps import UpdateRefused
from settings import load_settings
from store import merges
from store.database import Database
from tests.gateway.house import STAFF, Orders
from tests.store.samples import taken
from tests.store.test_merges import RULE
from workflows.contracts import Outcome, UndoMerge

PATH = "/api/v1/staff/merges"
NAME, TOKEN = next(iter(STAFF.items()))
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


async def _two(db: Database) -> list[str]:
    oids = [await taken(db, number) for number in ("SO1", "SO2")]
    for oid in oids:
        async with db.transaction() as tx:
            await merges.join(tx, oid, 1, "m", RULE, "WH01", utc_now())
    return oids


async def test_staff_see_merges_and_undo_them(client: httpx.AsyncClient, orders: Orders, database: Database) -> None:
    first, second = await _two(database)
    [merge] = (await client.get(PATH, headers=HEADERS)).json()["merges"]
    assert (merge["state"], merge["leader"], [one["order_id"] for one in merge["orders"]]) == (
        "open",
        first,
        [first, second],
    )
    path = f"{PATH}/{merge['number']}"
    assert (await client.get(path, headers=HEADERS)).json() == merge
    order = (await client.get(f"/api/v1/staff/orders/{second}", headers=HEADERS)).json()
    assert order["merge"] == merge
    orders.answer = Outcome(True, "已拆单")
    answer = await client.post(f"{path}/undo", json={"why": "分开寄"}, headers=HEADERS)
    assert (answer.status_code, answer.json()["text"]) == (200, "已拆单")
    assert orders.asked == [(first, "undo_merge", UndoMerge("分开寄", NAME))]
    orders.answer = UpdateRefused("已打包，不能拆单")
    refused = await client.post(f"{path}/undo", json={"why": "分开寄"}, headers=HEADERS)
    assert (refused.status_code, refused.json()["text"]) == (409, "已打包，不能拆单")


async def test_what_there_is_not_and_who_may_not(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"{PATH}/7", headers=HEADERS)).status_code == 404
    assert (await client.post(f"{PATH}/7/undo", json={"why": "x"}, headers=HEADERS)).status_code == 404
    assert (await client.get(PATH)).status_code == 401


async def test_the_command_lists_shows_and_undoes(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, _ = await _two(database)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    settings = load_settings()
    assert await listed(settings, limit=5, as_json=True) == 0
    [merge] = json.loads(capsys.readouterr().out)["merges"]
    assert await listed(settings, limit=5, as_json=False) == 0
    assert await show(settings, merge["number"], as_json=False) == 0
    assert "已加入" in capsys.readouterr().out
    assert await show(settings, 99, as_json=True) == 1
    orders = Orders()
    orders.answer = Outcome(True, "已拆单")
    assert await undo_by(orders, settings, merge["number"], "分开寄", as_json=False) == 0
    assert [(oid, name) for oid, name, _ in orders.asked] == [(first, "undo_merge")]
    orders.answer = UpdateRefused("已打包")
    assert await undo_by(orders, settings, merge["number"], "分开寄", as_json=False) == 1
    assert "已打包" in capsys.readouterr().err

"""`orderhub stock ...` and the staff API that does the same, on the pool of a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from cli import app
from commands import stock as command
from domain.clock import utc_now
from gateway.app import create_app
from gateway.deps import Gateway
from settings import CompanySettings, Settings
from store import stock
from store.database import Database
from store.stock import Pick, desk
from tests.gateway.conftest import gateway, orders  # noqa: F401 - fixtures
from tests.gateway.house import client_of
from tests.store.pool import books

PATH = "/api/v1/staff/stock"
STAFF = {"authorization": "Bearer token-of-wei"}


@pytest.fixture
def settings(database: Database) -> Settings:
    return Settings.model_construct(
        database_url=SecretStr(database.url), language="zh", company=CompanySettings(warehouse="WH01")
    )


Said = Callable[[], Any]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def read() -> Any:
        return json.loads(capsys.readouterr().out)

    return read


async def test_goods_are_received_counted_and_shown(
    database: Database, settings: Settings, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    for result in ("done", "unchanged"):
        assert (
            await command.do(settings, lambda tx, who: desk.receive(tx, "MUG", "WH01", 9, "N1", who), as_json=True) == 0
        )
        assert said()["result"] == result
    async with database.transaction() as tx:
        await stock.reserve_plan(tx, "own:main:1", "own", [Pick("MUG", "WH01", 4)], "test")
    code = await command.do(
        settings, lambda tx, who: desk.count(tx, "MUG", "WH01", 3, "C1", "stock-taking", who), as_json=False
    )
    assert code == 1
    assert "订单 4、冻结 0" in capsys.readouterr().err
    code = await command.do(
        settings, lambda tx, who: desk.count(tx, "MUG", "WH01", 7, "C1", "stock-taking", who), as_json=True
    )
    assert (code, said()["difference"]) == (0, -2)
    code = await command.do(
        settings, lambda tx, who: desk.adjust(tx, "MUG", "WH01", -4, "A1", "lost", who), as_json=True
    )
    answer = said()
    assert (code, answer["result"]) == (1, "refused")
    assert "MUG × 1" in str(answer["text"])
    await command.show(settings, "", as_json=True)
    [row] = said()["stock"]
    assert (row["on_hand"], row["reserved"], row["free"]) == (7, 4, 3)
    await command.movements(settings, "MUG", "", 2, as_json=True)
    assert [line["kind"] for line in said()["movements"]] == ["count", "reserve"]
    await command.show(settings, "MUG", as_json=False)
    assert "订单占用" in capsys.readouterr().out


async def test_a_transfer_by_the_api(gateway: Gateway, database: Database) -> None:  # noqa: F811
    async with client_of(create_app(gateway), headers=STAFF) as http:

        async def ask(path: str, **wish: object) -> httpx.Response:
            return await http.post(f"{PATH}{path}", json=wish)

        await ask("/receive", sku="MUG", warehouse="WH01", quantity=9, note="N1")
        wish = {"number": "T1", "source": "WH01", "target": "WH02", "goods": {"MUG": 4}}
        assert [(await ask("/transfers", **wish)).json()["result"] for _ in range(2)] == ["done", "unchanged"]
        assert (await ask("/transfers", **{**wish, "number": "T2", "goods": {"MUG": 6}})).status_code == 409
        assert (await http.get(f"{PATH}/transfers")).json()["transfers"][0]["status"] == "frozen"
        assert (await ask("/transfers/T1/send")).json()["sent"] is True
        assert (await ask("/transfers/T1/cancel")).status_code == 409
        assert (await ask("/transfers/T1/receive", arrived={"MUG": 3})).json()["result"] == "done"
        assert (await ask("/transfers/T9/send")).status_code == 409
        # One whose freeze is over: refused, and what people are told is kept.
        async with database.transaction() as tx:
            long_ago = utc_now() - timedelta(hours=3)
            await stock.freeze(tx, "T3", {"MUG": 1}, "WH01", "WH02", "test", now=long_ago)
        refused = await ask("/transfers/T3/send")
        assert (refused.status_code, "T3" in refused.json()["text"]) == (409, True)
    assert await books(database) == {("MUG", "WH01"): {"on_hand": 5}, ("MUG", "WH02"): {"on_hand": 3}}


async def test_purchases_and_shares_by_the_api(gateway: Gateway, database: Database) -> None:  # noqa: F811
    async with client_of(create_app(gateway), headers=STAFF) as http:

        async def ask(path: str, **wish: object) -> httpx.Response:
            return await http.post(f"{PATH}{path}", json=wish)

        due = "2026-03-01T12:00:00+08:00"
        wish = {"number": "PO1", "sku": "MUG", "warehouse": "WH01", "quantity": 5, "expected_at": due}
        assert (await ask("/incoming", **wish)).json()["purchase"]["status"] == "open"
        async with database.transaction() as tx:
            await stock.reserve_plan(tx, "own:main:1", "own", [Pick("MUG", "WH01", 4, "PO1")], "test")
        assert (await ask("/incoming", **{**wish, "quantity": 3})).status_code == 409
        assert [row["reserved"] for row in (await http.get(f"{PATH}/incoming")).json()["incoming"]] == [4]
        came = await ask("/incoming/PO1/receive", goods={"MUG": 4}, note="N1")
        assert came.json()["ready"] == ["own:main:1"]
        assert (await ask("/incoming/PO1/call-off", sku="MUG")).json()["orders"] == []
        assert (await ask("/shares", sku="MUG", channel="own", percent=60)).json()["result"] == "done"
        assert (await ask("/shares", sku="MUG", channel="own", percent=101)).status_code == 422
        assert [row["percent"] for row in (await http.get(f"{PATH}/shares")).json()["shares"]] == [60]
        assert [(await ask("/shares/remove", sku="MUG", channel="own")).json()["result"] for _ in range(2)] == [
            "done",
            "unchanged",
        ]
        assert (await http.get(PATH, params={"sku": "MUG"})).json()["stock"][0]["free"] == 0
        async with client_of(create_app(gateway)) as stranger:
            assert (await stranger.get(PATH)).status_code == 401


def test_every_command_teaches() -> None:
    for name in ("show", "count", "transfer freeze", "transfer send", "incoming receive", "shares set"):
        shown = CliRunner().invoke(app, ["stock", *name.split(), "--help"])
        assert shown.exit_code == 0, shown.output


def test_what_was_typed_wrong_is_named() -> None:
    assert command.goods_of(["MUG=2", "CUP=1", "MUG=1"]) == {"MUG": 3, "CUP": 1}
    with pytest.raises(ValueError, match="MUG:2"):
        command.goods_of(["MUG:2"])
    assert command.moment_of("2026-03-01").isoformat() == "2026-03-01T23:59:00+08:00"
    assert command.moment_of("2026-03-01 18:00").isoformat() == "2026-03-01T18:00:00+08:00"

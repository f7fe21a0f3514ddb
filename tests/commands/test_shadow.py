"""`orderhub shadow`: one command per slice, and the comparison."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from commands import shadow as command
from domain.clock import utc_now
from settings import CompanySettings, Settings
from store import orders
from store.database import Database
from tests.store.samples import order


@pytest.fixture
def settings(database: Database) -> Settings:
    url = SecretStr(database.url)
    return Settings.model_construct(database_url=url, language="zh", company=CompanySettings())


async def test_a_slice_is_switched_and_back_and_says_whose_orders_stay_whose(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async def said(coroutine: Any) -> Any:
        assert await coroutine == 0
        return json.loads(capsys.readouterr().out)

    async with database.transaction() as tx:
        await orders.take(tx, order("SO1"))
    answer = await said(command.switch(settings, "own/main", "trial", on=True, as_json=True))
    assert (answer["changed"], answer["living"], answer["living_examples"]) == (True, 1, ["own:main:SO1"])
    async with database.transaction() as tx:
        await orders.take(tx, order("SO2", placed_at=utc_now()))
    shown = await said(command.show(settings, as_json=True))
    assert [(one["slice"], one["shadow"], one["old_systems_not_shipped"]) for one in shown["slices"]] == [
        ("own/main", True, 1)
    ]
    assert await command.switch(settings, "own", "go", on=False, as_json=False) == 0
    assert "1 个双轨订单尚未发货，仍由旧系统发货：own:main:SO2" in capsys.readouterr().out
    report = await said(command.report(settings, "own", 1, as_json=True))
    assert [(one["slice"], one["counts"]) for one in report["reports"]] == [("own/main", {"open": 1, "orders": 1})]
    listed = await said(command.orders(settings, "open", "", 1, after="", limit=10, as_json=True))
    assert [(one["order_id"], one["would"]) for one in listed["orders"]] == [("own:main:SO2", None)]
    assert await command.report(settings, "", 1, as_json=False) == 0
    assert await command.show(settings, as_json=False) == 0
    assert "正式运行" in capsys.readouterr().out


async def test_what_cannot_be_switched_is_refused_in_words(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command.switch(settings, "tiktok", "x", on=True, as_json=False) == 2
    assert await command.switch(settings, "warehouse/NOWHERE", "x", on=True, as_json=False) == 2
    assert await command.orders(settings, "nonsense", "", 1, after="", limit=1, as_json=False) == 2
    assert await command.orders(settings, "open", "", 1, after="x", limit=1, as_json=False) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in ("tiktok", "NOWHERE", "nonsense", "--after"))

"""`orderhub warehouses` as a person calls it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.warehouses import Given, add, show, switch
from domain.clock import BEIJING, utc_now
from domain.promise import Promise
from domain.texts import use_language
from embedded.credentials import Ports
from embedded.environment import open_home
from settings import Settings, load_settings
from store import promises
from store.database import Database
from tests.store.samples import taken

HANGZHOU = Given("HZ", "杭州仓", "浙江省", "杭州市", "17:30", "123456", True, 500)


@pytest.fixture
async def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> Settings:
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    return load_settings()


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


async def _listed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert await show(settings, as_json=True) == 0
    listed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["warehouses"]
    return listed


async def test_add_list_pause_and_resume(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert [one["code"] for one in await _listed(settings, capsys)] == ["WH01"]
    assert await add(settings, HANGZHOU, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"code": "HZ", "new": True}
    assert (await _listed(settings, capsys))[0] == {
        "code": "HZ",
        "name": "杭州仓",
        "province": "浙江省",
        "city": "杭州市",
        "cut_off": "17:30",
        "weekdays": "123456",
        "rests": True,
        "daily_capacity": 500,
        "active": True,
        "promised_today": 0,
    }
    assert await switch(settings, "HZ", active=False, as_json=False) == 0
    assert await switch(settings, "HZ", active=False, as_json=True) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "warehouse HZ is paused"
    assert json.loads(second) == {"code": "HZ", "active": False, "changed": False}
    assert await show(settings, as_json=False) == 0
    assert "已暂停" in capsys.readouterr().out
    assert await switch(settings, "HZ", active=True, as_json=False) == 0
    assert capsys.readouterr().out == "warehouse HZ is active\n"


async def test_what_is_to_be_sent_today_is_counted(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    db = Database(settings.database_url.get_secret_value())
    now = utc_now().astimezone(BEIJING)
    await taken(db)
    for n, day in ((1, now), (2, now), (3, now + timedelta(days=1))):
        promised = Promise(day.replace(hour=23, minute=59, second=0, microsecond=0), None, ())
        async with db.transaction() as tx:
            await promises.keep(tx, "own:main:SO1", n, "WH01", promised, now)
    await db.close()
    assert (await _listed(settings, capsys))[0]["promised_today"] == 2


async def test_what_cannot_be_is_refused_with_a_sentence(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, words in (
        (replace(HANGZHOU, province="火星"), "火星 is no province"),
        (replace(HANGZHOU, cut_off="half past five"), "HH:MM"),
        (replace(HANGZHOU, weekdays="78"), "weekdays"),
        (replace(HANGZHOU, code="H Z"), "code"),
    ):
        assert await add(settings, given, as_json=False) == 2
        assert words in capsys.readouterr().err
    assert await switch(settings, "HZ", active=False, as_json=False) == 2
    assert len(await _listed(settings, capsys)) == 1

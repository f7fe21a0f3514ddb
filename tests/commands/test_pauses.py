"""`orderhub pauses`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.pauses import add, end, show
from domain.pauses import Slice
from embedded.credentials import Ports
from embedded.environment import open_home
from settings import Settings, load_settings
from store.database import Database


@pytest.fixture
def settings(database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    return load_settings()


async def test_a_slice_is_paused_seen_and_let_go_on(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    async def pause() -> int:
        return await add(settings, Slice.SKU, "MUG", why="把手易断", by="wei", minutes=30, as_json=True)

    assert await pause() == 0
    [begun] = json.loads(capsys.readouterr().out).values()
    assert (begun["kind"], begun["name"], begun["by"]) == ("sku", "MUG", "wei")
    assert begun["until"].endswith("+08:00")
    assert await pause() == 1
    assert "已在暂停中" in capsys.readouterr().err
    assert await show(settings, every=False, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "MUG" in shown
    assert "0 单因熔断在等待" in shown
    assert await end(settings, begun["n"], by="li", as_json=False) == 0
    assert await end(settings, begun["n"], by="li", as_json=False) == 1
    capsys.readouterr()
    assert await show(settings, every=False, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"pauses": [], "waiting": 0}
    assert await show(settings, every=False, as_json=False) == 0
    assert "没有暂停" in capsys.readouterr().out
    assert await show(settings, every=True, as_json=True) == 0
    [over] = json.loads(capsys.readouterr().out)["pauses"]
    assert over["ended_by"] == "li"

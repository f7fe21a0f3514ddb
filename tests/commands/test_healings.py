"""`orderhub healings` on a store in which something was mended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands.healings import main
from domain.healing import HealingOutcome, HealingRule
from embedded.credentials import Ports
from embedded.environment import open_home
from settings import load_settings
from store import healings
from store.database import Database
from store.healings import Healing
from tests.store.samples import index_row, taken


async def test_what_was_mended_is_listed_and_counted(
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    order_id = await taken(database)
    async with database.transaction() as tx:
        row = await index_row(tx, order_id)
        healed = Healing(HealingRule.ADDRESS, "a", HealingOutcome.HEALED, "浙江省杭州市", "浙江省杭州市余杭区")
        assert await healings.keep(tx, row, healed)
        assert not await healings.keep(tx, row, healed)
        await healings.keep(tx, row, Healing(HealingRule.GIFT, "3/1", HealingOutcome.FAILED, "CARD × 1"))
    for name, value in open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ORDERHUB_DATABASE_URL", database_url)
    settings = load_settings()
    assert await main(settings, limit=1, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {
        "address": {"healed": 1, "failed": 0, "person": 0},
        "amounts": {"healed": 0, "failed": 0, "person": 0},
        "gift": {"healed": 0, "failed": 1, "person": 0},
    }
    [latest] = said["healings"]
    assert (latest["order_id"], latest["rule"], latest["outcome"]) == (order_id, "gift", "failed")
    assert latest["at"].endswith("+08:00")
    assert await main(settings, limit=20, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "地址补全" in shown
    assert "赠品补发" in shown

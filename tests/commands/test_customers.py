"""`orderhub customers` as a person calls it."""

from __future__ import annotations

import json

import pytest

from commands.customers import limit, payment, show, show_all
from settings import Settings
from store.database import Database
from tests.commands.test_warehouses import _chinese_again, settings
from tests.store.test_credit_limits import _leaves, _reserve, on_account

__all__ = ["_chinese_again", "settings"]


async def test_a_limit_and_a_payment(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await limit(settings, "b2b", "C9", "150.00", "示例公司", "zhao", "年度额度", as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["limit_fen"] == 15_000
    assert await limit(settings, "nowhere", "C9", "1", "", "zhao", "x", as_json=True) == 2
    assert await limit(settings, "b2b", "C9", "-1", "", "zhao", "x", as_json=True) == 2
    assert await payment(settings, "b2b", "C9", "1", "BANK-1", "zhao", as_json=True) == 2
    assert await payment(settings, "b2b", "C8", "1", "BANK-1", "zhao", as_json=True) == 2
    one = on_account("SO1")
    await _reserve(database, one)
    await _leaves(database, one, 1)
    capsys.readouterr()
    for booked in (True, False):
        assert await payment(settings, "b2b", "C9", "100.00", "BANK-1", "zhao", as_json=True) == 0
        assert json.loads(capsys.readouterr().out)["booked"] is booked
    await show_all(settings, as_json=True)
    [row] = json.loads(capsys.readouterr().out)["customers"]
    assert (row["limit_fen"], row["reserved_fen"], row["used_fen"], row["free_fen"]) == (15_000, 0, 0, 15_000)
    await show(settings, "b2b", "C9", as_json=True)
    kinds = [entry["kind"] for entry in json.loads(capsys.readouterr().out)["entries"]]
    assert kinds == ["paid", "use", "reserve", "limit"]
    assert await show_all(settings, as_json=False) == 0
    assert await show(settings, "b2b", "C9", as_json=False) == 0
    assert "150.00" in capsys.readouterr().out

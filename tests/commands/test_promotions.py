"""`orderhub promotions try` as a person calls it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.promotions import try_basket
from domain.clock import utc_now
from domain.texts import use_language
from rules.documents import version_of
from rules.workbook import write_workbook
from settings import Settings
from store import rules
from store.database import Database
from store.rules import Version
from tests.commands.test_rules import database_url, settings
from tests.rules.documents import changed

__all__ = ["database_url", "settings"]

BASKET = json.dumps(
    {"shop": "示例店铺", "lines": [{"sku": "CUP", "unit_price_fen": 30000}, {"sku": "DIAPER-M", "unit_price_fen": 1}]}
).encode()


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


async def _said(settings: Settings, capsys: Any, promotions: Path | None = None) -> dict[str, Any]:
    assert await try_basket(settings, BASKET, promotions, as_json=True) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


async def test_a_basket_is_priced_by_what_is_published_and_by_a_file_that_is_not(
    settings: Settings, database: Database, tmp_path: Path, capsys: Any
) -> None:
    assert (await _said(settings, capsys))["due_fen"] == 25001
    draft = changed("promotions", "full_300", off_fen="6000")
    write_workbook("promotions", draft, tmp_path / "draft.xlsx")
    assert (await _said(settings, capsys, tmp_path / "draft.xlsx"))["due_fen"] == 24001
    assert (await _said(settings, capsys))["due_fen"] == 25001
    version = version_of(draft)
    async with database.transaction() as tx:
        await rules.draft(tx, Version("promotions", version, draft, "xlsx", utc_now()), "li", "")
        await rules.publish(tx, "promotions", version, "li", "大促", utc_now())
    found = await _said(settings, capsys)
    assert found["due_fen"] == 24001
    assert f"promotions@{version}/full_300" in found["rules"]


async def test_people_read_steps_shares_and_sums(settings: Settings, database: Database, capsys: Any) -> None:
    assert await try_basket(settings, BASKET, None, as_json=False) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1. 满300减50：减 50.00 元 × 1 次，共减 50.00 元",
        "-  满500减120：未享受，未达门槛",
        "-  纸尿裤送湿巾：未享受，未达门槛",
        "第 1 行 CUP × 1：原价 300.00 元，优惠 50.00 元（平台 0.00，店铺 50.00），应付 250.00 元",
        "第 2 行 DIAPER-M × 1：原价 0.01 元，优惠 0.00 元（平台 0.00，店铺 0.00），应付 0.01 元",
        "合计：原价 300.01 元，优惠 50.00 元（平台 0.00，店铺 50.00），应付 250.01 元",
    ]


async def test_what_cannot_be_priced_is_said(
    settings: Settings, database: Database, tmp_path: Path, capsys: Any
) -> None:
    assert await try_basket(settings, b'{"lines": [{"sku": "A"}]}', None, as_json=True) == 1
    assert "商品 A 没有价格" in capsys.readouterr().err
    bad = changed("promotions", "full_300", off_fen="30001")
    write_workbook("promotions", bad, tmp_path / "bad.xlsx")
    assert await try_basket(settings, BASKET, tmp_path / "bad.xlsx", as_json=True) == 1
    assert "off_fen 比门槛还多" in capsys.readouterr().err

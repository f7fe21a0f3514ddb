"""`orderhub orders` as a person calls it."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from activities.contracts import HoldEnd, HoldFact
from activities.holds import HoldSteps
from commands.orders import Asked, listed, show, why
from domain.clock import utc_now
from domain.holds import HoldReason
from domain.order import Channel
from settings import Settings
from store.database import Database
from store.orders import take
from tests.activities.test_pricing import _files_again, _order, _reviewed
from tests.commands.test_warehouses import _chinese_again, settings
from tests.store.samples import order

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

__all__ = ["_chinese_again", "_files_again", "settings"]


@pytest.fixture
async def dear(database: Database) -> str:
    """An order that costs ten yuan more than it should, and is held for that."""
    one = _order(paid=26000)
    [flag] = (await _reviewed(database, one)).flags
    deadline = utc_now() + timedelta(hours=4, minutes=1)
    await HoldSteps(database).open_hold(HoldFact(one.order_id, 1, HoldReason(flag.hold), flag.detail, deadline))
    return one.order_id


async def test_an_order_says_what_stops_it_and_why(
    settings: Settings, database: Database, dear: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (partial(show, events=8), why):
        assert await command(settings, "SO1", as_json=False) == 0
        said = capsys.readouterr().out
        assert said.index("已拦截：价格不符") < said.index("运营处理：运营放行") < said.index("price.differs")
        before, _, _ = said.partition("最近动态")
        assert before.count("实付与促销不符") == 1, "a hold and its finding say the same thing"
        assert "4 小时后" in said
        assert "promotions@" in said
        assert "满300减50" in said
        assert "相差  10.00 元" in said
        assert "138****0000" in said
        assert "13800000000" not in said
        assert "示例路" not in said
        assert max(map(_width, said.splitlines())) <= 80
    await HoldSteps(database).close_hold(HoldEnd(dear, 1, "PRICE_CONFLICT", "lan", "OPERATOR", why="电话确认"))
    assert await show(settings, dear, events=2, as_json=False) == 0
    said = capsys.readouterr().out
    assert "已放行：lan" in said
    assert "解除拦截  lan  价格不符：运营放行，电话确认" in said
    assert "正常进行中\n  → 正在审单" in said


def _width(line: str) -> int:
    return sum(2 if ord(char) > 0x2E7F else 1 for char in line)


async def test_lists_and_what_several_orders_are_found_by(
    settings: Settings, database: Database, dear: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.transaction() as tx:
        await take(tx, order("SO1", channel=Channel.DOUYIN, shop="dy"))
    capsys.readouterr()
    assert await show(settings, "SO1", events=8, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)["orders"]
    assert {one["order_id"] for one in found} == {dear, "douyin:dy:SO1"}
    assert await show(settings, dear, events=8, as_json=True) == 0
    [hold] = json.loads(capsys.readouterr().out)["holds"]
    assert (hold["who_text"], hold["by_operator"]) == ("运营", True)
    assert await listed(settings, Asked(hold="PRICE_CONFLICT"), limit=20, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["order_id"] for one in said["orders"]] == [dear]
    assert said["counts"]["holds"] == [{"reason": "PRICE_CONFLICT", "text": "价格不符", "orders": 1}]
    assert await listed(settings, Asked(), limit=1, as_json=False) == 0
    said = capsys.readouterr().out
    assert "拦截：价格不符 1" in said
    assert "--after" in said


@pytest.mark.parametrize("asked", [Asked(state="paid"), Asked(hold="X"), Asked(channel="X"), Asked(since="today")])
async def test_what_cannot_be_asked_for(settings: Settings, database: Database, asked: Asked) -> None:
    assert await listed(settings, asked, limit=1, as_json=True) == 2


async def test_a_number_that_leads_nowhere(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await show(settings.model_copy(update={"language": "en"}), "SO9", events=8, as_json=True) == 2
    assert capsys.readouterr().err == "nothing found: SO9\n"

"""How partners are put together: what is asked for changes, and who understands the answers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded.credentials import Ports
from embedded.environment import open_home
from runtime.partners import Outside, build_partners
from settings import Settings, load_settings
from store.database import Database
from tests.connectors.taobao.conftest import settings as taobao_settings
from tests.connectors.xiaohongshu.conftest import settings as xiaohongshu_settings

PDD = {
    "CLIENT_ID": "client-1",
    "CLIENT_SECRET": "made-up",
    "SHOPS": '["100001", "100002"]',
    "COURIERS": '{"SF": {"logistics_id": 44}}',
    **{
        f"SENDER__{name}": value
        for name, value in {
            "NAME": "示例仓",
            "MOBILE": "13800000000",
            "PROVINCE": "浙江省",
            "CITY": "杭州市",
            "DISTRICT": "余杭区",
            "DETAIL": "示例路1号",
        }.items()
    },
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """An embedded installation, with platforms that it has no sandbox for."""
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    variables = open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables
    variables |= {f"ORDERHUB_PDD__{name}": value for name, value in PDD.items()}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    more = {"taobao": taobao_settings(), "xiaohongshu": xiaohongshu_settings()}
    return load_settings().model_copy(update=more)


@pytest.fixture
async def outside(settings: Settings) -> AsyncIterator[Outside]:
    db = Database(settings.database_url.get_secret_value())
    built = build_partners(settings, db)
    yield built
    await built.close()
    await db.close()


async def test_every_shop_is_pulled_by_each_of_its_feeds_once(outside: Outside) -> None:
    scheduled = outside.pulled()
    assert {("pdd", "100002"), ("pdd/refunds", "100002")} <= set(scheduled)
    assert {feed for feed, _ in scheduled} >= {"taobao", "taobao/refunds", "xiaohongshu", "xiaohongshu/refunds"}
    assert len(set(scheduled)) == len(scheduled)


async def test_each_feed_is_its_channels(outside: Outside) -> None:
    for feed, source in outside.partners.pulls.items():
        assert source.feed == feed
        assert feed.partition("/")[0] == source.channel.value
        assert source.channel in outside.partners.channels
        assert source.channel.value in outside.sources

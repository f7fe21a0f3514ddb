"""How partners are put together: what is asked for changes, and who understands the answers."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

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


def _wechat() -> str:
    """Two mini-programs, of which one may ask WeChat Pay."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    mute = {
        "app_secret": "made-up",
        "mchid": "1900000001",
        "apiv3_key": "k" * 32,
        "platform_keys": {"PUB_KEY_ID_1": public},
    }
    return json.dumps({"wx1": mute, "wx2": mute | {"merchant_serial": "4A", "merchant_private_key": private}})


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """An embedded installation, with platforms that it has no sandbox for."""
    for name in [name for name in os.environ if name.upper().startswith("ORDERHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    variables = open_home(tmp_path / "home", Ports(1, 2, 3, 4)).variables
    variables |= {f"ORDERHUB_PDD__{name}": value for name, value in PDD.items()}
    variables["ORDERHUB_WECHAT__SHOPS"] = _wechat()
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
    assert [shop for feed, shop in scheduled if feed == "wechat"] == ["wx2"]
    assert len(set(scheduled)) == len(scheduled)


async def test_each_feed_is_its_channels(outside: Outside) -> None:
    for feed, source in outside.partners.pulls.items():
        assert source.feed == feed
        assert feed.partition("/")[0] in outside.sources
        assert source.channel in outside.partners.channels

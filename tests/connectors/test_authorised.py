"""Port `Authorised` of every platform: when a shop's owner is needed again, and what can be done before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import respx
from pydantic import SecretStr

from connectors.douyin import DouyinApi, DouyinChannel
from connectors.errors import Misconfigured, PartnerError
from connectors.jd import JdChannel, JosApi
from connectors.pdd import PddApi, PddChannel
from connectors.ports import Authorised
from connectors.taobao import Shop, TaobaoChannel, TopApi
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel
from domain.clock import utc_now
from domain.order import Channel

from .douyin.conftest import settings as douyin_settings
from .jd.conftest import settings as jd_settings
from .memory_tokens import MemoryTokens, token
from .pdd.conftest import settings as pdd_settings
from .taobao.conftest import SHOP as TAOBAO_SHOP
from .taobao.conftest import settings as taobao_settings
from .xiaohongshu.conftest import settings as xiaohongshu_settings

END = datetime(2027, 3, 31, tzinfo=UTC)
PLATFORMS: dict[Channel, Any] = {
    Channel.DOUYIN: (DouyinApi, DouyinChannel, douyin_settings),
    Channel.JD: (JosApi, JdChannel, jd_settings),
    Channel.PDD: (PddApi, PddChannel, pdd_settings),
    Channel.XIAOHONGSHU: (XiaohongshuApi, XiaohongshuChannel, xiaohongshu_settings),
}


def built(channel: Channel) -> tuple[Authorised, Any, MemoryTokens]:
    """A channel, its line, and the store of its tokens."""
    api_class, channel_class, settings = PLATFORMS[channel]
    store = MemoryTokens(channel)
    api = api_class(settings(), store)
    return channel_class(api), api, store


@respx.mock
@pytest.mark.parametrize("channel", PLATFORMS)
async def test_a_token_that_is_not_due_is_left_alone(channel: Channel) -> None:
    port, api, store = built(channel)
    (shop, *_) = port.shops
    store.tokens[shop] = kept = token("present")
    await port.refresh(shop)  # respx knows no address: a call would fail
    assert store.tokens[shop] is kept
    ends = None if channel is Channel.DOUYIN else kept.refresh_expires_at
    assert await port.authorised_until(shop) == ends
    await api.close()


@respx.mock
@pytest.mark.parametrize("channel", PLATFORMS)
async def test_a_renewal_that_fails_is_told_though_the_token_serves(channel: Channel) -> None:
    port, api, store = built(channel)
    (shop, *_) = port.shops
    store.tokens[shop] = token("present", left=timedelta(minutes=1))
    respx.post().respond(503)
    with pytest.raises(PartnerError):
        await port.refresh(shop)
    assert store.tokens[shop].access == "present"
    await api.close()


@pytest.mark.parametrize("channel", [each for each in PLATFORMS if each is not Channel.DOUYIN])
async def test_a_shop_that_never_authorised_is_for_its_owner(channel: Channel) -> None:
    port, api, _ = built(channel)
    (shop, *_) = port.shops
    assert await port.authorised_until(shop) is None
    with pytest.raises(Misconfigured):
        await port.refresh(shop)
    await api.close()


@pytest.mark.parametrize(
    ("ends", "is_over"),
    [(END, False), (None, False), (utc_now() + timedelta(days=1), False), (utc_now() - timedelta(seconds=1), True)],
)
async def test_a_session_of_taobao_cannot_be_prolonged(ends: datetime | None, is_over: bool) -> None:
    shop = Shop(session=SecretStr("session-1"), session_expires_at=ends)
    api = TopApi(taobao_settings(shops={TAOBAO_SHOP: shop}))
    port: Authorised = TaobaoChannel(api)
    assert await port.authorised_until(TAOBAO_SHOP) == ends
    if is_over:
        with pytest.raises(Misconfigured, match="must authorise"):
            await port.refresh(TAOBAO_SHOP)
    else:
        await port.refresh(TAOBAO_SHOP)
    assert await port.authorised_until("gone") is None
    await api.close()


@pytest.mark.parametrize("text", ["2027-03-31 00:00:00", "soon"])
def test_the_end_of_a_session_has_a_zone(text: str) -> None:
    with pytest.raises(ValueError, match="session_expires_at"):
        Shop.model_validate({"session": "s", "session_expires_at": text})


def test_the_end_of_a_session_as_settings_have_it() -> None:
    shop = Shop.model_validate({"session": "s", "session_expires_at": "2027-03-31T08:00:00+08:00"})
    assert shop.session_expires_at == END

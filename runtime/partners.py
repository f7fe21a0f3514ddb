"""Building every configured partner from the settings: the one place where connectors are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

from activities.partners import HubConfig, Partners
from connectors.cainiao import CainiaoCourier
from connectors.credit import CreditCallback, CrmCredit
from connectors.douyin import DouyinApi, DouyinChannel, DouyinWaybills
from connectors.drops import FileFeed
from connectors.facts import Facts
from connectors.jd import JdChannel, JdExports, JdRefunds, JdWaybills, JosApi
from connectors.kdniao import KdniaoPush, KdniaoTracker
from connectors.pdd import PddApi, PddChannel, PddWaybills
from connectors.plugins import Brought
from connectors.ports import Courier, PullSource, PushSource, SalesChannel
from connectors.qimen import QimenPush, QimenWarehouse
from connectors.rest import RestChannel, RestDoor, RestSettings
from connectors.rest.documents import SOURCES
from connectors.sf import SfCourier, SfRoutePush
from connectors.sms import AliyunSms, SmsReceipts
from connectors.taobao import TaobaoChannel, TaobaoWaybills, TopApi
from connectors.wechat import WechatChannel
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel, XiaohongshuWaybills
from domain.order import Channel
from domain.partner_health import Rule
from domain.shipping import Provider
from runtime.client import key_ring
from runtime.phones import Phones
from runtime.plugins import Plugin, closed, fitting, load_plugins, places
from runtime.tokens import StoredTokens
from runtime.wechat_orders import StoredOrders
from settings import Settings
from store.database import Database

K = TypeVar("K")
V = TypeVar("V")

_LAST_CALLS_S = 60.0
"""How long the lines of channels that were built anew stay open for calls under way."""

Authorise = Callable[[str, str], Awaitable[str]]
"""Turns the code of a shop owner's consent into tokens: (shop, code) to the shop."""


class Outside:
    """All partners: those that activities call, and those that call us.

    The mappings are live: `use_shops` puts the channels' new shops into them, for whoever holds them already.
    """

    def __init__(
        self, partners: Partners, fixed: _Builder, keep: Callable[[Settings], _Builder], loaded: Sequence[Plugin] = ()
    ) -> None:
        self.partners = partners
        self.plugins: Sequence[Plugin] = loaded
        """Third parties' connectors, with what came of each."""
        self.sources: dict[str, PushSource] = {}
        self.authorise: dict[str, Authorise] = {}
        self.rest = RestDoor({})
        self._fixed = fixed
        self._build = keep
        self._loaded = loaded
        self._channels = _Builder()
        self._leaving: set[asyncio.Task[None]] = set()

    async def use_shops(self, settings: Settings) -> None:
        """Build the channels anew, with the shops that `settings` name. Calls under way end on their old lines."""
        before = self._channels
        self.take(self._build(settings))
        leaving = asyncio.create_task(_close_later(before))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def take(self, built: _Builder) -> None:
        """Put newly built channels into the mappings."""
        self._channels = built
        ours = _Builder()
        ours.channels = built.channels
        ours.couriers = {**self._fixed.couriers, **built.couriers}
        ours.pulls = built.pulls
        ours.sources = [*self._fixed.sources, *built.sources]
        # Ours first: a shop that is added while everything runs must not fail over somebody's package.
        self.plugins = fitting(self._loaded, ours.names())
        for plugin in self.plugins:
            ours.take_in(plugin)
        self.rest.open_to(built.rest)
        _replace(self.partners.channels, ours.channels)
        _replace(self.partners.couriers, ours.couriers)
        _replace(self.partners.pulls, ours.pulls)
        _replace(self.partners.files, built.files)
        _replace(self.sources, {source.source: source for source in ours.sources})
        _replace(self.authorise, built.authorise)

    def pulled(self) -> list[tuple[str, str]]:
        """Every (feed, shop) whose changes are asked for, by its interface or by looking for files."""
        return [(feed, shop) for feed, source in self._feeds().items() for shop in source.shops]

    def feeds(self) -> list[tuple[str, Channel]]:
        """Every feed that is asked or looked into, and its channel."""
        return [(feed, source.channel) for feed, source in self._feeds().items()]

    def _feeds(self) -> Mapping[str, PullSource | FileFeed]:
        return {**self.partners.pulls, **self.partners.files}

    async def close(self) -> None:
        """End all connections."""
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        for close in (*self._fixed.closers, *self._channels.closers):
            await close()
        await closed(self._loaded)


class _Builder:
    """Collects what is configured."""

    def __init__(self) -> None:
        self.channels: dict[Channel, SalesChannel] = {}
        self.couriers: dict[Provider, Courier] = {}
        self.pulls: dict[str, PullSource] = {}
        self.files: dict[str, FileFeed] = {}
        self.sources: list[PushSource] = []
        self.authorise: dict[str, Authorise] = {}
        self.rest: dict[Channel, RestSettings] = {}
        self.closers: list[Callable[[], Awaitable[None]]] = []

    def platform(self, channel: PulledChannel, close: Callable[[], Awaitable[None]]) -> None:
        """A channel that is pulled beside what it pushes."""
        self.channels[channel.channel] = channel
        self.feed(channel)
        self.sources.append(channel)
        self.closers.append(close)

    def feed(self, source: PullSource) -> None:
        """One more list of changes; its documents go to the source that they name."""
        self.pulls[source.feed] = source

    def take_in(self, plugin: Plugin) -> None:
        """What a third party's package brought."""
        brought = plugin.brought
        self.channels |= {channel.channel: channel for channel in brought.channels}
        self.couriers |= {courier.provider: courier for courier in brought.couriers}
        self.pulls |= {source.feed: source for source in brought.pulls}
        self.sources += [*brought.channels, *brought.sources]

    def names(self) -> list[str]:
        """The places that are taken."""
        channels, couriers = tuple(self.channels.values()), tuple(self.couriers.values())
        pulls = tuple(self.pulls.values())
        # A channel is among the sources as well, and REST shops of a mini-program are a source alone.
        return [
            *places(Brought(couriers=couriers, pulls=pulls, sources=self.sources)),
            *(f"channel {channel.channel}" for channel in channels),
        ]


class HasFacts(Protocol):
    """The class of a connector that says what it does."""

    facts: Facts


class PulledChannel(SalesChannel, PullSource, Protocol):
    """A channel with both ways in."""


@asynccontextmanager
async def open_partners(settings: Settings, db: Database) -> AsyncIterator[Outside]:
    """All partners, as `build_partners` builds them; their lines are closed at the end."""
    outside = build_partners(settings, db)
    try:
        yield outside
    finally:
        await outside.close()


def build_partners(settings: Settings, db: Database) -> Outside:
    """Build what is configured, with the shops that `settings` name. Call it in the event loop that will use it."""
    fixed = _Builder()
    qimen, tracker = QimenWarehouse(settings.qimen), KdniaoTracker(settings.kdniao)
    credit, sms = CrmCredit(settings.credit), AliyunSms(settings.sms)
    fixed.sources += [
        QimenPush(settings.qimen),
        KdniaoPush(settings.kdniao),
        CreditCallback(settings.credit),
        SmsReceipts(settings.sms),
    ]
    fixed.closers += [qimen.close, tracker.close, credit.close, sms.close]
    _direct_couriers(settings, fixed)
    tokens = StoredTokens(db, key_ring(settings.encryption))
    plugins = load_plugins(settings.plugins, tokens)

    def channels(wanted: Settings) -> _Builder:
        built = _Builder()
        _rest_shops(wanted, built)
        _platforms(wanted, tokens, built)
        _wechat(wanted, db, built)
        return built

    warehouse = next((p.brought.warehouse for p in plugins if p.brought.warehouse is not None), qimen)
    outside = Outside(Partners({}, {}, tracker, warehouse, credit, sms), fixed, channels, plugins)
    outside.take(channels(settings))
    return outside


async def _close_later(before: _Builder) -> None:
    try:
        await asyncio.sleep(_LAST_CALLS_S)
    finally:
        for close in before.closers:
            await close()


def _replace(live: MutableMapping[K, V], now: Mapping[K, V]) -> None:
    """Change a mapping that others hold. Without an await in between, so that nobody sees it half done."""
    live.clear()
    live.update(now)


def _rest_shops(settings: Settings, built: _Builder) -> None:
    built.rest = settings.rest()
    for channel, shops in built.rest.items():
        shop = RestChannel(channel, shops)
        built.sources.append(shop)
        built.pulls[shop.feed] = shop
        built.closers.append(shop.close)
        if channel is not Channel.WECHAT:  # its shipments are WeChat's to know
            built.channels[channel] = shop


def _platforms(settings: Settings, tokens: StoredTokens, built: _Builder) -> None:
    if settings.douyin is not None:
        douyin = DouyinApi(settings.douyin, tokens)
        douyin_channel = DouyinChannel(douyin)
        built.platform(douyin_channel, douyin.close)
        built.feed(douyin_channel.refunds)
        built.couriers[Provider.DOUYIN] = DouyinWaybills(douyin)
    if settings.taobao is not None:
        top = TopApi(settings.taobao)
        taobao_channel = TaobaoChannel(top)
        built.platform(taobao_channel, top.close)
        built.feed(taobao_channel.refunds)
        built.couriers[Provider.TAOBAO] = TaobaoWaybills(top, settings.taobao)
    if settings.pdd is not None:
        pdd = PddApi(settings.pdd, tokens)
        pdd_channel = PddChannel(pdd)
        built.platform(pdd_channel, pdd.close)
        built.feed(pdd_channel.refunds)
        built.couriers[Provider.PDD] = PddWaybills(pdd)
        built.authorise["pdd"] = lambda _, code: pdd.authorise(code)
    if settings.xiaohongshu is not None:
        xiaohongshu = XiaohongshuApi(settings.xiaohongshu, tokens)
        xiaohongshu_channel = XiaohongshuChannel(xiaohongshu)
        built.platform(xiaohongshu_channel, xiaohongshu.close)
        built.feed(xiaohongshu_channel.refunds)
        built.couriers[Provider.XIAOHONGSHU] = XiaohongshuWaybills(xiaohongshu)
        built.authorise["xiaohongshu"] = lambda _, code: xiaohongshu.authorise(code)
    if settings.jd is not None:
        jos = JosApi(settings.jd, tokens)
        built.platform(JdChannel(jos), jos.close)
        built.feed(JdRefunds(jos))
        built.couriers[Provider.JD] = JdWaybills(jos)
        built.files[JdExports.feed] = JdExports(settings.jd)
        built.authorise["jd"] = partial(_authorise_jd, jos)


def _wechat(settings: Settings, db: Database, built: _Builder) -> None:
    if settings.wechat is None:
        return
    wechat = WechatChannel(settings.wechat, StoredOrders(db))
    built.channels[Channel.WECHAT] = wechat
    built.sources.append(wechat)
    built.feed(wechat.payments)
    built.closers.append(wechat.close)


async def _authorise_jd(jos: JosApi, shop: str, code: str) -> str:
    await jos.authorise(shop, code)
    return shop


def _direct_couriers(settings: Settings, built: _Builder) -> None:
    if settings.sf is not None:
        sf = SfCourier(settings.sf)
        built.couriers[Provider.SF] = sf
        built.sources.append(SfRoutePush(settings.sf, sf))
        built.closers.append(sf.close)
    if settings.cainiao is not None:
        cainiao = CainiaoCourier(settings.cainiao)
        built.couriers[Provider.CAINIAO] = cainiao
        built.closers.append(cainiao.close)


def connectors_of(channel: Channel) -> tuple[HasFacts, ...]:
    """The connectors of ours that serve a channel, as classes: a mini-program's orders and its payments come by two."""
    ours = tuple(kind for kind in _PLATFORMS if kind.channel is channel)
    return (RestChannel, *ours) if channel in SOURCES else ours


def takes_stock(channel: Channel) -> bool:
    """Whether the connector of ours that sells on a channel tells it how many pieces it may sell."""
    sellers = (kind for kind in _PLATFORMS if kind.channel is channel and hasattr(kind, "write_back"))
    return next(sellers, RestChannel).facts.stock


_PLATFORMS = (DouyinChannel, TaobaoChannel, JdChannel, JdExports, PddChannel, XiaohongshuChannel, WechatChannel)


def configured(settings: Settings) -> list[str]:
    """The names of all partners that are configured."""
    optional = ("douyin", "taobao", "jd", "pdd", "xiaohongshu", "wechat", "sf", "cainiao")
    chosen = [name for name in optional if getattr(settings, name) is not None]
    return [*(SOURCES[channel] for channel in settings.rest()), *chosen, "qimen", "kdniao", "credit", "sms"]


def hub_config(settings: Settings) -> HubConfig:
    """What activities need to know of this company."""
    company = settings.company
    return HubConfig(
        warehouse=company.warehouse,
        sender_phone_tail=company.sender_phone_tail,
        credit_above_fen=company.credit_above_fen,
        clerk_phones=tuple(phone.get_secret_value() for phone in company.clerk_phones),
        manager_phones=tuple(phone.get_secret_value() for phone in company.manager_phones),
        declaration=company.declaration,
        link_secret=link_secret(settings),
        link_hours=company.link_hours,
        settle_after=timedelta(seconds=company.settle_after_s),
        track_silent_after=timedelta(seconds=company.track_silent_after_s),
        health=health_rule(settings),
        phones=Phones(key_ring(settings.encryption)),
    )


def health_rule(settings: Settings) -> Rule:
    """When a partner's interface counts as unhealthy."""
    return Rule(settings.health.threshold_percent, settings.health.min_calls)


def link_secret(settings: Settings) -> bytes:
    """The secret that the codes of links are derived from."""
    return key_ring(settings.encryption).derive("form-links")

"""Building every configured partner from the settings: the one place where connectors are put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from activities.partners import HubConfig, Partners
from connectors.cainiao import CainiaoCourier
from connectors.credit import CreditCallback, CrmCredit
from connectors.douyin import DouyinApi, DouyinChannel, DouyinWaybills
from connectors.kdniao import KdniaoPush, KdniaoTracker
from connectors.own import OwnShop
from connectors.ports import Courier, PushSource, SalesChannel
from connectors.qimen import QimenPush, QimenWarehouse
from connectors.sf import SfCourier, SfRoutePush
from connectors.sms import AliyunSms, SmsReceipts
from domain.order import Channel
from domain.shipping import Provider
from runtime.client import key_ring
from runtime.tokens import StoredTokens
from settings import Settings
from store.database import Database


@dataclass(frozen=True)
class Outside:
    """All partners: those that activities call, and those that call us."""

    partners: Partners
    sources: dict[str, PushSource]
    own: OwnShop | None
    _closers: list[Callable[[], Awaitable[None]]]

    async def close(self) -> None:
        """End all connections."""
        for close in self._closers:
            await close()


def build_partners(settings: Settings, db: Database) -> Outside:
    """Build what is configured. Call it inside the event loop that will use it."""
    channels: dict[Channel, SalesChannel] = {}
    couriers: dict[Provider, Courier] = {}
    qimen, tracker = QimenWarehouse(settings.qimen), KdniaoTracker(settings.kdniao)
    credit, sms = CrmCredit(settings.credit), AliyunSms(settings.sms)
    sources: list[PushSource] = [
        QimenPush(settings.qimen),
        KdniaoPush(settings.kdniao),
        CreditCallback(settings.credit),
        SmsReceipts(settings.sms),
    ]
    closers: list[Callable[[], Awaitable[None]]] = [qimen.close, tracker.close, credit.close, sms.close]
    own = None
    if settings.own is not None:
        own = OwnShop(settings.own)
        channels[Channel.OWN] = own
        sources.append(own)
        closers.append(own.close)
    if settings.douyin is not None:
        api = DouyinApi(settings.douyin, StoredTokens(db, key_ring(settings.encryption)))
        douyin = DouyinChannel(api)
        channels[Channel.DOUYIN] = douyin
        couriers[Provider.DOUYIN] = DouyinWaybills(api)
        sources.append(douyin)
        closers.append(api.close)
    if settings.sf is not None:
        sf = SfCourier(settings.sf)
        couriers[Provider.SF] = sf
        sources.append(SfRoutePush(settings.sf, sf))
        closers.append(sf.close)
    if settings.cainiao is not None:
        cainiao = CainiaoCourier(settings.cainiao)
        couriers[Provider.CAINIAO] = cainiao
        closers.append(cainiao.close)
    partners = Partners(channels, couriers, tracker, qimen, credit, sms)
    return Outside(partners, {source.source: source for source in sources}, own, closers)


def hub_config(settings: Settings) -> HubConfig:
    """What activities need to know of this company."""
    company = settings.company
    return HubConfig(
        warehouse=company.warehouse,
        sender_phone_tail=company.sender_phone_tail,
        credit_above_fen=company.credit_above_fen,
        clerk_phones=tuple(phone.get_secret_value() for phone in company.clerk_phones),
        link_secret=link_secret(settings),
        link_hours=company.link_hours,
        settle_after=timedelta(seconds=company.settle_after_s),
        track_silent_after=timedelta(seconds=company.track_silent_after_s),
    )


def link_secret(settings: Settings) -> bytes:
    """The secret that the codes of links are derived from."""
    return key_ring(settings.encryption).derive("form-links")

"""Orders in two parcels at every channel: connector and sandbox on one wire, each telling's answer lost once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from pydantic import SecretStr

from connectors.errors import OutcomeUnknown, Rejected
from connectors.jd import JdChannel, JdShop, JosApi
from connectors.ports import PullSource, Push, Reply, SalesChannel, Window
from connectors.rest import RestChannel
from connectors.rest.settings import RestSettings, ShopAccount
from connectors.taobao import Shop, TaobaoChannel, TopApi
from connectors.transport import Limits
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel
from domain.clock import utc_now
from domain.ids import order_id
from domain.news import OrderNews
from domain.order import Channel
from domain.shipping import Carrier, SentParcel, Shipment
from sandbox.settings import SandboxSettings
from tests.connectors.jd.conftest import settings as jd_settings
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.taobao.conftest import settings as taobao_settings
from tests.connectors.xiaohongshu.conftest import settings as xiaohongshu_settings
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.wire import test_douyin, test_pdd, test_wechat
from tests.wire.wire import SANDBOX, Wire, wire

LIMITS = Limits(timeout_s=10, breaker_failures=100)
WHOLE_LINES = {Channel.TAOBAO, Channel.DOUYIN, Channel.XIAOHONGSHU}
FURTHER = "order.upload.extra.logistics"


@dataclass
class Ordered:
    """An order of two mugs with a bag as a gift, and a towel, at its channel."""

    line: Wire
    channel: SalesChannel
    shop: str
    number: str
    mugs: str = "1"
    towel: str = "2"
    gift: str = "3"


async def take(push: Push) -> Reply:
    """A hub that takes every order."""
    orders = json.loads(push.body).get("orders", [{}])
    results = [{"order_no": order.get("order_no"), "result": "accepted", "error": None} for order in orders]
    return Reply(200, "application/json", json.dumps({"results": results}).encode())


async def placed(line: Wire, channel: Channel) -> str:
    [place] = await line.control("/orders", [draft(channel=channel.value)])
    return str(place["order_no"])


async def pulled(line: Wire, channel: SalesChannel, shop: str) -> Ordered:
    """A new order as its platform lists it, with the platform's own names of the lines."""
    number = await placed(line, channel.channel)
    window = Window(utc_now() - timedelta(minutes=20), utc_now() + timedelta(seconds=5))
    page = await cast(PullSource, channel).pull(shop, window, None)
    found = [news for document in page.documents for news in await channel.interpret(document)]
    [order] = [n.order for n in found if isinstance(n, OrderNews) and n.order.channel_order_no == number]
    names = {each.sku: each.line_no for each in order.lines}
    return Ordered(line, channel, shop, number, names["MUG-01"], names["TOWEL-01"], names["GIFT-TOTE"])


def sandbox(**platforms: Any) -> SandboxSettings:
    return SandboxSettings.model_validate(make_settings().model_dump() | platforms)


Place = Callable[[], Awaitable[Ordered]]
"""A new order."""


def rest(name: Channel) -> Callable[[], AbstractAsyncContextManager[Place]]:
    @asynccontextmanager
    async def connected() -> AsyncIterator[Place]:
        played = make_settings()
        theirs = {Channel.OWN: played.own, Channel.POS: played.pos, Channel.B2B: played.b2b}[name]
        assert theirs is not None
        account = ShopAccount(key_id=theirs.key_id, secret=theirs.secret, base_url=f"{SANDBOX}/{name}")
        channel = RestChannel(name, RestSettings(shops={theirs.shop: account}, limits=LIMITS))
        async with wire(played, take) as line:

            async def place() -> Ordered:
                return Ordered(line, channel, theirs.shop, await placed(line, name))

            yield place
            await channel.close()

    return connected


@asynccontextmanager
async def taobao() -> AsyncIterator[Place]:
    keys = {"app_key": "tb-key", "app_secret": "tb-secret", "session": "tb-session"}
    shops = {"tb-main": Shop(session=SecretStr("tb-session"))}
    ours = {"app_key": "tb-key", "app_secret": SecretStr("tb-secret"), "shops": shops, "limits": LIMITS}
    api = TopApi(taobao_settings(**ours, base_url=f"{SANDBOX}/taobao/router/rest"))
    async with wire(sandbox(taobao=keys), take) as line:
        yield lambda: pulled(line, TaobaoChannel(api), "tb-main")
        await api.close()


@asynccontextmanager
async def jd() -> AsyncIterator[Place]:
    keys = {"app_key": "jd-key", "app_secret": "jd-secret", "access_token": "access-1", "refresh_token": "refresh-1"}
    tokens = MemoryTokens(Channel.JD)
    tokens.tokens["10001"] = token("access-1")
    ours = {"app_key": "jd-key", "app_secret": SecretStr("jd-secret"), "shops": {"10001": JdShop()}, "limits": LIMITS}
    api = JosApi(jd_settings(**ours, base_url=f"{SANDBOX}/jd"), tokens)
    async with wire(sandbox(jd=keys), take) as line:
        yield lambda: pulled(line, JdChannel(api), "10001")
        await api.close()


@asynccontextmanager
async def xiaohongshu() -> AsyncIterator[Place]:
    keys = {"app_id": "xhs-app", "app_secret": "xhs-secret", "seller_id": "seller-1", "check_s": 0}
    tokens = MemoryTokens(Channel.XIAOHONGSHU)
    tokens.tokens["seller-1"] = token("xhs-token")
    ours = {"app_id": "xhs-app", "app_secret": SecretStr("xhs-secret"), "shops": ["seller-1"], "limits": LIMITS}
    api = XiaohongshuApi(xiaohongshu_settings(**ours, base_url=f"{SANDBOX}/xiaohongshu"), tokens)
    good = {"access_token": "xhs-token", "refresh_token": "refresh-of-xhs-token"}
    async with wire(sandbox(xiaohongshu=keys | good), take) as line:
        yield lambda: pulled(line, XiaohongshuChannel(api), "seller-1")
        await api.close()


@asynccontextmanager
async def douyin() -> AsyncIterator[Place]:
    async with test_douyin.connected() as (line, _, channel):
        yield lambda: pulled(line, channel, test_douyin.SHOP)


@asynccontextmanager
async def pdd() -> AsyncIterator[Place]:
    async with test_pdd.connected() as (line, channel):

        async def place() -> Ordered:
            return Ordered(line, channel, test_pdd.SHOP, await placed(line, Channel.PDD))

        yield place


@asynccontextmanager
async def wechat() -> AsyncIterator[Place]:
    async with test_wechat.connected() as (line, hub, channel):

        async def place() -> Ordered:
            number = (await test_wechat.placed(line, hub)).channel_order_no
            paid = test_wechat.payments
            await hub.heard.until(lambda: any(payment.channel_order_no == number for payment in paid(hub)))
            return Ordered(line, channel, test_wechat.APPID, number)

        yield place


STAGES: dict[Channel, tuple[Callable[[], AbstractAsyncContextManager[Place]], Sequence[str]]] = {
    Channel.TAOBAO: (taobao, ["logistics.offline.send"]),
    Channel.DOUYIN: (douyin, ["order.logisticsAddMultiPack"]),
    Channel.JD: (jd, ["pop.order.shipment"]),
    Channel.PDD: (pdd, ["logistics.online.send", FURTHER]),
    Channel.WECHAT: (wechat, ["upload_shipping_info"]),
    Channel.XIAOHONGSHU: (xiaohongshu, ["order.orderDeliver"]),
    Channel.OWN: (rest(Channel.OWN), ["shipments"]),
    Channel.POS: (rest(Channel.POS), ["shipments"]),
    Channel.B2B: (rest(Channel.B2B), ["shipments"]),
}
"""How each is connected, and the calls that tell it of a parcel."""


def parcel(of: Ordered, n: int, carrier: Carrier, number: str, *line_nos: str, **more: Any) -> Shipment:
    oid = order_id(of.channel.channel, of.shop, of.number)
    told = Shipment(f"{oid}#{n}", of.number, of.shop, carrier, number, line_nos, whole_order=False)
    return replace(told, **more)


def sent(of: Shipment) -> SentParcel:
    return SentParcel(of.carrier, of.number, of.line_nos)


async def tell(of: Ordered, shipment: Shipment, *, asks: bool = True) -> SentParcel | None:
    """Told until there is an answer, as the workflow does: the first one is lost, and each is told once more."""
    name = of.channel.channel
    lost = [
        {"partner": name, "kind": "done_but_timeout", "operation": operation, "times": 1, "seconds": 0}
        for operation in STAGES[name][1]
    ]
    response = await of.line.http.put("/control/faults", json={"faults": lost})
    assert response.is_success
    if asks:
        with pytest.raises(OutcomeUnknown):
            await of.channel.write_back(shipment)
    answer = await of.channel.write_back(shipment)
    assert await of.channel.write_back(shipment) == answer
    return answer


Number = tuple[Carrier, str]


def numbers(n: int) -> tuple[Number, Number]:
    return (Carrier.SF, f"SF100000000000{n}"), (Carrier.ZTO, f"ZT200000000000{n}")


async def shown(of: Ordered) -> list[Number]:
    shipments = (await of.line.book(of.channel.channel))["shipments"]
    return sorted((each["carrier"], each["number"]) for each in shipments if each["order_no"] == of.number)


def ways(of: Ordered) -> Sequence[tuple[tuple[str, ...], tuple[str, ...], bool]]:
    """What is in two parcels, and whether all of the second is in the first as well."""
    return (
        ((of.mugs, of.gift), (of.towel,), False),
        ((of.mugs, of.towel), (of.gift,), False),
        ((of.mugs, of.gift, of.towel), (of.mugs,), True),
        ((of.mugs, of.gift), (of.mugs, of.towel), False),
    )


@pytest.mark.parametrize("name", STAGES)
async def test_two_parcels_each_at_its_own_time(name: Channel) -> None:
    """Different lines; a gift without its main line; pieces of one line; pieces of a line and another line."""
    async with STAGES[name][0]() as place:
        for way in range(4):
            of = await place()
            one, two = numbers(way)
            mine, theirs, covered = ways(of)[way]
            # When the first leaves, the second is not packed: it may wait for its goods for days.
            first = parcel(of, 1, *one, *mine, to_come=1)
            second = parcel(of, 2, *two, *theirs, others=(sent(first),))
            assert await tell(of, first) is None
            assert await shown(of) == [one]
            other = name is Channel.JD or (name in WHOLE_LINES and covered)
            asks = not other or name is Channel.JD
            assert await tell(of, second, asks=asks) == (sent(first) if other else None)
            assert await shown(of) == ([one] if other else [one, two])
            # The first one is told once more, now that the second is there: most look before they ask.
            asks = name in {Channel.JD, Channel.OWN, Channel.POS, Channel.B2B}
            assert await tell(of, replace(first, others=(sent(second),), to_come=0), asks=asks) is None
            assert await shown(of) == ([one] if other else [one, two])


async def test_jd_is_told_of_parcels_that_are_packed_together_in_one_call() -> None:
    one, two = numbers(1)
    async with jd() as place:
        of = await place()
        first = parcel(of, 1, *one, of.mugs, numberless=1)
        assert await tell(of, first, asks=False) is None
        assert await shown(of) == []  # the other one tells of both
        assert await tell(of, parcel(of, 2, *two, of.mugs, of.towel, others=(sent(first),))) is None
        assert await shown(of) == [one, two]
        assert await tell(of, replace(first, numberless=0)) is None


@pytest.mark.parametrize("name", sorted(WHOLE_LINES | {Channel.JD}))
async def test_another_number_is_no_reason_to_go_on_unless_it_is_that_of_a_parcel_with_these_lines(
    name: Channel,
) -> None:
    one, two = numbers(1)
    async with STAGES[name][0]() as place:
        of = await place()
        told = parcel(of, 1, *one, of.mugs, of.gift, of.towel)
        await tell(of, told)
        stranger = SentParcel(Carrier.SF, "SF9000000000009", (of.mugs,))
        with pytest.raises(Rejected):
            await of.channel.write_back(parcel(of, 2, *two, of.mugs, others=(stranger,)))
        # Somebody told the platform by hand that the towel is in the first one, too.
        first = sent(replace(told, line_nos=(of.mugs, of.gift)))
        second = parcel(of, 2, *two, of.towel, others=(first,))
        if name is Channel.JD:  # it knows nothing of lines
            assert await of.channel.write_back(second) == first
        else:
            with pytest.raises(Rejected):
                await of.channel.write_back(second)

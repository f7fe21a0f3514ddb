from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
import respx
import time_machine
from pydantic import SecretStr

from connectors.errors import (
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    TokenRefused,
    Unavailable,
)
from connectors.wechat import WechatChannel
from connectors.wechat.shipping import contact, item_desc
from domain.clock import utc_now
from domain.order import Channel, CipherReceiver, ClearReceiver, Region
from domain.shipping import Carrier, SentParcel, Shipment

from .conftest import (
    APPID,
    BASE,
    MCHID,
    NOW,
    NUMBER,
    OPENID,
    ORDER_NO,
    Orders,
    error,
    known,
    ok,
    order,
    route,
    settings,
    shop,
    token_route,
)

UPLOAD, GET_ORDER = "upload_shipping_info", "get_order"


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "parcel_id": f"wechat:{APPID}:{ORDER_NO}#1",
        "channel_order_no": ORDER_NO,
        "shop": APPID,
        "carrier": Carrier.SF,
        "number": NUMBER,
        "line_nos": ("1",),
        "whole_order": True,
    }
    return Shipment(**(values | changes))


def sent(call: Any) -> Any:
    return json.loads(call.request.content)


@respx.mock
async def test_an_order_is_uploaded(channel: WechatChannel) -> None:
    token = token_route()
    looked = route(GET_ORDER).mock(return_value=known())
    asked = route(UPLOAD).mock(return_value=ok())
    with time_machine.travel(NOW, tick=False):
        await channel.write_back(shipment())
    assert sent(looked.calls.last) == {"merchant_id": MCHID, "merchant_trade_no": ORDER_NO}
    assert sent(asked.calls.last) == {
        "order_key": {"order_number_type": 1, "mchid": MCHID, "out_trade_no": ORDER_NO},
        "logistics_type": 1,
        "delivery_mode": 1,
        "is_all_delivered": True,
        "shipping_list": [
            {
                "tracking_no": NUMBER,
                "express_company": "SF",
                "item_desc": "猫粮1.5kg*2",
                "contact": {"receiver_contact": "138****5678"},
            }
        ],
        "upload_time": "2026-03-01T10:20:31.000+08:00",
        "payer": {"openid": OPENID},
    }
    request = asked.calls.last.request
    assert "猫粮".encode() in request.content  # never escaped
    assert dict(request.url.params) == {"access_token": "t1"}
    assert sent(token.calls.last) == {
        "grant_type": "client_credential",
        "appid": APPID,
        "secret": "app-secret",
        "force_refresh": False,
    }
    assert not token.calls.last.request.url.query


@respx.mock
@pytest.mark.parametrize(
    ("carrier", "code"),
    [
        (Carrier.ZTO, "ZTO"),
        (Carrier.YTO, "YTO"),
        (Carrier.STO, "STO"),
        (Carrier.YUNDA, "YUNDA"),
        (Carrier.EMS, "EMS"),
        (Carrier.JD, "JD"),
        (Carrier.DEPPON, "DBL"),
        (Carrier.JTSD, "JTSD"),
    ],
)
async def test_carriers(channel: WechatChannel, carrier: Carrier, code: str) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known())
    asked = route(UPLOAD).mock(return_value=ok())
    await channel.write_back(shipment(carrier=carrier))
    (parcel,) = sent(asked.calls.last)["shipping_list"]
    assert parcel["express_company"] == code
    assert "contact" not in parcel


async def test_a_carrier_that_wechat_has_no_code_for(channel: WechatChannel) -> None:
    with pytest.raises(Rejected, match="OTHER"):
        await channel.write_back(shipment(carrier=Carrier.OTHER))


async def test_another_mini_program(channel: WechatChannel) -> None:
    with pytest.raises(Misconfigured, match="wx9"):
        await channel.write_back(shipment(shop="wx9"))


@respx.mock
async def test_each_mini_program_has_a_token_of_its_own(orders: Orders) -> None:
    orders.known["B1"] = order(shop="wx2", channel_order_no="B1")
    both = settings({APPID: shop(), "wx2": shop(app_secret=SecretStr("other"), mchid="1900000002")})
    channel = WechatChannel(both, orders)
    token = token_route()
    looked = route(GET_ORDER).mock(return_value=known())
    route(UPLOAD).mock(return_value=ok())
    await channel.write_back(shipment())
    await channel.write_back(shipment(shop="wx2", channel_order_no="B1"))
    await channel.close()
    assert [sent(call)["appid"] for call in token.calls] == [APPID, "wx2"]
    assert [sent(call)["secret"] for call in token.calls] == ["app-secret", "other"]
    assert [sent(call)["merchant_id"] for call in looked.calls] == [MCHID, "1900000002"]


@respx.mock
@pytest.mark.parametrize("whole", [True, False])
async def test_a_number_that_is_there_is_not_uploaded_again(channel: WechatChannel, whole: bool) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known("SF0", NUMBER))
    asked = route(UPLOAD)
    await channel.write_back(shipment(whole_order=whole))
    assert not asked.called


@respx.mock
async def test_another_number_is_never_replaced(channel: WechatChannel) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known("SF9"))
    asked = route(UPLOAD)
    with pytest.raises(Rejected, match="another number"):
        await channel.write_back(shipment())
    assert not asked.called


@respx.mock
async def test_several_parcels_are_uploaded_as_one(channel: WechatChannel, orders: Orders) -> None:
    two = (*order().lines, order().lines[0].model_copy(update={"line_no": "2", "sku": "BOWL", "title": "猫碗"}))
    orders.known[ORDER_NO] = order(lines=two)
    token_route()
    route(GET_ORDER).mock(return_value=known())
    asked = route(UPLOAD).mock(return_value=ok())
    other = SentParcel(Carrier.ZTO, "ZTO2", ("2",))
    first = shipment(whole_order=False, numberless=1)
    await channel.write_back(first)
    assert not asked.called  # the other has no number yet: with it, both are told
    await channel.write_back(shipment(whole_order=False, others=(other,)))
    body = sent(asked.calls.last)
    assert (body["delivery_mode"], body["is_all_delivered"]) == (2, True)
    assert body["shipping_list"] == [
        {
            "tracking_no": NUMBER,
            "express_company": "SF",
            "item_desc": "猫粮1.5kg",
            "contact": {"receiver_contact": "138****5678"},
        },
        {"tracking_no": "ZTO2", "express_company": "ZTO", "item_desc": "猫碗"},
    ]
    route(GET_ORDER).mock(return_value=known(NUMBER, "ZTO2"))
    for again in (first, shipment(number="ZTO2", carrier=Carrier.ZTO, line_nos=("2",), whole_order=False)):
        await channel.write_back(again)
    assert asked.call_count == 1


@respx.mock
async def test_what_is_still_to_be_packed_is_not_waited_for(channel: WechatChannel, orders: Orders) -> None:
    two = (*order().lines, order().lines[0].model_copy(update={"line_no": "2", "sku": "BOWL", "title": "猫碗"}))
    orders.known[ORDER_NO] = order(lines=two)
    token_route()
    asked = route(UPLOAD).mock(return_value=ok())
    first = SentParcel(Carrier.SF, NUMBER, ("1",))
    route(GET_ORDER).mock(return_value=known())
    await channel.write_back(shipment(whole_order=False, to_come=1))
    route(GET_ORDER).mock(return_value=known(NUMBER))
    later = {"number": "ZTO2", "carrier": Carrier.ZTO, "line_nos": ("2",), "whole_order": False}
    await channel.write_back(shipment(others=(first,), **later))
    bodies = [sent(call) for call in asked.calls]
    assert [(body["delivery_mode"], body["is_all_delivered"]) for body in bodies] == [(2, False), (2, True)]
    told = [[parcel["tracking_no"] for parcel in body["shipping_list"]] for body in bodies]
    assert told == [[NUMBER], ["ZTO2", NUMBER]]


@respx.mock
async def test_more_parcels_than_wechat_takes_are_for_a_person(channel: WechatChannel) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known())
    others = tuple(SentParcel(Carrier.ZTO, f"ZTO{n}", ("1",)) for n in range(15))
    with pytest.raises(Rejected, match="16 parcels"):
        await channel.write_back(shipment(whole_order=False, others=others))


@respx.mock
async def test_another_parcels_carrier_may_have_no_code(channel: WechatChannel) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known())
    asked = route(UPLOAD)
    with pytest.raises(Rejected, match="OTHER"):
        await channel.write_back(shipment(whole_order=False, others=(SentParcel(Carrier.OTHER, "X1", ("1",)),)))
    assert not asked.called


@respx.mock
async def test_an_order_that_was_paid_back_is_not_shipped(channel: WechatChannel) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known(order_state=5))
    asked = route(UPLOAD)
    with pytest.raises(Rejected, match="已退款"):
        await channel.write_back(shipment())
    assert not asked.called


@respx.mock
@pytest.mark.parametrize("code", [10060002, 10060003, 10060023])
async def test_uploaded_meanwhile(channel: WechatChannel, code: int) -> None:
    token_route()
    route(UPLOAD).mock(return_value=error(code))
    for after in (known(NUMBER), known(order_state=2, shipping=None)):
        route(GET_ORDER).mock(side_effect=[known(), after])
        await channel.write_back(shipment())
    route(GET_ORDER).mock(side_effect=[known(), known("SF9")])
    with pytest.raises(Rejected) as caught:
        await channel.write_back(shipment())
    assert caught.value.code == str(code)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(10060001), Unavailable),
        (error(10060004), Rejected),
        *[(error(code), Rejected) for code in (10060005, 10060006, 10060007, 10060008, 10060009, 10060014)],
        *[(error(code), Rejected) for code in (10060024, 10060025, 10060026, 10060031, 47001, 268485216)],
        *[(error(code), OutcomeUnknown) for code in (-1, 10060012, 10060019)],
        *[(error(code), Throttled) for code in (45009, 45011)],
        *[(error(code), Misconfigured) for code in (48001, 40013, 61004)],
        *[(error(code), TokenRefused) for code in (40001, 40014, 42001)],
        (httpx.Response(200, html="<h1>"), OutcomeUnknown),
        (httpx.Response(200, json=[]), OutcomeUnknown),
        (httpx.Response(200, json={}), OutcomeUnknown),
        (httpx.Response(200, json={"errcode": "0"}), OutcomeUnknown),
        (httpx.Response(200, content=b"[" * 100_000), OutcomeUnknown),
        (httpx.Response(502), OutcomeUnknown),
        (httpx.Response(503), Unavailable),
    ],
)
async def test_what_an_upload_may_end_in(
    channel: WechatChannel, answer: httpx.Response, expected: type[PartnerError]
) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=known())
    route(UPLOAD).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await channel.write_back(shipment())
    assert type(caught.value) is expected


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(10060001), Unavailable),
        (error(-1), Unavailable),
        (error(47001), Rejected),
        (ok(), Unavailable),
        (known(openid=""), Unavailable),
        (known(shipping=[7]), Unavailable),
    ],
)
async def test_what_the_look_before_may_end_in(
    channel: WechatChannel, answer: httpx.Response, expected: type[PartnerError]
) -> None:
    token_route()
    route(GET_ORDER).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await channel.write_back(shipment())
    assert type(caught.value) is expected


@respx.mock
async def test_an_upload_that_times_out_may_have_happened(channel: WechatChannel) -> None:
    token_route()
    route(GET_ORDER).mock(side_effect=[known(), known(NUMBER)])
    asked = route(UPLOAD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await channel.write_back(shipment())
    await channel.write_back(shipment())
    assert asked.call_count == 1


@respx.mock
async def test_young_payments_do_not_open_the_breaker(channel: WechatChannel) -> None:
    token_route()
    route(GET_ORDER).mock(side_effect=[error(10060001)] * 5 + [known(NUMBER)])
    for _ in range(5):
        with pytest.raises(Unavailable) as caught:
            await channel.write_back(shipment())
        assert type(caught.value) is Unavailable
    await channel.write_back(shipment())


@respx.mock
async def test_an_order_that_is_not_known_here(channel: WechatChannel, orders: Orders) -> None:
    orders.known.clear()
    token_route()
    route(GET_ORDER).mock(return_value=known())
    with pytest.raises(Unavailable, match="not known"):
        await channel.write_back(shipment())


@respx.mock
async def test_a_token_is_fetched_once_until_shortly_before_its_end(channel: WechatChannel) -> None:
    token = token_route()
    route(GET_ORDER).mock(return_value=known(NUMBER))
    await asyncio.gather(*(channel.write_back(shipment()) for _ in range(3)))
    assert token.call_count == 1
    with time_machine.travel(utc_now()) as clock:
        clock.shift(7200 - 301)
        await channel.write_back(shipment())
        assert token.call_count == 1
        clock.shift(2)
        await channel.write_back(shipment())
        assert token.call_count == 2


@respx.mock
@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_refused_token_is_fetched_anew_and_the_call_made_once_more(channel: WechatChannel, code: int) -> None:
    tokens = [httpx.Response(200, json={"access_token": t, "expires_in": 7200}) for t in ("t1", "t2")]
    respx.post(f"{BASE}/cgi-bin/stable_token").mock(side_effect=tokens)
    asked = route(GET_ORDER).mock(side_effect=[error(code, "invalid credential t1"), known(NUMBER)])
    await channel.write_back(shipment())
    assert [call.request.url.params["access_token"] for call in asked.calls] == ["t1", "t2"]


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(40125, "invalid appsecret"), Misconfigured),
        (error(40164, "invalid ip"), Misconfigured),
        (error(-1), Unavailable),
        (error(45011), Throttled),
        (ok(), Unavailable),
        (httpx.Response(200, json={"access_token": "", "expires_in": 7200}), Unavailable),
        (httpx.Response(200, json={"access_token": "令牌", "expires_in": 7200}), Unavailable),
        (httpx.Response(200, content=b'{"access_token": "\\ud800", "expires_in": 7200}'), Unavailable),
        (httpx.Response(200, html="<h1>hello</h1>"), Unavailable),
        (httpx.Response(500), Unavailable),
    ],
)
async def test_without_a_token_nothing_has_happened(
    channel: WechatChannel, answer: httpx.Response, expected: type[PartnerError]
) -> None:
    respx.post(f"{BASE}/cgi-bin/stable_token").mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await channel.write_back(shipment())
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800005678", "138****5678"),
        ("138 0000 5678", "138****5678"),
        ("13800005678-1234", "138****5678"),
        ("13800005678转1234", "138****5678"),
        ("0571-12345678", "****5678"),
        ("12345678", "****5678"),
    ],
)
def test_a_phone_shows_its_last_four_digits(phone: str, masked: str) -> None:
    receiver = ClearReceiver(name="测试", phone=phone, region=Region(), detail="示例路1号")
    assert contact(order(receiver=receiver)) == masked


@pytest.mark.parametrize(
    "receiver",
    [
        ClearReceiver(name="测试", phone="123", region=Region(), detail="示例路1号"),
        CipherReceiver(
            platform=Channel.WECHAT, name_cipher="n", phone_cipher="13800005678", detail_cipher="d", region=Region()
        ),
    ],
)
def test_without_a_phone_sf_is_not_possible(receiver: Any) -> None:
    with pytest.raises(Rejected, match="phone"):
        contact(order(receiver=receiver))


def test_a_long_order_is_described_in_120_characters() -> None:
    (line,) = order().lines
    lines = tuple(line.model_copy(update={"line_no": str(n), "title": "长" * 40}) for n in range(9))
    words = item_desc(order(lines=lines))
    assert len(words) == 120
    assert words.endswith("…")
    assert item_desc(order(lines=(line.model_copy(update={"title": ""}),))) == "CUP*2"


def test_settings_hide_their_secrets() -> None:
    shown = repr(settings())
    assert "app-secret" not in shown
    assert "0123456789abcdef" not in shown

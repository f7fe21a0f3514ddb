"""Payments that nobody told us of: what is asked, how it is signed, and which answers are believed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import respx
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from connectors.errors import BreakerOpen, Misconfigured, PartnerError, Throttled, Unavailable
from connectors.ports import Document, PullSource, Window
from connectors.wechat import WechatChannel
from connectors.wechat.payment_feed import LAST_ASKED, PAGE_SIZE
from domain.news import PaymentNews
from domain.order import Channel

from .conftest import (
    APPID,
    MCHID,
    MERCHANT,
    MERCHANT_SERIAL,
    NOW,
    ORDER_NO,
    PAY,
    PLATFORM,
    SERIAL,
    Orders,
    notice,
    order,
    settings,
    shop,
    signature_headers,
    signed,
    transaction,
)

WINDOW = Window(NOW - timedelta(minutes=1), NOW)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def answer(body: Any, *, age: int = 0, key: rsa.RSAPrivateKey | None = None, **headers: str) -> httpx.Response:
    """A signed answer of WeChat Pay."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    values = signature_headers(raw, int(NOW.timestamp()) - age, key=key or PLATFORM)
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, headers=values | changed, content=raw)


def refusal(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "…"})


def query(out_trade_no: str = ORDER_NO) -> respx.Route:
    return respx.get(f"{PAY}/v3/pay/transactions/out-trade-no/{out_trade_no}", params={"mchid": MCHID})


async def pulled(channel: WechatChannel, page: str | None = None) -> tuple[Document, ...]:
    return (await channel.payments.pull(APPID, WINDOW, page)).documents


def test_is_a_feed_of_the_mini_programs_that_can_ask(orders: Orders) -> None:
    mute = shop(mchid="1900000002", merchant_serial="", merchant_private_key=None)
    feed: PullSource = WechatChannel(settings({APPID: shop(), "wx2": mute}), orders).payments
    assert (feed.feed, feed.channel, list(feed.shops)) == ("wechat", Channel.WECHAT, [APPID])


@respx.mock
async def test_a_payment_is_found_as_its_notification_would_tell_it(channel: WechatChannel) -> None:
    asked = query().mock(return_value=answer(transaction()))
    (document,) = await pulled(channel)
    assert [document] == list(channel.unpack(signed(notice(transaction()))))
    (news,) = await channel.interpret(document)
    assert isinstance(news, PaymentNews)
    assert (news.shop, news.channel_order_no, news.amount_fen) == (APPID, ORDER_NO, 25400)
    headers = asked.calls.last.request.headers
    assert (headers["accept"], headers["wechatpay-serial"]) == ("application/json", SERIAL)


@respx.mock
@pytest.mark.parametrize("number", ["MP202603010001", "A_B-C|D*E"])
@pytest.mark.parametrize("prefix", ["", "/wechat/pay"])
async def test_the_question_is_signed_over_the_path_as_it_is_sent(orders: Orders, number: str, prefix: str) -> None:
    orders.known = {number: order(channel_order_no=number)}
    asked = respx.get(url__startswith=PAY).mock(return_value=refusal(404, "ORDER_NOT_EXIST"))
    channel = WechatChannel(settings(pay_url=PAY + prefix), orders)
    assert await pulled(channel) == ()
    await channel.close()
    request = asked.calls.last.request
    scheme, _, rest = request.headers["authorization"].partition(" ")
    values = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert (values["mchid"], values["serial_no"], values["timestamp"]) == (
        MCHID,
        MERCHANT_SERIAL,
        str(int(NOW.timestamp())),
    )
    sent = request.url.raw_path.decode()
    assert urlsplit(sent).path.startswith(prefix + "/v3/pay/transactions/out-trade-no/")
    message = f"GET\n{sent}\n{values['timestamp']}\n{values['nonce_str']}\n\n".encode()
    signature = base64.b64decode(values["signature"])
    MERCHANT.public_key().verify(signature, message, PKCS1v15(), SHA256())
    with pytest.raises(InvalidSignature):
        MERCHANT.public_key().verify(signature, message + b"x", PKCS1v15(), SHA256())


@respx.mock
@pytest.mark.parametrize("state", ["NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR"])
async def test_what_is_not_paid_gives_nothing(channel: WechatChannel, state: str) -> None:
    query().mock(return_value=answer({"mchid": MCHID, "out_trade_no": ORDER_NO, "trade_state": state}))
    assert await pulled(channel) == ()


@respx.mock
@pytest.mark.parametrize("refused", [refusal(404, "ORDER_NOT_EXIST"), refusal(400, "PARAM_ERROR")])
async def test_an_order_that_never_came_to_a_payment_keeps_no_other_back(
    channel: WechatChannel, orders: Orders, refused: httpx.Response
) -> None:
    orders.known["A0"] = order(channel_order_no="A0")
    query("A0").mock(return_value=refused)
    query().mock(return_value=answer(transaction()))
    assert len(await pulled(channel)) == 1


@respx.mock
async def test_what_was_paid_back_since_is_for_a_person(channel: WechatChannel) -> None:
    query().mock(return_value=answer(transaction(trade_state="REFUND")))
    (document,) = await pulled(channel)
    with pytest.raises(Exception, match="trade_state"):
        await channel.interpret(document)


@respx.mock
@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (answer(transaction(), wechatpay_signature=""), Unavailable),
        (answer(transaction(), wechatpay_signature="AAAA"), Unavailable),
        (answer(transaction(), wechatpay_nonce="another"), Unavailable),
        (answer(transaction(), key=STRANGER), Unavailable),
        (answer(transaction(), age=301), Unavailable),
        (answer(transaction(), age=-301), Unavailable),
        (answer(transaction(), wechatpay_timestamp=""), Unavailable),
        (answer(transaction(), wechatpay_serial="PUB_KEY_ID_UNKNOWN"), Misconfigured),
        (httpx.Response(200, json=transaction()), Unavailable),
        (answer({"trade_state": "SOMETHING"}), Unavailable),
        (answer([]), Unavailable),
        (answer(b"\xff"), Unavailable),
        (httpx.Response(200, html="<h1>hello</h1>"), Unavailable),
        (httpx.Response(404, html="<h1>not found</h1>"), Unavailable),
        (refusal(401, "SIGN_ERROR"), Misconfigured),
        (refusal(403, "NO_AUTH"), Misconfigured),
        (refusal(429, "RATELIMIT_EXCEEDED"), Throttled),
        (refusal(500, "SYSTEM_ERROR"), Unavailable),
        (httpx.Response(502), Unavailable),
        (httpx.Response(503), Unavailable),
        (httpx.ReadTimeout("slow"), Unavailable),
    ],
)
async def test_what_is_not_genuine_or_not_there_is_asked_again(
    channel: WechatChannel, found: Any, expected: type[PartnerError]
) -> None:
    query().mock(**({"side_effect": found} if isinstance(found, Exception) else {"return_value": found}))
    with pytest.raises(PartnerError) as caught:
        await pulled(channel)
    assert type(caught.value) is expected


@respx.mock
async def test_half_of_a_page_failing_is_asked_again_as_a_whole(channel: WechatChannel, orders: Orders) -> None:
    orders.known = {f"N{n}": order(channel_order_no=f"N{n}") for n in range(4)}
    for n in range(4):
        query(f"N{n}").mock(return_value=answer(transaction(out_trade_no=f"N{n}", transaction_id=f"T{n}")))
    query("N2").mock(side_effect=[httpx.Response(503), answer(transaction(out_trade_no="N2", transaction_id="T2"))])
    with pytest.raises(Unavailable):
        await pulled(channel)
    again = await pulled(channel)
    assert [document.document_id for document in again] == [f"payment:T{n}" for n in range(4)]


@respx.mock
async def test_one_mini_programs_outage_stops_no_other(orders: Orders) -> None:
    orders.known = {"A1": order(channel_order_no="A1"), "B1": order(channel_order_no="B1", shop="wx2")}
    channel = WechatChannel(settings({APPID: shop(), "wx2": shop(mchid="1900000002")}), orders)
    query("A1").mock(return_value=httpx.Response(503))
    theirs = respx.get(f"{PAY}/v3/pay/transactions/out-trade-no/B1", params={"mchid": "1900000002"})
    theirs.mock(return_value=answer({"trade_state": "NOTPAY"}))
    for expected in (Unavailable, Unavailable, Unavailable, BreakerOpen):
        with pytest.raises(Unavailable) as caught:
            await channel.payments.pull(APPID, WINDOW, None)
        assert type(caught.value) is expected
    assert (await channel.payments.pull("wx2", WINDOW, None)).documents == ()
    await channel.close()


@respx.mock
async def test_pages_go_on_behind_the_last_order(channel: WechatChannel, orders: Orders) -> None:
    numbers = [f"N{n:03}" for n in range(2 * PAGE_SIZE + 3)]
    orders.known = {number: order(channel_order_no=number) for number in numbers}
    respx.get(url__startswith=PAY).mock(return_value=refusal(404, "ORDER_NOT_EXIST"))
    pages, page = 0, None
    while pages == 0 or page is not None:
        found = await channel.payments.pull(APPID, WINDOW, page)
        # Some are paid meanwhile, and are no candidates any more: nobody behind them is passed over.
        for number in numbers[pages * PAGE_SIZE : pages * PAGE_SIZE + 5]:
            del orders.known[number]
        page, pages = found.next_page, pages + 1
        assert pages < 10
    asked = [call.request.url.path.rpartition("/")[2] for call in respx.calls]
    assert asked == numbers
    assert [after for _, after, _ in orders.asked] == ["", numbers[PAGE_SIZE - 1], numbers[2 * PAGE_SIZE - 1]]


def test_an_order_is_asked_for_at_growing_ages(channel: WechatChannel) -> None:
    """Followed minute by minute, an order comes up just once at each of its ages, up to two days."""
    placed_at = NOW
    minutes = range(1, 3 * 24 * 60)
    found = []
    for minute in minutes:
        window = Window(NOW + timedelta(minutes=minute - 1), NOW + timedelta(minutes=minute))
        if any(span.start <= placed_at < span.end for span in channel.payments.placed(window)):
            found.append(minute - 1)
    assert found == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    assert timedelta(minutes=found[-1]) <= LAST_ASKED


def test_a_gap_leaves_no_age_out(channel: WechatChannel) -> None:
    """After a day's outage, one window of a day holds whatever came to an age in it."""
    day = Window(NOW, NOW + timedelta(days=1))
    for hours_before in range(-23, 20):
        placed_at = NOW - timedelta(hours=hours_before)
        ages = [timedelta(minutes=5) * 2**step for step in range(10)]
        due = any(day.start <= placed_at + age < day.end for age in ages)
        assert any(span.start <= placed_at < span.end for span in channel.payments.placed(day)) == due


@respx.mock
async def test_answers_signed_with_either_key_are_believed_while_one_is_being_changed(orders: Orders) -> None:
    keys = {"PUB_KEY_ID_NEW": shop().platform_keys[SERIAL], **shop().platform_keys}
    channel = WechatChannel(settings({APPID: shop(platform_keys=keys)}), orders)
    asked = query().mock(return_value=answer(transaction()))
    assert len(await pulled(channel)) == 1
    assert asked.calls.last.request.headers["wechatpay-serial"] == "PUB_KEY_ID_NEW"
    await channel.close()

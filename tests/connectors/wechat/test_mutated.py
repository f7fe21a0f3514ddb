"""Whatever WeChat sends, nothing but the connectors' own errors comes out, and what is understood can be kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors.ports import Document, Push, Window
from connectors.transport import Limits
from connectors.wechat import WechatChannel
from domain.shipping import Carrier, SentParcel
from tests.connectors.kept import check_documents, check_news, known
from tests.connectors.mutations import KNOWN_ERRORS, as_bytes, mutated, mutated_bytes

from .conftest import (
    APPID,
    BASE,
    NOW,
    PAY,
    Orders,
    error,
    notice,
    ok,
    refund,
    route,
    settings,
    shop,
    signature_headers,
    signed,
    token_route,
    transaction,
)
from .conftest import (
    known as uploaded,
)
from .test_shipping import GET_ORDER, UPLOAD, shipment

pytestmark = pytest.mark.filterwarnings("error")
MANY = examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
LIMITS = Limits(timeout_s=1, per_second=100_000, breaker_failures=10**9)
WINDOW = Window(NOW - timedelta(hours=1), NOW)


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
async def channel(orders: Orders) -> AsyncIterator[WechatChannel]:
    """Two mini-programs of one merchant, and lines that no number of failures opens the breaker of."""
    built = WechatChannel(settings({APPID: shop(), "wx2": shop()}, limits=LIMITS), orders)
    yield built
    await built.close()


async def check_push(channel: WechatChannel, push: Push) -> None:
    try:
        documents = channel.unpack(push)
    except KNOWN_ERRORS:
        return
    await check_documents(channel, documents)


@MANY
@given(raw=mutated_bytes(json.loads(notice(transaction()))))
async def test_notifications(channel: WechatChannel, raw: bytes) -> None:
    await check_push(channel, signed(raw))


@MANY
@given(
    opened=mutated_bytes(transaction(promotion_detail=[{"coupon_id": "1", "amount": 100}])) | mutated_bytes(refund()),
    event=st.sampled_from(["TRANSACTION.SUCCESS", "REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"]),
)
async def test_what_is_sealed_in_them(channel: WechatChannel, opened: bytes, event: str) -> None:
    await check_push(channel, signed(notice(opened, event)))


@MANY
@given(headers=mutated(dict(signed(notice(transaction())).headers)))
async def test_headers(channel: WechatChannel, headers: Any) -> None:
    good = signed(notice(transaction()))
    texts = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    await check_push(channel, Push(good.method, good.path, "", {}, texts, good.body, NOW))


@MANY
@given(raw=mutated_bytes(transaction()) | mutated_bytes({"code": "ORDER_NOT_EXIST", "message": "…"}))
async def test_answers_about_a_payment(channel: WechatChannel, raw: bytes) -> None:
    for status in (200, 404):
        headers = signature_headers(raw, int(NOW.timestamp()))
        with respx.mock:
            respx.get(url__startswith=PAY).mock(return_value=httpx.Response(status, headers=headers, content=raw))
            page = await known(channel.payments.pull(APPID, WINDOW, None))
        await check_documents(channel, page.documents if page else ())


@MANY
@given(
    looked=mutated_bytes(uploaded("SF9").json()) | mutated_bytes(uploaded().json()),
    sent=mutated_bytes(ok().json()) | mutated_bytes(error(10060002).json()),
)
async def test_answers_to_an_upload(channel: WechatChannel, looked: bytes, sent: bytes) -> None:
    with respx.mock:
        token_route()
        route(GET_ORDER).mock(return_value=httpx.Response(200, content=looked))
        route(UPLOAD).mock(return_value=httpx.Response(200, content=sent))
        await known(channel.write_back(shipment()))
        others = (SentParcel(Carrier.ZTO, "ZTO2", ("1",)),)
        await known(channel.write_back(shipment(whole_order=False, others=others)))


@MANY
@given(raw=mutated_bytes({"access_token": "t1", "expires_in": 7200}))
async def test_tokens(orders: Orders, raw: bytes) -> None:
    channel = WechatChannel(settings(limits=LIMITS), orders)
    with respx.mock:
        respx.post(f"{BASE}/cgi-bin/stable_token").mock(return_value=httpx.Response(200, content=raw))
        route(GET_ORDER).mock(return_value=uploaded("SF1000000000001"))
        await known(channel.write_back(shipment()))
    await channel.close()


@MANY
@given(payment=mutated(transaction()), back=mutated({"resource": refund(), "notified_at": "2026-03-01T10:20:31+08:00"}))
async def test_stored_documents(channel: WechatChannel, payment: Any, back: Any) -> None:
    for kind, body in (("order_hint", payment), ("refund", back)):
        document = Document("wechat", kind, "x", 0, as_bytes(body).decode())
        for news in await known(channel.interpret(document)) or ():
            check_news(news)

"""WeChat under the contract."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from connectors.contract import Call, Case, Pull, Pushes
from connectors.ports import Window
from connectors.wechat import WechatChannel
from connectors.wechat.payment_feed import PAGE_SIZE
from tests.connectors.contract.peers import body, by, to
from tests.connectors.wechat.conftest import (
    APIV3_KEY,
    APPID,
    NOW,
    OPENID,
    ORDER_NO,
    TOKEN,
    Orders,
    error,
    known,
    notice,
    ok,
    order,
    refund,
    settings,
    signature_headers,
    signed,
    transaction,
)
from tests.connectors.wechat.test_shipping import GET_ORDER, UPLOAD, shipment

PHONE = "13800005678"
NUMBERS = [ORDER_NO, *(f"{ORDER_NO}-{n}" for n in range(PAGE_SIZE))]
LIMITS = settings().limits.model_copy(update={"breaker_failures": 1000})


@asynccontextmanager
async def channel() -> AsyncIterator[WechatChannel]:
    orders = Orders()
    # One more than a page of payments has.
    orders.known = {number: order(channel_order_no=number) for number in NUMBERS}
    built = WechatChannel(settings(limits=LIMITS), orders)
    yield built
    await built.close()


def method(request: httpx.Request) -> str:
    return "payment" if request.method == "GET" else request.url.path.rpartition("/")[2]


def payment(request: httpx.Request) -> httpx.Response:
    """WeChat Pay's signed answer, for the order that is asked for."""
    raw = json.dumps(transaction(out_trade_no=request.url.path.rpartition("/")[2])).encode()
    return httpx.Response(200, headers=signature_headers(raw, int(time.time())), content=raw)


PEER = by(
    method,
    {
        "stable_token": httpx.Response(200, json={"access_token": "access-of-test", "expires_in": 7200}),
        GET_ORDER: known(),
        UPLOAD: ok(),
        "payment": payment,
    },
)
PAID, REFUNDED = notice(transaction()), notice(refund(), "REFUND.SUCCESS")
CHANNEL: Case[WechatChannel] = Case(
    name="wechat",
    port="channel",
    build=channel,
    peer=PEER,
    private=("app-secret", APIV3_KEY, TOKEN, "access-of-test", OPENID, PHONE),
    calls=[
        Call(
            "write_back",
            lambda built: built.write_back(shipment()),
            acts=to(method, UPLOAD),
            key=lambda request: (
                body(request)["order_key"]["out_trade_no"],
                body(request)["shipping_list"][0]["tracking_no"],
            ),
            refusal=error(10060004, f"联系方式{PHONE}有误"),
            throttled=error(45011),
        )
    ],
    pushes=Pushes(
        genuine=[signed(PAID), signed(REFUNDED)],
        forged=[
            signed(PAID, wechatpay_signature=""),
            signed(PAID, wechatpay_serial="another"),
            signed(PAID, age=3600),
        ],
        sealed=signed,
    ),
    pulls=[Pull(lambda built: built.payments, APPID, Window(NOW - timedelta(minutes=1), NOW), None, PEER)],
)
CASES = (CHANNEL,)

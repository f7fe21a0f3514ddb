"""WeChat under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from connectors.contract import Call, Case, Pushes
from connectors.wechat import WechatChannel
from tests.connectors.contract.peers import body, by, to
from tests.connectors.wechat.conftest import (
    APIV3_KEY,
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
    signed,
    transaction,
)
from tests.connectors.wechat.test_shipping import GET_ORDER, UPLOAD, shipment

PHONE = "13800005678"
LIMITS = settings().limits.model_copy(update={"breaker_failures": 1000})


@asynccontextmanager
async def channel() -> AsyncIterator[WechatChannel]:
    orders = Orders()
    orders.known[ORDER_NO] = order()
    built = WechatChannel(settings(limits=LIMITS), orders)
    yield built
    await built.close()


def method(request: httpx.Request) -> str:
    return request.url.path.rpartition("/")[2]


PEER = by(
    method,
    {
        "stable_token": httpx.Response(200, json={"access_token": "access-of-test", "expires_in": 7200}),
        GET_ORDER: known(),
        UPLOAD: ok(),
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
)
CASES = (CHANNEL,)

"""JD under the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from connectors.contract import Call, Case, Pull
from connectors.jd import JdChannel, JdRefunds, JosApi
from domain.clock import parse_beijing
from domain.order import Channel
from tests.connectors.contract.peers import PHONE, by, form, to
from tests.connectors.jd.conftest import (
    APP_SECRET,
    GET,
    REFUNDS,
    SEARCH,
    SHIPMENT,
    SHOP,
    detail,
    error,
    order_info,
    page,
    refund_page,
    refund_row,
    settings,
    shipped,
)
from tests.connectors.jd.test_channel import NUMBER, WINDOW, shipment
from tests.connectors.memory_tokens import MemoryTokens, token

PRIVATE = (APP_SECRET, f"access-{SHOP}", PHONE, "mobile-cipher")
THROTTLED = error("63", "超过调用次数")


@asynccontextmanager
async def api() -> AsyncIterator[JosApi]:
    tokens = MemoryTokens(Channel.JD)
    tokens.tokens[SHOP] = token(f"access-{SHOP}")
    built = JosApi(settings(), tokens)
    yield built
    await built.close()


@asynccontextmanager
async def channel() -> AsyncIterator[JdChannel]:
    async with api() as built:
        yield JdChannel(built)


def method(request: httpx.Request) -> str:
    return form(request)["method"]


def sent(request: httpx.Request) -> dict[str, str]:
    business: dict[str, str] = json.loads(form(request)["360buy_param_json"])
    return business


def orders(request: httpx.Request) -> httpx.Response:
    return page([order_info(orderId=f"29000000000{sent(request)['page']}")], total=150)


def refunds(request: httpx.Request) -> httpx.Response:
    return refund_page([refund_row(id=7000 + int(sent(request)["pageIndex"]))], total=70)


def asked(request: httpx.Request) -> tuple[datetime, datetime] | None:
    business = sent(request)
    for start, end in (("start_date", "end_date"), ("modifiedStart", "modifiedEnd")):
        if start in business:
            return parse_beijing(business[start]), parse_beijing(business[end])
    return None


PEER = by(method, {SEARCH: orders, GET: detail(NUMBER), SHIPMENT: shipped(), REFUNDS: refunds})
CHANNEL: Case[JdChannel] = Case(
    name="jd",
    port="channel",
    build=channel,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "write_back",
            lambda built: built.write_back(shipment()),
            acts=to(method, SHIPMENT),
            key=lambda request: (sent(request)["orderId"], sent(request)["logiNo"]),
            refusal=shipped(success=False, words=f"收件人电话{PHONE}有误"),
            throttled=THROTTLED,
        )
    ],
    pulls=[
        Pull(lambda built: built, SHOP, WINDOW, asked, PEER),
        Pull(lambda built: JdRefunds(built._api), SHOP, WINDOW, asked, PEER),
    ],
)
CASES = (CHANNEL,)

"""JD under the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from connectors.contract import Call, Case, Pull
from connectors.jd import JdChannel, JdRefunds, JdWaybills, JosApi
from domain.clock import parse_beijing
from domain.order import Channel
from domain.shipping import VoidOutcome
from tests.connectors.contract.peers import PHONE, by, figure, form, to
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
from tests.connectors.jd.test_waybills import RECEIVE, UNBIND, WAYBILL, got, refused, unbound
from tests.connectors.jd.test_waybills import request as waybill
from tests.connectors.memory_tokens import MemoryTokens, token

PRIVATE = (APP_SECRET, f"access-{SHOP}", PHONE, "mobile-cipher")
THROTTLED = error("63", "超过调用次数")
NO = refused(f"收件人电话{PHONE}有误")


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


@asynccontextmanager
async def waybills() -> AsyncIterator[JdWaybills]:
    async with api() as built:
        yield JdWaybills(built)


def method(request: httpx.Request) -> str:
    return form(request)["method"]


def sent(request: httpx.Request) -> dict[str, str]:
    business: dict[str, str] = json.loads(form(request)["360buy_param_json"])
    return business


def waybill_key(request: httpx.Request) -> object:
    content: dict[str, object] = json.loads(form(request)["360buy_param_json"])["content"]
    return content["vendorOrderCode"]


def stock_of(request: httpx.Request) -> dict[str, object]:
    asked_for: dict[str, object] = json.loads(form(request)["360buy_param_json"])["req"]
    return asked_for


def stocked(*, success: bool = True) -> httpx.Response:
    row = {"data": "1700", "storeId": 0, "success": success, "message": "" if success else f"SKU 不存在，{PHONE}"}
    taken = {"success": True, "obj": {"updateStockResult": [row]}}
    return httpx.Response(200, json={"jingdong_ware_stock_sku_set_responce": {"code": "0", "returnType": taken}})


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


PEER = by(
    method,
    {
        "jingdong.ware.stock.sku.set": stocked(),
        SEARCH: orders,
        GET: detail(NUMBER),
        SHIPMENT: shipped(),
        REFUNDS: refunds,
        RECEIVE: got(),
        UNBIND: unbound(),
    },
)
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
        ),
        Call(
            "tell_stock",
            lambda built: built.tell_stock(figure(Channel.JD, SHOP)),
            key=lambda request: stock_of(request)["stockRfId"],
            refusal=stocked(success=False),
            throttled=THROTTLED,
        ),
    ],
    pulls=[
        Pull(lambda built: built, SHOP, WINDOW, asked, PEER),
        Pull(lambda built: JdRefunds(built._api), SHOP, WINDOW, asked, PEER),
    ],
)
COURIER: Case[JdWaybills] = Case(
    name="jd-waybills",
    port="courier",
    build=waybills,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call("create", lambda built: built.create(waybill()), key=waybill_key, refusal=NO, throttled=THROTTLED),
        Call("find", lambda built: built.find(waybill()), key=waybill_key, may_write=True, throttled=THROTTLED),
        Call(
            "void",
            lambda built: built.void(WAYBILL),
            key=lambda request: sent(request)["waybillCode"],
            refusal=unbound(1, "快件已揽收，不能解绑"),
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
    ],
)
CASES = (CHANNEL, COURIER)

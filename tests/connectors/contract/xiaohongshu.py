"""Xiaohongshu and its e-waybills under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from connectors.contract import Call, Case, Pull, Pushes
from connectors.xiaohongshu import XiaohongshuApi, XiaohongshuChannel, XiaohongshuWaybills
from domain.clock import from_epoch_seconds
from domain.order import Channel
from domain.shipping import VoidOutcome
from tests.connectors.contract.peers import PHONE, body, by, figure, to
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.xiaohongshu import test_refunds as refunds
from tests.connectors.xiaohongshu.conftest import (
    APP_SECRET,
    SHOP,
    after_sale_answer,
    detail_answer,
    error,
    message,
    ok,
    settings,
    signed_push,
)
from tests.connectors.xiaohongshu.test_channel import DETAIL, LIST, ROW, SHIP, WINDOW, listed, shipment
from tests.connectors.xiaohongshu.test_waybills import CANCEL, CREATE, HANDLE, WAYBILL, bills, request

PRIVATE = (APP_SECRET, f"access-{SHOP}", PHONE, HANDLE)
THROTTLED = error(-5, "接口被限流")
NO = error(-5, f"收件人电话{PHONE}有误")


@asynccontextmanager
async def api() -> AsyncIterator[XiaohongshuApi]:
    tokens = MemoryTokens(Channel.XIAOHONGSHU)
    tokens.tokens[SHOP] = token(f"access-{SHOP}")
    built = XiaohongshuApi(settings(), tokens)
    yield built
    await built.close()


@asynccontextmanager
async def channel() -> AsyncIterator[XiaohongshuChannel]:
    async with api() as built:
        yield XiaohongshuChannel(built)


@asynccontextmanager
async def waybills() -> AsyncIterator[XiaohongshuWaybills]:
    async with api() as built:
        yield XiaohongshuWaybills(built)


def method(sent: httpx.Request) -> str:
    name: str = body(sent)["method"]
    return name


def orders(sent: httpx.Request) -> httpx.Response:
    return listed(ROW | {"orderId": f"P70000000000000000{body(sent)['pageNo']}"}, last=2)


def changed_refunds(sent: httpx.Request) -> httpx.Response:
    return refunds.listed(refunds.ROW | {"returnsId": f"R70000000000000000{body(sent)['pageNo']}"}, total=150)


def asked(sent: httpx.Request) -> tuple[datetime, datetime] | None:
    business = body(sent)
    if "startTime" not in business:
        return None
    unit = 1000 if method(sent) == refunds.LIST else 1
    return from_epoch_seconds(business["startTime"] // unit), from_epoch_seconds(business["endTime"] // unit)


PEER = by(
    method,
    {
        "inventory.syncSkuStock": ok({"response": {"success": True, "code": 0}}),
        LIST: orders,
        DETAIL: lambda sent: detail_answer(orderId=body(sent)["orderId"]),
        SHIP: ok(),
        refunds.LIST: changed_refunds,
        refunds.DETAIL: lambda sent: after_sale_answer(returnsId=body(sent)["returnsId"]),
        CREATE: bills(),
        CANCEL: ok(),
    },
)


def object_id(sent: httpx.Request) -> object:
    return body(sent)["tradeOrderInfoList"][0]["objectId"]


CHANNEL: Case[XiaohongshuChannel] = Case(
    name="xiaohongshu",
    port="channel",
    build=channel,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "write_back",
            lambda built: built.write_back(shipment()),
            acts=to(method, SHIP),
            key=lambda sent: (body(sent)["orderId"], body(sent)["expressNo"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
        Call(
            "tell_stock",
            lambda built: built.tell_stock(figure(Channel.XIAOHONGSHU, SHOP)),
            key=lambda sent: (body(sent)["skuId"], body(sent)["qty"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
    ],
    pushes=Pushes(
        genuine=[
            signed_push([message(), message("msg_fulfillment_receiver_change", orderId="P2")]),
            signed_push([message("msg_after_sale_create", returnsId=refunds.RETURNS)]),
        ],
        forged=[signed_push([message()], headers=headers) for headers in ({"sign": "0" * 32}, {"app-key": "1"})],
        sealed=signed_push,
    ),
    pulls=[
        Pull(lambda built: built, SHOP, WINDOW, asked, PEER),
        Pull(lambda built: built.refunds, SHOP, WINDOW, asked, PEER),
    ],
)
COURIER: Case[XiaohongshuWaybills] = Case(
    name="xiaohongshu-waybills",
    port="courier",
    build=waybills,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call("create", lambda built: built.create(request()), key=object_id, refusal=NO, throttled=THROTTLED),
        Call("find", lambda built: built.find(request()), key=object_id, may_write=True, throttled=THROTTLED),
        Call(
            "void",
            lambda built: built.void(WAYBILL),
            key=lambda sent: body(sent)["waybillCode"],
            refusal=error(-5, "面单已揽收"),
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
    ],
)
CASES = (CHANNEL, COURIER)

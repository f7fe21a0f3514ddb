"""Douyin and its e-waybills under the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx

from connectors.contract import Call, Case, Pull, Pushes
from connectors.douyin import DouyinApi, DouyinChannel, DouyinWaybills
from connectors.douyin.pulled import PAGE_SIZE
from connectors.ports import Window
from domain.clock import from_epoch_seconds
from domain.order import Channel
from domain.shipping import VoidOutcome
from tests.connectors.contract.peers import PHONE, body, by, figure, to
from tests.connectors.douyin.conftest import (
    APP_SECRET,
    PAID_AT,
    SHOP,
    after_sale,
    detail_answer,
    error,
    message,
    ok,
    refund_message,
    settings,
    signed_push,
)
from tests.connectors.douyin.test_channel import DETAIL, SHIP, shipment
from tests.connectors.douyin.test_waybills import CANCEL, CREATE, LIST, WAYBILL, bill, request
from tests.connectors.memory_tokens import MemoryTokens, token

PRIVATE = (APP_SECRET, f"access-{SHOP}", PHONE, "#name-cipher#", "$tel-cipher$")
CHANGED, REFUNDS, REFUND = "order.searchList", "afterSale.List", "afterSale.Detail"
WINDOW = Window(from_epoch_seconds(PAID_AT), from_epoch_seconds(PAID_AT + 3600))
THROTTLED = error(80000, "dop.app-flow-limit")
PICKED_UP = error(50002, "isv.business-failed:4007", "订单已发货")
NO = error(40004, "isv.parameter-invalid:60017", f"收件人电话{PHONE}不符合规则")


@asynccontextmanager
async def api() -> AsyncIterator[DouyinApi]:
    tokens = MemoryTokens(Channel.DOUYIN)
    tokens.tokens[SHOP] = token(f"access-{SHOP}")
    built = DouyinApi(settings(), tokens)
    yield built
    await built.close()


@asynccontextmanager
async def channel() -> AsyncIterator[DouyinChannel]:
    async with api() as built:
        yield DouyinChannel(built)


@asynccontextmanager
async def waybills() -> AsyncIterator[DouyinWaybills]:
    async with api() as built:
        yield DouyinWaybills(built)


def method(request: httpx.Request) -> str:
    return request.url.params["method"]


def orders(request: httpx.Request) -> httpx.Response:
    """A full page from the start of the window, and a last one."""
    first = body(request)["update_time_start"] == PAID_AT
    rows = [{"order_id": str(6917 + n), "update_time": PAID_AT + 1 + n} for n in range(PAGE_SIZE if first else 2)]
    return ok({"shop_order_list": rows})


def refunds(request: httpx.Request) -> httpx.Response:
    asked = body(request)
    first = asked.get("update_start_time") == PAID_AT
    rows = [after_sale(update_time=PAID_AT + 1 + n, aftersale_id=7000 + n) for n in range(PAGE_SIZE if first else 1)]
    return ok({"items": rows if "update_start_time" in asked else [after_sale()]})


def span(start: str, end: str) -> Any:
    def asked(request: httpx.Request) -> tuple[datetime, datetime] | None:
        business = body(request)
        if start not in business:
            return None
        return from_epoch_seconds(business[start]), from_epoch_seconds(business[end])

    return asked


PEER = by(
    method,
    {
        "sku.syncStock": ok(),
        DETAIL: detail_answer(),
        SHIP: ok(),
        CHANGED: orders,
        REFUNDS: refunds,
        REFUND: ok({"process_info": {"after_sale_info": {"after_sale_id": 1, "real_refund_amount": 9000}}}),
        CREATE: ok({"ebill_infos": [bill()], "err_infos": []}),
        LIST: ok({"ebill_infos": [bill()]}),
        CANCEL: ok({"cancel_result": {"success": True}}),
    },
)

CHANNEL: Case[DouyinChannel] = Case(
    name="douyin",
    port="channel",
    build=channel,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "write_back",
            lambda built: built.write_back(shipment()),
            acts=to(method, SHIP),
            key=lambda request: (body(request)["order_id"], body(request)["logistics_code"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
        Call(
            "tell_stock",
            lambda built: built.tell_stock(figure(Channel.DOUYIN, SHOP)),
            key=lambda request: body(request)["idempotent_id"],
            refusal=NO,
            throttled=THROTTLED,
        ),
    ],
    pushes=Pushes(
        genuine=[signed_push([message()]), signed_push([refund_message()])],
        forged=[
            signed_push([message()], headers={"event-sign": "0" * 64}),
            signed_push([message()], headers={"app-id": "another"}),
        ],
        sealed=signed_push,
    ),
    pulls=[
        Pull(lambda built: built, SHOP, WINDOW, span("update_time_start", "update_time_end"), PEER),
        Pull(lambda built: built.refunds, SHOP, WINDOW, span("update_start_time", "update_end_time"), PEER),
    ],
)
COURIER: Case[DouyinWaybills] = Case(
    name="douyin-waybills",
    port="courier",
    build=waybills,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "create",
            lambda built: built.create(request()),
            key=lambda sent: body(sent)["order_infos"][0]["pack_id"],
            refusal=NO,
            throttled=THROTTLED,
        ),
        Call("find", lambda built: built.find(request()), throttled=THROTTLED),
        Call(
            "void",
            lambda built: built.void(WAYBILL),
            key=lambda sent: body(sent)["track_no"],
            refusal=PICKED_UP,
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
    ],
)
CASES = (CHANNEL, COURIER)

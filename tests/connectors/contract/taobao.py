"""Taobao and its e-waybills under the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from connectors.contract import Call, Case, Pull
from connectors.taobao import TaobaoChannel, TaobaoWaybills, TopApi
from domain.clock import parse_beijing
from domain.order import Channel
from domain.shipping import VoidOutcome
from tests.connectors.contract.peers import PHONE, by, figure, form, to
from tests.connectors.taobao import test_refunds as refunds
from tests.connectors.taobao.conftest import APP_SECRET, SHOP, error, ok, refund, settings
from tests.connectors.taobao.test_channel import LIST, SHIP, TRADE, WINDOW, fullinfo, page, row, shipment
from tests.connectors.taobao.test_waybills import CANCEL, GET, QUERY, WAYBILL, got, module, printed, queried, request

PRIVATE = (APP_SECRET, "session-1", PHONE, "oaid-1")
THROTTLED = error(7, "accesscontrol.limited-by-api-access-count")
NO = error(15, "isv.invalid-parameter", f"收件人电话{PHONE}有误")


@asynccontextmanager
async def api() -> AsyncIterator[TopApi]:
    built = TopApi(settings())
    yield built
    await built.close()


@asynccontextmanager
async def channel() -> AsyncIterator[TaobaoChannel]:
    async with api() as built:
        yield TaobaoChannel(built)


@asynccontextmanager
async def waybills() -> AsyncIterator[TaobaoWaybills]:
    async with api() as built:
        yield TaobaoWaybills(built, built.settings)


def method(sent: httpx.Request) -> str:
    return form(sent)["method"]


def trades(sent: httpx.Request) -> httpx.Response:
    """Two pages: the newest changes first, the rest where the first page ended."""
    if form(sent)["end_modified"] == "2026-03-01 10:30:00":
        return page([row(3, "2026-03-01 10:24:25"), row(2, "2026-03-01 10:24:20")], has_next=True)
    return page([row(2, "2026-03-01 10:24:20"), row(1, "2026-03-01 10:24:10")])


def changed_refunds(sent: httpx.Request) -> httpx.Response:
    number = int(form(sent)["page_no"])
    return refunds.page(refund(refund_id=900000 + number), total=150)


def asked(sent: httpx.Request) -> tuple[datetime, datetime] | None:
    fields = form(sent)
    if "start_modified" not in fields:
        return None
    return parse_beijing(fields["start_modified"]), parse_beijing(fields["end_modified"])


PEER = by(
    method,
    {
        "taobao.skus.quantity.update": ok("taobao.skus.quantity.update", item={"num_iid": 3500}),
        LIST: trades,
        TRADE: lambda sent: fullinfo(tid=int(form(sent)["tid"]), tid_str=form(sent)["tid"]),
        SHIP: ok(SHIP, shipping={"is_success": True}),
        refunds.LIST: changed_refunds,
        refunds.DETAIL: ok(refunds.DETAIL, refund=refund()),
        GET: got(printed()),
        QUERY: queried(module()),
        CANCEL: ok(CANCEL, cancel_result=True),
    },
)
CHANNEL: Case[TaobaoChannel] = Case(
    name="taobao",
    port="channel",
    build=channel,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "write_back",
            lambda built: built.write_back(shipment()),
            acts=to(method, SHIP),
            key=lambda sent: (form(sent)["tid"], form(sent)["out_sid"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
        Call(
            "tell_stock",
            lambda built: built.tell_stock(figure(Channel.TAOBAO, SHOP)),
            key=lambda sent: (form(sent)["num_iid"], form(sent)["skuid_quantities"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
    ],
    pulls=[
        Pull(lambda built: built, SHOP, WINDOW, asked, PEER),
        Pull(lambda built: built.refunds, SHOP, WINDOW, asked, PEER),
    ],
)
COURIER: Case[TaobaoWaybills] = Case(
    name="taobao-waybills",
    port="courier",
    build=waybills,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "create",
            lambda built: built.create(request()),
            key=lambda sent: json.loads(form(sent)["param_waybill_cloud_print_apply_new_request"])[
                "trade_order_info_dtos"
            ][0]["object_id"],
            refusal=NO,
            throttled=THROTTLED,
        ),
        Call("find", lambda built: built.find(request()), throttled=THROTTLED),
        Call(
            "void",
            lambda built: built.void(WAYBILL),
            key=lambda sent: form(sent)["waybill_code"],
            refusal=error(15, "isv.business-error", "面单已揽收"),
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
    ],
)
CASES = (CHANNEL, COURIER)

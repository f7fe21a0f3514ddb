"""Pinduoduo and its e-waybills under the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx

from connectors.contract import Call, Case, Pull
from connectors.pdd import PddApi, PddChannel, PddWaybills
from domain.clock import from_epoch_seconds
from domain.order import Channel
from domain.shipping import VoidOutcome
from tests.connectors.contract.peers import PHONE, by, figure, form, to
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.connectors.pdd import test_refunds as refunds
from tests.connectors.pdd.conftest import (
    CLIENT_SECRET,
    SHOP,
    detail_answer,
    error,
    ok,
    order_info,
    refund_row,
    settings,
)
from tests.connectors.pdd.test_channel import DETAIL, LIST, REFUND, SHIP, WINDOW, listed, shipment
from tests.connectors.pdd.test_waybills import CANCEL, GET, WAYBILL, got, request

PRIVATE = (CLIENT_SECRET, f"access-{SHOP}", PHONE, "~name~", "~phone~")
THROTTLED = error(52101)
NO = error(50001, f"收件人电话{PHONE}有误")


@asynccontextmanager
async def api() -> AsyncIterator[PddApi]:
    tokens = MemoryTokens(Channel.PDD)
    tokens.tokens[SHOP] = token(f"access-{SHOP}")
    built = PddApi(settings(), tokens)
    yield built
    await built.close()


@asynccontextmanager
async def channel() -> AsyncIterator[PddChannel]:
    async with api() as built:
        yield PddChannel(built)


@asynccontextmanager
async def waybills() -> AsyncIterator[PddWaybills]:
    async with api() as built:
        yield PddWaybills(built)


def method(sent: httpx.Request) -> str:
    return form(sent)["type"]


def orders(sent: httpx.Request) -> httpx.Response:
    """The pages of 150 orders."""
    first = 100 * (int(form(sent)["page"]) - 1)
    rows = [order_info(order_sn=f"260301-{n:015}") for n in range(first, min(first + 100, 150))]
    return listed(*rows, total=150)


def changed_refunds(sent: httpx.Request) -> httpx.Response:
    """A full page, and a last one: this list has no total."""
    number = int(form(sent)["page"])
    rows = [refund_row(id=9900000000000 + 100 * number + n) for n in range(100 if number == 1 else 1)]
    answer: httpx.Response = refunds.listed(*rows)
    return answer


def asked(sent: httpx.Request) -> tuple[datetime, datetime] | None:
    fields = form(sent)
    if "start_updated_at" not in fields:
        return None
    return from_epoch_seconds(int(fields["start_updated_at"])), from_epoch_seconds(int(fields["end_updated_at"]))


PEER = by(
    method,
    {
        "pdd.goods.quantity.update": ok({"is_success": True}, "goods_quantity_update_response"),
        LIST: orders,
        DETAIL: detail_answer(),
        REFUND: ok({"order_sns_exists_refund": []}, "refund_status_check_response"),
        SHIP: ok({"is_success": True}, "logistics_online_send_response"),
        refunds.LIST: changed_refunds,
        GET: got(),
        CANCEL: ok({"cancel_result": True}, "pdd_waybill_cancel_response"),
    },
)


def object_id(sent: httpx.Request) -> object:
    asked_for = json.loads(form(sent)["param_waybill_cloud_print_apply_new_request"])
    return asked_for["trade_order_info_dtos"][0]["object_id"]


CHANNEL: Case[PddChannel] = Case(
    name="pdd",
    port="channel",
    build=channel,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call(
            "write_back",
            lambda built: built.write_back(shipment()),
            acts=to(method, SHIP),
            key=lambda sent: (form(sent)["order_sn"], form(sent)["tracking_number"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
        Call(
            "tell_stock",
            lambda built: built.tell_stock(figure(Channel.PDD, SHOP)),
            key=lambda sent: (form(sent)["sku_id"], form(sent)["quantity"]),
            refusal=NO,
            throttled=THROTTLED,
        ),
    ],
    pulls=[
        Pull(lambda built: built, SHOP, WINDOW, asked, PEER),
        Pull(lambda built: built.refunds, SHOP, WINDOW, asked, PEER),
    ],
)
COURIER: Case[PddWaybills] = Case(
    name="pdd-waybills",
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
            key=lambda sent: form(sent)["waybill_code"],
            refusal=error(50001, "面单已揽收"),
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
    ],
)
CASES = (CHANNEL, COURIER)

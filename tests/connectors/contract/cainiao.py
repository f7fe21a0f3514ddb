"""Cainiao LINK under the contract."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from connectors.cainiao import CainiaoCourier
from connectors.contract import Call, Case
from connectors.transport import Limits
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill
from tests.connectors.cainiao import conftest
from tests.connectors.cainiao.conftest import KEY, NUMBER, SECRET
from tests.connectors.cainiao.test_client import failed, got, module, queried
from tests.connectors.contract.peers import PHONE, by, form, plain

LIMITS = Limits(timeout_s=1, per_second=1000, breaker_failures=1000)
SETTINGS = plain(conftest.settings).model_copy(update={"limits": LIMITS})
REQUEST = plain(conftest.request_)
WAYBILL = Waybill(KEY, Provider.CAINIAO, Carrier.YTO, NUMBER)
THROTTLED = httpx.Response(200, json=failed("S12"))


def sent(request: httpx.Request) -> Any:
    return json.loads(form(request)["logistics_interface"])


PEER = by(
    lambda request: form(request)["msg_type"],
    {
        "TMS_WAYBILL_GET": httpx.Response(200, json=got()),
        "TMS_WAYBILL_QUERY_BY_TRADE_CODE": httpx.Response(200, json=queried(module())),
        "TMS_WAYBILL_DISCARD": httpx.Response(200, json={"success": "true"}),
    },
)


@asynccontextmanager
async def courier() -> AsyncIterator[CainiaoCourier]:
    built = CainiaoCourier(SETTINGS)
    yield built
    await built.close()


COURIER: Case[CainiaoCourier] = Case(
    name="cainiao",
    port="courier",
    build=courier,
    peer=PEER,
    private=(SECRET, "token-1", PHONE),
    calls=[
        Call(
            "create",
            lambda link: link.create(REQUEST),
            key=lambda request: sent(request)["tradeOrderInfoDtos"][0]["objectId"],
            refusal=httpx.Response(200, json=failed("B1", f"收件人电话{PHONE}不在派送范围")),
            throttled=THROTTLED,
        ),
        Call("find", lambda link: link.find(REQUEST), throttled=THROTTLED),
        Call(
            "void",
            lambda link: link.void(WAYBILL),
            key=lambda request: sent(request)["waybillCode"],
            refusal=httpx.Response(200, json=failed("B2", "面单已揽收")),
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
    ],
)
CASES = (COURIER,)

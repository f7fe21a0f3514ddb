"""SF under the contract, and the routes that it pushes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from connectors.contract import Call, Case, Pushes
from connectors.sf import SfCourier, SfRoutePush
from connectors.sf.settings import SfLimits
from domain.shipping import Carrier, Provider, VoidOutcome, Waybill
from tests.connectors.contract.peers import PHONE, by, form, plain
from tests.connectors.sf import conftest
from tests.connectors.sf.conftest import KEY, NUMBER, SECRET, answer, push
from tests.connectors.sf.test_client import CANCELLED, CREATED, REROUTE, ROUTES
from tests.connectors.sf.test_inbound import FORM, OTHER, as_form, as_json, pushed

SETTINGS = plain(conftest.settings).model_copy(
    update={"limits": SfLimits(timeout_s=1, per_second=1000, breaker_failures=1000)}
)
REQUEST = plain(conftest.request_)
WAYBILL = Waybill(KEY, Provider.SF, Carrier.SF, NUMBER)
PRIVATE = (SECRET, SETTINGS.check_word.get_secret_value(), PHONE, "7551234567")
THROTTLED = httpx.Response(200, json=answer(gateway="A1005"))


def method(request: httpx.Request) -> str:
    return form(request)["serviceCode"]


def key(request: httpx.Request) -> object:
    return json.loads(form(request)["msgData"])["orderId"]


def intercepting(request: httpx.Request) -> bool:
    return method(request) == "EXP_RECE_WANTED_INTERCEPT"


def refusal(code: str) -> httpx.Response:
    business = {"success": False, "errorCode": code, "errorMsg": f"收件人电话{PHONE}异常", "msgData": None}
    text = json.dumps(business, ensure_ascii=False)
    return httpx.Response(200, json={"apiResultCode": "A1000", "apiResultData": text})


PEER = by(
    method,
    {
        "EXP_RECE_CREATE_ORDER": httpx.Response(200, json=CREATED),
        "EXP_RECE_SEARCH_ORDER_RESP": httpx.Response(200, json=CREATED),
        "EXP_RECE_UPDATE_ORDER": httpx.Response(200, json=CANCELLED),
        "EXP_RECE_SEARCH_ROUTES": httpx.Response(200, json=ROUTES),
        "EXP_RECE_WANTED_INTERCEPT": httpx.Response(200, json=answer(None)),
    },
)


@asynccontextmanager
async def courier() -> AsyncIterator[SfCourier]:
    built = SfCourier(SETTINGS)
    yield built
    await built.close()


@asynccontextmanager
async def source() -> AsyncIterator[SfRoutePush]:
    async with courier() as built:
        yield SfRoutePush(SETTINGS, built)


COURIER: Case[SfCourier] = Case(
    name="sf",
    port="courier",
    build=courier,
    peer=PEER,
    private=PRIVATE,
    calls=[
        Call("create", lambda sf: sf.create(REQUEST), key=key, refusal=refusal("8196"), throttled=THROTTLED),
        Call("find", lambda sf: sf.find(REQUEST), throttled=THROTTLED),
        Call(
            "void",
            lambda sf: sf.void(WAYBILL),
            key=key,
            refusal=refusal("8252"),
            refused=VoidOutcome.TOO_LATE,
            throttled=THROTTLED,
        ),
        Call(
            "intercept",
            lambda sf: sf.intercept(REROUTE),
            acts=intercepting,
            key=lambda request: json.loads(form(request)["msgData"])["waybillNo"],
            refusal=refusal("8196"),
            throttled=THROTTLED,
        ),
        Call("intercepted", lambda sf: sf.intercepted(REROUTE), throttled=THROTTLED),
    ],
)
ROUTE_PUSH: Case[SfRoutePush] = Case(
    name="sf-routes",
    port="pushes",
    build=source,
    peer=PEER,
    private=PRIVATE,
    pushes=Pushes(
        genuine=[
            push(as_json(pushed("50"), pushed("44", OTHER))),
            push(as_form(pushed("50"), pushed("44", OTHER)), FORM),
        ],
        forged=[push(as_json(pushed("50")), secret="wrong"), push(as_json(pushed("50")), secret="")],
        sealed=push,
    ),
)
CASES = (COURIER, ROUTE_PUSH)

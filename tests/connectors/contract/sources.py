"""Partners who only call us, as far as the contract goes: Kuaidiniao, the CRM's credit answers, SMS receipts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from connectors.contract import Case, Pushes
from connectors.credit import CreditCallback
from connectors.kdniao import KdniaoPush
from connectors.sms import SmsReceipts
from tests.connectors.contract.peers import PHONE, plain
from tests.connectors.credit import conftest as credit
from tests.connectors.credit.test_inbound import EVENT
from tests.connectors.credit.test_inbound import signed as credit_signed
from tests.connectors.kdniao import conftest as kdniao
from tests.connectors.kdniao.conftest import ENTRY, KEY, batch
from tests.connectors.kdniao.conftest import signed as kdniao_signed
from tests.connectors.sms.conftest import RECEIPT_SECRET, sms_settings
from tests.connectors.sms.test_inbound import REPORT
from tests.connectors.sms.test_inbound import push as sms_push

EVENT_BODY = json.dumps(EVENT).encode()


def nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"nobody should be asked, and {request.url.path} was")


@asynccontextmanager
async def tracker() -> AsyncIterator[KdniaoPush]:
    yield KdniaoPush(plain(kdniao.settings))


@asynccontextmanager
async def bureau() -> AsyncIterator[CreditCallback]:
    yield CreditCallback(plain(credit.settings))


@asynccontextmanager
async def messenger() -> AsyncIterator[SmsReceipts]:
    yield SmsReceipts(sms_settings())


KDNIAO: Case[KdniaoPush] = Case(
    name="kdniao",
    port="pushes",
    build=tracker,
    peer=nobody,
    private=(KEY, PHONE),
    pushes=Pushes(
        genuine=[kdniao_signed(batch(ENTRY, {**ENTRY, "LogisticCode": "YT01"}))],
        forged=[kdniao_signed(batch(ENTRY), key="another")],
        signed_in_body=True,
        sealed=lambda body: kdniao_signed(body.decode("utf-8", "replace")),
    ),
)
CREDIT: Case[CreditCallback] = Case(
    name="credit",
    port="pushes",
    build=bureau,
    peer=nobody,
    private=("creditsecret",),
    pushes=Pushes(
        genuine=[credit_signed(EVENT_BODY)],
        forged=[credit_signed(EVENT_BODY, **{"x-credit-signature": "0" * 64})],
        sealed=credit_signed,
    ),
)
SMS: Case[SmsReceipts] = Case(
    name="sms",
    port="pushes",
    build=messenger,
    peer=nobody,
    private=(RECEIPT_SECRET, PHONE),
    pushes=Pushes(
        genuine=[sms_push([REPORT, {**REPORT, "biz_id": "2^0", "out_id": "n-2"}])],
        forged=[sms_push([REPORT], secret="wrong"), sms_push([REPORT], secret="")],
        sealed=sms_push,
    ),
)
CASES = (KDNIAO, CREDIT, SMS)

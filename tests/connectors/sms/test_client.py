from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.sms import AliyunSms
from domain.shipping import Sms

PHONE = "13800000000"
DAY = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
MESSAGE = Sms("n-1", PHONE, "clerk_waybill", {"no": "SF123"})
SENT = {"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0", "RequestId": "Q1"}

OPERATIONS: dict[str, Callable[[AliyunSms], Awaitable[object]]] = {
    "send": lambda messenger: messenger.send(MESSAGE),
    "find": lambda messenger: messenger.find("n-1", PHONE, DAY),
}


def details(*out_ids: str | None, total: int | None = None) -> dict[str, Any]:
    rows = [{"PhoneNum": PHONE, "SendStatus": 3, "OutId": out_id} for out_id in out_ids]
    count = len(rows) if total is None else total
    return {"Code": "OK", "TotalCount": count, "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}


async def test_send_posts_to_the_root_and_gives_the_partners_id(messenger: AliyunSms, wire: respx.MockRouter) -> None:
    route = wire.post("/").respond(json=SENT)
    assert await messenger.send(MESSAGE) == "900619746936498440^0"
    request = route.calls.last.request
    assert request.headers["x-acs-action"] == "SendSms"
    assert request.headers["host"] == "dysmsapi.aliyuncs.com"
    assert PHONE not in str(request.url)
    assert PHONE not in str(request.headers)
    assert PHONE.encode() in request.content


async def test_find_adopts_a_message_under_our_id(messenger: AliyunSms, wire: respx.MockRouter) -> None:
    route = wire.post("/").respond(json=details("n-0", "n-1"))
    assert await messenger.find("n-1", PHONE, DAY) == "n-1"
    assert route.calls.last.request.headers["x-acs-action"] == "QuerySendDetails"
    assert PHONE not in str(route.calls.last.request.url)


@pytest.mark.parametrize("rows", [(), ("n-0", None)])
async def test_find_none(rows: tuple[str | None, ...], messenger: AliyunSms, wire: respx.MockRouter) -> None:
    wire.post("/").respond(json=details(*rows))
    assert await messenger.find("n-1", PHONE, DAY) is None


@pytest.mark.parametrize(("last", "found"), [("n-1", "n-1"), ("n-9", None)])
async def test_find_reads_all_pages(last: str, found: str | None, messenger: AliyunSms, wire: respx.MockRouter) -> None:
    def page(request: httpx.Request) -> httpx.Response:
        number = parse_qs(request.content.decode())["CurrentPage"][0]
        return httpx.Response(200, json={"1": details(*["x"] * 50, total=51), "2": details(last, total=51)}[number])

    route = wire.post("/").mock(side_effect=page)
    assert await messenger.find("n-1", PHONE, DAY) == found
    assert route.call_count == 2


CODES: list[tuple[int, str, type[PartnerError]]] = [
    (200, "isv.BUSINESS_LIMIT_CONTROL", Throttled),
    (400, "Throttling.User", Throttled),
    (400, "Throttling", Throttled),
    (400, "ServiceUnavailable", Unavailable),
    *(
        (200, code, Misconfigured)
        for code in (
            "isv.DAY_LIMIT_CONTROL",
            "isv.MONTH_LIMIT_CONTROL",
            "isv.AMOUNT_NOT_ENOUGH",
            "isv.OUT_OF_SERVICE",
            "isv.SMS_TEMPLATE_ILLEGAL",
            "isv.SMS_SIGNATURE_ILLEGAL",
            "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
            "isv.TEMPLATE_MISSING_PARAMETERS",
            "isp.RAM_PERMISSION_DENY",
        )
    ),
    (400, "SignatureDoesNotMatch", Misconfigured),
    (404, "InvalidAccessKeyId.NotFound", Misconfigured),
    (403, "Forbidden.RAM", Misconfigured),
    *(
        (200, code, Rejected)
        for code in (
            "isv.MOBILE_NUMBER_ILLEGAL",
            "isv.TEMPLATE_PARAMS_ILLEGAL",
            "isv.INVALID_PARAMETERS",
            "isv.INVALID_JSON_PARAM",
            "isv.PARAM_LENGTH_LIMIT",
            "isv.PARAM_NOT_SUPPORT_URL",
            "isv.BLACK_KEY_CONTROL_LIMIT",
            "isv.SOMETHING_NEW",
        )
    ),
]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("status", "code", "kind"), CODES)
async def test_each_code_has_its_class(
    name: str, status: int, code: str, kind: type[PartnerError], messenger: AliyunSms, wire: respx.MockRouter
) -> None:
    wire.post("/").respond(status, json={"Code": code, "Message": f"bad {PHONE}", "RequestId": "Q1"})
    with pytest.raises(PartnerError) as caught:
        await OPERATIONS[name](messenger)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.operation == name
    assert PHONE not in str(caught.value)


async def test_a_number_that_had_enough_waits_long(messenger: AliyunSms, wire: respx.MockRouter) -> None:
    wire.post("/").respond(json={"Code": "isv.BUSINESS_LIMIT_CONTROL"})
    with pytest.raises(Throttled) as caught:
        await messenger.send(MESSAGE)
    assert caught.value.retry_after >= 3600


LOST: dict[str, dict[str, Any]] = {
    "time-out": {"side_effect": httpx.ReadTimeout("slow")},
    "500": {"return_value": httpx.Response(500, json={"Code": "InternalError"})},
    "their system": {"return_value": httpx.Response(200, json={"Code": "isp.SYSTEM_ERROR"})},
    "internal": {"return_value": httpx.Response(400, json={"Code": "InternalError"})},
    "html": {"return_value": httpx.Response(200, html="<html>login</html>")},
    "no object": {"return_value": httpx.Response(200, json=["OK"])},
    "no code": {"return_value": httpx.Response(200, json={"Message": "OK"})},
    "ok without an id": {"return_value": httpx.Response(200, json={"Code": "OK"})},
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("way", LOST)
async def test_a_lost_answer_is_unknown_for_a_write(
    name: str, way: str, messenger: AliyunSms, wire: respx.MockRouter
) -> None:
    wire.post("/").mock(**LOST[way])
    with pytest.raises(PartnerError) as caught:
        await OPERATIONS[name](messenger)
    assert type(caught.value) is (OutcomeUnknown if name == "send" else Unavailable)


async def test_no_connection_means_not_sent(messenger: AliyunSms, wire: respx.MockRouter) -> None:
    wire.post("/").mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(Unavailable):
        await messenger.send(MESSAGE)

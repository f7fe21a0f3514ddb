from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from connectors.cainiao import CainiaoCourier
from connectors.cainiao.signing import data_digest
from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from domain.order import Channel, CipherReceiver, Region
from domain.shipping import VoidOutcome, Waybill, WaybillRequest
from tests.connectors.cainiao.conftest import KEY, NUMBER, SECRET


def got(object_id: str = KEY, number: str = NUMBER) -> dict[str, Any]:
    """The answer to TMS_WAYBILL_GET."""
    printed = {"objectId": object_id, "waybillCode": number, "printData": '{"encryptedData":"x"}'}
    return {"success": "true", "waybillCloudPrintResponseList": [printed]}


def module(number: str | None = NUMBER, object_id: str = KEY, **more: Any) -> dict[str, Any]:
    """One module in the answer to a query."""
    return {"success": True, "objectId": object_id, "waybillCloudPrintResponse": {"waybillCode": number}} | more


def queried(*modules: dict[str, Any]) -> dict[str, Any]:
    return {"success": "true", "modules": list(modules)}


def failed(code: str, message: str = "") -> dict[str, Any]:
    return {"success": "false", "errorCode": code, "errorMsg": message}


Call = Callable[[CainiaoCourier, WaybillRequest, Waybill], Awaitable[object]]
CALLS: dict[str, tuple[str, Call, dict[str, Any]]] = {
    "create": ("TMS_WAYBILL_GET", lambda link, request, _: link.create(request), got()),
    "find": ("TMS_WAYBILL_QUERY_BY_TRADE_CODE", lambda link, request, _: link.find(request), queried(module())),
    "void": ("TMS_WAYBILL_DISCARD", lambda link, _, waybill: link.void(waybill), {"success": "true"}),
}
WRITES = {"create", "void"}
BROKEN = [
    httpx.Response(500),
    httpx.Response(502, text="<html>bad gateway</html>"),
    httpx.Response(200, text="<html><body>maintenance</body></html>"),
    httpx.Response(200, text="<html>not closed"),
    httpx.Response(200, text='<!DOCTYPE r [<!ENTITY t "true">]><response><success>&t;</success></response>'),
    httpx.Response(404, text="no such page"),
    httpx.Response(200, text=""),
    httpx.Response(200, json=[]),
    httpx.Response(200, json={}),
    httpx.Response(200, json={"success": "perhaps"}),
    httpx.Response(200, json={"success": "false"}),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut off"),
]


@pytest.fixture(params=sorted(CALLS))
def operation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_goes_to_the_right_place_signed(
    operation: str, link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    message_type, call, good = CALLS[operation]
    link.respond(json=good)
    await call(courier, request_, waybill)
    assert link.call_count == 1
    http = link.calls.last.request
    form = {name: values[0] for name, values in parse_qs(http.content.decode(), strict_parsing=True).items()}
    assert form["msg_type"] == message_type
    assert form["data_digest"] == data_digest(form["logistics_interface"], SECRET)
    assert http.headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_lost_answer(
    operation: str,
    broken: httpx.Response | Exception,
    link: respx.Route,
    courier: CainiaoCourier,
    request_: WaybillRequest,
    waybill: Waybill,
) -> None:
    link.mock(side_effect=[broken])
    with pytest.raises(PartnerError) as caught:
        await CALLS[operation][1](courier, request_, waybill)
    assert type(caught.value) is (OutcomeUnknown if operation in WRITES else Unavailable)


@pytest.mark.parametrize(
    ("reply", "on_write", "on_read"),
    [
        *[(failed(code), Misconfigured, Misconfigured) for code in ("S01", "S02", "S03", "S04")],
        (failed("S05"), Rejected, Rejected),
        *[(failed(code, "单号不存在"), OutcomeUnknown, Unavailable) for code in ("S06", "S07", "S08", "S99")],
        (failed("S12"), Throttled, Throttled),
        (failed("余额不足"), Misconfigured, Misconfigured),
        (failed("WAYBILL_1", "商家未订购该服务"), Misconfigured, Misconfigured),
        (failed("WAYBILL_2", "发货地址不匹配"), Misconfigured, Misconfigured),
        (failed("WAYBILL_3", "收件地址不可达"), Rejected, Rejected),
        (failed("SOMETHING_NEW"), Rejected, Unavailable),
    ],
)
async def test_errors(
    operation: str,
    reply: dict[str, Any],
    on_write: type[PartnerError],
    on_read: type[PartnerError],
    link: respx.Route,
    courier: CainiaoCourier,
    request_: WaybillRequest,
    waybill: Waybill,
) -> None:
    link.respond(json=reply)
    with pytest.raises(PartnerError) as caught:
        await CALLS[operation][1](courier, request_, waybill)
    error = caught.value
    assert type(error) is (on_write if operation in WRITES else on_read)
    assert (error.partner, error.operation, error.code) == ("cainiao", operation, reply["errorCode"])


async def test_a_gateway_error_in_xml(
    operation: str, link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    link.respond(
        text="<?xml version='1.0'?><response><success>false</success><errorCode>S02</errorCode>"
        "<errorMsg>非法的数字签名</errorMsg></response>"
    )
    with pytest.raises(Misconfigured) as caught:
        await CALLS[operation][1](courier, request_, waybill)
    assert caught.value.code == "S02"


async def test_no_connection_surely_did_nothing(
    link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest
) -> None:
    link.mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(Unavailable):
        await courier.create(request_)


async def test_create(link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest, waybill: Waybill) -> None:
    link.respond(json=got())
    assert await courier.create(request_) == waybill


async def test_create_answered_in_xml(
    link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    link.respond(
        text="<response><success>true</success><waybillCloudPrintResponseList><!-- one --><waybillCloudPrintResponse>"
        f"<objectId>{KEY}</objectId><waybillCode>{NUMBER}</waybillCode><printData>{{}}</printData>"
        "</waybillCloudPrintResponse></waybillCloudPrintResponseList></response>"
    )
    assert await courier.create(request_) == waybill


@pytest.mark.parametrize(
    "reply",
    [
        {"success": "true"},
        {"success": "true", "waybillCloudPrintResponseList": []},
        got(object_id="somebody-elses"),
        got(number=""),
    ],
)
async def test_a_yes_without_our_number(
    reply: dict[str, Any], link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest
) -> None:
    link.respond(json=reply)
    with pytest.raises(OutcomeUnknown):
        await courier.create(request_)


async def test_an_encrypted_receiver_is_rejected_without_a_call(
    link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest
) -> None:
    receiver = CipherReceiver(
        platform=Channel.PDD, name_cipher="~n~", phone_cipher="~p~", detail_cipher="~d~", region=Region()
    )
    with pytest.raises(Rejected):
        await courier.create(replace(request_, receiver=receiver))
    assert not link.called


@pytest.mark.parametrize("success", [True, "true"])
async def test_find(
    success: object, link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    link.respond(json=queried(module(number="YT2", object_id="other"), module(success=success)))
    assert await courier.find(request_) == waybill


async def test_find_answered_in_xml(
    link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    link.respond(
        text=f"<response><success>true</success><modules><module><success>true</success><objectId>{KEY}</objectId>"
        f"<waybillCloudPrintResponse><waybillCode>{NUMBER}</waybillCode></waybillCloudPrintResponse>"
        "</module></modules></response>"
    )
    assert await courier.find(request_) == waybill


@pytest.mark.parametrize(
    "reply",
    [
        queried(),
        {"success": True},
        queried(module(object_id="other")),
        queried(module(success=False, errorCode="WAYBILL_NOT_EXIST", waybillCloudPrintResponse=None)),
        queried(module(success="false", errorCode="1", errorMessage="电子面单不存在")),
        queried(module(success="false", errorCode="WAYBILL_CANCELLED")),
        failed("NOT_FOUND"),
        failed("1", "面单已取消"),
    ],
)
async def test_find_gives_none_where_there_is_no_live_waybill(
    reply: dict[str, Any], link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest
) -> None:
    link.respond(json=reply)
    assert await courier.find(request_) is None


@pytest.mark.parametrize(
    "reply",
    [
        queried(module(number="")),
        queried(module(waybillCloudPrintResponse=None)),
        queried(module(success=False, errorCode="S07", errorMessage="单号不存在")),
        queried(module(success=False, errorCode="SOMETHING_NEW")),
    ],
)
async def test_find_never_takes_a_riddle_for_a_no(
    reply: dict[str, Any], link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest
) -> None:
    link.respond(json=reply)
    with pytest.raises(Unavailable):
        await courier.find(request_)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ({"success": "true", "discardResult": True}, VoidOutcome.VOIDED),
        ({"success": True, "discardResult": "true"}, VoidOutcome.VOIDED),
        ({"success": "true", "discardResult": "false"}, VoidOutcome.TOO_LATE),
        (failed("WAYBILL_ALREADY_CANCELLED"), VoidOutcome.VOIDED),
        (failed("1", "面单已作废"), VoidOutcome.VOIDED),
        (failed("WAYBILL_NOT_FOUND"), VoidOutcome.NOT_FOUND),
        (failed("1", "面单不存在"), VoidOutcome.NOT_FOUND),
        (failed("1", "包裹已揽收"), VoidOutcome.TOO_LATE),
    ],
)
async def test_void(
    reply: dict[str, Any], outcome: VoidOutcome, link: respx.Route, courier: CainiaoCourier, waybill: Waybill
) -> None:
    link.respond(json=reply)
    assert await courier.void(waybill) is outcome


async def test_errors_never_quote_what_cainiao_said(
    link: respx.Route, courier: CainiaoCourier, request_: WaybillRequest
) -> None:
    link.respond(json=failed("收件人 测试 13800000000", "测试 13800000000 地址不可达"))
    with pytest.raises(Rejected) as caught:
        await courier.create(request_)
    assert "13800000000" not in f"{caught.value}{caught.value.operator_text}"
    assert "地址不可达" in caught.value.operator_text

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.sf import SfCourier
from connectors.sf.signing import msg_digest
from domain.clock import BEIJING
from domain.order import Channel, CipherReceiver, ClearReceiver, Region
from domain.shipping import (
    Carrier,
    Interception,
    InterceptKind,
    Provider,
    TrackCode,
    VoidOutcome,
    Waybill,
    WaybillRequest,
)
from tests.connectors.sf.conftest import KEY, NUMBER, answer, order, route

CREATED = answer(order())
CANCELLED = answer({"orderId": KEY, "resStatus": 2})
ROUTES = answer({"routeResps": [{"mailNo": NUMBER, "routes": [route("50")]}]})

ASKED_AT = datetime(2026, 2, 2, 9, tzinfo=BEIJING)
_REGION = Region(province="江苏省", city="南京市", district="鼓楼区", town="测试镇")
REROUTE = Interception(
    "R-1",
    Waybill(KEY, Provider.SF, Carrier.SF, NUMBER),
    InterceptKind.REROUTE,
    ASKED_AT,
    ClearReceiver(name="测试乙", phone="13800000001", region=_REGION, detail="新路3号"),
)
RETURN = replace(REROUTE, kind=InterceptKind.RETURN, receiver=None)
TAKEN = answer(None)


def on_the_way(*routes: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=answer({"routeResps": [{"mailNo": NUMBER, "routes": list(routes)}]}))


Call = Callable[[SfCourier, WaybillRequest, Waybill], Awaitable[object]]
CALLS: dict[str, tuple[str, Call, dict[str, Any]]] = {
    "create": ("EXP_RECE_CREATE_ORDER", lambda sf, request, _: sf.create(request), CREATED),
    "find": ("EXP_RECE_SEARCH_ORDER_RESP", lambda sf, request, _: sf.find(request), CREATED),
    "void": ("EXP_RECE_UPDATE_ORDER", lambda sf, _, waybill: sf.void(waybill), CANCELLED),
    "routes": ("EXP_RECE_SEARCH_ROUTES", lambda sf, _, waybill: sf.routes(waybill.number), ROUTES),
}
WRITES = {"create", "void"}
BROKEN = [
    httpx.Response(500),
    httpx.Response(502, text="<html>bad gateway</html>"),
    httpx.Response(200, text="<html>maintenance</html>"),
    httpx.Response(404, text="no such page"),
    httpx.Response(200, json={}),
    httpx.Response(200, json={"apiResultCode": "A1000"}),
    httpx.Response(200, json={"apiResultCode": "A1000", "apiResultData": "not json"}),
    httpx.Response(200, json={"apiResultCode": "A1000", "apiResultData": {"success": False}}),
    httpx.Response(200, json={"apiResultCode": "A1000", "apiResultData": {"success": True, "errorCode": "S9"}}),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut off"),
]


def sent(call: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.request.content.decode(), strict_parsing=True).items()}


@pytest.fixture(params=sorted(CALLS))
def operation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_goes_to_the_right_place_signed(
    operation: str, sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    service, call, good = CALLS[operation]
    sf.respond(json=good)
    await call(courier, request_, waybill)
    assert sf.call_count == 1
    form = sent(sf.calls.last)
    assert form["serviceCode"] == service
    assert form["msgDigest"] == msg_digest(form["msgData"], form["timestamp"], "testCheckWord0123456789abcdef")
    assert len(form["timestamp"]) == 13
    assert 0 < len(form["requestID"]) <= 40
    assert sf.calls.last.request.headers["content-type"] == "application/x-www-form-urlencoded;charset=UTF-8"


async def test_each_attempt_has_its_own_request_id(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest
) -> None:
    sf.respond(json=CREATED)
    for _ in range(3):
        await courier.create(request_)
    assert len({sent(call)["requestID"] for call in sf.calls}) == 3


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_lost_answer(
    operation: str,
    broken: httpx.Response | Exception,
    sf: respx.Route,
    courier: SfCourier,
    request_: WaybillRequest,
    waybill: Waybill,
) -> None:
    sf.mock(side_effect=[broken])
    with pytest.raises(PartnerError) as caught:
        await CALLS[operation][1](courier, request_, waybill)
    assert type(caught.value) is (OutcomeUnknown if operation in WRITES else Unavailable)


@pytest.mark.parametrize(
    ("code", "on_write", "on_read"),
    [
        *[(code, Misconfigured, Misconfigured) for code in ("A1001", "A1003", "A1004", "A1006", "A1008", "A1010")],
        ("A1011", Misconfigured, Misconfigured),
        ("A1005", Throttled, Throttled),
        ("A1007", OutcomeUnknown, Unavailable),
        ("A1009", OutcomeUnknown, Unavailable),
        ("A1099", OutcomeUnknown, Unavailable),
        ("A1234", OutcomeUnknown, Unavailable),
    ],
)
async def test_gateway_errors(
    operation: str,
    code: str,
    on_write: type[PartnerError],
    on_read: type[PartnerError],
    sf: respx.Route,
    courier: SfCourier,
    request_: WaybillRequest,
    waybill: Waybill,
) -> None:
    sf.respond(json=answer(gateway=code))
    with pytest.raises(PartnerError) as caught:
        await CALLS[operation][1](courier, request_, waybill)
    assert type(caught.value) is (on_write if operation in WRITES else on_read)
    assert (caught.value.partner, caught.value.operation, caught.value.code) == ("sf", operation, code)
    assert sf.call_count == 1


@pytest.mark.parametrize(
    ("code", "on_write", "on_read"),
    [
        *[(code, Misconfigured, Misconfigured) for code in ("8114", "8119", "20052", "6126", "8027")],
        *[(code, Rejected, Rejected) for code in ("8017", "8177", "8196", "1010", "1016", "1023", "4002", "7777")],
        ("4001", OutcomeUnknown, Unavailable),
        ("9999", OutcomeUnknown, Unavailable),
    ],
)
async def test_business_errors(
    operation: str,
    code: str,
    on_write: type[PartnerError],
    on_read: type[PartnerError],
    sf: respx.Route,
    courier: SfCourier,
    request_: WaybillRequest,
    waybill: Waybill,
) -> None:
    sf.respond(json=answer(code=code))
    with pytest.raises(PartnerError) as caught:
        await CALLS[operation][1](courier, request_, waybill)
    assert type(caught.value) is (on_write if operation in WRITES else on_read)
    assert caught.value.code == code


async def test_an_expired_request_is_signed_anew_once(
    operation: str, sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    _, call, good = CALLS[operation]
    sf.mock(side_effect=[httpx.Response(200, json=answer(gateway="A1002")), httpx.Response(200, json=good)])
    await call(courier, request_, waybill)
    assert len({sent(each)["requestID"] for each in sf.calls}) == 2


async def test_expired_twice_is_a_wrong_clock(
    operation: str, sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    sf.respond(json=answer(gateway="A1002"))
    with pytest.raises(Misconfigured):
        await CALLS[operation][1](courier, request_, waybill)
    assert sf.call_count == 2


async def test_no_connection_surely_did_nothing(sf: respx.Route, courier: SfCourier, request_: WaybillRequest) -> None:
    sf.mock(side_effect=httpx.ConnectError("refused"))
    with pytest.raises(Unavailable):
        await courier.create(request_)


async def test_create_gives_the_master_number(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    numbers = [{"waybillType": 3, "waybillNo": "SF3"}, {"waybillType": "1", "waybillNo": NUMBER}]
    sf.respond(json=answer(order(numbers=numbers)))
    assert await courier.create(request_) == waybill


async def test_the_business_answer_may_be_an_object(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    envelope = answer(order())
    sf.respond(json=envelope | {"apiResultData": json.loads(envelope["apiResultData"])})
    assert await courier.create(request_) == waybill


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (order(filter_result=3, numbers=[]), Rejected),
        (order(filter_result=1), OutcomeUnknown),
        (order(numbers=[]), OutcomeUnknown),
        (order(key="somebody-elses"), OutcomeUnknown),
        ({}, OutcomeUnknown),
        (None, OutcomeUnknown),
    ],
)
async def test_create_without_a_live_number(
    data: Any, error: type[PartnerError], sf: respx.Route, courier: SfCourier, request_: WaybillRequest
) -> None:
    sf.respond(json=answer(data))
    with pytest.raises(PartnerError) as caught:
        await courier.create(request_)
    assert type(caught.value) is error


async def test_an_encrypted_receiver_is_rejected_without_a_call(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest
) -> None:
    receiver = CipherReceiver(
        platform=Channel.PDD, name_cipher="~n~", phone_cipher="~p~", detail_cipher="~d~", region=Region()
    )
    with pytest.raises(Rejected):
        await courier.create(replace(request_, receiver=receiver))
    assert not sf.called


async def test_a_duplicate_is_adopted(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    sf.mock(side_effect=[httpx.Response(200, json=answer(code="8016")), httpx.Response(200, json=CREATED)])
    assert await courier.create(request_) == waybill
    assert [sent(call)["serviceCode"] for call in sf.calls] == ["EXP_RECE_CREATE_ORDER", "EXP_RECE_SEARCH_ORDER_RESP"]


@pytest.mark.parametrize(
    ("second", "error"),
    [
        # Used up by a cancelled order, or undeliverable: this key will never give a waybill.
        (answer(code="8037"), Rejected),
        (answer(code="8253"), Rejected),
        (answer(order(filter_result=3, numbers=[])), Rejected),
        # Anything else leaves an order that may be live.
        (answer(code="8018"), OutcomeUnknown),
        (answer(code="8114"), OutcomeUnknown),
        (answer(order(filter_result=1)), OutcomeUnknown),
        (answer(gateway="A1005"), OutcomeUnknown),
        (answer(gateway="A1099"), OutcomeUnknown),
        (answer(gateway="A1006"), OutcomeUnknown),
    ],
)
async def test_a_duplicate_that_cannot_be_adopted(
    second: dict[str, Any], error: type[PartnerError], sf: respx.Route, courier: SfCourier, request_: WaybillRequest
) -> None:
    sf.mock(side_effect=[httpx.Response(200, json=answer(code="8016")), httpx.Response(200, json=second)])
    with pytest.raises(PartnerError) as caught:
        await courier.create(request_)
    assert type(caught.value) is error


async def test_find_gives_the_live_waybill(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest, waybill: Waybill
) -> None:
    sf.respond(json=CREATED)
    assert await courier.find(request_) == waybill


@pytest.mark.parametrize(
    "reply",
    [*(answer(code=code) for code in ("8018", "6150", "8037", "8253")), answer(order(filter_result=3, numbers=[]))],
)
async def test_find_gives_none_for_an_order_that_is_not_there_or_void(
    reply: dict[str, Any], sf: respx.Route, courier: SfCourier, request_: WaybillRequest
) -> None:
    sf.respond(json=reply)
    assert await courier.find(request_) is None


@pytest.mark.parametrize("data", [order(filter_result=1), order(numbers=[])])
async def test_find_does_not_know_yet(data: Any, sf: respx.Route, courier: SfCourier, request_: WaybillRequest) -> None:
    sf.respond(json=answer(data))
    with pytest.raises(OutcomeUnknown):
        await courier.find(request_)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer({"orderId": KEY, "resStatus": 2}), VoidOutcome.VOIDED),
        (answer({"orderId": KEY, "resStatus": "2"}), VoidOutcome.VOIDED),
        (answer(code="8037"), VoidOutcome.VOIDED),
        (answer(code="8253"), VoidOutcome.VOIDED),
        (answer(code="8018"), VoidOutcome.NOT_FOUND),
        (answer(code="6150"), VoidOutcome.NOT_FOUND),
        (answer(code="8252"), VoidOutcome.TOO_LATE),
        (answer(code="8019"), VoidOutcome.TOO_LATE),
    ],
)
async def test_void(
    reply: dict[str, Any], outcome: VoidOutcome, sf: respx.Route, courier: SfCourier, waybill: Waybill
) -> None:
    sf.respond(json=reply)
    assert await courier.void(waybill) is outcome


async def test_void_of_a_mismatched_order(sf: respx.Route, courier: SfCourier, waybill: Waybill) -> None:
    sf.respond(json=answer({"orderId": KEY, "resStatus": 1}))
    with pytest.raises(Rejected):
        await courier.void(waybill)


async def test_routes(sf: respx.Route, courier: SfCourier) -> None:
    sf.respond(json=ROUTES)
    report = await courier.routes(NUMBER)
    assert report.number == NUMBER
    assert [node.code for node in report.nodes] == [TrackCode.COLLECTED]


async def test_routes_of_other_numbers_are_left_out(sf: respx.Route, courier: SfCourier) -> None:
    others = {"mailNo": "SF1022222222222", "routes": [route("80")]}
    sf.respond(json=answer({"routeResps": [others, {"mailNo": NUMBER, "routes": [route("50")]}]}))
    assert [node.partner_code for node in (await courier.routes(NUMBER)).nodes] == ["50"]


@pytest.mark.parametrize(
    "data", [{"routeResps": [{"mailNo": NUMBER, "routes": []}]}, {"routeResps": []}, {"routeResps": None}]
)
async def test_no_route_yet(data: Any, sf: respx.Route, courier: SfCourier) -> None:
    sf.respond(json=answer(data))
    assert (await courier.routes(NUMBER)).nodes == ()


async def test_a_route_without_a_readable_time(sf: respx.Route, courier: SfCourier) -> None:
    sf.respond(json=answer({"routeResps": [{"mailNo": NUMBER, "routes": [route("80", time="soon")]}]}))
    with pytest.raises(Unavailable):
        await courier.routes(NUMBER)


async def test_errors_never_quote_what_sf_said_or_keys(
    sf: respx.Route, courier: SfCourier, request_: WaybillRequest
) -> None:
    business = {"success": False, "errorCode": "8196", "errorMsg": "收件人测试电话13800000000异常", "msgData": None}
    sf.respond(json={"apiResultCode": "A1000", "apiResultData": json.dumps(business)})
    with pytest.raises(Rejected) as caught:
        await courier.create(request_)
    assert "13800000000" not in f"{caught.value}{caught.value.operator_text}"
    assert "信息异常" in caught.value.operator_text


@pytest.mark.parametrize("request_", [REROUTE, RETURN])
async def test_intercept_looks_and_then_asks_once(sf: respx.Route, courier: SfCourier, request_: Interception) -> None:
    sf.mock(side_effect=[on_the_way(route("50")), httpx.Response(200, json=TAKEN)])
    await courier.intercept(request_)
    assert [sent(call)["serviceCode"] for call in sf.calls] == ["EXP_RECE_SEARCH_ROUTES", "EXP_RECE_WANTED_INTERCEPT"]
    form = sent(sf.calls.last)
    assert form["msgDigest"] == msg_digest(form["msgData"], form["timestamp"], "testCheckWord0123456789abcdef")
    assert json.loads(form["msgData"])["serviceCode"] == {"REROUTE": "1", "RETURN": "2"}[request_.kind]


@pytest.mark.parametrize(
    ("node", "reroute", "back"),
    [
        (route("50"), False, False),
        (route("99", "2026-02-02 09:00:00", "应寄件人要求，快件转寄中"), True, False),
        (route("648", "2026-02-02 09:30:00", "快件已转寄，新单号"), True, False),
        (route("99", "2026-02-02 09:00:00", "应寄件人要求，快件退回中"), False, True),
        (route("99", "2026-02-02 08:00:00", "快件转寄中"), False, False),  # before we asked: somebody else's doing
        (route("33", "2026-02-02 09:30:00", "收件人要求转寄"), False, False),
    ],
)
async def test_the_route_shows_what_was_done(
    sf: respx.Route, courier: SfCourier, node: dict[str, Any], reroute: bool, back: bool
) -> None:
    sf.mock(return_value=on_the_way(node))
    assert await courier.intercepted(REROUTE) is reroute
    assert await courier.intercepted(RETURN) is back
    assert courier.intercepts == set(InterceptKind)


async def test_what_is_done_already_is_not_asked_for_again(sf: respx.Route, courier: SfCourier) -> None:
    sf.mock(return_value=on_the_way(route("99", "2026-02-02 10:00:00", "快件转寄中")))
    await courier.intercept(REROUTE)
    assert [sent(call)["serviceCode"] for call in sf.calls] == ["EXP_RECE_SEARCH_ROUTES"]


@pytest.mark.parametrize(
    ("answered", "error"),
    [
        *[(broken, OutcomeUnknown) for broken in BROKEN],
        (httpx.Response(200, json=answer(gateway="A1004")), Misconfigured),
        (httpx.Response(200, json=answer(gateway="A1005")), Throttled),
        (httpx.Response(200, json=answer(gateway="A1099")), OutcomeUnknown),
        (httpx.Response(200, json=answer(code="9999")), OutcomeUnknown),
        (httpx.Response(200, json=answer(code="8177")), Rejected),
        (httpx.Response(200, json=answer(code="20123")), Rejected),
    ],
)
async def test_an_interception_that_is_not_taken(
    answered: httpx.Response | Exception, error: type[PartnerError], sf: respx.Route, courier: SfCourier
) -> None:
    sf.mock(side_effect=[on_the_way(route("50")), answered])
    with pytest.raises(PartnerError) as caught:
        await courier.intercept(REROUTE)
    assert type(caught.value) is error
    assert sf.call_count == 2


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("运单已签收，不支持截单", "已签收"),
        ("快件派送中，不支持截单", "派送中，来不及"),
        ("快件未收件", "尚未收件"),
        ("该运单已有截单指令", "已有截单"),
        ("测试乙13800000001不可截单", ""),
    ],
)
async def test_why_sf_refuses_and_no_word_of_the_people(
    said: str, why: str, sf: respx.Route, courier: SfCourier
) -> None:
    business = {"success": False, "errorCode": "8196" if why else "20123", "errorMsg": said, "msgData": None}
    no = httpx.Response(200, json={"apiResultCode": "A1000", "apiResultData": json.dumps(business)})
    sf.mock(side_effect=[on_the_way(route("50")), no])
    with pytest.raises(Rejected) as caught:
        await courier.intercept(REROUTE)
    assert (caught.value.detail, caught.value.code) == (why, business["errorCode"])


async def test_an_interception_without_an_address_is_rejected_without_a_call(
    sf: respx.Route, courier: SfCourier
) -> None:
    with pytest.raises(Rejected):
        await courier.intercept(replace(REROUTE, receiver=None))
    assert not sf.called

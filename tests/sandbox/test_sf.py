from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine
from fastapi.responses import JSONResponse

from sandbox.faults import FaultKind
from sandbox.road import Outcome
from sandbox.sf import SfGateway
from sandbox.sf.signing import msg_digest
from tests.sandbox.stage import Stage, make_settings, staged, until
from tests.vectors import vector

ACK = {"return_code": "0000", "return_msg": "成功"}
RECEIVER = {
    "contactType": 2,
    "contact": "测试",
    "mobile": "13800000000",
    "country": "CN",
    "province": "上海市",
    "city": "上海市",
    "county": "浦东新区",
    "address": "测试路1号",
}
SENDER = RECEIVER | {"contactType": 1, "contact": "测试仓"}
ORDER = {
    "language": "zh-CN",
    "orderId": "OH-1",
    "contactInfoList": [SENDER, RECEIVER],
    "cargoDetails": [{"name": "测试商品", "count": 1}],
    "expressTypeId": 2,
    "payMethod": 1,
    "remark": "易碎",
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(SfGateway, JSONResponse(ACK)) as stage:
        yield stage


def form(service: str, message: object, **changed: str) -> dict[str, str]:
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    timestamp = changed.get("timestamp", str(int(time.time() * 1000)))
    return {
        "partnerID": "PARTNER1",
        "requestID": uuid.uuid4().hex,
        "serviceCode": service,
        "timestamp": timestamp,
        "msgData": text,
        "msgDigest": msg_digest(text, timestamp, "check-word"),
    } | changed


async def envelope(stage: Stage, fields: dict[str, str]) -> dict[str, Any]:
    response = await stage.http.post("/sf/std/service", data=fields)
    assert response.status_code == 200
    return dict(response.json())


async def call(stage: Stage, service: str, message: object) -> dict[str, Any]:
    answer = await envelope(stage, form(service, message))
    assert answer["apiResultCode"] == "A1000"
    assert isinstance(answer["apiResultData"], str)
    return dict(json.loads(answer["apiResultData"]))


async def create(stage: Stage, **changed: object) -> str:
    result = await call(stage, "EXP_RECE_CREATE_ORDER", ORDER | changed)
    assert (result["success"], result["errorCode"]) == (True, "S0000")
    return str(result["msgData"]["waybillNoInfoList"][0]["waybillNo"])


def test_digest_vector() -> None:
    known = vector("sf", "msgDigest java-urlencoder rule")
    inputs = known["inputs"]
    assert msg_digest(inputs["msg_data"], inputs["timestamp"], inputs["check_word"]) == known["expected"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"partnerID": ""}, "A1001"),
        ({"requestID": "x" * 41}, "A1001"),
        ({"partnerID": "SOMEBODY"}, "A1004"),
        ({"serviceCode": "EXP_RECE_QUERY_DELIVERTM"}, "A1004"),
        ({"timestamp": str(int(time.time() * 1000) - 3_600_000)}, "A1002"),
        ({"timestamp": "yesterday"}, "A1002"),
        ({"msgDigest": "lSlc5vAulJ5sBarccM/oLA=="}, "A1006"),
        ({"msgData": "{}"}, "A1006"),
    ],
)
async def test_the_gateway_refuses(stage: Stage, changed: dict[str, str], code: str) -> None:
    answer = await envelope(stage, form("EXP_RECE_CREATE_ORDER", ORDER, **changed))
    assert answer["apiResultCode"] == code
    assert stage.partner.book() == {"waybills": [], "interceptions": []}


async def test_a_request_id_passes_once(stage: Stage) -> None:
    fields = form("EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "OH-1", "searchType": "1"})
    assert (await envelope(stage, fields))["apiResultCode"] == "A1000"
    assert (await envelope(stage, fields))["apiResultCode"] == "A1007"


async def test_an_order_id_is_used_once_for_ever(stage: Stage) -> None:
    number = await create(stage)
    assert len(number) == 15
    assert number.startswith("SF1")
    assert number[2:].isdecimal()
    (first,) = stage.partner.book()["waybills"]

    again = await call(stage, "EXP_RECE_CREATE_ORDER", ORDER)
    assert (again["success"], again["errorCode"], again["msgData"]) == (False, "8016", None)
    await call(stage, "EXP_RECE_UPDATE_ORDER", {"orderId": "OH-1", "dealType": 2})
    assert (await call(stage, "EXP_RECE_CREATE_ORDER", ORDER))["errorCode"] == "8016"

    (waybill,) = stage.partner.book()["waybills"]
    assert waybill == {
        "key": "OH-1",
        "number": number,
        "live": False,
        "at": first["at"],
        "remark": "易碎",
        "express_type": 2,
        "receiver_digest": waybill["receiver_digest"],
        "times": 3,
    }
    assert len(waybill["receiver_digest"]) == 16


async def test_a_later_run_gives_out_other_numbers() -> None:
    numbers: list[str] = []
    with time_machine.travel(1_780_000_000, tick=False) as traveller:
        for _ in range(2):
            async with staged(SfGateway) as stage:
                numbers += [await create(stage), await create(stage, orderId="OH-2")]
            traveller.shift(1)
    assert len(set(numbers)) == 4


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"orderId": ""}, "8196"),
        ({"contactInfoList": [RECEIVER]}, "1010"),
        ({"contactInfoList": [SENDER]}, "1014"),
        ({"contactInfoList": [SENDER, RECEIVER | {"address": " "}]}, "1014"),
        ({"contactInfoList": [SENDER, RECEIVER | {"contact": ""}]}, "1015"),
        ({"contactInfoList": [SENDER, RECEIVER | {"mobile": None}]}, "1016"),
        ({"contactInfoList": [SENDER | {"mobile": ""}, RECEIVER]}, "1012"),
        ({"contactInfoList": [SENDER, RECEIVER | {"country": ""}]}, "8196"),
        ({"contactInfoList": [SENDER, RECEIVER | {"address": "#seg#Y2lwaGVy#1##"}]}, "1014"),
        ({"contactInfoList": [SENDER, RECEIVER | {"contact": "~AgAAAA~0~"}]}, "1015"),
        ({"contactInfoList": [SENDER, RECEIVER | {"mobile": "$seg$Y2lwaGVy$1$$"}]}, "1016"),
        ({"cargoDetails": []}, "1023"),
        ({"expressTypeId": 999}, "8177"),
        ({"parcelQty": 2}, "8177"),
        ({"monthlyCard": "abc"}, "6126"),
    ],
)
async def test_a_wrong_order_gets_no_waybill(stage: Stage, changed: dict[str, Any], code: str) -> None:
    result = await call(stage, "EXP_RECE_CREATE_ORDER", ORDER | changed)
    assert (result["success"], result["errorCode"]) == (False, code)
    assert stage.partner.book() == {"waybills": [], "interceptions": []}


async def test_a_message_that_is_no_json(stage: Stage) -> None:
    assert (await call(stage, "EXP_RECE_CREATE_ORDER", "{orderId"))["errorCode"] == "4002"


async def test_search_finds_live_orders_only(stage: Stage) -> None:
    question = {"orderId": "OH-1", "searchType": "1", "language": "zh-CN"}
    assert (await call(stage, "EXP_RECE_SEARCH_ORDER_RESP", question))["errorCode"] == "8018"
    number = await create(stage)
    found = await call(stage, "EXP_RECE_SEARCH_ORDER_RESP", question)
    assert found["msgData"]["waybillNoInfoList"] == [{"waybillType": 1, "waybillNo": number}]
    assert found["msgData"]["filterResult"] == 2
    await call(stage, "EXP_RECE_UPDATE_ORDER", {"orderId": "OH-1", "dealType": 2})
    assert (await call(stage, "EXP_RECE_SEARCH_ORDER_RESP", question))["errorCode"] == "8037"


async def test_cancel(stage: Stage) -> None:
    cancel = {"orderId": "OH-1", "dealType": 2}
    assert (await call(stage, "EXP_RECE_UPDATE_ORDER", cancel))["errorCode"] == "8018"
    number = await create(stage)
    foreign = cancel | {"waybillNoInfoList": [{"waybillType": 1, "waybillNo": "SF9999999999999"}]}
    assert (await call(stage, "EXP_RECE_UPDATE_ORDER", foreign))["errorCode"] == "8017"
    own = cancel | {"waybillNoInfoList": [{"waybillType": 1, "waybillNo": number}]}
    assert (await call(stage, "EXP_RECE_UPDATE_ORDER", own))["msgData"]["resStatus"] == 2
    assert (await call(stage, "EXP_RECE_UPDATE_ORDER", own))["errorCode"] == "8253"
    assert (await call(stage, "EXP_RECE_UPDATE_ORDER", own | {"dealType": 1}))["errorCode"] == "8177"


async def test_cancel_is_too_late_after_the_first_scan(stage: Stage) -> None:
    number = await create(stage)
    stage.world.hand_over("SF", number)
    await until(lambda: bool(stage.road.nodes(number)))
    assert (await call(stage, "EXP_RECE_UPDATE_ORDER", {"orderId": "OH-1", "dealType": 2}))["errorCode"] == "8252"
    assert stage.partner.book()["waybills"][0]["live"] is True


async def test_routes_are_pushed_and_answered(stage: Stage) -> None:
    number = await create(stage)
    before = await call(stage, "EXP_RECE_SEARCH_ROUTES", {"trackingType": 1, "trackingNumber": [number]})
    assert before["msgData"] == {"routeResps": [{"mailNo": number, "routes": []}]}

    stage.world.hand_over("SF", number)
    await until(lambda: len(stage.hub.pushed) == 5)

    pushes = [json.loads(push.body)["Body"]["WaybillRoute"] for push in stage.hub.pushed]
    assert {push.path for push in stage.hub.pushed} == {"/hooks/sf/sf-push"}
    nodes = sorted((node for batch in pushes for node in batch), key=lambda node: str(node["id"]))
    assert [node["opCode"] for node in nodes] == ["50", "30", "31", "44", "80"]
    assert {(node["mailno"], node["orderid"]) for node in nodes} == {(number, "OH-1")}
    assert f"电话:{stage.road.nodes(number)[3].courier_phone})" in nodes[3]["remark"]

    for question in (
        {"trackingType": 1, "trackingNumber": [number]},
        {"trackingType": 2, "trackingNumber": ["OH-1"]},
    ):
        after = await call(stage, "EXP_RECE_SEARCH_ROUTES", question | {"methodType": 1, "language": "0"})
        (resp,) = after["msgData"]["routeResps"]
        assert resp["mailNo"] == number
        assert [r["opCode"] for r in resp["routes"]] == ["50", "30", "31", "44", "80"]


async def test_a_refused_parcel_in_sf_codes(stage: Stage) -> None:
    number = await create(stage)
    stage.road.set_outcome(number, Outcome.REFUSED)
    stage.world.hand_over("SF", number)
    await until(lambda: len(stage.hub.pushed) == 6)
    after = await call(stage, "EXP_RECE_SEARCH_ROUTES", {"trackingNumber": [number]})
    assert [r["opCode"] for r in after["msgData"]["routeResps"][0]["routes"]][-2:] == ["99", "648"]


async def test_a_foreign_number_needs_a_phone_and_is_never_pushed(stage: Stage) -> None:
    number = "SF7000000000001"
    stage.world.hand_over("SF", number)
    await until(lambda: len(stage.road.nodes(number)) == 5)
    without = await call(stage, "EXP_RECE_SEARCH_ROUTES", {"trackingNumber": [number]})
    assert without["msgData"]["routeResps"][0]["routes"] == []
    with_phone = await call(stage, "EXP_RECE_SEARCH_ROUTES", {"trackingNumber": [number], "checkPhoneNo": "0000"})
    assert len(with_phone["msgData"]["routeResps"][0]["routes"]) == 5
    assert (await call(stage, "EXP_RECE_SEARCH_ROUTES", {"trackingNumber": ["x"] * 11}))["errorCode"] == "8196"
    assert stage.hub.pushed == []


async def test_an_unacknowledged_push_comes_again() -> None:
    refusals = [JSONResponse({"return_code": "1000"}), JSONResponse([]), JSONResponse({}, status_code=500)]
    async with staged(SfGateway, *refusals, JSONResponse(ACK), settings=make_settings(transit_s=60)) as stage:
        number = await create(stage)
        stage.world.hand_over("SF", number)
        await until(lambda: len(stage.hub.pushed) == 4)
        assert len({push.body for push in stage.hub.pushed}) == 1


@pytest.mark.parametrize(("kind", "code"), [(FaultKind.ERROR, "A1099"), (FaultKind.THROTTLE, "A1005")])
async def test_faults_speak_sf(stage: Stage, kind: FaultKind, code: str) -> None:
    stage.fail(kind, "create")
    assert (await envelope(stage, form("EXP_RECE_CREATE_ORDER", ORDER)))["apiResultCode"] == code
    assert stage.partner.book() == {"waybills": [], "interceptions": []}


async def test_a_waybill_made_behind_a_timeout_is_found(stage: Stage) -> None:
    stage.fail(FaultKind.DONE_BUT_TIMEOUT, "create")
    response = await stage.http.post("/sf/std/service", data=form("EXP_RECE_CREATE_ORDER", ORDER))
    assert response.status_code == 504
    found = await call(stage, "EXP_RECE_SEARCH_ORDER_RESP", {"orderId": "OH-1"})
    (waybill,) = stage.partner.book()["waybills"]
    assert found["msgData"]["waybillNoInfoList"][0]["waybillNo"] == waybill["number"]


NEW_ADDRESS = {
    "province": "江苏省",
    "city": "南京市",
    "county": "鼓楼区",
    "address": "新路3号",
    "contact": "测试乙",
    "phone": "13800000001",
}


def instruction(number: str, service: str = "1", **changed: object) -> dict[str, object]:
    wanted = {"waybillNo": number, "serviceCode": service, "role": "1", "payMode": "4", "monthlyCardNo": "7550000000"}
    return {**wanted, "newDestAddress": NEW_ADDRESS, "cancel": False, **changed}


@pytest.fixture
async def slow() -> AsyncIterator[Stage]:
    """A stage whose parcels stay where they were collected until they are pushed on."""
    async with staged(SfGateway, JSONResponse(ACK), settings=make_settings(transit_s=60)) as stage:
        yield stage


async def collected(stage: Stage) -> str:
    number = await create(stage)
    stage.world.hand_over("SF", number)
    await until(lambda: len(stage.road.nodes(number)) == 1)
    return number


@pytest.mark.parametrize(("service", "kind", "word"), [("1", "REROUTE", "转寄"), ("2", "RETURN", "退回")])
async def test_an_interception_is_taken_once_and_shows_on_the_route(
    slow: Stage, service: str, kind: str, word: str
) -> None:
    number = await collected(slow)
    taken = await call(slow, "EXP_RECE_WANTED_INTERCEPT", instruction(number, service))
    assert (taken["success"], taken["errorCode"], taken["msgData"]) == (True, "S0000", None)
    after = await call(slow, "EXP_RECE_SEARCH_ROUTES", {"trackingNumber": [number]})
    node = after["msgData"]["routeResps"][0]["routes"][-1]
    assert node["opCode"] == "99"
    assert word in node["remark"]

    again = await call(slow, "EXP_RECE_WANTED_INTERCEPT", instruction(number, service))
    assert (again["success"], again["errorMsg"]) == (False, "该运单已有截单指令，请勿重复截单")
    [entry] = slow.partner.book()["interceptions"]
    assert (entry["number"], entry["kind"], entry["times"]) == (number, kind, 2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"waybillNo": "SF1999999999999"}, "不存在"),
        ({"serviceCode": "7"}, "服务不支持"),
        ({"role": "9"}, "服务不支持"),
        ({"monthlyCardNo": ""}, "monthlyCardNo"),
        ({"newDestAddress": NEW_ADDRESS | {"phone": ""}}, "不完整"),
        ({"newDestAddress": None}, "不完整"),
    ],
)
async def test_an_instruction_that_is_not_right(slow: Stage, changed: dict[str, object], said: str) -> None:
    number = await collected(slow)
    no = await call(slow, "EXP_RECE_WANTED_INTERCEPT", instruction(number) | changed)
    assert no["success"] is False
    assert said in no["errorMsg"]
    assert slow.partner.book()["interceptions"] == []


async def test_nothing_is_intercepted_before_pickup_nor_at_the_door(stage: Stage) -> None:
    number = await create(stage)
    early = await call(stage, "EXP_RECE_WANTED_INTERCEPT", instruction(number))
    assert early["errorMsg"] == "快件未收件，不支持截单"
    stage.world.hand_over("SF", number)
    await until(lambda: len(stage.road.nodes(number)) == 5)
    late = await call(stage, "EXP_RECE_WANTED_INTERCEPT", instruction(number))
    assert late["errorMsg"] == "运单已签收，不支持截单"


async def test_an_interception_behind_a_timeout_is_done(slow: Stage) -> None:
    number = await collected(slow)
    slow.fail(FaultKind.DONE_BUT_TIMEOUT, "intercept")
    response = await slow.http.post("/sf/std/service", data=form("EXP_RECE_WANTED_INTERCEPT", instruction(number)))
    assert response.status_code == 504
    assert [entry["times"] for entry in slow.partner.book()["interceptions"]] == [1]
    assert slow.road.nodes(number)[-1].text.endswith("快件转寄中")


async def test_a_cancelled_number_that_was_handed_over_never_travels(stage: Stage) -> None:
    number = await create(stage)
    stage.world.hand_over("SF", number)
    gone = await call(stage, "EXP_RECE_UPDATE_ORDER", {"orderId": "OH-1", "dealType": 2})
    assert gone["success"] is True
    await until(lambda: stage.world.pending == 0)
    assert stage.road.nodes(number) == ()

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from fastapi.responses import JSONResponse

from sandbox.faults import FaultKind
from sandbox.kdniao import Kdniao
from sandbox.kdniao.signing import data_sign
from sandbox.road import Outcome
from tests.sandbox.stage import Stage, make_settings, staged, until
from tests.vectors import vector

ACK = {"EBusinessID": "1237100", "UpdateTime": "2026-02-01 10:00:00", "Success": True, "Reason": ""}
QUERY, SUBSCRIBE = "/kdniao/Ebusiness/EbusinessOrderHandle.aspx", "/kdniao/api/dist"
YTO = {"ShipperCode": "YTO", "LogisticCode": "YT2826000000001"}
SF = {"ShipperCode": "SF", "LogisticCode": "SF1000000000001"}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(Kdniao, JSONResponse(ACK)) as stage:
        yield stage


def form(request_type: str, data: object, **changed: str) -> dict[str, str]:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return {
        "RequestData": text,
        "EBusinessID": "1237100",
        "RequestType": request_type,
        "DataSign": data_sign(text, "kdn-key"),
        "DataType": "2",
    } | changed


async def send(stage: Stage, path: str, fields: dict[str, str]) -> dict[str, Any]:
    response = await stage.http.post(path, data=fields)
    assert response.status_code == 200
    return dict(response.json())


async def query(stage: Stage, data: object, request_type: str = "8001") -> dict[str, Any]:
    return await send(stage, QUERY, form(request_type, data))


async def subscribe(stage: Stage, data: object, request_type: str = "8008") -> dict[str, Any]:
    return await send(stage, SUBSCRIBE, form(request_type, data))


async def arrived(stage: Stage, number: str, nodes: int = 5) -> None:
    await until(lambda: len(stage.road.nodes(number)) == nodes)


def documents(stage: Stage) -> list[dict[str, Any]]:
    """What was pushed, shortest trace first; checks each push's form and signature."""
    result = []
    for push in stage.hub.pushed:
        assert push.path == "/hooks/kdniao"
        fields = {name: values[0] for name, values in parse_qs(push.body.decode()).items()}
        assert fields["DataSign"] == data_sign(fields["RequestData"], "kdn-key")
        result.append({"RequestType": fields["RequestType"], **json.loads(fields["RequestData"])})
    return sorted(result, key=lambda document: len(document["Data"][0]["Traces"]))


@pytest.mark.parametrize("name", ["DataSign ascii", "DataSign utf-8 with + / = &"])
def test_sign_vectors(name: str) -> None:
    known = vector("kdniao", name)
    assert data_sign(known["inputs"]["request_data"], known["inputs"]["app_key"]) == known["expected"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (form("8001", YTO, DataType=""), "101"),
        (form("8001", YTO, EBusinessID="999"), "102"),
        (form("8001", YTO, DataSign="NTE1MzE5Yzc0MjljNzIyMjUyYjBjYWUzMDI2YWEyZjE="), "102"),
        (form("8001", YTO, RequestData="{}"), "102"),
        (form("1007", YTO), "104"),
        (form("8008", YTO), "104"),
        (form("8001", YTO, DataType="1"), "103"),
        (form("8001", "{'ShipperCode'"), "401"),
        (form("8001", {"ShipperCode": "YTO"}), "402"),
        (form("8001", YTO | {"OrderCode": "own:main:1#1"}), "403"),
        (form("8001", YTO | {"Remark": ["a&b"]}), "403"),
        (form("8001", YTO | {"LogisticCode": "YT"}), "404"),
        (form("8001", {"LogisticCode": "YT2826000000001"}), "101"),
        (form("8001", YTO | {"Callback": "x" * 51}), "103"),
    ],
)
async def test_it_refuses(stage: Stage, fields: dict[str, str], code: str) -> None:
    reply = await send(stage, QUERY, fields)
    assert (reply["Success"], reply["ResultCode"]) == (False, code)
    assert reply["Reason"]


@pytest.mark.parametrize("shipper_code", ["SF", "ZTO", "KYSY"])
async def test_some_carriers_need_a_phone_tail(stage: Stage, shipper_code: str) -> None:
    data = {"ShipperCode": shipper_code, "LogisticCode": "SF1000000000001"}
    for wrong in ({}, {"CustomerName": "13800000000"}):
        assert (await query(stage, data | wrong))["Success"] is False
        assert (await subscribe(stage, data | wrong))["Success"] is False
    assert (await query(stage, data | {"CustomerName": "0000"}))["Success"] is True
    assert stage.partner.book()["subscriptions"] == []


async def test_every_second_answer_calls_itself_html(stage: Stage) -> None:
    types = [
        (await stage.http.post(QUERY, data=form("8001", YTO))).headers["content-type"].split(";")[0] for _ in range(4)
    ]
    assert types == ["application/json", "text/html"] * 2


async def test_an_unknown_number_has_no_trace(stage: Stage) -> None:
    reply = await query(stage, YTO)
    assert (reply["Success"], reply["State"], reply["StateEx"], reply["Traces"]) == (True, "0", "0", [])
    reply = await query(stage, {"ShipperCode": "STO", "LogisticCode": "773000000000001"})
    assert (reply["Success"], reply["Reason"], reply["Traces"]) == (False, "暂无轨迹信息", [])


async def test_a_signed_parcel(stage: Stage) -> None:
    stage.world.hand_over("YTO", YTO["LogisticCode"])
    await arrived(stage, YTO["LogisticCode"])

    fine = await query(stage, YTO | {"Callback": "echo"})
    assert (fine["Success"], fine["State"], fine["StateEx"], fine["Callback"]) == (True, "3", "301", "echo")
    assert [trace["Action"] for trace in fine["Traces"]] == ["1", "2", "205", "202", "301"]
    courier = stage.road.nodes(YTO["LogisticCode"])[3]
    assert fine["DeliveryManTel"] == courier.courier_phone
    assert courier.courier_phone in fine["Traces"][3]["AcceptStation"]

    newest_first = await query(stage, YTO | {"Sort": "1"})
    assert newest_first["Traces"] == fine["Traces"][::-1]

    basic = await query(stage, YTO, "1002")
    assert basic["State"] == "3"
    assert not {"StateEx", "DeliveryManTel"} & set(basic)
    assert set(basic["Traces"][0]) == {"AcceptTime", "AcceptStation", "Remark"}


@pytest.mark.parametrize(
    ("outcome", "nodes", "states"),
    [(Outcome.REFUSED, 6, ["404", "406"]), (Outcome.LOST, 4, ["205", "403"])],
)
async def test_bad_ends(stage: Stage, outcome: Outcome, nodes: int, states: list[str]) -> None:
    stage.road.set_outcome(YTO["LogisticCode"], outcome)
    stage.world.hand_over("YTO", YTO["LogisticCode"])
    await arrived(stage, YTO["LogisticCode"], nodes)
    reply = await query(stage, YTO)
    assert reply["State"] == "4"
    assert [trace["Action"] for trace in reply["Traces"]][-2:] == states


async def test_another_carriers_number_is_unknown(stage: Stage) -> None:
    stage.world.hand_over("YTO", YTO["LogisticCode"])
    await arrived(stage, YTO["LogisticCode"])
    assert (await query(stage, YTO | {"ShipperCode": "JTSD"}))["Traces"] == []


async def test_a_subscribed_number_is_pushed_whole_at_every_node(stage: Stage) -> None:
    reply = await subscribe(stage, YTO | {"Callback": "echo", "OrderCode": "OH-1"})
    assert reply["Success"] is True
    assert "Traces" not in reply
    stage.world.hand_over("YTO", YTO["LogisticCode"])
    stage.world.hand_over("STO", "773000000000001")
    await until(lambda: len(stage.hub.pushed) == 5)
    await arrived(stage, "773000000000001")

    pushed = documents(stage)
    assert [len(document["Data"][0]["Traces"]) for document in pushed] == [1, 2, 3, 4, 5]
    last = pushed[-1]
    assert (last["RequestType"], last["Count"], last["EBusinessID"]) == ("102", "1", "1237100")
    (data,) = last["Data"]
    assert (data["LogisticCode"], data["OrderCode"], data["Callback"]) == (YTO["LogisticCode"], "OH-1", "echo")
    assert (data["State"], data["StateEx"]) == ("3", "301")
    assert stage.partner.book() == {
        "subscriptions": [{"carrier": "YTO", "number": YTO["LogisticCode"], "times": 1}],
        "pushes": 5,
    }


async def test_subscribing_late_brings_the_trace_at_once(stage: Stage) -> None:
    stage.world.hand_over("SF", SF["LogisticCode"])
    await arrived(stage, SF["LogisticCode"])
    for _ in range(2):
        assert (await subscribe(stage, SF | {"CustomerName": "0000"}, "1008"))["Success"] is True
    await until(lambda: len(stage.hub.pushed) == 2)
    assert [(d["RequestType"], len(d["Data"][0]["Traces"])) for d in documents(stage)] == [("101", 5), ("101", 5)]
    assert stage.partner.book()["subscriptions"] == [{"carrier": "SF", "number": SF["LogisticCode"], "times": 2}]


async def test_a_subscription_under_the_wrong_carrier_is_taken_and_never_pushed(stage: Stage) -> None:
    assert (await subscribe(stage, YTO | {"ShipperCode": "JTSD"}))["Success"] is True
    stage.world.hand_over("YTO", YTO["LogisticCode"])
    await arrived(stage, YTO["LogisticCode"])
    assert stage.partner.book()["pushes"] == 0


async def test_an_unacknowledged_push_comes_again() -> None:
    refusals = [JSONResponse(ACK | {"Success": False}), JSONResponse([]), JSONResponse(ACK, status_code=404)]
    async with staged(Kdniao, *refusals, JSONResponse(ACK), settings=make_settings(transit_s=60)) as stage:
        await subscribe(stage, YTO)
        stage.world.hand_over("YTO", YTO["LogisticCode"])
        await until(lambda: len(stage.hub.pushed) == 4)
        assert stage.partner.book()["pushes"] == 1


async def test_recognise(stage: Stage) -> None:
    reply = await query(stage, {"LogisticCode": "YT2826000000001"}, "2002")
    assert (reply["Success"], reply["Code"]) == (True, "100")
    assert reply["Shippers"] == [{"ShipperCode": "YTO", "ShipperName": "圆通速递"}]

    stage.world.hand_over("JD", "YT2826000000001")
    known = await query(stage, {"LogisticCode": "YT2826000000001"}, "2002")
    assert [shipper["ShipperCode"] for shipper in known["Shippers"]] == ["JD", "YTO"]

    nobody = await query(stage, {"LogisticCode": "00000"}, "2002")
    assert (nobody["Success"], nobody["Shippers"]) == (False, [])


@pytest.mark.parametrize(("kind", "word"), [(FaultKind.ERROR, "系统繁忙"), (FaultKind.THROTTLE, "频率")])
async def test_faults_speak_kdniao(stage: Stage, kind: FaultKind, word: str) -> None:
    stage.fail(kind, "subscribe")
    reply = await subscribe(stage, YTO)
    assert reply["Success"] is False
    assert word in reply["Reason"]
    assert stage.partner.book()["subscriptions"] == []

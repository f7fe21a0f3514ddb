from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.cainiao import CainiaoGateway
from sandbox.cainiao.signing import data_digest
from sandbox.digest import receiver_digest
from sandbox.faults import FaultKind
from tests.sandbox.stage import Stage, staged, until
from tests.vectors import vector

ADDRESS = {"province": "上海市", "city": "上海市", "district": "浦东新区", "detail": "测试路1号"}
WISH: dict[str, Any] = {
    "objectId": "OH-1",
    "userId": 123,
    "templateUrl": "http://cloudprint.test/template/standard/1",
    "orderInfo": {"orderChannelsType": "OTHERS", "tradeOrderList": ["OH-1"]},
    "packageInfo": {"id": "OH-1", "items": [{"name": "测试商品", "count": 1}], "goodsDescription": "易碎"},
    "recipient": {"name": "测试", "mobile": "13800000000", "address": ADDRESS},
}
GET: dict[str, Any] = {
    "cpCode": "YTO",
    "sender": {"name": "测试仓", "phone": "13800000001", "address": ADDRESS},
    "tradeOrderInfoDtos": [WISH],
}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(CainiaoGateway) as stage:
        yield stage


def form(msg_type: str, message: object, **changed: str) -> dict[str, str]:
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    return {
        "msg_type": msg_type,
        "logistic_provider_id": "provider-1",
        "data_digest": data_digest(text, "link-secret"),
        "logistics_interface": text,
    } | changed


async def send(stage: Stage, fields: dict[str, str]) -> dict[str, Any]:
    response = await stage.http.post("/cainiao/gateway/link.do", data=fields)
    assert response.status_code == 200
    return dict(response.json())


async def call(stage: Stage, msg_type: str, message: object) -> dict[str, Any]:
    return await send(stage, form(f"TMS_WAYBILL_{msg_type}", message))


async def get(stage: Stage, message: dict[str, Any] = GET) -> str:
    reply = await call(stage, "GET", message)
    assert reply["success"] == "true", reply
    return str(reply["waybillCloudPrintResponseList"][0]["waybillCode"])


async def find(stage: Stage, object_id: str) -> dict[str, Any]:
    reply = await call(stage, "QUERY_BY_TRADE_CODE", {"paramList": [{"objectId": object_id}]})
    assert reply["success"] == "true"
    (module,) = reply["modules"]
    return dict(module)


def changed(cp_code: str = "YTO", **parts: Any) -> dict[str, Any]:
    message = copy.deepcopy(GET)
    message["cpCode"] = cp_code
    for name, value in parts.items():
        if isinstance(value, dict):
            message["tradeOrderInfoDtos"][0][name].update(value)
        else:
            message["tradeOrderInfoDtos"][0][name] = value
    return message


def test_digest_vector() -> None:
    known = vector("cainiao", "data_digest")
    assert data_digest(known["inputs"]["logistics_interface"], known["inputs"]["secret"]) == known["expected"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (form("TMS_WAYBILL_GET", GET, logistic_provider_id="somebody"), "S03"),
        (form("TMS_WAYBILL_GET", GET, data_digest="q+6FNGaMzpd9AIZg67Zsgg=="), "S02"),
        (form("TMS_WAYBILL_GET", GET, logistics_interface="{}"), "S02"),
        (form("TMS_WAYBILL_UPDATE", GET), "S04"),
        (form("TMS_WAYBILL_GET", "<request/>"), "S01"),
        (form("TMS_WAYBILL_GET", "[]"), "S05"),
    ],
)
async def test_the_gateway_refuses(stage: Stage, fields: dict[str, str], code: str) -> None:
    reply = await send(stage, fields)
    assert (reply["success"], reply["errorCode"]) == ("false", code)
    assert stage.partner.book() == {"waybills": []}


async def test_get_is_idempotent_by_trade_orders_and_package(stage: Stage) -> None:
    number = await get(stage)
    assert await get(stage) == number
    assert await get(stage, changed(packageInfo={"id": "OH-1b"}, objectId="OH-1b")) != number
    assert await get(stage, changed(orderInfo={"tradeOrderList": ["OH-2"]}, objectId="OH-2")) != number

    first, *others = stage.partner.book()["waybills"]
    assert first == {
        "key": "OH-1",
        "carrier": "YTO",
        "number": number,
        "live": True,
        "at": first["at"],
        "goods_description": "易碎",
        "receiver_digest": receiver_digest("测试", "13800000000", "上海市", "上海市", "浦东新区", "测试路1号"),
        "times": 2,
    }
    assert len(others) == 2


@pytest.mark.parametrize(
    ("cp_code", "carrier", "start", "length"),
    [("SF", "SF", "SF2", 15), ("ZTO", "ZTO", "75", 14), ("DBKD", "DEPPON", "DPK2", 15), ("JTSD", "JTSD", "JT2", 15)],
)
async def test_numbers_look_like_the_couriers(
    stage: Stage, cp_code: str, carrier: str, start: str, length: int
) -> None:
    number = await get(stage, changed(cp_code))
    assert number.startswith(start)
    assert len(number) == length
    assert stage.partner.book()["waybills"][0]["carrier"] == carrier


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (changed("AMAZING"), "未订购"),
        (changed(recipient={"mobile": ""}), "S05"),
        (changed(recipient={"name": " "}), "S05"),
        (changed(recipient={"address": ADDRESS | {"detail": ""}}), "S05"),
        (changed(objectId=""), "S05"),
        (changed(templateUrl=""), "S05"),
        (changed(orderInfo={"tradeOrderList": []}), "S05"),
        (changed(packageInfo={"items": []}), "S05"),
        (changed("SF", packageInfo={"goodsDescription": ""}), "S05"),
        (changed(recipient={"name": "~AgAAAA~0~"}), "地址不可达"),
        (changed(recipient={"mobile": "$seg$Y2lwaGVy$1$$"}), "地址不可达"),
        (GET | {"tradeOrderInfoDtos": [WISH] * 11}, "S05"),
    ],
)
async def test_a_wrong_wish_gets_no_waybill(stage: Stage, message: dict[str, Any], code: str) -> None:
    reply = await call(stage, "GET", message)
    assert (reply["success"], reply["errorCode"]) == ("false", code)
    assert "1380000" not in reply["errorMsg"]
    assert stage.partner.book() == {"waybills": []}


async def test_one_wrong_wish_spoils_the_whole_request(stage: Stage) -> None:
    await get(stage)
    await call(stage, "DISCARD", {"cpCode": "YTO", "waybillCode": stage.partner.book()["waybills"][0]["number"]})
    fresh = changed(orderInfo={"tradeOrderList": ["OH-2"]}, objectId="OH-2")["tradeOrderInfoDtos"]
    reply = await call(stage, "GET", GET | {"tradeOrderInfoDtos": [*fresh, WISH]})
    assert reply["errorCode"] == "单号已取消"
    assert len(stage.partner.book()["waybills"]) == 1


async def test_another_courier_for_the_same_package_is_refused(stage: Stage) -> None:
    await get(stage)
    assert (await call(stage, "GET", changed("ZTO")))["errorCode"] == "重复取号"


async def test_find_by_object_id(stage: Stage) -> None:
    assert await find(stage, "OH-1") == {
        "success": False,
        "objectId": "OH-1",
        "errorCode": "NOT_FOUND",
        "errorMessage": "未查询到电子面单",
    }
    number = await get(stage)
    module = await find(stage, "OH-1")
    assert module["success"] is True
    assert module["waybillCloudPrintResponse"]["waybillCode"] == number
    assert "encryptedData" in json.loads(module["waybillCloudPrintResponse"]["printData"])


async def test_discard(stage: Stage) -> None:
    number = await get(stage)
    assert (await call(stage, "DISCARD", {"cpCode": "YTO", "waybillCode": "YT0"}))["errorCode"] == "单号不存在"
    assert (await call(stage, "DISCARD", {"cpCode": "ZTO", "waybillCode": number}))["errorCode"] == "单号不存在"
    for _ in range(2):
        reply = await call(stage, "DISCARD", {"cpCode": "YTO", "waybillCode": number})
        assert reply == {"success": "true", "discardResult": True}
    assert stage.partner.book()["waybills"][0]["live"] is False
    assert (await find(stage, "OH-1"))["errorCode"] == "NOT_FOUND"
    assert (await call(stage, "GET", GET))["errorCode"] == "单号已取消"


async def test_discard_is_too_late_after_the_first_scan(stage: Stage) -> None:
    number = await get(stage)
    stage.world.hand_over("YTO", number)
    await until(lambda: bool(stage.road.nodes(number)))
    assert (await call(stage, "DISCARD", {"cpCode": "YTO", "waybillCode": number}))["errorCode"] == "已揽收"
    assert stage.partner.book()["waybills"][0]["live"] is True


@pytest.mark.parametrize(("kind", "code"), [(FaultKind.ERROR, "S07"), (FaultKind.THROTTLE, "S12")])
async def test_faults_speak_link(stage: Stage, kind: FaultKind, code: str) -> None:
    stage.fail(kind, "create")
    assert (await call(stage, "GET", GET))["errorCode"] == code
    assert stage.partner.book() == {"waybills": []}

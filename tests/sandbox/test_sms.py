from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi.responses import JSONResponse

from domain.clock import BEIJING, utc_now
from sandbox.digest import phone_digest
from sandbox.faults import FaultKind
from sandbox.road import Road
from sandbox.sms import AliyunSms
from sandbox.sms.acs3 import canonical_request, sign
from sandbox.world import World
from tests.sandbox.stage import Stage, staged, until
from tests.vectors import vector

SEND = {
    "PhoneNumbers": "13800000000",
    "SignName": "测试签名",
    "TemplateCode": "SMS_000000001",
    "TemplateParam": json.dumps({"order": "OH 001", "no": "SF*~1"}, ensure_ascii=False),
    "OutId": "n-1",
}


def sms(world: World, road: Road) -> AliyunSms:
    return AliyunSms(world)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(sms, JSONResponse({"code": 0, "msg": "接收成功"})) as stage:
        yield stage


def signed(
    action: str, query: dict[str, str], body: bytes = b"", path: str = "/", key: str = "ak-id", **changed: str
) -> dict[str, str]:
    headers = {
        "host": "sandbox.test",
        "x-acs-action": action,
        "x-acs-version": "2017-05-25",
        "x-acs-date": f"{utc_now():%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": uuid.uuid4().hex,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    } | changed
    if body:
        headers["content-type"] = "application/x-www-form-urlencoded"
    signature = sign(canonical_request(path, list(query.items()), headers, body), "ak-secret")
    names = ";".join(sorted(headers))
    return headers | {"authorization": f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signature}"}


async def call(
    stage: Stage, action: str, query: dict[str, str], path: str = "/", key: str = "ak-id", **changed: str
) -> httpx.Response:
    return await post(stage, query, signed(action, query, b"", path, key, **changed))


async def post(stage: Stage, query: dict[str, str], headers: dict[str, str], body: bytes = b"") -> httpx.Response:
    encoded = urlencode(query, quote_via=quote)
    return await stage.http.post(f"/sms/?{encoded}", headers=headers, content=body)


async def send(stage: Stage, **changed: str) -> dict[str, Any]:
    response = await call(stage, "SendSms", SEND | changed)
    assert response.status_code == 200
    return dict(response.json())


async def details(stage: Stage, **changed: str) -> dict[str, Any]:
    question = {
        "PhoneNumber": "13800000000",
        "SendDate": f"{utc_now().astimezone(BEIJING):%Y%m%d}",
        "PageSize": "10",
        "CurrentPage": "1",
    }
    response = await call(stage, "QuerySendDetails", question | changed)
    assert response.status_code == 200
    return dict(response.json())


@pytest.mark.parametrize("name", ["ACS3-HMAC-SHA256 (vendor example for another service)", "SendSms"])
def test_signature_vectors(name: str) -> None:
    known = vector("aliyun-sms", name)
    inputs = known["inputs"]
    canonical = canonical_request("/", list(inputs["query"].items()), inputs["headers"], inputs["body"].encode())
    assert canonical == inputs["canonical_request"]
    assert sign(canonical, inputs["access_key_secret"]) == known["expected"]


async def test_a_message_is_sent_and_received(stage: Stage) -> None:
    answer = await send(stage)
    assert (answer["Code"], answer["Message"]) == ("OK", "OK")
    assert stage.partner.book() == {
        "messages": [
            {
                "out_id": "n-1",
                "phone_digest": phone_digest("13800000000"),
                "template": "SMS_000000001",
                "params": {"order": "OH 001", "no": "SF*~1"},
                "biz_id": answer["BizId"],
            }
        ]
    }
    waiting = (await details(stage))["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0]
    assert (waiting["SendStatus"], waiting["ReceiveDate"]) == (1, "")

    await until(lambda: len(stage.hub.pushed) == 1)
    assert stage.hub.pushed[0].path == "/hooks/sms/sms-push"
    (receipt,) = json.loads(stage.hub.pushed[0].body)
    assert (receipt["out_id"], receipt["biz_id"]) == ("n-1", answer["BizId"])
    assert (receipt["phone_number"], receipt["success"]) == ("13800000000", True)
    received = (await details(stage))["SmsSendDetailDTOs"]["SmsSendDetailDTO"][0]
    assert (received["SendStatus"], received["OutId"], received["ErrCode"]) == (3, "n-1", "DELIVERED")


async def test_parameters_in_a_form_body_and_the_mounted_path_signed(stage: Stage) -> None:
    body = urlencode(SEND).encode()
    response = await post(stage, {}, signed("SendSms", {}, body, path="/sms/"), body)
    assert response.json()["Code"] == "OK"
    assert stage.partner.book()["messages"][0]["params"] == {"order": "OH 001", "no": "SF*~1"}


async def test_sending_is_not_idempotent(stage: Stage) -> None:
    first, second = await send(stage), await send(stage)
    assert first["BizId"] != second["BizId"]
    assert len(stage.partner.book()["messages"]) == 2
    assert (await details(stage))["TotalCount"] == 2
    assert (await details(stage, BizId=first["BizId"]))["TotalCount"] == 1
    second_page = await details(stage, PageSize="1", CurrentPage="2")
    assert second_page["TotalCount"] == 2
    assert len(second_page["SmsSendDetailDTOs"]["SmsSendDetailDTO"]) == 1


async def test_details_are_of_one_phone_and_one_day(stage: Stage) -> None:
    await send(stage)
    assert (await details(stage, PhoneNumber="13800000001"))["TotalCount"] == 0
    assert (await details(stage, SendDate="20200101"))["TotalCount"] == 0
    assert (await details(stage, PhoneNumber="1"))["Code"] == "isv.MOBILE_NUMBER_ILLEGAL"
    assert (await details(stage, SendDate="2020-01-01"))["Code"] == "isv.INVALID_PARAMETERS"
    assert (await details(stage, PageSize="51"))["Code"] == "isv.INVALID_PARAMETERS"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"PhoneNumbers": ""}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": "+8613800000000"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"PhoneNumbers": "13800000000,123"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"SignName": ""}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"SignName": "【测试】"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "waybill"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateParam": "{"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": "[]"}, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": '{"n": 1}'}, "isv.TEMPLATE_PARAMS_ILLEGAL"),
        ({"TemplateParam": '{"n": "http://a"}'}, "isv.PARAM_NOT_SUPPORT_URL"),
        ({"TemplateParam": '{"n": "请打开shop.example.com查看"}'}, "isv.PARAM_NOT_SUPPORT_URL"),
        ({"TemplateParam": json.dumps({"n": "x" * 36})}, "isv.PARAM_LENGTH_LIMIT"),
        ({"OutId": "x" * 257}, "isv.INVALID_PARAMETERS"),
    ],
)
async def test_a_wrong_message_is_not_sent(stage: Stage, changed: dict[str, str], code: str) -> None:
    assert (await send(stage, **changed))["Code"] == code
    assert stage.partner.book() == {"messages": []}


async def test_a_value_of_35_characters_is_sent(stage: Stage) -> None:
    assert (await send(stage, TemplateParam=json.dumps({"n": "x" * 35})))["Code"] == "OK"


OLD = f"{utc_now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": "nobody"}, "InvalidAccessKeyId.NotFound"),
        ({"x-acs-date": OLD}, "InvalidTimeStamp.Expired"),
        ({"x-acs-date": "today"}, "InvalidTimeStamp.Format"),
        ({"x-acs-content-sha256": "0" * 64}, "SignatureDoesNotMatch"),
        ({"path": "/somewhere"}, "SignatureDoesNotMatch"),
        ({"x-acs-version": "2020-01-01"}, "InvalidAction.NotFound"),
    ],
)
async def test_the_gateway_refuses(stage: Stage, changed: dict[str, str], code: str) -> None:
    response = await call(stage, "SendSms", SEND, **changed)
    assert response.status_code in (400, 404)
    assert response.json()["Code"] == code
    assert stage.partner.book() == {"messages": []}


async def test_unsigned_headers_and_changed_parameters_are_refused(stage: Stage) -> None:
    headers = signed("SendSms", SEND)
    changed = await post(stage, SEND | {"PhoneNumbers": "13800000009"}, headers)
    assert changed.json()["Code"] == "SignatureDoesNotMatch"
    partly = headers | {"authorization": headers["authorization"].replace("host;", "")}
    assert (await post(stage, SEND, partly)).json()["Code"] == "IncompleteSignature"
    bare = {name: value for name, value in headers.items() if name != "authorization"}
    assert (await post(stage, SEND, bare)).json()["Code"] == "IncompleteSignature"
    assert stage.partner.book() == {"messages": []}


async def test_a_nonce_passes_once(stage: Stage) -> None:
    headers = signed("SendSms", SEND)
    assert (await post(stage, SEND, headers)).json()["Code"] == "OK"
    again = await post(stage, SEND, headers)
    assert (again.status_code, again.json()["Code"]) == (400, "SignatureNonceUsed")
    assert len(stage.partner.book()["messages"]) == 1


async def test_an_unknown_action(stage: Stage) -> None:
    assert (await call(stage, "SendBatchSms", SEND)).json()["Code"] == "InvalidAction.NotFound"


async def test_an_unacknowledged_receipt_comes_again() -> None:
    refusals = [JSONResponse({"code": 1}), JSONResponse([]), JSONResponse({"code": 0}, status_code=404)]
    async with staged(sms, *refusals, JSONResponse({"code": 0})) as stage:
        await send(stage)
        await until(lambda: len(stage.hub.pushed) == 4)
        assert len({push.body for push in stage.hub.pushed}) == 1


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [(FaultKind.ERROR, 200, "isp.SYSTEM_ERROR"), (FaultKind.THROTTLE, 400, "Throttling.User")],
)
async def test_faults_speak_aliyun(stage: Stage, kind: FaultKind, status: int, code: str) -> None:
    stage.fail(kind, "send")
    response = await call(stage, "SendSms", SEND)
    assert (response.status_code, response.json()["Code"]) == (status, code)
    assert stage.partner.book() == {"messages": []}


async def test_a_message_sent_behind_a_timeout_is_found(stage: Stage) -> None:
    stage.fail(FaultKind.DONE_BUT_TIMEOUT, "send")
    assert (await call(stage, "SendSms", SEND)).status_code == 504
    (entry,) = (await details(stage))["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
    assert entry["OutId"] == "n-1"

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx
import time_machine
from pydantic import SecretStr

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.kdniao import KdniaoSettings, KdniaoTracker
from connectors.kdniao.settings import KdniaoLimits
from connectors.kdniao.signing import data_sign
from domain.shipping import Carrier, TrackCode, TrackReport
from tests.connectors.kdniao.conftest import ENTRY, KEY

QUERY = "https://api.kdniao.com/Ebusiness/EbusinessOrderHandle.aspx"
SUBSCRIBE = "https://api.kdniao.com/api/dist"


def sent(route: respx.Route) -> dict[str, str]:
    """The form that went out, checked as the vendor checks it."""
    request = route.calls.last.request
    assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"
    form = {name: values[0] for name, values in parse_qs(request.content.decode("ascii"), strict_parsing=True).items()}
    assert form.pop("DataSign") == data_sign(form["RequestData"], KEY)
    return form


@respx.mock
async def test_query(tracker: KdniaoTracker) -> None:
    route = respx.post(QUERY).respond(200, text=json.dumps(ENTRY), headers={"content-type": "text/html"})
    report = await tracker.query(Carrier.YTO, "YT2826000000001", "0000")
    assert sent(route) == {
        "RequestData": '{"ShipperCode":"YTO","LogisticCode":"YT2826000000001"}',
        "EBusinessID": "1237100",
        "RequestType": "8001",
        "DataType": "2",
    }
    assert [node.code for node in report.nodes] == [TrackCode.COLLECTED, TrackCode.OUT_FOR_DELIVERY]
    assert (report.carrier, report.number) == (Carrier.YTO, "YT2826000000001")
    assert report.courier_phone == "13800000000"


@respx.mock
async def test_subscribe(tracker: KdniaoTracker) -> None:
    route = respx.post(SUBSCRIBE).respond(json={"EBusinessID": "1237100", "Success": True, "Reason": ""})
    await tracker.subscribe(Carrier.SF, "SF0001", "0000")
    assert sent(route) == {
        "RequestData": '{"ShipperCode":"SF","LogisticCode":"SF0001","CustomerName":"0000"}',
        "EBusinessID": "1237100",
        "RequestType": "8008",
        "DataType": "2",
    }


@respx.mock
async def test_plain_plans_and_the_sandbox_are_settings() -> None:
    settings = KdniaoSettings(
        business_id="test1237100",
        app_key=SecretStr(KEY),
        base_url="http://sandbox.test",
        query_path="/gateway.json",
        subscribe_path="/gateway.json",
        query_instruction="1002",
        subscribe_instruction="1008",
        limits=KdniaoLimits(timeout_s=1.0),
    )
    tracker = KdniaoTracker(settings)
    route = respx.post("http://sandbox.test/gateway.json").respond(json={"Success": True, "State": "0", "Traces": []})
    await tracker.query(Carrier.YTO, "YT01", "")
    assert sent(route)["RequestType"] == "1002"
    await tracker.subscribe(Carrier.YTO, "YT01", "")
    assert sent(route)["RequestType"] == "1008"
    await tracker.close()


@pytest.mark.parametrize(
    "reply",
    [
        {"Success": True, "State": "0", "Traces": []},
        {"Success": True, "State": "0", "Traces": None},
        {"Success": False, "Reason": "暂无轨迹信息", "State": "0", "Traces": []},
    ],
)
@respx.mock
async def test_no_trace_yet_is_no_error(tracker: KdniaoTracker, reply: dict[str, Any]) -> None:
    respx.post(QUERY).respond(json=reply)
    assert await tracker.query(Carrier.YTO, "YT01", "") == TrackReport(Carrier.YTO, "YT01", ())


REFUSALS: list[tuple[dict[str, Any], type[PartnerError], type[PartnerError]]] = [
    # reply, what it means to a query, what it means to a subscription
    ({"ResultCode": "405", "Reason": "超出日查询次数"}, Throttled, Throttled),
    ({"ResultCode": 405, "Reason": "超出日查询次数"}, Throttled, Throttled),
    ({"Reason": "请求频率过高"}, Throttled, Throttled),
    ({"ResultCode": "105", "Reason": "系统繁忙"}, Unavailable, Unavailable),
    ({"ResultCode": "105", "Reason": "系统异常"}, Unavailable, OutcomeUnknown),
    ({"Reason": "接口超时"}, Unavailable, OutcomeUnknown),
    ({"ResultCode": "102", "Reason": "数据签名校验失败"}, Misconfigured, Misconfigured),
    ({"ResultCode": "104", "Reason": "没有使用该接口的权限"}, Misconfigured, Misconfigured),
    ({"ResultCode": "105", "Reason": "余额不足"}, Misconfigured, Misconfigured),
    ({"ResultCode": "105", "Reason": "客户号错误"}, Misconfigured, Misconfigured),
    ({"ResultCode": "105", "Reason": "快递公司拒绝"}, Rejected, Rejected),
    *(
        ({"ResultCode": code, "Reason": "数据有误"}, Rejected, Rejected)
        for code in ("101", "103", "401", "402", "403", "404")
    ),
]


@pytest.mark.parametrize(("reply", "of_query", "of_subscription"), REFUSALS)
@respx.mock
async def test_refusals(
    tracker: KdniaoTracker, reply: dict[str, Any], of_query: type[PartnerError], of_subscription: type[PartnerError]
) -> None:
    respx.post(QUERY).respond(json={"Success": False, **reply})
    respx.post(SUBSCRIBE).respond(json={"Success": False, **reply})
    with pytest.raises(PartnerError) as asked:
        await tracker.query(Carrier.YTO, "YT01", "")
    with pytest.raises(PartnerError) as subscribed:
        await tracker.subscribe(Carrier.YTO, "YT01", "")
    assert (type(asked.value), type(subscribed.value)) == (of_query, of_subscription)
    assert asked.value.code == str(reply.get("ResultCode", ""))


@respx.mock
async def test_the_daily_limit_ends_at_beijing_midnight(tracker: KdniaoTracker) -> None:
    respx.post(QUERY).respond(json={"Success": False, "ResultCode": "405", "Reason": "超出日查询次数"})
    with time_machine.travel("2026-02-01 15:00:00+00:00", tick=False), pytest.raises(Throttled) as caught:
        await tracker.query(Carrier.YTO, "YT01", "")
    assert caught.value.retry_after == 3600.0


@respx.mock
async def test_a_phone_in_a_reason_stays_out_of_errors(tracker: KdniaoTracker) -> None:
    respx.post(SUBSCRIBE).respond(json={"Success": False, "ResultCode": "101", "Reason": "13800000000 有误"})
    with pytest.raises(Rejected) as caught:
        await tracker.subscribe(Carrier.YTO, "YT01", "")
    assert "13800000000" not in f"{caught.value} {caught.value.operator_text}"


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(200, text="<html>proxy</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"Reason": "?"}),
        httpx.Response(200, json={"Success": "true"}),
    ],
)
@respx.mock
async def test_lost_answers(tracker: KdniaoTracker, broken: httpx.Response | Exception) -> None:
    respx.post(QUERY).mock(side_effect=[broken])
    respx.post(SUBSCRIBE).mock(side_effect=[broken])
    with pytest.raises(Unavailable):
        await tracker.query(Carrier.YTO, "YT01", "")
    with pytest.raises(OutcomeUnknown):
        await tracker.subscribe(Carrier.YTO, "YT01", "")

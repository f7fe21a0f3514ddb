from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from connectors.douyin import DouyinApi
from connectors.douyin.signing import api_sign, canonical_json, event_sign
from connectors.errors import (
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    TokenRefused,
    Unavailable,
)
from tests.vectors import vector

from .conftest import APP_KEY, APP_SECRET, SHOP, MemoryTokens, error, new_token, ok, route, sent, settings, token

METHOD = "order.orderDetail"


async def call(api: DouyinApi, *, writes: bool = False) -> dict[str, Any]:
    return await api.call(SHOP, METHOD, {"shop_order_id": "1"}, dict, writes=writes)


def test_the_api_signature_vector() -> None:
    known = vector("doudian", "api sign hmac-sha256")
    given = known["inputs"]
    param_json = canonical_json(given["business"])
    assert param_json == given["param_json"]
    assert (
        api_sign(given["app_key"], given["app_secret"], given["method"], param_json, given["timestamp"])
        == known["expected"]
    )


def test_the_event_signature_vector() -> None:
    known = vector("doudian", "webhook event-sign")
    given = known["inputs"]
    assert event_sign(given["app_key"], given["app_secret"], given["raw_body"].encode()) == known["expected"]


def test_keys_are_sorted_in_every_object_and_nothing_is_escaped() -> None:
    assert canonical_json({"b": [{"d": 1, "c": "<&>/杯"}], "a": {}}) == '{"a":{},"b":[{"c":"<&>/杯","d":1}]}'


@respx.mock
async def test_a_call_is_signed_and_carries_the_token(api: DouyinApi) -> None:
    asked = route(METHOD).mock(return_value=ok({"a": 1}))
    assert await call(api) == {"a": 1}
    request = asked.calls.last.request
    query = dict(request.url.params)
    assert request.content == b'{"shop_order_id":"1"}'
    assert query.pop("sign") == api_sign(
        APP_KEY, APP_SECRET, METHOD, request.content.decode(), request.url.params["timestamp"]
    )
    assert len(query.pop("timestamp")) == 10
    assert query == {
        "app_key": APP_KEY,
        "method": METHOD,
        "access_token": f"access-{SHOP}",
        "v": "2",
        "sign_method": "hmac-sha256",
    }
    assert request.headers["x-open-no-old-err-code"] == "1"
    assert request.headers["content-type"].startswith("application/json")


@respx.mock
@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (error(20000, "isp.service-error:70014"), Unavailable, OutcomeUnknown),
        (error(20000, "dop.service-error"), Unavailable, OutcomeUnknown),
        (error(60000), Unavailable, OutcomeUnknown),
        (error(70000, "isp.unknown"), Unavailable, OutcomeUnknown),
        (error(80000), Unavailable, OutcomeUnknown),
        (error(80000, "dop.app-flow-limit"), Throttled, Throttled),
        (error(30001, "isv.app-permissions-insufficient"), Misconfigured, Misconfigured),
        (error(30001, "dop.authorization-closed"), Misconfigured, Misconfigured),
        (error(30002, "isv.invalid_ip"), Misconfigured, Misconfigured),
        (error(40001, "isv.signature-missing"), Misconfigured, Misconfigured),
        (error(40002, "isv.missing-parameter:50049"), Rejected, Rejected),
        (error(40003, "isv.signature-invalid"), Misconfigured, Misconfigured),
        (error(40004, "isv.parameter-invalid:20014", "查询订单不存在"), Rejected, Rejected),
        (error(50002, "isv.business-failed:60040", "有退款申请需要处理"), Rejected, Rejected),
        (error(50002, "isv.business-failed:8888", "系统繁忙，请稍后重试"), Unavailable, OutcomeUnknown),
        (error(10001, "isv.business-part-failed"), Unavailable, Rejected),
        (error(12345), Unavailable, OutcomeUnknown),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json=[]), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"err_no": 0}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, content=b'{"code":Infinity}'), Unavailable, OutcomeUnknown),
        (httpx.Response(200, content=b"[" * 100_000), Unavailable, OutcomeUnknown),
        (httpx.Response(502), Unavailable, OutcomeUnknown),
        (httpx.Response(503), Unavailable, Unavailable),
        (httpx.Response(429), Throttled, Throttled),
    ],
)
async def test_errors_are_classified(
    api: DouyinApi, answer: httpx.Response, on_read: type[PartnerError], on_write: type[PartnerError]
) -> None:
    route(METHOD).mock(return_value=answer)
    for writes, expected in ((False, on_read), (True, on_write)):
        with pytest.raises(PartnerError) as caught:
            await call(api, writes=writes)
        assert type(caught.value) is expected


@respx.mock
async def test_a_time_out_on_a_write_may_have_happened(api: DouyinApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await call(api, writes=True)
    with pytest.raises(Unavailable):
        await call(api)


@respx.mock
async def test_an_error_tells_the_operator_what_the_platform_said(api: DouyinApi) -> None:
    route(METHOD).mock(return_value=error(50002, "isv.business-failed:60021", "订单已取消，不支持发货"))
    with pytest.raises(Rejected) as caught:
        await call(api)
    assert caught.value.code == "50002"
    assert caught.value.detail == "isv.business-failed:60021 订单已取消，不支持发货 log_id=L1"


async def test_a_shop_that_is_not_in_the_settings(api: DouyinApi) -> None:
    with pytest.raises(Misconfigured, match="shop 9"):
        await api.call("9", METHOD, {}, dict, writes=False)


@respx.mock
async def test_without_a_token_one_is_created(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    create = route("token.create").mock(return_value=new_token("new"))
    asked = route(METHOD).mock(return_value=ok())
    await call(api)
    await call(api)
    assert create.call_count == 1
    assert sent(create.calls.last) == {"code": "", "grant_type": "authorization_self", "shop_id": SHOP}
    request = create.calls.last.request
    query = request.url.params
    assert "access_token" not in query
    assert query["sign"] == api_sign(APP_KEY, APP_SECRET, "token.create", request.content.decode(), query["timestamp"])
    assert asked.calls.last.request.url.params["access_token"] == "new"
    assert tokens.tokens[SHOP].refresh == "refresh-of-new"
    assert timedelta(days=6, hours=23) < tokens.tokens[SHOP].expires_at - token("x", left=timedelta(0)).expires_at
    assert tokens.leases == {}


@respx.mock
async def test_a_token_near_its_end_is_refreshed(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    refresh = route("token.refresh").mock(return_value=new_token("new"))
    asked = route(METHOD).mock(return_value=ok())
    await call(api)
    assert sent(refresh.calls.last) == {"grant_type": "refresh_token", "refresh_token": "refresh-of-old"}
    assert asked.calls.last.request.url.params["access_token"] == "new"


@respx.mock
@pytest.mark.parametrize("sub_code", ["isv.access-token-expired", "isv.access-token-no-existed"])
async def test_a_refused_token_is_renewed_and_the_call_made_once_more(api: DouyinApi, sub_code: str) -> None:
    route("token.refresh").mock(return_value=new_token("new"))
    asked = route(METHOD).mock(side_effect=[error(40003, sub_code), ok({"a": 1})])
    assert await call(api, writes=True) == {"a": 1}
    assert [c.request.url.params["access_token"] for c in asked.calls] == [f"access-{SHOP}", "new"]


@respx.mock
async def test_a_token_refused_again_is_for_a_person(api: DouyinApi) -> None:
    route("token.refresh").mock(return_value=new_token("new"))
    asked = route(METHOD).mock(return_value=error(40003, "isv.access-token-expired"))
    with pytest.raises(TokenRefused) as caught:
        await call(api)
    assert isinstance(caught.value, Misconfigured)
    assert asked.call_count == 2


@respx.mock
async def test_when_the_refresh_gives_the_refused_token_back_a_new_one_is_created(api: DouyinApi) -> None:
    route("token.refresh").mock(return_value=new_token(f"access-{SHOP}"))
    create = route("token.create").mock(return_value=new_token("new"))
    route(METHOD).mock(side_effect=[error(40003, "isv.access-token-no-existed"), ok()])
    await call(api)
    assert create.call_count == 1


@respx.mock
@pytest.mark.parametrize("refresh_left", [timedelta(days=1), timedelta(seconds=-1)])
async def test_a_dead_refresh_token_is_no_dead_end(
    api: DouyinApi, tokens: MemoryTokens, refresh_left: timedelta
) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(seconds=-1), refresh_left=refresh_left)
    refresh = route("token.refresh").mock(return_value=error(50002, "isv.business-failed:1", "refresh_token 无效"))
    create = route("token.create").mock(return_value=new_token("new"))
    route(METHOD).mock(return_value=ok())
    await call(api)
    assert create.call_count == 1
    assert refresh.call_count == (1 if refresh_left > timedelta(0) else 0)


@respx.mock
async def test_a_failed_refresh_leaves_the_living_token_in_use(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    refresh = route("token.refresh").mock(return_value=httpx.Response(500))
    asked = route(METHOD).mock(return_value=ok())
    await call(api)
    await call(api)
    assert asked.calls.last.request.url.params["access_token"] == "old"
    assert refresh.call_count == 1  # the lease keeps everybody from trying at once


@respx.mock
async def test_a_lost_token_answer_means_that_the_write_did_not_happen(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    route("token.create").mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(Unavailable):
        await call(api, writes=True)


@respx.mock
async def test_only_one_of_many_refreshes_and_the_others_wait(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(seconds=-1))

    async def slowly(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.05)
        return new_token("new")

    refresh = route("token.refresh").mock(side_effect=slowly)
    asked = route(METHOD).mock(return_value=ok())
    await asyncio.gather(*(call(api) for _ in range(8)))
    assert refresh.call_count == 1
    assert {c.request.url.params["access_token"] for c in asked.calls} == {"new"}


@respx.mock
async def test_while_another_refreshes_a_living_token_still_serves(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(minutes=20))
    tokens.leases[SHOP] = float("inf")
    asked = route(METHOD).mock(return_value=ok())
    await call(api)
    assert asked.calls.last.request.url.params["access_token"] == "old"


async def test_waiting_for_another_process_has_an_end(api: DouyinApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    tokens.leases[SHOP] = float("inf")
    with pytest.raises(Unavailable, match="another process"):
        await call(api)


@respx.mock
async def test_a_token_saved_between_load_and_lease_is_taken_over() -> None:
    class Late(MemoryTokens):
        """The holder before us saves at the moment that we get the lease."""

        async def lease(self, channel: Any, shop: str, seconds: float) -> bool:
            self.tokens[shop] = token("theirs")
            return await super().lease(channel, shop, seconds)

    late = Late()
    api = DouyinApi(settings(), late)
    asked = route(METHOD).mock(return_value=ok())
    await call(api)
    await api.close()
    assert asked.calls.last.request.url.params["access_token"] == "theirs"
    assert late.leases == {}


@respx.mock
async def test_no_secret_or_token_stands_in_an_error(api: DouyinApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(Unavailable) as caught:
        await call(api)
    assert APP_SECRET not in str(caught.value)
    assert "access-" not in json.dumps([str(caught.value), caught.value.detail])
    assert APP_SECRET not in repr(settings())

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
import respx

from connectors.errors import (
    Misconfigured,
    OutcomeUnknown,
    PartnerError,
    Rejected,
    Throttled,
    TokenRefused,
    Unavailable,
)
from connectors.xiaohongshu import XiaohongshuApi
from connectors.xiaohongshu.signing import api_sign, push_sign
from domain.clock import utc_now
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.vectors import vector

from .conftest import APP_ID, APP_SECRET, OTHER_SHOP, SHOP, business, error, ok, route, sent, settings

METHOD = "order.getOrderDetail"
REFRESH, CREATE = "oauth.refreshToken", "oauth.getAccessToken"


async def call(api: XiaohongshuApi, *, writes: bool = False) -> dict[str, Any]:
    return await api.call(SHOP, METHOD, {"orderId": "P1"}, dict, writes=writes)


def new_token(access: str, **changes: Any) -> httpx.Response:
    now = int(utc_now().timestamp() * 1000)
    values = {
        "accessToken": access,
        "accessTokenExpiresAt": now + 7 * 86_400_000,
        "refreshToken": f"refresh-of-{access}",
        "refreshTokenExpiresAt": now + 14 * 86_400_000,
        "sellerId": SHOP,
        "sellerName": "示例店",
    }
    return ok(values | changes)


def test_the_api_signature_vector() -> None:
    known = vector("xiaohongshu", "gateway sign")
    given = known["inputs"]
    found = api_sign(given["method"], given["app_id"], given["timestamp"], given["version"], given["app_secret"])
    assert found == known["expected"]


def test_the_push_signature_vector() -> None:
    known = vector("xiaohongshu", "push sign")
    given = known["inputs"]
    headers = given["headers"] | {"sign": "x", "content-type": "application/json"}
    assert push_sign(given["path"], given["query"], headers, given["app_secret"]) == known["expected"]


@respx.mock
async def test_a_call_is_one_flat_object_signed_by_its_system_fields(api: XiaohongshuApi) -> None:
    asked = route(METHOD).mock(return_value=ok({"a": 1}))
    assert await call(api) == {"a": 1}
    body = sent(asked.calls.last)
    timestamp = body.pop("timestamp")
    assert isinstance(timestamp, str)
    assert len(timestamp) == 10
    assert body == {
        "appId": APP_ID,
        "version": "2.0",
        "method": METHOD,
        "sign": api_sign(METHOD, APP_ID, timestamp, "2.0", APP_SECRET),
        "accessToken": f"access-{SHOP}",
        "orderId": "P1",
    }
    assert asked.calls.last.request.headers["content-type"] == "application/json;charset=utf-8"


@respx.mock
@pytest.mark.parametrize("truth", ["true", "True", True])
async def test_truth_may_be_text(api: XiaohongshuApi, truth: Any) -> None:
    answer = {"success": truth, "error_code": "0", "error_msg": "", "data": {"a": 1}}
    route(METHOD).mock(return_value=httpx.Response(200, json=answer))
    assert await call(api) == {"a": 1}


@respx.mock
async def test_throttling_says_for_how_long(api: XiaohongshuApi) -> None:
    route(METHOD).mock(return_value=httpx.Response(429, headers={"retry-after": "7"}))
    with pytest.raises(Throttled) as caught:
        await call(api)
    assert caught.value.retry_after == 7.0


@respx.mock
@pytest.mark.parametrize("data", ["done", None, []])
async def test_data_may_be_no_object(api: XiaohongshuApi, data: Any) -> None:
    route(METHOD).mock(return_value=ok(data))
    assert await call(api) == {}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (error(-2000400, "参数错误"), Rejected, Rejected),
        (error(-2000101, "订单不存在"), Rejected, Rejected),
        (error(-2000701, "解密次数超限"), Rejected, Rejected),
        (error(-1, ""), Unavailable, OutcomeUnknown),
        (error(-5, "系统繁忙"), Unavailable, OutcomeUnknown),
        (error(-5, "请求超时"), Unavailable, OutcomeUnknown),
        (error(-5, "接口被限流"), Throttled, Throttled),
        (error(-5, "包裹已发货"), Rejected, Rejected),
        (error(0, ""), Rejected, Rejected),
        (httpx.Response(200, json={"error_code": 7, "success": True}), Rejected, Rejected),
        (httpx.Response(200, json={"success": False}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"error_code": 0}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"success": "perhaps"}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"success": "false", "error_code": "-2000400"}), Rejected, Rejected),
        (httpx.Response(200, json=[]), Unavailable, OutcomeUnknown),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable, OutcomeUnknown),
        (httpx.Response(200, content=b"[" * 100_000), Unavailable, OutcomeUnknown),
        (httpx.Response(502), Unavailable, OutcomeUnknown),
        (httpx.Response(503), Unavailable, Unavailable),
        (httpx.Response(429), Throttled, Throttled),
    ],
)
async def test_errors_are_classified(
    api: XiaohongshuApi, answer: httpx.Response, on_read: type[PartnerError], on_write: type[PartnerError]
) -> None:
    route(METHOD).mock(return_value=answer)
    for writes, expected in ((False, on_read), (True, on_write)):
        with pytest.raises(PartnerError) as caught:
            await call(api, writes=writes)
        assert type(caught.value) is expected


@respx.mock
async def test_a_time_out_on_a_write_may_have_happened(api: XiaohongshuApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await call(api, writes=True)
    with pytest.raises(Unavailable):
        await call(api)


@respx.mock
async def test_an_error_tells_the_operator_what_the_platform_said(api: XiaohongshuApi) -> None:
    route(METHOD).mock(return_value=error(-2000101, "订单不存在"))
    with pytest.raises(Rejected) as caught:
        await call(api)
    assert (caught.value.code, caught.value.detail) == ("-2000101", "订单不存在")
    assert caught.value.operator_text == "小红书拒绝：-2000101 订单不存在"


async def test_a_shop_that_is_not_in_the_settings(api: XiaohongshuApi) -> None:
    with pytest.raises(Misconfigured, match="shop 9"):
        await api.call("9", METHOD, {}, dict, writes=False)


@respx.mock
async def test_a_refused_token_is_renewed_and_the_call_made_once_more(
    api: XiaohongshuApi, tokens: MemoryTokens
) -> None:
    refresh = route(REFRESH).mock(return_value=new_token("new"))
    asked = route(METHOD).mock(side_effect=[error(401, "token 失效"), ok({"a": 1})])
    assert await call(api, writes=True) == {"a": 1}
    assert [sent(c)["accessToken"] for c in asked.calls] == [f"access-{SHOP}", "new"]
    assert business(refresh.calls.last) == {"refreshToken": f"refresh-of-access-{SHOP}"}
    assert "accessToken" not in sent(refresh.calls.last)
    kept = tokens.tokens[SHOP]
    assert kept.refresh == "refresh-of-new"
    assert timedelta(days=6, hours=23) < kept.expires_at - utc_now() <= timedelta(days=7)
    assert timedelta(days=13, hours=23) < kept.refresh_expires_at - utc_now() <= timedelta(days=14)


@respx.mock
async def test_a_token_refused_again_is_for_a_person(api: XiaohongshuApi) -> None:
    route(REFRESH).mock(return_value=new_token("new"))
    asked = route(METHOD).mock(return_value=error(401, "应用不存在"))
    with pytest.raises(TokenRefused) as caught:
        await call(api)
    assert isinstance(caught.value, Misconfigured)
    assert asked.call_count == 2


@respx.mock
async def test_a_refresh_that_gives_the_same_pair_is_for_a_person(api: XiaohongshuApi) -> None:
    route(REFRESH).mock(return_value=new_token(f"access-{SHOP}"))
    route(METHOD).mock(return_value=error(401, "token 失效"))
    with pytest.raises(Misconfigured, match="authorise again"):
        await call(api)


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [{"accessToken": ""}, {"refreshToken": None}, {"accessTokenExpiresAt": "x"}, {"refreshTokenExpiresAt": 10**15}],
)
async def test_an_answer_without_a_token_is_none(
    api: XiaohongshuApi, tokens: MemoryTokens, changes: dict[str, Any]
) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(seconds=-1))
    route(REFRESH).mock(return_value=new_token("new", **changes))
    with pytest.raises(Unavailable):
        await call(api, writes=True)


@respx.mock
async def test_a_shop_authorises_with_a_code(api: XiaohongshuApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    create = route(CREATE).mock(return_value=new_token("first"))
    assert await api.authorise("code-1") == SHOP
    assert business(create.calls.last) == {"code": "code-1"}
    assert tokens.tokens[SHOP].access == "first"


@respx.mock
async def test_a_foreign_shop_that_authorises_is_not_kept(api: XiaohongshuApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    route(CREATE).mock(return_value=new_token("first", sellerId=OTHER_SHOP))
    with pytest.raises(Misconfigured):
        await api.authorise("code-1")
    assert tokens.tokens == {}


@respx.mock
async def test_no_secret_or_token_stands_in_an_error(api: XiaohongshuApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(Unavailable) as caught:
        await call(api)
    assert APP_SECRET not in str(caught.value) + repr(settings())
    assert "access-" not in str(caught.value)

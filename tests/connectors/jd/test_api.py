from __future__ import annotations

import asyncio
import re
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
from connectors.jd import JosApi
from connectors.jd.signing import sign
from domain.order import Channel
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.vectors import vector

from .conftest import (
    APP_KEY,
    APP_SECRET,
    OAUTH,
    OTHER_SHOP,
    SEARCH,
    SHOP,
    error,
    form,
    ok,
    route,
    sent,
    settings,
)

REFRESH, AUTHORISE = "/oauth2/refresh_token", "/oauth2/access_token"


async def call(api: JosApi, *, writes: bool = False) -> dict[str, Any]:
    return await api.call(SHOP, SEARCH, {"page": "1", "words": "杯"}, dict, writes=writes)


def new_token(access: str) -> httpx.Response:
    body = {"access_token": access, "expires_in": 86_400, "refresh_token": f"refresh-of-{access}", "open_id": "o"}
    return httpx.Response(200, json=body)


def test_the_signature_vector() -> None:
    known = vector("jd", "routerjson sign md5")
    assert sign(known["inputs"]["params"], known["inputs"]["secret"]) == known["expected"]


def test_empty_values_and_the_sign_itself_are_not_signed() -> None:
    assert sign({"a": "1", "b": "", "sign": "x"}, "s") == sign({"a": "1"}, "s")


@respx.mock
async def test_a_call_is_signed_and_keeps_everything_out_of_the_address(api: JosApi) -> None:
    asked = route(SEARCH).mock(return_value=ok(SEARCH, {"a": 1}))
    assert await call(api) == {"code": "0", "a": 1}
    request = asked.calls.last.request
    fields = form(asked.calls.last)
    assert str(request.url) == "https://api.jd.test/routerjson"
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert fields.pop("sign") == sign(fields, APP_SECRET)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", fields.pop("timestamp"))
    assert fields == {
        "method": SEARCH,
        "app_key": APP_KEY,
        "access_token": f"access-{SHOP}",
        "v": "2.0",
        "360buy_param_json": '{"page":"1","words":"杯"}',
    }


@respx.mock
@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        *[(error(str(code)), Unavailable, OutcomeUnknown) for code in (1, 2, 3, 4, 10, 21)],
        *[(error(str(code)), Misconfigured, Misconfigured) for code in (5, 6, 8, 9, 12, 13)],
        *[(error(str(code), "没有权限"), Misconfigured, Misconfigured) for code in (22, 23, 43, 50, 63, 67)],
        (error("63", "超过调用次数"), Throttled, Throttled),
        (error("67", "业务异常"), Rejected, Rejected),
        (error("22", "应用未授权，无接口权限"), Misconfigured, Misconfigured),
        (error("7", "订单不存在"), Rejected, Rejected),
        (error("99", "接口限流"), Throttled, Throttled),
        (error("99", "系统繁忙"), Unavailable, OutcomeUnknown),
        (error("12", "服务超时"), Unavailable, OutcomeUnknown),  # words go before the table
        (error("?", ""), Rejected, Rejected),
        (ok(SEARCH, {"code": "7"}), Rejected, Rejected),
        (ok("another.method", {}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json=[]), Unavailable, OutcomeUnknown),
        (httpx.Response(200, content=b"[" * 100_000), Unavailable, OutcomeUnknown),
        (httpx.Response(502), Unavailable, OutcomeUnknown),
        (httpx.Response(503), Unavailable, Unavailable),
        (httpx.Response(429), Throttled, Throttled),
    ],
)
async def test_errors_are_classified(
    api: JosApi, answer: httpx.Response, on_read: type[PartnerError], on_write: type[PartnerError]
) -> None:
    route(SEARCH).mock(return_value=answer)
    for writes, expected in ((False, on_read), (True, on_write)):
        with pytest.raises(PartnerError) as caught:
            await call(api, writes=writes)
        assert type(caught.value) is expected


@respx.mock
async def test_a_time_out_on_a_write_may_have_happened(api: JosApi) -> None:
    route(SEARCH).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await call(api, writes=True)
    with pytest.raises(Unavailable):
        await call(api)


@respx.mock
async def test_an_error_tells_the_operator_what_the_platform_said(api: JosApi) -> None:
    route(SEARCH).mock(return_value=error("7", "订单不存在"))
    with pytest.raises(Rejected) as caught:
        await call(api)
    assert (caught.value.code, caught.value.detail) == ("7", "订单不存在")
    assert caught.value.operator_text == "京东拒绝：7 订单不存在"


async def test_a_shop_that_is_not_in_the_settings(api: JosApi) -> None:
    with pytest.raises(Misconfigured, match="shop 9"):
        await api.call("9", SEARCH, {}, dict, writes=False)
    with pytest.raises(Misconfigured, match="shop 9"):
        await api.authorise("9", "code")


async def test_a_shop_that_has_not_authorised_is_for_a_person(api: JosApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    with pytest.raises(Misconfigured, match="not authorised"):
        await call(api)


@respx.mock
async def test_a_shops_consent_gives_its_first_token(api: JosApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    asked = respx.post(OAUTH + AUTHORISE).mock(return_value=new_token("first"))
    await api.authorise(SHOP, "the-code")
    assert form(asked.calls.last) == {
        "app_key": APP_KEY,
        "app_secret": APP_SECRET,
        "grant_type": "authorization_code",
        "code": "the-code",
    }
    assert not asked.calls.last.request.url.query
    assert tokens.tokens[SHOP].access == "first"
    left = tokens.tokens[SHOP].expires_at - token("x", left=timedelta(0)).expires_at
    assert timedelta(hours=23, minutes=59) < left <= timedelta(days=1)


@respx.mock
@pytest.mark.parametrize("code", ["18", "19"])
async def test_a_refused_token_is_refreshed_and_the_call_made_once_more(
    api: JosApi, tokens: MemoryTokens, code: str
) -> None:
    refresh = respx.post(OAUTH + REFRESH).mock(return_value=new_token("new"))
    asked = route(SEARCH).mock(side_effect=[error(code, "access_token过期"), ok(SEARCH, {})])
    await call(api, writes=True)
    assert [form(each)["access_token"] for each in asked.calls] == [f"access-{SHOP}", "new"]
    assert sent(asked.calls[0]) == sent(asked.calls[1])
    assert form(refresh.calls.last)["refresh_token"] == f"refresh-of-access-{SHOP}"
    assert tokens.tokens[SHOP].access == "new"
    assert tokens.leases == {}


@respx.mock
async def test_a_token_refused_again_is_for_a_person(api: JosApi) -> None:
    respx.post(OAUTH + REFRESH).mock(return_value=new_token("new"))
    asked = route(SEARCH).mock(return_value=error("99", "token 无效: access-1"))
    with pytest.raises(TokenRefused) as caught:
        await call(api)
    assert isinstance(caught.value, Misconfigured)
    assert "access-1" not in str(caught.value)
    assert asked.call_count == 2


@respx.mock
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json={"code": 401, "msg": "refresh_token无效", "requestId": "r"}), Misconfigured),
        (httpx.Response(400, json={"code": "x", "msg": "", "requestId": "r"}), Misconfigured),
        (httpx.Response(200, json={"code": 1, "msg": "系统繁忙"}), Unavailable),
        (httpx.Response(200, json={}), Unavailable),
        (httpx.Response(200, json={"access_token": "a", "expires_in": "soon"}), Unavailable),
        (httpx.Response(200, html="<h1>"), Unavailable),
        (httpx.Response(500), Unavailable),
    ],
)
async def test_a_dead_token_that_cannot_be_refreshed(
    api: JosApi, tokens: MemoryTokens, answer: httpx.Response, expected: type[PartnerError]
) -> None:
    tokens.tokens[SHOP] = token("dead", left=timedelta(0))
    respx.post(OAUTH + REFRESH).mock(return_value=answer)
    with pytest.raises(PartnerError) as caught:
        await call(api, writes=True)
    assert type(caught.value) is expected


@respx.mock
async def test_a_token_near_its_end_is_refreshed_in_time(api: JosApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(minutes=30))
    respx.post(OAUTH + REFRESH).mock(return_value=new_token("new"))
    asked = route(SEARCH).mock(return_value=ok(SEARCH, {}))
    await call(api)
    assert form(asked.calls.last)["access_token"] == "new"


@respx.mock
async def test_a_refresh_that_fails_in_time_leaves_the_present_token(
    api: JosApi, tokens: MemoryTokens, caplog: pytest.LogCaptureFixture
) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(minutes=30))
    respx.post(OAUTH + REFRESH).mock(return_value=httpx.Response(200, json={"code": 401, "msg": "no"}))
    asked = route(SEARCH).mock(return_value=ok(SEARCH, {}))
    await call(api)
    assert form(asked.calls.last)["access_token"] == "old"
    assert f"jd shop {SHOP}: Misconfigured 401 at refresh" in caplog.text
    assert "refresh-of-old" not in caplog.text


@respx.mock
async def test_one_process_refreshes_and_the_others_wait(tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("dead", left=timedelta(0))
    refresh = respx.post(OAUTH + REFRESH).mock(return_value=new_token("new"))
    route(SEARCH).mock(return_value=ok(SEARCH, {}))
    apis = [JosApi(settings(), tokens) for _ in range(3)]
    await asyncio.gather(*(call(each) for each in apis))
    assert refresh.call_count == 1
    for each in apis:
        await each.close()


async def test_a_refresh_elsewhere_that_never_ends(api: JosApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("dead", left=timedelta(0))
    assert await tokens.lease(Channel.JD, SHOP, 60)
    with pytest.raises(Unavailable, match="another process"):
        await call(api)


@respx.mock
async def test_shops_have_their_own_tokens(api: JosApi) -> None:
    asked = route(SEARCH).mock(return_value=ok(SEARCH, {}))
    await api.call(OTHER_SHOP, SEARCH, {}, dict, writes=False)
    assert form(asked.calls.last)["access_token"] == f"access-{OTHER_SHOP}"

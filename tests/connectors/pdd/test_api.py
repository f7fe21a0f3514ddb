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
from connectors.pdd import PddApi
from connectors.pdd.signing import literal, sign
from domain.clock import utc_now
from tests.connectors.memory_tokens import MemoryTokens, token
from tests.vectors import vector

from .conftest import CLIENT_ID, CLIENT_SECRET, OTHER_SHOP, SHOP, error, ok, route, sent, settings

METHOD = "pdd.order.information.get"
REFRESH, CREATE = "pdd.pop.auth.token.refresh", "pdd.pop.auth.token.create"


async def call(api: PddApi, *, writes: bool = False) -> dict[str, Any]:
    return await api.call(
        SHOP, METHOD, {"order_sn": "1", "flag": True, "list": [{"b": 1, "a": "杯"}]}, dict, writes=writes
    )


def new_token(access: str, **changes: Any) -> httpx.Response:
    now = int(utc_now().timestamp())
    values = {
        "access_token": access,
        "refresh_token": f"refresh-of-{access}",
        "expires_at": now + 86_400,
        "expires_in": 86_400,
        "refresh_token_expires_at": now + 864_000,
        "refresh_token_expires_in": 864_000,
        "owner_id": SHOP,
    }
    return ok({name: value for name, value in (values | changes).items() if value is not None})


def test_the_signature_vector() -> None:
    known = vector("pdd", "sign md5")
    assert sign(known["inputs"]["params"], known["inputs"]["secret"]) == known["expected"]


@pytest.mark.parametrize(
    ("value", "text"), [("a b", "a b"), (7, "7"), (True, "true"), (False, "false"), ([{"b": "杯"}], '[{"b":"杯"}]')]
)
def test_values_are_signed_as_they_are_sent(value: object, text: str) -> None:
    assert literal(value) == text


@respx.mock
async def test_a_call_is_signed_and_carries_the_token(api: PddApi) -> None:
    asked = route(METHOD).mock(return_value=ok({"a": 1}))
    assert await call(api) == {"a": 1, "request_id": "R1"}
    form = sent(asked.calls.last)
    assert form.pop("sign") == sign(form, CLIENT_SECRET)
    assert len(form.pop("timestamp")) == 10
    assert form == {
        "type": METHOD,
        "client_id": CLIENT_ID,
        "access_token": f"access-{SHOP}",
        "data_type": "JSON",
        "order_sn": "1",
        "flag": "true",
        "list": '[{"b":1,"a":"杯"}]',
    }


@respx.mock
@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (error(10000), Rejected, Rejected),
        (error(10001), Rejected, Rejected),
        (error(20001), Rejected, Rejected),
        (error(10016), Misconfigured, Misconfigured),
        (error(20004), Misconfigured, Misconfigured),
        (error(30000), Misconfigured, Misconfigured),
        (error(10036), Misconfigured, Misconfigured),
        (error(20031), Misconfigured, Misconfigured),
        (error(50000), Unavailable, OutcomeUnknown),
        (error(50002), Unavailable, OutcomeUnknown),
        (error(52001), Unavailable, OutcomeUnknown),
        (error(52002), Unavailable, OutcomeUnknown),
        (error(50001, "订单已发货"), Rejected, Rejected),
        (error(50001, "系统繁忙"), Unavailable, OutcomeUnknown),
        (error(50001, "调用过于频繁"), Throttled, Throttled),
        (error(52101), Throttled, Throttled),
        (error(52102), Throttled, Throttled),
        (error(70031), Throttled, Throttled),
        (error(70036), Throttled, Throttled),
        (error(52103), Unavailable, Unavailable),
        (error(99999, error_msg="请求超时"), Unavailable, OutcomeUnknown),
        (error(99999, error_msg="接口限流"), Throttled, Throttled),
        (error(99999), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"error_response": {}}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"a": {}, "b": {}}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"a": 1}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json=[]), Unavailable, OutcomeUnknown),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable, OutcomeUnknown),
        (httpx.Response(200, content=b"[" * 100_000), Unavailable, OutcomeUnknown),
        (httpx.Response(502), Unavailable, OutcomeUnknown),
        (httpx.Response(503), Unavailable, Unavailable),
        (httpx.Response(429), Throttled, Throttled),
    ],
)
async def test_errors_are_classified(
    api: PddApi, answer: httpx.Response, on_read: type[PartnerError], on_write: type[PartnerError]
) -> None:
    route(METHOD).mock(return_value=answer)
    for writes, expected in ((False, on_read), (True, on_write)):
        with pytest.raises(PartnerError) as caught:
            await call(api, writes=writes)
        assert type(caught.value) is expected


@respx.mock
async def test_a_time_out_on_a_write_may_have_happened(api: PddApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await call(api, writes=True)
    with pytest.raises(Unavailable):
        await call(api)


@respx.mock
async def test_an_error_tells_the_operator_what_the_platform_said(api: PddApi) -> None:
    route(METHOD).mock(return_value=error(50001, "订单已发货", "业务服务错误"))
    with pytest.raises(Rejected) as caught:
        await call(api)
    assert caught.value.code == "50001"
    assert "订单已发货" in caught.value.operator_text
    assert "request_id=R1" in caught.value.detail


async def test_a_shop_that_is_not_in_the_settings(api: PddApi) -> None:
    with pytest.raises(Misconfigured, match="shop 9"):
        await api.call("9", METHOD, {}, dict, writes=False)


@respx.mock
@pytest.mark.parametrize("code", [10019, 10035, 20032])
async def test_a_refused_token_is_renewed_and_the_call_made_once_more(
    api: PddApi, tokens: MemoryTokens, code: int
) -> None:
    refresh = route(REFRESH).mock(return_value=new_token("new"))
    asked = route(METHOD).mock(side_effect=[error(code), ok({"a": 1})])
    assert (await call(api, writes=True))["a"] == 1
    assert [sent(c)["access_token"] for c in asked.calls] == [f"access-{SHOP}", "new"]
    form = sent(refresh.calls.last)
    assert form.pop("sign") == sign(form, CLIENT_SECRET)
    assert form["refresh_token"] == f"refresh-of-access-{SHOP}"
    assert "access_token" not in form
    assert timedelta(hours=23) < tokens.tokens[SHOP].expires_at - utc_now() < timedelta(hours=25)
    assert timedelta(days=9) < tokens.tokens[SHOP].refresh_expires_at - utc_now() < timedelta(days=11)


@respx.mock
async def test_a_token_refused_again_is_for_a_person(api: PddApi) -> None:
    route(REFRESH).mock(return_value=new_token("new"))
    asked = route(METHOD).mock(return_value=error(10019))
    with pytest.raises(TokenRefused) as caught:
        await call(api)
    assert isinstance(caught.value, Misconfigured)
    assert asked.call_count == 2


@respx.mock
async def test_expiry_may_come_as_seconds_from_now(api: PddApi, tokens: MemoryTokens) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(minutes=5))
    route(REFRESH).mock(return_value=new_token("new", expires_at=None, refresh_token_expires_at=None))
    route(METHOD).mock(return_value=ok({}))
    await call(api)
    assert timedelta(hours=23) < tokens.tokens[SHOP].expires_at - utc_now() < timedelta(hours=25)


@respx.mock
@pytest.mark.parametrize(
    "changes",
    [{"access_token": ""}, {"refresh_token": None}, {"expires_at": 10**14}, {"expires_at": None, "expires_in": "x"}],
)
async def test_an_answer_without_a_token_is_none(api: PddApi, tokens: MemoryTokens, changes: dict[str, Any]) -> None:
    tokens.tokens[SHOP] = token("old", left=timedelta(seconds=-1))
    route(REFRESH).mock(return_value=new_token("new", **changes))
    with pytest.raises(Unavailable):
        await call(api, writes=True)


@respx.mock
async def test_a_shop_authorises_with_a_code(api: PddApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    create = route(CREATE).mock(return_value=new_token("first"))
    assert await api.authorise("code-1") == SHOP
    assert sent(create.calls.last)["code"] == "code-1"
    assert tokens.tokens[SHOP].access == "first"


@respx.mock
async def test_a_foreign_shop_that_authorises_is_not_kept(api: PddApi, tokens: MemoryTokens) -> None:
    tokens.tokens.clear()
    route(CREATE).mock(return_value=new_token("first", owner_id=OTHER_SHOP))
    with pytest.raises(Misconfigured):
        await api.authorise("code-1")
    assert tokens.tokens == {}


@respx.mock
async def test_no_secret_or_token_stands_in_an_error(api: PddApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(Unavailable) as caught:
        await call(api)
    assert CLIENT_SECRET not in str(caught.value) + repr(settings())
    assert "access-" not in str(caught.value)

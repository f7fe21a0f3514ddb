from __future__ import annotations

from typing import Any, Literal

import httpx
import pytest
import respx
import time_machine

from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Throttled, Unavailable
from connectors.taobao import TopApi
from connectors.taobao.signing import SignMethod, top_sign
from tests.vectors import vector

from .conftest import APP_KEY, APP_SECRET, ROUTER, SHOP, error, ok, route, sent, settings

METHOD = "taobao.trade.fullinfo.get"


async def call(api: TopApi, *, writes: bool = False) -> dict[str, Any]:
    return await api.call(SHOP, METHOD, {"tid": "1", "status": ""}, dict, writes=writes)


@pytest.mark.parametrize(("name", "method"), [("top sign md5", "md5"), ("top sign hmac", "hmac")])
def test_the_signature_vectors(name: str, method: Literal["md5", "hmac"]) -> None:
    known = vector("taobao", name)
    assert known["inputs"]["params"]["sign_method"] == method
    assert top_sign(known["inputs"]["params"], known["inputs"]["secret"], method) == known["expected"]


def test_hmac_sha256_uses_the_secret_as_key_only() -> None:
    # printf a1b2杯 | openssl dgst -sha256 -hmac secret
    expected = "C732E1D0629527432D1386E2DCA70087D33670C9536BDEEC7374C9216641212D"
    assert top_sign({"b": "2杯", "a": "1"}, "secret", "hmac-sha256") == expected


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_neither_the_sign_nor_what_is_empty_is_signed(method: SignMethod) -> None:
    assert top_sign({"a": "1", "b": "", "sign": "X"}, "s", method) == top_sign({"a": "1"}, "s", method)


@respx.mock
@time_machine.travel("2026-03-01T02:24:20Z", tick=False)
async def test_a_call_is_signed_and_carries_the_session(api: TopApi) -> None:
    asked = route(METHOD).mock(return_value=ok(METHOD, a=1))
    assert (await call(api))["a"] == 1
    request, form = asked.calls.last.request, sent(asked.calls.last)
    assert str(request.url) == ROUTER
    assert request.headers["content-type"] == "application/x-www-form-urlencoded;charset=utf-8"
    assert form.pop("sign") == top_sign(form, APP_SECRET, "hmac-sha256")
    assert form == {
        "method": METHOD,
        "app_key": APP_KEY,
        "session": "session-1",
        "timestamp": "2026-03-01 10:24:20",
        "format": "json",
        "v": "2.0",
        "sign_method": "hmac-sha256",
        "tid": "1",
    }


@respx.mock
async def test_the_sign_method_may_be_chosen() -> None:
    api = TopApi(settings(sign_method="md5"))
    asked = route(METHOD).mock(return_value=ok(METHOD))
    await call(api)
    form = sent(asked.calls.last)
    assert form["sign_method"] == "md5"
    assert form.pop("sign") == top_sign(form, APP_SECRET, "md5")
    await api.close()


LIMITED = "This ban will last for 37 more seconds"


@respx.mock
@pytest.mark.parametrize(
    ("answer", "on_read", "on_write"),
    [
        (error(7, "accesscontrol.limited-by-api-access-count", LIMITED), Throttled, Throttled),
        (error(10, "isp.top-remote-service-unavailable"), Unavailable, OutcomeUnknown),
        (error(15, "isp.top-remote-connection-timeout"), Unavailable, OutcomeUnknown),
        (error(15, "isp.trade-service-error"), Unavailable, OutcomeUnknown),
        (error(15, "isv.trade-not-exist"), Rejected, Rejected),
        (error(15, "isv.logistics-offline-service-error:B04", "已发货"), Rejected, Rejected),
        (error(15), Unavailable, OutcomeUnknown),
        (error(26, "isv.missing-session"), Misconfigured, Misconfigured),
        (error(27, "session-expired"), Misconfigured, Misconfigured),
        *((error(code), Misconfigured, Misconfigured) for code in (11, 12, 13, 22, 24, 25, 28, 29, 30, 31, 33, 42)),
        (error(11, "isv.permission-api-package-limit"), Misconfigured, Misconfigured),
        *((error(code), Rejected, Rejected) for code in (40, 41, 43, 47)),
        (error(99), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"error_response": {"msg": "?"}}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"error_response": 7}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"other_response": {}}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json={"trade_fullinfo_get_response": []}), Unavailable, OutcomeUnknown),
        (httpx.Response(200, json=[]), Unavailable, OutcomeUnknown),
        (httpx.Response(200, html="<h1>maintenance</h1>"), Unavailable, OutcomeUnknown),
        (httpx.Response(200, content=b"[" * 100_000), Unavailable, OutcomeUnknown),
        (httpx.Response(502), Unavailable, OutcomeUnknown),
        (httpx.Response(503), Unavailable, Unavailable),
        (httpx.Response(429), Throttled, Throttled),
    ],
)
async def test_errors_are_classified(
    api: TopApi, answer: httpx.Response, on_read: type[PartnerError], on_write: type[PartnerError]
) -> None:
    route(METHOD).mock(return_value=answer)
    for writes, expected in ((False, on_read), (True, on_write)):
        with pytest.raises(PartnerError) as caught:
            await call(api, writes=writes)
        assert type(caught.value) is expected


@respx.mock
@pytest.mark.parametrize(("words", "seconds"), [(LIMITED, 37.0), ("slow down", 1.0)])
async def test_a_ban_says_how_long_it_lasts(api: TopApi, words: str, seconds: float) -> None:
    route(METHOD).mock(return_value=error(7, "accesscontrol.limited-by-app-access-count", words, "App Call Limited"))
    with pytest.raises(Throttled) as caught:
        await call(api)
    assert caught.value.retry_after == seconds


@respx.mock
@pytest.mark.parametrize("code", [30, 31])
async def test_a_clock_that_is_off_is_named(api: TopApi, code: int) -> None:
    route(METHOD).mock(return_value=error(code, "isv.invalid-timestamp", msg="Invalid Timestamp"))
    with pytest.raises(Misconfigured, match="clock is off") as caught:
        await call(api)
    assert "时钟" in caught.value.operator_text


@respx.mock
async def test_a_refused_session_names_the_shop_and_not_the_session(api: TopApi) -> None:
    route(METHOD).mock(return_value=error(27, "session-expired", "session-1 is expired"))
    with pytest.raises(Misconfigured, match=f"shop {SHOP} must authorise") as caught:
        await call(api)
    assert "session-1" not in str(caught.value)
    assert "淘宝天猫" in caught.value.operator_text


@respx.mock
async def test_an_error_tells_the_operator_what_the_platform_said(api: TopApi) -> None:
    route(METHOD).mock(return_value=error(15, "isv.logistics-offline-service-error:B04", "已发货"))
    with pytest.raises(Rejected) as caught:
        await call(api)
    assert caught.value.code == "15"
    assert caught.value.detail == "isv.logistics-offline-service-error:B04 已发货 request_id=r1"


@respx.mock
async def test_a_time_out_on_a_write_may_have_happened(api: TopApi) -> None:
    route(METHOD).mock(side_effect=httpx.ReadTimeout)
    with pytest.raises(OutcomeUnknown):
        await call(api, writes=True)
    with pytest.raises(Unavailable):
        await call(api)


async def test_a_shop_that_is_not_in_the_settings(api: TopApi) -> None:
    with pytest.raises(Misconfigured, match="shop nobody"):
        await api.call("nobody", METHOD, {}, dict, writes=False)


@pytest.mark.parametrize("name", ["", "a:b", "a b", "a/b", "a#b"])
def test_a_shop_name_must_fit_into_an_order_id(name: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        settings(shops={name: {"session": "s"}})


def test_secrets_do_not_show() -> None:
    assert APP_SECRET not in repr(settings())
    assert "session-1" not in repr(settings())

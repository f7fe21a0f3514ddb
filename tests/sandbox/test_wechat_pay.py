"""WeChat Pay: notifications that arrive, repeat and lie, and the queries beside them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox.app import create_app
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.wechat.signing import MerchantKey, seal, signed_text
from tests.sandbox.minishop import MCHID, MiniShop, minishop, opened, public_pem, signed_by_platform, wechat_settings
from tests.sandbox.stage import make_settings, until
from tests.sandbox.town import draft
from tests.vectors import vector

BY_NUMBER, BY_ID, REFUNDS = (
    "/v3/pay/transactions/out-trade-no",
    "/v3/pay/transactions/id",
    "/v3/refund/domestic/refunds",
)
MINE = {"channel": "wechat", "paid_at": "2026-03-01T02:20:30Z", "order_no": "MP202603010001"}


@pytest.fixture
async def shop() -> AsyncIterator[MiniShop]:
    async with minishop() as shop:
        yield shop


def test_content_is_sealed_as_in_the_vector() -> None:
    entry = vector("wechatpay", "AES-256-GCM resource")
    given, plain = entry["inputs"], entry["expected"].encode()
    assert seal(given["apiv3_key"], plain, given["nonce"], given["associated_data"]) == given["ciphertext"]


def test_the_signed_text_is_that_of_the_vector() -> None:
    given = vector("wechatpay", "notification signature (verify with public key)")["inputs"]
    sent, body = given["headers"], given["raw_body"].encode()
    text = signed_text(sent["Wechatpay-Timestamp"], sent["Wechatpay-Nonce"], body=body)
    key = MerchantKey(given["public_key_pem"])
    assert key.holds(sent["Wechatpay-Signature"], text)
    assert not key.holds(sent["Wechatpay-Signature"], text + b"\n")
    assert not key.holds("no base64", text)


async def test_wechat_is_there_only_when_it_is_configured() -> None:
    app = create_app(make_settings())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        assert (await http.get(f"/wechat{BY_NUMBER}/1")).status_code == 404
        answer = await http.post("/control/orders", json=[draft(channel="wechat")])
        assert (answer.status_code, answer.json()) == (409, {"detail": "there is no shop on wechat"})


async def test_a_payment_is_told_as_documented(shop: MiniShop) -> None:
    [number] = await shop.paid(draft(**MINE))
    [heard] = shop.hub.at("/hooks/wechat")
    assert heard.query == {}
    notice = heard.json()
    assert (notice["id"][:3], notice["summary"], notice["create_time"][-6:]) == ("EV-", "支付成功", "+08:00")
    assert (notice["resource"]["original_type"], len(notice["resource"]["nonce"])) == ("transaction", 12)
    event, content = opened(heard)
    openid, transaction_id = content["payer"]["openid"], content["transaction_id"]
    assert (len(openid), len(transaction_id), transaction_id[:8]) == (28, 28, "42000000")
    assert (event, content) == (
        "TRANSACTION.SUCCESS",
        {
            "appid": "wx0000000000000001",
            "mchid": MCHID,
            "out_trade_no": number,
            "transaction_id": transaction_id,
            "trade_type": "JSAPI",
            "trade_state": "SUCCESS",
            "trade_state_desc": "支付成功",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": "2026-03-01T10:20:30+08:00",
            "payer": {"openid": openid},
            "amount": {"total": 13732, "payer_total": 13732, "currency": "CNY", "payer_currency": "CNY"},
        },
    )


@pytest.mark.parametrize(
    "reply",
    [
        Response(status_code=503),
        JSONResponse({"code": "FAIL", "message": "失败"}, status_code=400),
        JSONResponse({"code": "SUCCESS", "message": "成功"}, status_code=201),
    ],
)
async def test_a_notification_is_repeated_until_its_status_says_that_it_was_taken(
    shop: MiniShop, reply: Response
) -> None:
    shop.hub.replies, shop.hub.replies_at = [reply, reply], "/hooks/wechat"
    [number] = await shop.order()
    await until(lambda: len(shop.hub.at("/hooks/wechat")) == 3)
    heard = shop.hub.at("/hooks/wechat")
    assert len({one.body for one in heard}) == 1
    assert len({one.headers["wechatpay-nonce"] for one in heard}) == 3
    assert {opened(one)[1]["out_trade_no"] for one in heard} == {number}


async def test_fail_in_the_body_of_a_200_is_taken(shop: MiniShop) -> None:
    shop.hub.replies_at = "/hooks/wechat"
    shop.hub.replies = [JSONResponse({"code": "FAIL", "message": "失败"})]
    await shop.paid()
    assert len(shop.notices()) == 1


async def test_wechat_gives_up_after_its_last_try() -> None:
    async with minishop({"push_retry_s": 1e-6}) as shop:
        shop.hub.replies, shop.hub.replies_at = [Response(status_code=500) for _ in range(20)], "/hooks/wechat"
        await shop.paid()
        assert len(shop.hub.at("/hooks/wechat")) == 16
        assert shop.world.pushes["wechat.payment.given_up"] == 1


async def test_wechat_sometimes_tells_twice_and_probes() -> None:
    async with minishop(duplicate_share=1, probe_share=1) as shop:
        await shop.paid()
        probes = [one for one in shop.hub.at("/hooks/wechat") if "SIGNTEST" in one.headers["wechatpay-signature"]]
        told = [one for one in shop.hub.at("/hooks/wechat") if one not in probes]
        first, second = map(opened, told)
        assert first == second
        assert len({one.json()["id"] for one in told}) == 2
        [probe] = probes
        assert probe.headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
        book = shop.wechat.book()
        assert (book["duplicates_sent"], book["flawed_sent"], book["flawed_taken"]) == (1, {"probe": 1}, {"probe": 1})


@pytest.mark.parametrize("flaw", ["probe", "stale", "wrong_aad", "unknown_serial"])
async def test_what_nobody_may_take_is_sent_once_and_noted(shop: MiniShop, flaw: str) -> None:
    [number] = await shop.paid()
    shop.hub.replies = [Response(status_code=500)]
    await shop.control(f"/wechat/{number}/flawed", {"flaw": flaw})
    await until(lambda: not shop.world.pending)
    assert shop.wechat.book()["flawed_taken"] == {}
    await shop.control(f"/wechat/{number}/flawed", {"flaw": flaw})
    await until(lambda: not shop.world.pending)
    _, refused, taken = shop.hub.at("/hooks/wechat")
    for heard in (refused, taken):
        with pytest.raises((InvalidSignature, InvalidTag, AssertionError, ValueError)):
            opened(heard)
    book = shop.wechat.book()
    assert (book["flawed_sent"], book["flawed_taken"]) == ({flaw: 2}, {flaw: 1})


async def test_the_content_of_a_flawed_notification_is_signed_well_where_only_its_aad_is_wrong(shop: MiniShop) -> None:
    [number] = await shop.paid()
    await shop.control(f"/wechat/{number}/flawed", {"flaw": "wrong_aad"})
    await until(lambda: not shop.world.pending)
    heard = shop.hub.at("/hooks/wechat")[1]
    signed_by_platform(heard.headers, heard.body)
    with pytest.raises(InvalidTag):
        opened(heard)


async def test_pushes_can_be_lost(shop: MiniShop) -> None:
    plan = FaultPlan(faults=[Fault(partner="wechat", kind=FaultKind.LOSE_PUSH, operation="payment")])
    shop.world.faults.set_plan(plan)
    [number] = await shop.paid()
    assert shop.notices() == []
    assert (await shop.found(f"{BY_NUMBER}/{number}?mchid={MCHID}"))["trade_state"] == "SUCCESS"


async def test_a_payment_is_found_by_both_numbers(shop: MiniShop) -> None:
    [number] = await shop.paid(draft(**MINE))
    [(_, told)] = shop.notices()
    for target in (f"{BY_NUMBER}/{number}", f"{BY_ID}/{told['transaction_id']}"):
        assert await shop.found(f"{target}?mchid={MCHID}") == told


async def test_an_unpaid_order_has_no_number_of_wechats() -> None:
    async with minishop({"pay_s": 60}) as shop:
        [number] = await shop.order()
        found = await shop.found(f"{BY_NUMBER}/{number}?mchid={MCHID}")
        assert (found["trade_state"], found.get("transaction_id")) == ("NOTPAY", None)
        await shop.control(f"/wechat/{number}/cancel")
        assert (await shop.found(f"{BY_NUMBER}/{number}?mchid={MCHID}"))["trade_state"] == "CLOSED"
        assert shop.entry(number)["status"] == "cancelled"
        await shop.control(f"/wechat/{number}/flawed", {"flaw": "probe"}, 409)


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        (f"{BY_NUMBER}/MP9?mchid={MCHID}", 404, "ORDER_NOT_EXIST"),
        (f"{BY_ID}/42?mchid={MCHID}", 404, "ORDER_NOT_EXIST"),
        (f"{BY_NUMBER}/MP9", 400, "PARAM_ERROR"),
        (f"{BY_NUMBER}/MP9?mchid=1900000002", 403, "NO_AUTH"),
        (f"{REFUNDS}/RF9", 404, "RESOURCE_NOT_EXISTS"),
    ],
)
async def test_what_is_not_there_is_refused_with_a_signature(
    shop: MiniShop, target: str, status: int, code: str
) -> None:
    response = await shop.pay(target)
    assert (response.status_code, response.json()["code"]) == (status, code)
    signed_by_platform(response.headers, response.content)


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1900000002"},
        {"serial_no": "0000"},
        {"timestamp": "1"},
        {"timestamp": "now"},
        {"nonce_str": ""},
        {"signature": "AAAA"},
        {"signature": "?"},
        {"owner": "somebody else"},
        {"signed": f"{BY_NUMBER}/MP202603010001"},
    ],
)
async def test_a_call_that_the_merchant_did_not_sign_is_refused(shop: MiniShop, changes: dict[str, Any]) -> None:
    await shop.paid(draft(**MINE))
    response = await shop.pay(f"{BY_NUMBER}/MP202603010001?mchid={MCHID}", **changes)
    assert (response.status_code, response.json()["code"]) == (401, "SIGN_ERROR")


async def test_a_call_without_authorization_is_refused_and_the_whole_path_may_be_signed(shop: MiniShop) -> None:
    [number] = await shop.paid(draft(**MINE))
    target = f"{BY_NUMBER}/{number}?mchid={MCHID}"
    assert (await shop.http.get(f"/wechat{target}")).status_code == 401
    assert (await shop.pay(target, signed=f"/wechat{target}")).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [(FaultKind.ERROR, 500, "SYSTEM_ERROR"), (FaultKind.THROTTLE, 429, "RATELIMIT_EXCEEDED")],
)
async def test_faults_speak_wechat_pay(shop: MiniShop, kind: FaultKind, status: int, code: str) -> None:
    shop.world.faults.set_plan(FaultPlan(faults=[Fault(partner="wechat", kind=kind, operation="transactions.*")]))
    response = await shop.pay(f"{BY_NUMBER}/1?mchid={MCHID}")
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_key_that_nobody_gave_can_be_fetched() -> None:
    async with minishop(platform_private_key="") as shop:
        key = (await shop.http.get("/control/wechat/platform-key")).json()
        await shop.paid()
        [heard] = shop.hub.at("/hooks/wechat")
        sent = heard.headers
        text = signed_text(sent["wechatpay-timestamp"], sent["wechatpay-nonce"], body=heard.body)
        assert MerchantKey(key["public_key"]).holds(sent["wechatpay-signature"], text)
        assert key["key_id"] == sent["wechatpay-serial"]


def test_settings_take_keys_on_one_line_and_refuse_a_short_apiv3_key() -> None:
    on_one_line = public_pem("merchant").replace("\n", "\\n")
    assert MerchantKey(on_one_line)
    with pytest.raises(ValueError, match="32 bytes"):
        wechat_settings(apiv3_key="short")


async def test_the_book_holds_no_personal_data(shop: MiniShop) -> None:
    await shop.paid()
    text = json.dumps(shop.wechat.book(), ensure_ascii=False)
    assert not any(secret in text for secret in ("13800000000", "示例路", "测试", "rest-secret"))

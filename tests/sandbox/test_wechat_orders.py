"""The mini-program's orders: what its backend sends, what buyers and staff do, and refunds."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import time_machine
from fastapi.responses import JSONResponse

from sandbox.digest import receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from tests.sandbox.minishop import APPID, MCHID, MiniShop, minishop
from tests.sandbox.stage import until
from tests.sandbox.town import Heard, draft

MOVED = draft()["receiver"] | {"detail": "示例路2号"}
BY_NUMBER, REFUNDS = "/v3/pay/transactions/out-trade-no", "/v3/refund/domestic/refunds"


@pytest.fixture
async def shop() -> AsyncIterator[MiniShop]:
    async with minishop() as shop:
        yield shop


def signed_right(heard: Heard) -> bool:
    sent = {name: heard.headers[f"x-orderhub-{name}"] for name in ("key", "timestamp", "nonce", "signature")}
    digest = hashlib.sha256(heard.body).hexdigest()
    text = f"POST\n{heard.path}\n{sent['timestamp']}\n{sent['nonce']}\n{digest}"
    expected = hmac.new(b"rest-secret", text.encode(), hashlib.sha256).hexdigest()
    return sent["key"] == "shop-wechat" and sent["signature"] == expected


async def ask(shop: MiniShop, number: str, **wish: Any) -> str:
    return str((await shop.control(f"/wechat/{number}/refund", wish or None, 200))["refund_id"])


async def settled(shop: MiniShop) -> None:
    await until(lambda: not shop.world.pending)


def refunds(shop: MiniShop) -> list[tuple[str, int, int | None]]:
    return [(entry["status"], entry["amount_fen"], entry["line"]) for entry in shop.wechat.book()["refunds"]]


async def test_an_order_is_sent_unpaid_and_then_paid_at_wechat_pay(shop: MiniShop) -> None:
    [number] = await shop.paid(draft(channel="wechat", customer={"id": "C7"}))
    [heard] = shop.hub.at("/api/v1/orders")
    assert signed_right(heard)
    order = heard.json()
    assert order["channel"] == "wechat"
    assert (order["shop"], order["order_no"], order["version"], order["status"]) == (APPID, number, 1, "unpaid")
    assert "paid_at" not in order
    assert order["amounts"] == {"goods_fen": 13233, "freight_fen": 600, "discount_fen": 101, "paid_fen": 13732}
    assert order["receiver"]["phone"] == "13800000000"
    [(_, payment)] = shop.notices()
    assert order["customer"]["id"] == payment["payer"]["openid"]
    assert shop.entry(number) == {
        "order_no": number,
        "shop": APPID,
        "version": 2,
        "status": "paid",
        "paid_fen": 13732,
        "encrypted": False,
        "requirements": ["COLD_CHAIN"],
        "receiver_digest": receiver_digest("测试", "13800000000", "浙江省", "杭州市", "余杭区", "示例路1号"),
        "sent": 2,
        "transaction_id": payment["transaction_id"],
    }


async def pull(shop: MiniShop, start: str, end: str, page: int = 1, secret: str = "rest-secret") -> httpx.Response:
    path, stamp, nonce = "/wechat/shop/orderhub/orders", str(int(time.time())), "0123456789abcdef"
    text = "\n".join(("GET", path, stamp, nonce, hashlib.sha256(b"").hexdigest()))
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    signed = {"Key": "shop-wechat", "Timestamp": stamp, "Nonce": nonce, "Signature": digest}
    headers = {f"X-OrderHub-{name}": value for name, value in signed.items()}
    params = {"modified_from": start, "modified_to": end, "page": str(page)}
    return await shop.http.get(path, params=params, headers=headers)


async def test_the_backend_can_be_asked_for_what_was_changed(shop: MiniShop) -> None:
    plan = FaultPlan(faults=[Fault(partner="wechat", kind=FaultKind.LOSE_PUSH, operation="orders")])
    shop.world.faults.set_plan(plan)
    with time_machine.travel("2026-03-01T02:00:00Z", tick=False):
        numbers = await shop.paid(*(draft(channel="wechat") for _ in range(51)))
    assert shop.documents() == []
    window = ("2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z")
    with time_machine.travel("2026-03-01T04:00:00Z", tick=False):
        first = (await pull(shop, *window)).json()
        await shop.control(f"/wechat/{numbers[0]}/touch")
        await shop.control(f"/wechat/{numbers[1]}/remark", {"seller_words": "加急"})
        second = (await pull(shop, *window, page=2)).json()
        later = (await pull(shop, "2026-03-01T03:00:00Z", "2026-03-01T05:00:00Z")).json()
    assert [order["order_no"] for order in first["orders"] + second["orders"]] == numbers
    assert (first["has_more"], second["has_more"]) == (True, False)
    told = [(order["order_no"], order["version"], order["status"], order["shop"]) for order in later["orders"]]
    assert told == [(numbers[0], 2, "paid", APPID), (numbers[1], 3, "paid", APPID)]


async def test_an_ask_that_is_not_as_documented_is_refused(shop: MiniShop) -> None:
    window = ("2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z")
    assert (await pull(shop, *window, secret="wrong")).status_code == 401
    assert (await pull(shop, *window, page=0)).status_code == 422
    assert (await pull(shop, "yesterday", "today")).status_code == 422


async def test_numbers_are_those_of_wechat_pay(shop: MiniShop) -> None:
    [number] = await shop.order()
    assert 6 <= len(number) <= 32
    assert number.isalnum()
    await shop.control("/orders", [draft(channel="wechat", order_no=number)], 409)
    await shop.control("/orders", [draft(channel="wechat", order_no="A" * 33)], 422)
    await shop.control("/orders", [draft(channel="wechat", order_no="SO1")], 422)
    await shop.control("/orders", [draft(channel="wechat", customer={"id": "B1", "terms": "NET30"})], 422)
    free = {"sku": "GIFT-TOTE", "title": "帆布袋", "unit_price_fen": 0}
    await shop.control("/orders", [{"channel": "wechat", "lines": [free], "receiver": MOVED}], 422)


async def test_a_crowd_buys_in_batches_of_fifty(shop: MiniShop) -> None:
    placed = await shop.control("/buyers", {"orders": 60, "seed": 3, "channels": ["wechat"]}, 200)
    await settled(shop)
    assert {order["order_no"] for order in shop.documents()} == {entry["order_no"] for entry in placed}
    assert sorted(len(heard.json()["orders"]) for heard in shop.hub.at("/api/v1/orders")) == [10, 50]
    assert len({content["transaction_id"] for _, content in shop.notices()}) == 60


async def test_a_refused_order_is_noted_and_an_unanswered_one_sent_again(shop: MiniShop) -> None:
    shop.hub.replies = [JSONResponse({"results": []})]
    shop.hub.results = {"MP0000001": {"result": "conflict", "error": {"field": "lines", "message": "x"}}}
    await shop.paid(draft(channel="wechat", order_no="MP0000001"))
    assert len(shop.documents()) == 2
    rejected = [{"order_no": "MP0000001", "result": "conflict", "field": "lines"}]
    assert shop.wechat.book()["rejected"] == rejected


async def test_changes_are_sent_as_new_versions(shop: MiniShop) -> None:
    [number] = await shop.paid()
    await shop.control(f"/wechat/{number}/address", {"receiver": MOVED})
    await shop.control(f"/wechat/{number}/remark", {"seller_words": "加急"})
    await settled(shop)
    _, moved, remarked = sorted(shop.documents(), key=lambda order: int(order["version"]))
    assert (moved["version"], moved["status"], moved["receiver"]["detail"]) == (3, "paid", "示例路2号")
    assert moved["paid_at"].endswith("+08:00")
    assert (remarked["version"], remarked["seller_note"]) == (4, "加急")
    assert remarked["receiver"]["detail"] == "示例路2号"
    digest = receiver_digest("测试", "13800000000", "浙江省", "杭州市", "余杭区", "示例路2号")
    assert shop.entry(number)["receiver_digest"] == digest


async def test_a_touched_order_is_sent_again_and_its_payment_told_again(shop: MiniShop) -> None:
    [number] = await shop.paid()
    await shop.control(f"/wechat/{number}/touch")
    await settled(shop)
    assert [order["version"] for order in shop.documents()] == [1, 2]
    first, second = shop.notices()
    assert first == second
    assert (shop.entry(number)["version"], shop.wechat.book()["duplicates_sent"]) == (2, 2)
    await shop.control("/wechat/MP9/touch", None, 404)


async def test_a_cancelled_order_is_paid_back_whole(shop: MiniShop) -> None:
    [number] = await shop.paid()
    await shop.control(f"/wechat/{number}/cancel")
    await settled(shop)
    (_, payment), (event, refund) = shop.notices()
    assert event == "REFUND.SUCCESS"
    assert (refund["mchid"], refund["transaction_id"]) == (MCHID, payment["transaction_id"])
    assert (refund["refund_status"], refund["user_received_account"]) == ("SUCCESS", "支付用户零钱")
    assert refund["amount"] == {"total": 13732, "refund": 13732, "payer_total": 13732, "payer_refund": 13732}
    [entry] = shop.wechat.book()["refunds"]
    assert entry == {
        "refund_id": refund["refund_id"],
        "order_no": number,
        "shop": APPID,
        "status": "refunded",
        "amount_fen": 13732,
        "line": None,
        "out_refund_no": refund["out_refund_no"],
    }
    assert (await shop.found(f"{BY_NUMBER}/{number}?mchid={MCHID}"))["trade_state"] == "REFUND"
    assert shop.entry(number)["status"] == "cancelled"
    assert len(shop.documents()) == 1
    for path, content in (("cancel", None), ("address", {"receiver": MOVED}), ("refund", None)):
        await shop.control(f"/wechat/{number}/{path}", content, 409)


async def test_part_of_an_order_is_paid_back_and_the_rest_stands(shop: MiniShop) -> None:
    [number] = await shop.paid()
    refund_id = await ask(shop, number, line=2)
    await settled(shop)
    assert len(shop.notices()) == 1
    assert refunds(shop) == [("requested", 3308, 2)]
    assert (await shop.pay(f"{REFUNDS}/RF{refund_id[2:]}")).status_code == 404
    await shop.control(f"/wechat/refunds/{refund_id}/approve")
    await settled(shop)
    _, (event, told) = shop.notices()
    assert (event, told["refund_id"], told["amount"]["refund"]) == ("REFUND.SUCCESS", refund_id, 3308)
    found = await shop.found(f"{REFUNDS}/{told['out_refund_no']}")
    assert (found["status"], found["refund_id"], found["channel"]) == ("SUCCESS", refund_id, "ORIGINAL")
    assert found["success_time"] == told["success_time"]
    assert (found["amount"]["total"], found["amount"]["refund"]) == (13732, 3308)
    assert shop.entry(number)["status"] == "paid"
    assert (await shop.found(f"{BY_NUMBER}/{number}?mchid={MCHID}"))["trade_state"] == "REFUND"
    await shop.control(f"/wechat/{number}/touch")
    await settled(shop)
    assert {content["trade_state"] for event, content in shop.notices() if event == "TRANSACTION.SUCCESS"} == {
        "SUCCESS"
    }


async def test_all_lines_paid_back_one_after_the_other_close_the_order(shop: MiniShop) -> None:
    [number] = await shop.paid()
    for wish in ({"line": 1}, {"line": 2}, {}):
        await shop.control(f"/wechat/refunds/{await ask(shop, number, **wish)}/approve")
    assert [amount for _, amount, _ in refunds(shop)] == [9824, 3308, 600]
    assert shop.entry(number)["status"] == "cancelled"


@pytest.mark.parametrize(("decision", "words"), [("refuse", "refused"), ("withdraw", "withdrawn")])
async def test_a_refund_that_comes_to_nothing_is_never_told(shop: MiniShop, decision: str, words: str) -> None:
    [number] = await shop.paid()
    refund_id = await ask(shop, number, amount_fen=100)
    await shop.control(f"/wechat/refunds/{refund_id}/{decision}")
    await settled(shop)
    assert (len(shop.notices()), refunds(shop)) == (1, [(words, 100, None)])
    await shop.control(f"/wechat/refunds/{refund_id}/approve", None, 409)
    assert shop.entry(number)["status"] == "paid"
    await ask(shop, number, amount_fen=13732)


async def test_never_more_is_asked_for_than_is_left(shop: MiniShop) -> None:
    [number] = await shop.paid()
    await shop.control(f"/wechat/{number}/refund", {"amount_fen": 13733}, 409)
    await shop.control(f"/wechat/{number}/refund", {"line": 2, "amount_fen": 3309}, 409)
    await shop.control(f"/wechat/{number}/refund", {"line": 3}, 409)
    await shop.control(f"/wechat/{number}/refund", {"line": 4}, 409)
    await shop.control(f"/wechat/{number}/refund", {"line": 0}, 422)
    await ask(shop, number, line=1)
    await shop.control(f"/wechat/{number}/refund", {"line": 1}, 409)
    await shop.control(f"/wechat/{number}/refund", None, 409)
    await shop.control("/wechat/MP9/refund", None, 404)
    await shop.control("/wechat/refunds/50/approve", None, 404)
    await shop.control("/wechat/refunds/50/forget", None, 422)
    assert refunds(shop) == [("requested", 9824, 1)]


async def test_a_refund_can_fail_and_succeed_later(shop: MiniShop) -> None:
    [number] = await shop.paid()
    refund_id = await ask(shop, number)
    await shop.control(f"/wechat/refunds/{refund_id}/fail")
    await settled(shop)
    event, told = shop.notices()[1]
    assert (event, told["refund_status"], "success_time" in told) == ("REFUND.ABNORMAL", "ABNORMAL", False)
    assert (await shop.found(f"{REFUNDS}/{told['out_refund_no']}"))["status"] == "ABNORMAL"
    assert (shop.entry(number)["status"], refunds(shop)) == ("paid", [("requested", 13732, None)])
    await shop.control(f"/wechat/refunds/{refund_id}/approve")
    await settled(shop)
    event, again = shop.notices()[2]
    assert (event, again["out_refund_no"]) == ("REFUND.SUCCESS", told["out_refund_no"])
    assert shop.entry(number)["status"] == "cancelled"


async def test_a_refund_can_be_closed(shop: MiniShop) -> None:
    [number] = await shop.paid()
    refund_id = await ask(shop, number)
    await shop.control(f"/wechat/refunds/{refund_id}/fail", {"status": "CLOSED"})
    await settled(shop)
    assert [event for event, _ in shop.notices()] == ["TRANSACTION.SUCCESS", "REFUND.CLOSED"]
    assert refunds(shop) == [("refused", 13732, None)]
    await shop.control(f"/wechat/refunds/{refund_id}/fail", {"status": "SUCCESS"}, 422)
    await shop.control(f"/wechat/refunds/{refund_id}/fail", {"status": "ABNORMAL"}, 409)


async def test_nothing_is_paid_back_of_an_unpaid_order() -> None:
    async with minishop({"pay_s": 60}) as shop:
        [number] = await shop.order()
        await shop.control(f"/wechat/{number}/refund", None, 409)
        await shop.control(f"/wechat/{number}/cancel")
        await until(lambda: len(shop.documents()) == 2)
        assert [(order["version"], order["status"]) for order in shop.documents()] == [(1, "unpaid"), (2, "cancelled")]

"""Xiaohongshu's pushes: hints under a signature that covers no body, tried twice, and none without a good token."""

from __future__ import annotations

import hashlib
import time
from collections.abc import AsyncIterator

import pytest
import time_machine
from fastapi import Response
from fastapi.responses import JSONResponse

from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.xiaohongshu.signing import push_sign
from tests.sandbox.boutique import SECRET, Boutique, boutique
from tests.sandbox.stage import until
from tests.sandbox.town import RECEIVER, Heard, draft
from tests.vectors import vector

STATUS, RECEIVER_TAG = "msg_fulfillment_status_change", "msg_fulfillment_receiver_change"
REMARK, CREATED = "msg_fulfillment_seller_remark_change", "msg_after_sale_create"
MOVED = RECEIVER | {"detail": "示例路2号"}
DAY = 86_400


@pytest.fixture
async def shop() -> AsyncIterator[Boutique]:
    async with boutique() as shop:
        yield shop


async def rest(shop: Boutique) -> None:
    await until(lambda: shop.world.pending == 0)


def tags(shop: Boutique) -> list[str]:
    return [tag for tag, _ in shop.news()]


def test_the_sign_is_the_published_one() -> None:
    entry = vector("xiaohongshu", "push sign")
    given = entry["inputs"]
    headers = given["headers"]
    sign = push_sign(given["path"], given["query"], headers["app-key"], headers["timestamp"], given["app_secret"])
    assert sign == entry["expected"]


def check_sign(heard: Heard, query: str) -> None:
    moment = heard.headers["timestamp"]
    assert abs(int(moment) - time.time()) < 60
    text = f"{heard.path}?app-key=xhs-app&{query}timestamp={moment}{SECRET}"
    assert (heard.headers["sign"], heard.headers["app-key"]) == (hashlib.md5(text.encode()).hexdigest(), "xhs-app")


async def test_a_paid_order_is_told(shop: Boutique) -> None:
    [number] = await shop.order()
    await rest(shop)
    [heard] = shop.hub.heard
    assert heard.path == "/hooks/xiaohongshu"
    check_sign(heard, "")
    [message] = heard.json()
    assert (message["sellerId"], message["msgTag"], type(message["data"])) == ("xhs-main", STATUS, str)
    [(_, data)] = shop.news()
    order = await shop.detail(number)
    assert (data["orderId"], data["orderStatus"], data["updateTime"]) == (number, 4, order["updateTime"])
    assert shop.book()["orders"][0]["sent"] == 2


async def test_the_query_of_the_url_is_signed_with_it() -> None:
    async with boutique(push_url="/hooks/xiaohongshu?door=1&wait=%E6%98%AF") as shop:
        await shop.order()
        await rest(shop)
        [heard] = shop.hub.heard
        assert (heard.path, heard.query) == ("/hooks/xiaohongshu", {"door": "1", "wait": "是"})
        moment = heard.headers["timestamp"]
        text = f"/hooks/xiaohongshu?app-key=xhs-app&door=1&timestamp={moment}&wait=是{SECRET}"
        assert heard.headers["sign"] == hashlib.md5(text.encode()).hexdigest()


async def test_several_orders_share_a_push(shop: Boutique) -> None:
    numbers = await shop.order(*[draft(channel="xiaohongshu")] * 25)
    await rest(shop)
    assert sorted(len(heard.json()) for heard in shop.hub.heard) == [5, 20]
    assert sorted(data["orderId"] for _, data in shop.news()) == sorted(numbers)


@pytest.mark.parametrize(
    "reply",
    [
        Response(status_code=503),
        JSONResponse({"success": False, "error_code": 1, "error_msg": "busy"}),
        JSONResponse({"success": True, "error_code": 1}),
        JSONResponse([]),
        Response("ok"),
        JSONResponse({"success": True, "error_code": 0, "error_msg": ""}, status_code=202),
    ],
)
async def test_a_push_is_repeated_once(shop: Boutique, reply: Response) -> None:
    shop.hub.replies = [reply, reply]
    await shop.order()
    await rest(shop)
    assert len(shop.hub.heard) == 2
    assert shop.hub.heard[0].body == shop.hub.heard[1].body
    assert shop.world.pushes["xiaohongshu.messages.given_up"] == 1
    assert shop.book()["orders"][0]["sent"] == 2


async def test_a_push_that_is_taken_the_second_time_is_not_given_up(shop: Boutique) -> None:
    shop.hub.replies = [Response(status_code=503)]
    await shop.order()
    await rest(shop)
    assert len(shop.hub.heard) == 2
    assert "xiaohongshu.messages.given_up" not in shop.world.pushes


async def test_nothing_is_pushed_without_a_good_token(shop: Boutique) -> None:
    with time_machine.travel(time.time() + 7 * DAY + 10, tick=True):
        [number] = await shop.order()
        await shop.control(f"/xiaohongshu/{number}/remark", {"seller_words": "加急"})
        await rest(shop)
        assert (shop.hub.heard, shop.book()["unsent"]) == ([], 2)
        await shop.call("oauth.refreshToken", refreshToken="xhs-refresh")
        await shop.control(f"/xiaohongshu/{number}/remark", {"seller_words": "不急"})
        await rest(shop)
        # what was not told meanwhile is never told
        assert tags(shop) == [REMARK]


async def test_a_shop_that_has_not_authorised_is_told_nothing() -> None:
    async with boutique(access_token="", refresh_token="") as shop:
        await shop.order()
        await rest(shop)
        assert shop.hub.heard == []
        code = (await shop.control("/xiaohongshu/authorise", None, 200))["code"]
        await shop.call("oauth.getAccessToken", code=code)
        await shop.order()
        await rest(shop)
        assert tags(shop) == [STATUS]


async def test_every_change_has_its_tag() -> None:
    async with boutique(pickup_s=0) as shop:
        [number] = await shop.order()
        await shop.control(f"/xiaohongshu/{number}/address", {"receiver": MOVED})
        await shop.control(f"/xiaohongshu/{number}/remark", {"seller_words": "加急"})
        mark = {"orderId": number, "sellerMarkNote": "不急", "operator": "orderhub"}
        await shop.call("order.modifySellerMarkInfo", **mark)
        returns_id = await shop.refund(number)
        await shop.call("order.orderDeliver", orderId=number, expressNo="SF100000001", expressCompanyCode="shunfeng")
        await rest(shop)
        assert sorted(tags(shop)) == sorted([STATUS, RECEIVER_TAG, REMARK, REMARK, CREATED, STATUS])
        remarks = sorted(data["sellerRemarkContent"] for tag, data in shop.news() if tag == REMARK)
        assert remarks == ["不急", "加急"]
        [created] = [data for tag, data in shop.news() if tag == CREATED]
        assert (created["returnsId"], created["orderId"], created["returnType"]) == (returns_id, number, 5)
        assert created["refundFee"] == 137.32
        assert sorted(data["orderStatus"] for tag, data in shop.news() if tag == STATUS) == [4, 6]


async def test_a_decided_after_sale_is_told_only_where_it_ends_the_order(shop: Boutique) -> None:
    [number] = await shop.order()
    for verdict, told in (("refuse", 0), ("withdraw", 0), ("approve", 1)):
        returns_id = await shop.refund(number)
        await rest(shop)
        shop.hub.heard.clear()
        await shop.settle(returns_id, verdict)
        await rest(shop)
        assert len(shop.hub.heard) == told
    [(tag, data)] = shop.news()
    assert (tag, data["orderStatus"]) == (STATUS, 9)


async def test_the_risk_check_is_told_before_and_after() -> None:
    async with boutique(check_s=0.05) as shop:
        await shop.order()
        await rest(shop)
        assert [data["orderStatus"] for _, data in shop.news()] == [2, 4]


async def test_an_order_cancelled_during_the_check_stays_cancelled() -> None:
    async with boutique(check_s=0.05) as shop:
        [number] = await shop.order()
        await shop.control(f"/xiaohongshu/{number}/cancel")
        await rest(shop)
        assert (await shop.detail(number))["orderStatus"] == 9
        assert sorted(data["orderStatus"] for tag, data in shop.news() if tag == STATUS) == [2, 9]


async def test_a_touched_order_is_pushed_again(shop: Boutique) -> None:
    [number] = await shop.order()
    await shop.control(f"/xiaohongshu/{number}/touch")
    await rest(shop)
    assert [(tag, data["orderId"]) for tag, data in shop.news()] == [(STATUS, number)] * 2
    assert shop.book()["duplicates_sent"] == 1


async def test_the_console_tries_the_url_once(shop: Boutique) -> None:
    shop.hub.replies = [Response(status_code=404)]
    for _ in range(2):
        await shop.control("/xiaohongshu/test-push")
        await rest(shop)
    assert [heard.body for heard in shop.hub.heard] == [b'{"test":true}'] * 2
    check_sign(shop.hub.heard[0], "")
    assert shop.world.pushes["xiaohongshu.test.given_up"] == 1


async def test_pushes_follow_the_fault_plan(shop: Boutique) -> None:
    for kind, heard in ((FaultKind.LOSE_PUSH, 0), (FaultKind.DUPLICATE_PUSH, 2)):
        fault = Fault(partner="xiaohongshu", kind=kind, operation="messages")
        shop.world.faults.set_plan(FaultPlan(faults=[fault]))
        shop.hub.heard.clear()
        await shop.order()
        await rest(shop)
        assert len(shop.hub.heard) == heard

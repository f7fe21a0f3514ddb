"""Douyin's pushes, and what its buyers and the shop's staff do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import Response
from fastapi.responses import JSONResponse

from tests.sandbox.shopkeeper import Shopkeeper, shopkeeper
from tests.sandbox.stage import until
from tests.sandbox.town import Heard, draft, town

MOVED = draft()["receiver"] | {"detail": "示例路2号"}


@pytest.fixture
async def keeper() -> AsyncIterator[Shopkeeper]:
    async with town() as place:
        yield await shopkeeper(place)


def messages(heard: Heard) -> list[tuple[str, dict[str, Any]]]:
    """What one push says, once its signature is found right."""
    expected = hashlib.md5(b"dy-key" + heard.body + b"dy-secret").hexdigest()
    assert (heard.headers["event-sign"], heard.headers["app-id"]) == (expected, "dy-key")
    content = [(m["tag"], m["data"]) for m in heard.json()]
    return [(tag, json.loads(data) if isinstance(data, str) else data) for tag, data in content]


async def pushes(keeper: Shopkeeper, count: int) -> list[Heard]:
    await until(lambda: len(keeper.place.hub.at("/hooks/douyin")) >= count)
    return keeper.place.hub.at("/hooks/douyin")


async def test_a_paid_order_is_told_in_two_messages(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    [heard] = await pushes(keeper, 1)
    (first, paid), (second, waiting) = messages(heard)
    assert (first, second) == ("101", "110")
    assert paid["p_id"] == waiting["p_id"] == int(number)
    assert (waiting["shop_id"], waiting["order_status"], waiting["biz"]) == (123456, 2, 2)
    subs = [int(sub["order_id"]) for sub in (await keeper.detail(number))["sku_order_list"]]
    assert waiting["s_ids"] == subs


async def test_several_orders_share_a_push(keeper: Shopkeeper) -> None:
    numbers = await keeper.order(*[draft(channel="douyin")] * 25)
    heard = await pushes(keeper, 3)
    told = [messages(push) for push in heard]
    assert sorted(map(len, told)) == [10, 20, 20]
    assert {str(data["p_id"]) for push in told for _, data in push} == set(numbers)
    ids = [message["msg_id"] for push in heard for message in push.json()]
    assert len(set(ids)) == 50


@pytest.mark.parametrize(
    "reply",
    [
        Response(status_code=503),
        JSONResponse({"code": 40041, "message": "解析推送数据失败"}),
        JSONResponse([]),
        Response("ok"),
        JSONResponse({"code": 0}, status_code=404),
    ],
)
async def test_a_push_is_repeated_until_it_is_taken(keeper: Shopkeeper, reply: Response) -> None:
    keeper.place.hub.replies = [reply, reply]
    await keeper.order()
    heard = await pushes(keeper, 3)
    assert len({push.body for push in heard}) == 1
    assert keeper.place.douyin.book()["orders"][0]["sent"] == 3


async def test_a_cancelled_order_is_told_and_cannot_be_cancelled_twice(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await keeper.place.control(f"/douyin/{number}/cancel", {"reason": "买错了"}, 204)
    await keeper.place.control(f"/douyin/{number}/cancel", {}, 409)
    await keeper.place.control(f"/douyin/{number}/address", {"receiver": MOVED}, 409)
    await keeper.place.control("/douyin/7/cancel", {}, 404)
    heard = await pushes(keeper, 2)
    [(tag, data)] = next(told for told in map(messages, heard) if len(told) == 1)
    assert (tag, data["cancel_reason"], data["order_status"]) == ("106", "买错了", 4)
    order = await keeper.detail(number)
    assert (order["order_status"], order["cancel_reason"]) == (4, "买错了")
    assert keeper.place.douyin.book()["orders"][0]["status"] == "cancelled"


async def test_a_changed_address_has_new_ciphertexts_and_the_old_update_time(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    before, digest = await keeper.detail(number), keeper.place.douyin.book()["orders"][0]["receiver_digest"]
    await keeper.place.control(f"/douyin/{number}/address", {"receiver": MOVED}, 204)
    heard = await pushes(keeper, 2)
    [(tag, _)] = next(told for told in map(messages, heard) if len(told) == 1)
    assert tag == "105"
    after = await keeper.detail(number)
    assert after["post_addr"]["encrypt_detail"] != before["post_addr"]["encrypt_detail"]
    assert after["encrypt_post_tel"] == before["encrypt_post_tel"]
    assert after["update_time"] == before["update_time"]
    entry = keeper.place.douyin.book()["orders"][0]
    assert entry["receiver_digest"] != digest
    assert entry["version"] == 2


async def test_a_remark_is_told_as_an_object(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await keeper.place.control(f"/douyin/{number}/remark", {"seller_words": "加急"}, 204)
    heard = await pushes(keeper, 2)
    [message] = next(push.json() for push in heard if len(push.json()) == 1)
    assert (message["tag"], message["data"]["remark"]) == ("107", "加急")
    assert (await keeper.detail(number))["seller_words"] == "加急"


async def test_messages_are_sent_again_under_their_old_ids(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await keeper.place.control(f"/douyin/{number}/resend", None, 204)
    await keeper.place.control(f"/douyin/{number}/resend", {"tag": "101"}, 204)
    await keeper.place.control(f"/douyin/{number}/resend", {"tag": "106"}, 404)
    await keeper.place.control("/douyin/7/resend", None, 404)
    heard = await pushes(keeper, 3)
    first, *again = sorted((push.json() for push in heard), key=len, reverse=True)
    assert sorted(m["msg_id"] for [m] in again) == sorted(m["msg_id"] for m in first)
    book = keeper.place.douyin.book()
    assert (book["duplicates_sent"], book["stale_sent"]) == (1, 1)

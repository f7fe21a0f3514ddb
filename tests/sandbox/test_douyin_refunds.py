"""After-sales on Douyin: what is told of them, listed, and kept from being shipped."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from tests.sandbox.shopkeeper import Shopkeeper, shopkeeper
from tests.sandbox.stage import until
from tests.sandbox.town import draft, town

LIST, DETAIL = "afterSale.List", "afterSale.Detail"
ADD, SINGLE = "order.logisticsAdd", "order.logisticsAddSinglePack"


@pytest.fixture
async def keeper() -> AsyncIterator[Shopkeeper]:
    async with town() as place:
        yield await shopkeeper(place)


async def ask(keeper: Shopkeeper, number: str, **wish: Any) -> str:
    return str((await keeper.place.control(f"/douyin/{number}/refund", wish))["refund_id"])


async def settle(keeper: Shopkeeper, refund_id: str, verdict: str) -> None:
    await keeper.place.control(f"/douyin/refunds/{refund_id}/{verdict}", None, 204)


async def listed(keeper: Shopkeeper, **more: Any) -> list[dict[str, Any]]:
    found = await keeper.call(LIST, {"page": 0, "size": 100} | more)
    return list(found["items"])


async def told(keeper: Shopkeeper) -> list[tuple[str, dict[str, Any]]]:
    """The messages that the hub heard, one push after the other, each push signed."""
    await until(lambda: not keeper.place.world.pending)
    heard = keeper.place.hub.at("/hooks/douyin")
    for push in heard:
        assert push.headers["event-sign"] == hashlib.md5(b"dy-key" + push.body + b"dy-secret").hexdigest()
    messages = [(m["tag"], m["data"]) for push in heard for m in push.json()]
    return [(tag, json.loads(data) if isinstance(data, str) else data) for tag, data in messages]


async def told_last(keeper: Shopkeeper, count: int = 1) -> list[tuple[str, dict[str, Any]]]:
    return (await told(keeper))[-count:]


async def ship(keeper: Shopkeeper, number: str, **more: Any) -> str:
    """Ship an order in one parcel; the reason why not, or ""."""
    content = {"order_id": number, "company_code": "shunfeng", "logistics_code": "SF100000001"} | more
    return str((await keeper.raw(ADD, content))["sub_code"]).rpartition(":")[2]


async def ship_lines(keeper: Shopkeeper, number: str, *lines: int, code: str = "SF100000002") -> str:
    subs = [sub["order_id"] for sub in (await keeper.detail(number))["sku_order_list"]]
    content = {
        "order_id": number,
        "request_id": code,
        "company_code": "shunfeng",
        "logistics_code": code,
        "order_id_list": [subs[line - 1] for line in lines],
    }
    return str((await keeper.raw(SINGLE, content))["sub_code"]).rpartition(":")[2]


def book(keeper: Shopkeeper) -> list[tuple[str, int, int | None]]:
    return [(entry["status"], entry["amount_fen"], entry["line"]) for entry in keeper.place.douyin.book()["refunds"]]


async def test_an_after_sale_reads_as_documented(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    refund_id = await ask(keeper, number, line=2)
    sub = (await keeper.detail(number))["sku_order_list"][1]
    [item] = await listed(keeper)
    info = item["aftersale_info"]
    applied = info["apply_time"]
    assert abs(applied - time.time()) < 60
    assert info == {
        "aftersale_id": refund_id,
        "aftersale_type": 2,
        "aftersale_status": 6,
        "related_id": sub["order_id"],
        "apply_time": applied,
        "update_time": applied,
        "status_deadline": applied + 172800,
        "refund_amount": 3308,
        "refund_post_amount": 0,
        "refund_status": 1,
        "aftersale_num": 1,
        "return_logistics_code": "",
        "return_logistics_company_name": "",
        "reason_second_labels": [],
        "got_pkg": 0,
    }
    assert item["order_info"] == {
        "shop_order_id": number,
        "related_order_info": [
            {
                "sku_order_id": sub["order_id"],
                "order_status": 2,
                "pay_amount": 3308,
                "product_id": int(sub["product_id_str"]),
                "shop_sku_code": "TOWEL-01",
                "aftersale_item_num": 1,
            }
        ],
    }
    assert sub["after_sale_info"] == {"after_sale_status": 6, "after_sale_type": 2, "refund_status": 1}
    assert book(keeper) == [("requested", 3308, 2)]


async def test_the_detail_says_what_was_really_paid_back(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    refund_id = await ask(keeper, number)
    content = {"after_sale_id": refund_id, "need_operation_record": False}
    before = (await keeper.call(DETAIL, content))["process_info"]["after_sale_info"]
    assert (before["refund_amount"], before["refund_post_amount"]) == (13732, 600)
    assert (before["real_refund_amount"], before["refund_time"]) == (0, 0)
    await settle(keeper, refund_id, "approve")
    after = await keeper.call(DETAIL, content)
    info = after["process_info"]["after_sale_info"]
    assert (info["after_sale_status"], info["refund_status"], info["real_refund_amount"]) == (12, 3, 13732)
    assert info["refund_time"] == info["update_time"]
    assert [sub["shop_sku_code"] for sub in after["order_info"]["related_order_info"]] == [
        "MUG-01",
        "TOWEL-01",
        "GIFT-TOTE",
    ]
    assert (await keeper.raw(DETAIL, {"after_sale_id": "1"}))["sub_code"] == "isv.business-failed:aftersale-not-found"


@pytest.mark.parametrize(
    ("verdict", "tag", "status", "stage"),
    [("refuse", "204", 27, "refused"), ("withdraw", "207", 28, "withdrawn")],
)
async def test_an_open_refund_stops_its_goods_and_what_comes_to_nothing_lets_them_go(
    keeper: Shopkeeper, verdict: str, tag: str, status: int, stage: str
) -> None:
    [number] = await keeper.order()
    refund_id = await ask(keeper, number, line=1)
    [(applied, data)] = await told_last(keeper)
    sub = (await keeper.detail(number))["sku_order_list"][0]
    assert applied == "200"
    assert data == {
        "p_id": int(number),
        "shop_id": 123456,
        "aftersale_id": int(refund_id),
        "aftersale_status": 6,
        "aftersale_type": 2,
        "apply_time": data["apply_time"],
        "s_id": int(sub["order_id"]),
        "refund_amount": 9824,
        "reason_code": 1,
        "update_time": data["apply_time"],
    }
    assert await ship(keeper, number) == "aftersale-open"
    assert await ship_lines(keeper, number, 1, 2) == "aftersale-open"
    await settle(keeper, refund_id, verdict)
    [(settled, data)] = await told_last(keeper)
    assert (settled, data["aftersale_status"]) == (tag, status)
    assert await ship(keeper, number) == ""
    assert book(keeper) == [(stage, 9824, 1)]


async def test_goods_of_other_lines_may_leave_while_one_is_asked_back(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    refund_id = await ask(keeper, number, line=1)
    assert await ship_lines(keeper, number, 2, 3) == ""
    await settle(keeper, refund_id, "approve")
    order = await keeper.detail(number)
    assert [sub["order_status"] for sub in order["sku_order_list"]] == [4, 3, 3]
    assert order["order_status"] == 3, "nothing is left to leave"
    assert keeper.place.douyin.book()["orders"][0]["status"] == "shipped"


@pytest.mark.parametrize("flag", ["is_refund_reject", "is_reject_refund"])
async def test_shipping_all_the_same_refuses_the_refund(keeper: Shopkeeper, flag: str) -> None:
    [number] = await keeper.order()
    await ask(keeper, number)
    assert await ship(keeper, number, **{flag: True}) == ""
    assert book(keeper) == [("refused", 13732, None)]
    assert [tag for tag, _ in await told_last(keeper)] == ["204"]


async def test_what_was_paid_back_does_not_leave(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await settle(keeper, await ask(keeper, number, line=2), "approve")
    order = await keeper.detail(number)
    assert [sub["order_status"] for sub in order["sku_order_list"]] == [2, 4, 2]
    assert order["sku_order_list"][1]["after_sale_info"]["after_sale_status"] == 12
    assert await ship_lines(keeper, number, 2) == "too-many-pieces"
    assert await ship(keeper, number) == ""
    [parcel] = (await keeper.detail(number))["logistics_info"]
    assert [product["product_count"] for product in parcel["product_info"]] == [2, 1]


async def test_an_order_that_is_paid_back_whole_is_over(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await settle(keeper, await ask(keeper, number), "approve")
    (refunded, data), (cancelled, more) = await told_last(keeper, 2)
    assert (refunded, data["s_id"], data["refund_amount"]) == ("206", int(number), 13732)
    assert (cancelled, more["order_status"], more["cancel_reason"]) == ("106", 4, "退款成功")
    order = await keeper.detail(number)
    assert (order["order_status"], order["main_status"]) == (4, 21)
    assert await ship(keeper, number) == "order-cancelled"
    await keeper.place.control(f"/douyin/{number}/refund", {}, 409)
    assert keeper.place.douyin.book()["orders"][0]["status"] == "cancelled"


async def test_what_was_shipped_stays_shipped(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await ship(keeper, number)
    await settle(keeper, await ask(keeper, number, line=1, amount_fen=500), "approve")
    refund_id = await ask(keeper, number)
    types = [item["aftersale_info"]["aftersale_type"] for item in await listed(keeper, order_by=["apply_time asc"])]
    assert types == [1, 0]
    await settle(keeper, refund_id, "refuse")
    assert [tag for tag, _ in await told_last(keeper)] == ["205"]
    await settle(keeper, await ask(keeper, number), "approve")
    order = await keeper.detail(number)
    assert (order["order_status"], order["main_status"]) == (3, 3)
    assert [sub["order_status"] for sub in order["sku_order_list"]] == [3, 3, 3]


async def test_a_cancelled_order_has_no_open_refund(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await ask(keeper, number, line=1)
    await keeper.place.control(f"/douyin/{number}/cancel", {}, 204)
    assert book(keeper) == [("withdrawn", 9824, 1)]
    assert (await keeper.detail(number))["main_status"] == 4


async def test_the_list_is_by_application_unless_it_is_told_otherwise(keeper: Shopkeeper) -> None:
    start = time.time() - 3600
    ids: list[str] = []
    numbers = await keeper.order(*(draft(channel="douyin") for _ in range(4)))
    for n, number in enumerate(numbers):
        with time_machine.travel(start + 60 * n, tick=False):
            ids.append(await ask(keeper, number))
    with time_machine.travel(start + 600, tick=False):
        await settle(keeper, ids[0], "refuse")

    async def found(**more: Any) -> list[str]:
        return [item["aftersale_info"]["aftersale_id"] for item in await listed(keeper, **more)]

    now = int(start)
    updates = {"update_start_time": now, "update_end_time": now + 900}
    assert await found(**updates) == ids[::-1]
    assert await found(**updates, order_by=["update_time asc"]) == [*ids[1:], ids[0]]
    assert await found(update_start_time=now + 60, update_end_time=now + 180) == [ids[2], ids[1]], "end excluded"
    assert await found(start_time=now, end_time=now + 60) == [ids[0]]
    assert await found(standard_aftersale_status=[27, 28]) == [ids[0]]
    assert await found(order_id=numbers[2]) == [ids[2]]
    assert await found(aftersale_id=ids[3]) == [ids[3]]
    assert await found(aftersale_type=0) == []
    pages = [await keeper.call(LIST, {"page": page, "size": 3}) for page in (0, 1)]
    assert [(len(page["items"]), page["has_more"], page["total"]) for page in pages] == [(3, True, 4), (1, False, 4)]


async def test_the_list_goes_back_half_a_year(keeper: Shopkeeper) -> None:
    number, _ = await keeper.order(draft(channel="douyin"), draft(channel="douyin"))
    long_ago = time.time() - 181 * 86_400
    with time_machine.travel(long_ago, tick=False):
        refund_id = await ask(keeper, number)
    assert await listed(keeper) == []
    assert len(await listed(keeper, aftersale_id=refund_id)) == 1
    assert len(await listed(keeper, start_time=int(long_ago), end_time=int(long_ago) + 1)) == 1


@pytest.mark.parametrize(
    ("method", "content", "code", "sub_code"),
    [
        (LIST, {"page": 0}, 40002, "isv.parameter-missing"),
        (LIST, {"page": 0, "size": 101}, 40004, "isv.parameter-invalid:size"),
        (LIST, {"page": 501, "size": 100}, 40004, "isv.parameter-invalid:page"),
        (LIST, {"page": 0, "size": 9, "update_start_time": 1}, 40002, "isv.parameter-missing"),
        (LIST, {"page": 0, "size": 9, "start_time": 2, "end_time": 2}, 40004, "isv.parameter-invalid:time"),
        (LIST, {"page": 0, "size": 9, "order_by": ["amount asc"]}, 40004, "isv.parameter-invalid:order_by.0"),
        (DETAIL, {}, 40002, "isv.parameter-missing"),
    ],
)
async def test_wrong_parameters_are_named(
    keeper: Shopkeeper, method: str, content: dict[str, Any], code: int, sub_code: str
) -> None:
    answer = await keeper.raw(method, content)
    assert (answer["code"], answer["sub_code"]) == (code, sub_code)


async def test_a_touched_order_is_updated_and_told_again(keeper: Shopkeeper) -> None:
    with time_machine.travel(time.time() - 7200, tick=False):
        [number] = await keeper.order()
        before = await keeper.detail(number)
    await keeper.place.control(f"/douyin/{number}/touch", None, 204)
    after = await keeper.detail(number)
    assert {name for name in after if after[name] != before[name]} == {"update_time"}
    tags = [tag for tag, _ in await told(keeper)]
    assert sorted(tags) == ["101", "110", "110"]
    assert keeper.place.douyin.book()["duplicates_sent"] == 1
    await keeper.place.control("/douyin/7/touch", None, 404)

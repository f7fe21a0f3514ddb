"""Refunds on Pinduoduo, and its risk control."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from tests.sandbox.merchant import Merchant, merchant
from tests.sandbox.town import draft

LIST, ONE, CHECK = "pdd.refund.list.increment.get", "pdd.refund.information.get", "pdd.refund.status.check"
SEND, ORDERS = "pdd.logistics.online.send", "pdd.order.number.list.increment.get"
ALL = {"after_sales_status": 1, "after_sales_type": 1}


@pytest.fixture
async def shop() -> AsyncIterator[Merchant]:
    async with merchant() as shop:
        yield shop


async def ask(shop: Merchant, order_sn: str, **wish: Any) -> str:
    return str((await shop.control(f"/pdd/{order_sn}/refund", wish, 200))["refund_id"])


async def settle(shop: Merchant, refund_id: str, verdict: str) -> None:
    await shop.control(f"/pdd/refunds/{refund_id}/{verdict}", None, 204)


async def listed(shop: Merchant, **more: Any) -> list[dict[str, Any]]:
    now = int(time.time())
    window = {"start_updated_at": now - 900, "end_updated_at": now + 900}
    found = await shop.call(LIST, **(window | ALL | more))
    assert found["total_count"] >= len(found["refund_list"])
    return list(found["refund_list"])


async def under_refund(shop: Merchant, order_sn: str) -> bool:
    return bool((await shop.call(CHECK, order_sns=order_sn))["order_sns_exists_refund"])


async def sent(shop: Merchant, order_sn: str) -> tuple[int, str] | None:
    """Ship an order; the refusal, if it is one."""
    answer = await shop.raw(SEND, order_sn=order_sn, tracking_number="SF100000001", logistics_id=44)
    error = answer.get("error_response")
    return (error["error_code"], error["sub_code"]) if error else None


async def standing(shop: Merchant, order_sn: str) -> tuple[int, int, int]:
    order = await shop.detail(order_sn)
    return order["refund_status"], order["after_sales_status"], order["confirm_status"]


async def test_a_refund_reads_as_documented(shop: Merchant) -> None:
    [number] = await shop.order()
    refund_id = await ask(shop, number, line=2)
    [refund] = await listed(shop)
    assert refund["created_time"] == refund["updated_time"]
    assert {name: value for name, value in refund.items() if not name.endswith("_time")} == {
        "id": int(refund_id),
        "order_sn": number,
        "after_sales_status": 2,
        "after_sales_type": 2,
        "after_sale_reason": "不想要了",
        "refund_amount": "33.08",
        "order_amount": "137.32",
        "discount_amount": "1.01",
        "goods_id": 600000002,
        "sku_id": 900000002,
        "outer_id": "TOWEL-01",
        "goods_number": 1,
        "tracking_number": "",
        "shipping_name": "",
        "speed_refund_flag": 0,
        "user_shipping_status": 1,
        "dispute_refund_status": 0,
    }
    assert await shop.call(ONE, after_sales_id=refund_id, order_sn=number) == refund
    [entry] = shop.pdd.book()["refunds"]
    assert (entry["refund_id"], entry["status"], entry["amount_fen"]) == (refund_id, "requested", 3308)


async def test_a_refund_of_the_whole_order_names_an_article_only_where_there_is_one(shop: Merchant) -> None:
    one = draft(channel="pdd", lines=draft()["lines"][:1])
    several, single = await shop.order(draft(channel="pdd"), one)
    await ask(shop, several)
    await ask(shop, single)
    assert [(refund["outer_id"], refund["goods_number"]) for refund in await listed(shop)] == [("", 4), ("MUG-01", 2)]


async def test_an_open_refund_stops_the_order_and_a_refused_one_lets_it_go(shop: Merchant) -> None:
    [number] = await shop.order()
    assert await standing(shop, number) == (1, 0, 1)
    for verdict, status in (("refuse", 6), ("withdraw", 11)):
        refund_id = await ask(shop, number)
        assert await standing(shop, number) == (2, 2, 1)
        assert await under_refund(shop, number)
        assert await sent(shop, number) == (50001, "refund-open")
        await settle(shop, refund_id, verdict)
        assert await standing(shop, number) == (1, status, 1)
        assert not await under_refund(shop, number)
    assert await sent(shop, number) is None
    assert [refund["after_sales_status"] for refund in await listed(shop)] == [6, 11]
    assert [entry["status"] for entry in shop.pdd.book()["refunds"]] == ["refused", "withdrawn"]


async def test_an_order_of_which_nothing_is_left_is_over(shop: Merchant) -> None:
    whole, by_line = await shop.order(draft(channel="pdd"), draft(channel="pdd"))
    await settle(shop, await ask(shop, whole), "approve")
    await settle(shop, await ask(shop, by_line, line=1), "approve")
    assert await standing(shop, by_line) == (1, 10, 1)
    assert not await under_refund(shop, by_line)
    await settle(shop, await ask(shop, by_line, line=2), "approve")
    for number in (whole, by_line):
        assert await standing(shop, number) == (4, 10, 2)
        assert await under_refund(shop, number)
        assert await sent(shop, number) == (50001, "order-refunded")
        await shop.control(f"/pdd/{number}/refund", {}, 409)
    assert {order["status"] for order in shop.pdd.book()["orders"]} == {"cancelled"}


async def test_a_part_of_the_money_lets_the_order_go(shop: Merchant) -> None:
    [number] = await shop.order()
    await settle(shop, await ask(shop, number, amount_fen=500), "approve")
    assert await standing(shop, number) == (1, 10, 1)
    assert await sent(shop, number) is None


async def test_what_was_shipped_stays_shipped(shop: Merchant) -> None:
    [number] = await shop.order()
    await sent(shop, number)
    part = await ask(shop, number, amount_fen=500)
    await settle(shop, part, "approve")
    assert await standing(shop, number) == (1, 10, 1)
    refund_id = await ask(shop, number)
    assert await standing(shop, number) == (2, 3, 1)
    await settle(shop, refund_id, "approve")
    assert await standing(shop, number) == (4, 10, 1)
    assert [refund["after_sales_type"] for refund in await listed(shop)] == [2, 3]
    assert shop.pdd.book()["orders"][0]["status"] == "shipped"


async def test_a_cancelled_order_was_refunded_whatever_was_open(shop: Merchant) -> None:
    [number] = await shop.order()
    await ask(shop, number, line=1)
    await shop.control(f"/pdd/{number}/cancel", None, 204)
    assert [(entry["status"], entry["amount_fen"]) for entry in shop.pdd.book()["refunds"]] == [
        ("withdrawn", 9824),
        ("refunded", 13732),
    ]


async def test_every_step_of_a_refund_is_found_by_polling(shop: Merchant) -> None:
    with time_machine.travel(time.time() - 7200, tick=False):
        first, second = await shop.order(draft(channel="pdd"), draft(channel="pdd"))
        old = await ask(shop, first)
        await ask(shop, second)
        assert len(await listed(shop)) == 2
    assert await listed(shop) == []
    await settle(shop, old, "refuse")
    [refund] = await listed(shop)
    assert (refund["order_sn"], refund["updated_time"] > refund["created_time"]) == (first, True)
    now = int(time.time())
    window = {"start_updated_at": now - 900, "end_updated_at": now + 5}
    orders = await shop.call(ORDERS, order_status=5, refund_status=5, is_lucky_flag=0, **window)
    assert [order["order_sn"] for order in orders["order_sn_list"]] == [first]


async def test_the_list_filters_and_pages(shop: Merchant) -> None:
    numbers = await shop.order(*(draft(channel="pdd") for _ in range(5)))
    ids = [await ask(shop, number) for number in numbers]
    pages = [await listed(shop, page=page, page_size=2) for page in (1, 2, 3)]
    assert [[str(refund["id"]) for refund in page] for page in pages] == [ids[:2], ids[2:4], ids[4:]]
    await settle(shop, ids[0], "refuse")
    assert [str(refund["id"]) for refund in await listed(shop, after_sales_status=6)] == ids[:1]
    assert len(await listed(shop, after_sales_status=2)) == 4
    assert await listed(shop, after_sales_type=3) == []
    assert [refund["order_sn"] for refund in await listed(shop, order_sn=numbers[3])] == [numbers[3]]


@pytest.mark.parametrize(
    ("method", "changes", "code", "sub_code"),
    [
        (LIST, {"end_updated_at": 1801}, 10000, "end_updated_at"),
        (LIST, {"end_updated_at": 0}, 10000, "end_updated_at"),
        (LIST, {"after_sales_status": None}, 10001, "after_sales_status"),
        (LIST, {"after_sales_type": 6}, 10000, "after_sales_type"),
        (LIST, {"page_size": 101}, 10000, "page_size"),
        (ONE, {"after_sales_id": None}, 10001, "after_sales_id"),
        (ONE, {"order_sn": "260101-1"}, 50001, "order-not-found"),
        (ONE, {}, 50001, "refund-not-found"),
    ],
)
async def test_wrong_parameters_are_named(
    shop: Merchant, method: str, changes: dict[str, Any], code: int, sub_code: str
) -> None:
    first, second = await shop.order(draft(channel="pdd"), draft(channel="pdd"))
    of_another = await ask(shop, second)
    good: dict[str, Any] = ALL | {"start_updated_at": 0, "end_updated_at": 1800}
    if method == ONE:
        good = {"after_sales_id": of_another, "order_sn": first}
    assert await shop.refused(method, **(good | changes)) == (code, sub_code)


async def test_an_order_under_review_shows_no_receiver_and_is_not_shipped(shop: Merchant) -> None:
    [number] = await shop.order()
    before = await shop.detail(number)
    await shop.control(f"/pdd/{number}/risk", {"under_review": True}, 204)
    reviewed = await shop.detail(number)
    assert (reviewed["risk_control_status"], reviewed["order_status"]) == (1, 1)
    assert not any(reviewed[name] for name in reviewed if name.startswith("receiver_") or name == "address")
    assert await sent(shop, number) == (50001, "under-review")
    await shop.control(f"/pdd/{number}/risk", {"under_review": False}, 204)
    after = await shop.detail(number)
    assert (after["risk_control_status"], after["receiver_phone"]) == (0, before["receiver_phone"])
    assert await sent(shop, number) is None
    await shop.control(f"/pdd/{number}/risk", {"under_review": True}, 409)
    await shop.control("/pdd/260101-1/risk", {"under_review": True}, 404)
    await shop.control(f"/pdd/{number}/risk", {}, 422)


async def test_a_touched_order_is_found_again_and_is_what_it_was(shop: Merchant) -> None:
    with time_machine.travel(time.time() - 7200, tick=False):
        [number] = await shop.order()
        before = await shop.detail(number)
    await shop.control(f"/pdd/{number}/touch", None, 204)
    after = await shop.detail(number)
    assert {name for name in after if after[name] != before[name]} == {"updated_at"}
    book = shop.pdd.book()
    assert (book["duplicates_sent"], book["orders"][0]["version"]) == (1, 1)
    await shop.control("/pdd/260101-1/touch", None, 404)

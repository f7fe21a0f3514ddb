"""After-sales on Xiaohongshu: amounts in yuan, two envelopes, and what becomes of the order."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from tests.sandbox.boutique import Boutique, boutique
from tests.sandbox.town import draft

LIST, INFO, SEND = "afterSale.listAfterSaleInfos", "afterSale.getAfterSaleInfo", "order.orderDeliver"
INVALID = -2000400


@pytest.fixture
async def shop() -> AsyncIterator[Boutique]:
    async with boutique() as shop:
        yield shop


def parcel(order_id: str, **more: object) -> dict[str, object]:
    return {"orderId": order_id, "expressNo": "SF100000001", "expressCompanyCode": "shunfeng"} | more


async def info(shop: Boutique, returns_id: str) -> dict[str, Any]:
    return dict((await shop.unwrapped(INFO, returnsId=returns_id))["afterSaleInfo"])


async def listed(shop: Boutique, **params: object) -> list[dict[str, Any]]:
    found = await shop.unwrapped(LIST, **{"pageNo": 1, "pageSize": 50} | params)
    assert found["totalCount"] >= len(found["afterSaleBasicInfos"])
    return list(found["afterSaleBasicInfos"])


def refunds(shop: Boutique) -> list[tuple[str, int, int | None]]:
    return [(entry["status"], entry["amount_fen"], entry["line"]) for entry in shop.book()["refunds"]]


async def test_a_whole_order_that_has_not_left_is_given_back(shop: Boutique) -> None:
    [number] = await shop.order()
    returns_id = await shop.refund(number)
    order = await shop.detail(number)
    assert (order["orderStatus"], order["cancelStatus"], order["orderAfterSalesStatus"]) == (4, 1, 2)
    assert {sku["skuAfterSaleStatus"] for sku in order["skuList"]} == {2}
    [basic] = await listed(shop, orderId=number)
    assert (basic["returnsId"], basic["orderId"], basic["userId"]) == (returns_id, number, "C1")
    assert (basic["returnType"], basic["status"], basic["expectedRefundAmountYuan"]) == (5, 1, 137.32)
    assert basic["applyTime"] == basic["updatedAt"]
    detail = await info(shop, returns_id)
    assert {name: detail[name] for name in basic} == basic
    assert (detail["refundStatus"], detail["refundAmountYuan"], detail["refundTime"]) == (0, 0, 0)
    claims = [(sku["skuERPCode"], sku["appliedCount"], sku["appliedTotalAmountYuan"]) for sku in detail["skus"]]
    # freight is no SKU's: 6.00 of the 137.32
    assert claims == [("MUG-01", 2, 98.24), ("TOWEL-01", 1, 33.08), ("GIFT-TOTE", 1, 0.0)]

    await shop.settle(returns_id, "approve")
    order = await shop.detail(number)
    assert (order["orderStatus"], order["cancelStatus"], order["orderAfterSalesStatus"]) == (9, 0, 3)
    detail = await info(shop, returns_id)
    assert (detail["status"], detail["refundStatus"], detail["refundAmountYuan"]) == (4, 2, 137.32)
    assert detail["refundTime"] == detail["updatedAt"] >= detail["applyTime"]
    assert shop.book()["orders"][0]["status"] == "cancelled"
    assert shop.book()["refunds"] == [
        {
            "refund_id": returns_id,
            "order_no": number,
            "shop": "xhs-main",
            "status": "refunded",
            "amount_fen": 13732,
            "line": None,
        }
    ]
    await shop.control(f"/xiaohongshu/{number}/refund", {}, 409)


@pytest.mark.parametrize(
    ("verdict", "status", "order_status", "words"),
    [("refuse", 9, 4, "refused"), ("withdraw", 5, 7, "withdrawn")],
)
async def test_a_refund_that_is_not_granted_leaves_the_order_as_it_was(
    shop: Boutique, verdict: str, status: int, order_status: int, words: str
) -> None:
    [number] = await shop.order()
    returns_id = await shop.refund(number)
    await shop.settle(returns_id, verdict)
    order = await shop.detail(number)
    assert (order["orderStatus"], order["cancelStatus"], order["orderAfterSalesStatus"]) == (4, 0, order_status)
    assert ((await info(shop, returns_id))["status"], refunds(shop)) == (status, [(words, 13732, None)])
    await shop.call(SEND, **parcel(number))
    await shop.settle(returns_id, "approve", 409)
    assert (await shop.detail(number))["orderStatus"] == 6


async def test_shipping_refuses_an_undecided_refund_of_what_has_not_left(shop: Boutique) -> None:
    [number] = await shop.order()
    returns_id = await shop.refund(number)
    await shop.call(SEND, **parcel(number))
    order = await shop.detail(number)
    assert (order["orderStatus"], order["cancelStatus"], order["orderAfterSalesStatus"]) == (6, 0, 4)
    assert ((await info(shop, returns_id))["status"], refunds(shop)) == (9, [("refused", 13732, None)])
    await shop.settle(returns_id, "approve", 409)


async def test_of_an_unpacked_order_only_the_refund_of_what_leaves_is_refused(shop: Boutique) -> None:
    [number] = await shop.order()
    mug, towel, _ = [sku["skuId"] for sku in (await shop.detail(number))["skuList"]]
    await shop.refund(number, line=1)
    await shop.refund(number, line=2)
    await shop.call(SEND, **parcel(number, unpack=True, skuIdList=[towel]))
    assert [status for status, _, _ in refunds(shop)] == ["requested", "refused"]
    assert (await shop.detail(number))["cancelStatus"] == 1
    await shop.settle(shop.book()["refunds"][0]["refund_id"], "approve")
    _, words = await shop.refused(SEND, **parcel(number, unpack=True, skuIdList=[mug]))
    assert words == "商品已退款，不能发货"


async def test_a_line_that_was_given_back_does_not_leave(shop: Boutique) -> None:
    [number] = await shop.order()
    returns_id = await shop.refund(number, line=1)
    [claim] = (await info(shop, returns_id))["skus"]
    assert (claim["skuERPCode"], claim["appliedCount"], claim["appliedTotalAmountYuan"]) == ("MUG-01", 2, 98.24)
    await shop.settle(returns_id, "approve")
    order = await shop.detail(number)
    assert (order["orderStatus"], order["orderAfterSalesStatus"]) == (4, 3)
    mug, towel, gift = order["skuList"]
    assert [sku["skuAfterSaleStatus"] for sku in (mug, towel, gift)] == [3, 1, 1]
    await shop.call(SEND, **parcel(number))
    order = await shop.detail(number)
    [left] = order["simpleDeliveryOrderList"]
    assert (order["orderStatus"], left["skuIdList"]) == (6, [towel["skuId"], gift["skuId"]])
    # the goods stay, the order is not refunded: two lines' money and the freight are still there
    assert refunds(shop) == [("refunded", 9824, 1)]


async def test_an_order_of_which_only_gifts_are_left_is_cancelled(shop: Boutique) -> None:
    [number] = await shop.order()
    for line, status in ((1, 4), (2, 9)):
        await shop.settle(await shop.refund(number, line=line), "approve")
        assert (await shop.detail(number))["orderStatus"] == status


async def test_a_part_of_the_money_is_price_protection_and_holds_nothing_back(shop: Boutique) -> None:
    [number] = await shop.order()
    returns_id = await shop.refund(number, line=1, amount_fen=501)
    [basic] = await listed(shop, orderId=number, returnTypes=[6])
    assert (basic["returnType"], basic["expectedRefundAmountYuan"]) == (6, 5.01)
    order = await shop.detail(number)
    assert (order["cancelStatus"], order["orderAfterSalesStatus"]) == (0, 2)
    assert {sku["skuAfterSaleStatus"] for sku in order["skuList"]} == {1}
    await shop.call(SEND, **parcel(number))
    await shop.settle(returns_id, "approve")
    assert (await shop.detail(number))["orderStatus"] == 6
    assert refunds(shop) == [("refunded", 501, 1)]


async def test_what_has_left_is_refunded_as_such(shop: Boutique) -> None:
    [number] = await shop.order()
    await shop.call(SEND, **parcel(number))
    returns_id = await shop.refund(number)
    order = await shop.detail(number)
    assert (order["orderStatus"], order["cancelStatus"], order["orderAfterSalesStatus"]) == (6, 0, 2)
    await shop.settle(returns_id, "approve")
    detail = await info(shop, returns_id)
    assert (detail["returnType"], detail["status"], detail["cargoStatus"]) == (4, 4, 1)
    assert ((await shop.detail(number))["orderStatus"], refunds(shop)) == (6, [("refunded", 13732, None)])


async def test_a_cancellation_is_a_refund_too(shop: Boutique) -> None:
    [number] = await shop.order()
    await shop.refund(number, line=2)
    await shop.refund(number, line=1, amount_fen=1)
    await shop.control(f"/xiaohongshu/{number}/cancel")
    assert [status for status, _, _ in refunds(shop)] == ["withdrawn", "withdrawn", "refunded"]
    assert (await shop.detail(number))["orderStatus"] == 9


async def test_after_sales_are_listed_by_application_and_by_update() -> None:
    begin = 1_780_000_000
    with time_machine.travel(begin, tick=False) as traveller:
        async with boutique() as shop:
            ids = []
            for _ in range(3):
                [number] = await shop.order()
                ids.append(await shop.refund(number))
                traveller.shift(60)
            await shop.settle(ids[0], "refuse")
            first, last = begin * 1000, (begin + 180) * 1000

            async def found(**params: object) -> list[str]:
                return [entry["returnsId"] for entry in await listed(shop, **params)]

            assert await found(timeType=1, startTime=first, endTime=last) == ids
            assert await found(timeType=2, startTime=first, endTime=last) == [ids[1], ids[2], ids[0]]
            assert await found(startTime=first, endTime=first + 60_000) == ids[:2]
            assert await found(startTime=first, endTime=last, statuses=[1]) == ids[1:]
            assert await found(startTime=first, endTime=last, returnTypes=[4, 6]) == []
            assert await found(startTime=first, endTime=last, pageNo=2, pageSize=2) == ids[2:]


@pytest.mark.parametrize(
    "params",
    [
        {"pageSize": 50, "orderId": "P1"},
        {"pageNo": 1, "orderId": "P1"},
        {"pageNo": 1, "pageSize": 101, "orderId": "P1"},
        {"pageNo": 501, "pageSize": 100, "orderId": "P1"},
        {"pageNo": 1, "pageSize": 50},
        {"pageNo": 1, "pageSize": 50, "startTime": 0},
        {"pageNo": 1, "pageSize": 50, "timeType": 2, "startTime": 0, "endTime": 1_800_001},
        {"pageNo": 1, "pageSize": 50, "timeType": 1, "startTime": 0, "endTime": 86_400_001},
        {"pageNo": 1, "pageSize": 50, "timeType": 1, "startTime": 9, "endTime": 9},
    ],
)
async def test_a_list_must_be_bounded(shop: Boutique, params: dict[str, Any]) -> None:
    assert (await shop.refused(LIST, **params))[0] == INVALID


async def test_what_there_is_not_is_said_inside(shop: Boutique) -> None:
    data = await shop.call(INFO, returnsId="R1")
    assert (data["success"], data["code"], data["data"]) == (False, -2000101, None)
    assert await listed(shop, orderId="P1") == []


async def test_the_controls_say_what_is_wrong(shop: Boutique) -> None:
    [number] = await shop.order(draft(channel="xiaohongshu"))
    path = f"/xiaohongshu/{number}/refund"
    await shop.control("/xiaohongshu/P1/refund", {}, 404)
    await shop.control(path, {"line": 4}, 409)
    await shop.control(path, {"line": 0}, 422)
    await shop.control(path, {"amount_fen": 13733}, 409)
    returns_id = await shop.refund(number)
    await shop.control(path, {"line": 1}, 409)
    await shop.settle("R1", "approve", 404)
    await shop.settle(returns_id, "burn", 422)
    await shop.settle(returns_id, "withdraw")
    for verdict in ("approve", "refuse", "withdraw"):
        await shop.settle(returns_id, verdict, 409)


async def test_a_touched_order_is_found_again_and_is_what_it_was() -> None:
    with time_machine.travel(time.time() - 600, tick=False) as traveller:
        async with boutique() as shop:
            [number] = await shop.order()
            before = await shop.detail(number)
            traveller.shift(60)
            await shop.control(f"/xiaohongshu/{number}/touch")
            after = await shop.detail(number)
            assert after.pop("updateTime") == before.pop("updateTime") + 60_000
            assert after == before
            book = shop.book()
            assert (book["duplicates_sent"], book["orders"][0]["version"]) == (1, 1)
            await shop.control("/xiaohongshu/P1/touch", None, 404)

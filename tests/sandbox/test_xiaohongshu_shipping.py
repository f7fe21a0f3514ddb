"""Shipping on Xiaohongshu, remarks, and the platform's own e-waybill."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.xiaohongshu.companies import COMPANIES
from tests.sandbox.boutique import Boutique, boutique
from tests.sandbox.town import RECEIVER, draft

SEND, MODIFY, MARK = "order.orderDeliver", "order.modifyOrderExpressInfo", "order.modifySellerMarkInfo"
GET, CANCEL, SUBSCRIBES = "express.createEbillOrders", "express.cancelEbillOrder", "express.queryEbillSubscribes"
INVALID, NOT_FOUND, BUSINESS = -2000400, -2000101, -2000600
MOVED = RECEIVER | {"detail": "示例路2号"}


@pytest.fixture
async def shop() -> AsyncIterator[Boutique]:
    async with boutique() as shop:
        yield shop


def parcel(order_id: str, number: str = "SF100000001", company: str = "shunfeng", **more: object) -> dict[str, object]:
    return {"orderId": order_id, "expressNo": number, "expressCompanyCode": company} | more


def told(shop: Boutique) -> list[tuple[str, str, str, int]]:
    return [(e["parcel_no"], e["carrier"], e["number"], e["times"]) for e in shop.book()["shipments"]]


async def test_an_order_ships_once(shop: Boutique) -> None:
    [number] = await shop.order()
    assert await shop.call(SEND, **parcel(number, deliveringTime=1_780_000_000_000)) == "success"
    for again in (parcel(number), parcel(number, "YT100000002", "yuantong")):
        assert await shop.refused(SEND, **again) == (BUSINESS, "订单已发货，请勿重复发货")
    assert told(shop) == [("1", "SF", "SF100000001", 2)]
    assert shop.handed_over == [("SF", "SF100000001")]
    order = await shop.detail(number)
    assert (order["orderStatus"], order["unpack"], order["deliveryTime"] > 0) == (6, False, True)
    assert (order["expressTrackingNo"], order["expressCompanyCode"]) == ("SF100000001", "shunfeng")
    [left] = order["simpleDeliveryOrderList"]
    assert (left["status"], left["expressTrackingNo"], len(left["skuIdList"])) == (6, "SF100000001", 3)
    assert shop.book()["orders"][0]["status"] == "shipped"
    await shop.control(f"/xiaohongshu/{number}/cancel", None, 409)


async def test_an_unpacked_order_ships_sku_by_sku(shop: Boutique) -> None:
    [number] = await shop.order()
    mug, towel, gift = [sku["skuId"] for sku in (await shop.detail(number))["skuList"]]
    first = parcel(number, unpack=True, skuIdList=[mug, gift])
    await shop.call(SEND, **first)
    order = await shop.detail(number)
    assert (order["orderStatus"], order["unpack"]) == (5, True)
    assert [(p["deliveryOrderIndex"], p["status"], p["skuIdList"]) for p in order["simpleDeliveryOrderList"]] == [
        (1, 6, [mug, gift]),
        (2, 4, [towel]),
    ]
    assert shop.book()["orders"][0]["status"] == "partly_shipped"
    second = parcel(number, "789000000002", "zto", unpack=True)
    assert (await shop.refused(SEND, **first))[1] == "商品已发货，请勿重复发货"
    assert (await shop.refused(SEND, **parcel(number, "789000000002", "zto")))[1].startswith("订单已拆包发货")
    assert (await shop.refused(SEND, **second))[0] == INVALID
    assert (await shop.refused(SEND, **second, skuIdList=["made-up"]))[0] == NOT_FOUND
    assert (await shop.refused(SEND, **parcel(number, company="zto", unpack=True, skuIdList=[towel])))[0] == BUSINESS
    await shop.call(SEND, **second, skuIdList=[towel])
    assert (await shop.detail(number))["orderStatus"] == 6
    assert told(shop) == [("1", "SF", "SF100000001", 3), ("2", "ZTO", "789000000002", 1)]
    assert shop.handed_over == [("SF", "SF100000001"), ("ZTO", "789000000002")]


async def test_two_skus_may_leave_one_after_the_other_in_one_parcel(shop: Boutique) -> None:
    [number] = await shop.order()
    mug, towel, gift = [sku["skuId"] for sku in (await shop.detail(number))["skuList"]]
    for ids in ([mug], [towel, gift]):
        await shop.call(SEND, **parcel(number, unpack=True, skuIdList=ids))
    assert told(shop) == [("1", "SF", "SF100000001", 2)]
    assert shop.handed_over == [("SF", "SF100000001")]
    assert (await shop.detail(number))["orderStatus"] == 6


async def test_a_shipment_that_makes_no_sense_is_refused(shop: Boutique) -> None:
    [number] = await shop.order()
    assert (await shop.refused(SEND, **parcel("P1")))[0] == NOT_FOUND
    for wrong in (parcel(number, company="SF"), parcel(number, "1"), parcel(number, "签收"), parcel(number, "")):
        assert (await shop.refused(SEND, **wrong))[0] == INVALID
    await shop.control(f"/xiaohongshu/{number}/cancel")
    assert await shop.refused(SEND, **parcel(number)) == (BUSINESS, "订单已取消，不能发货")
    assert (told(shop), shop.handed_over) == ([], [])


async def test_a_number_can_be_corrected(shop: Boutique) -> None:
    [number] = await shop.order()
    assert (await shop.refused(MODIFY, **parcel(number)))[0] == BUSINESS
    await shop.call(SEND, **parcel(number))
    for _ in range(2):
        assert await shop.call(MODIFY, **parcel(number, "YT100000002", "yuantong")) == "success"
    assert told(shop) == [("1", "YTO", "YT100000002", 2)]
    assert shop.handed_over == [("SF", "SF100000001"), ("YTO", "YT100000002")]
    assert (await shop.detail(number))["expressTrackingNo"] == "YT100000002"
    assert (await shop.refused(MODIFY, **parcel(number, company="SF")))[0] == INVALID


async def test_of_several_parcels_the_right_one_is_corrected(shop: Boutique) -> None:
    [number] = await shop.order()
    mug, towel, gift = [sku["skuId"] for sku in (await shop.detail(number))["skuList"]]
    await shop.call(SEND, **parcel(number, unpack=True, skuIdList=[mug]))
    await shop.call(SEND, **parcel(number, "SF100000002", unpack=True, skuIdList=[towel, gift]))
    assert (await shop.refused(MODIFY, **parcel(number, "SF100000003")))[0] == BUSINESS
    assert (await shop.refused(MODIFY, **parcel(number, "SF100000003"), deliveryOrderIndex=3))[0] == NOT_FOUND
    assert (await shop.refused(MODIFY, **parcel(number, "SF100000002"), deliveryOrderIndex=1))[0] == BUSINESS
    await shop.call(MODIFY, **parcel(number, "SF100000003"), deliveryOrderIndex=2)
    # the old number says it whatever the index says
    await shop.call(MODIFY, **parcel(number, "SF100000004"), deliveryOrderIndex=2, oldExpressNo="SF100000001")
    assert [entry[2] for entry in told(shop)] == ["SF100000004", "SF100000003"]


async def test_every_company_ships_under_its_code(shop: Boutique) -> None:
    infos = (await shop.call("common.getExpressCompanyList", accessToken=None))["expressCompanyInfos"]
    codes = [info["expressCompanyCode"] for info in infos]
    assert {"zto", "shunfeng", "selfdelivery"} <= set(codes)
    for n, code in enumerate(codes):
        [number] = await shop.order()
        await shop.call(SEND, **parcel(number, f"X1000000{n:02d}", code))
    assert [entry[1] for entry in told(shop)] == [COMPANIES[code].carrier.value for code in codes]
    assert len({info["expressCompanyId"] for info in infos}) == len(infos)


async def test_the_merchants_remark_is_changed(shop: Boutique) -> None:
    [number] = await shop.order()
    mark = {"orderId": number, "sellerMarkNote": "加急", "operator": "orderhub", "sellerMarkPriority": 2}
    assert await shop.call(MARK, **mark) == "success"
    order = await shop.detail(number)
    assert (order["sellerRemark"], order["sellerRemarkFlag"]) == ("加急", 2)
    assert (await shop.refused(MARK, **mark | {"sellerMarkPriority": 7}))[0] == INVALID
    assert (await shop.refused(MARK, **mark | {"orderId": "P1"}))[0] == NOT_FOUND


SENDER = {
    "name": "测试仓",
    "mobile": "13800000001",
    "address": {"province": "上海市", "city": "上海市", "district": "松江区", "detail": "示例路9号"},
}


async def wish(shop: Boutique, order_id: str, key: str = "K1", **changes: object) -> dict[str, Any]:
    """One e-waybill that is wanted; `changes` go into its top."""
    wanted = {
        "objectId": key,
        "orderInfo": {
            "orderChannelsType": "XIAO_HONG_SHU",
            "tradeOrderList": [order_id],
            "xhsOrderId": order_id,
        },
        "packageInfo": {"id": key, "items": [{"name": "马克杯", "count": 2}], "goodsDescription": "冷链"},
        "recipient": {"openAddressId": (await shop.detail(order_id))["openAddressId"]},
        "templateId": 17,
    }
    return wanted | changes


def call(*wishes: dict[str, Any], cp: str = "zto", **changes: object) -> dict[str, object]:
    contract = {"customerCode": "7551234567"} if COMPANIES[cp].direct else {"branchCode": "021001"}
    common: dict[str, object] = {"cpCode": cp, "sender": SENDER, "sellerName": "测试店", "billVersion": 2}
    return common | contract | {"tradeOrderInfoList": list(wishes)} | changes


async def obtained(shop: Boutique, *wishes: dict[str, Any], cp: str = "zto") -> list[dict[str, Any]]:
    return list((await shop.call(GET, **call(*wishes, cp=cp)))["wayBillList"])


async def denied(shop: Boutique, wanted: dict[str, Any], cp: str = "zto") -> tuple[int, str]:
    [answer] = await obtained(shop, wanted, cp=cp)
    assert (answer["success"], answer["waybillCode"]) == (False, "")
    return answer["errorCode"], answer["errorMsg"]


async def test_an_object_has_one_waybill(shop: Boutique) -> None:
    [number] = await shop.order()
    wanted = await wish(shop, number)
    [first] = await obtained(shop, wanted)
    assert (first["objectId"], first["success"], first["errorCode"]) == ("K1", True, 0)
    assert json.loads(first["printData"])["templateId"] == 17
    assert await obtained(shop, wanted) == [first]
    [other] = await obtained(shop, await wish(shop, number, "K2"), cp="shunfeng")
    assert other["waybillCode"] != first["waybillCode"]
    await shop.call(SEND, **parcel(number, first["waybillCode"], "zto"))
    # it was given before the order left; a new one is not
    assert await obtained(shop, wanted) == [first]
    assert (await denied(shop, await wish(shop, number, "K3")))[0] == BUSINESS
    kept = shop.book()["waybills"]
    assert kept == [
        {
            "key": key,
            "order_no": number,
            "carrier": carrier,
            "number": waybill["waybillCode"],
            "live": True,
            "at": entry["at"],
            "requirements_text": "冷链",
        }
        for entry, (key, carrier, waybill) in zip(kept, (("K1", "ZTO", first), ("K2", "SF", other)), strict=True)
    ]


async def test_each_wish_has_its_own_answer(shop: Boutique) -> None:
    good, gone, moved = await shop.order(*[draft(channel="xiaohongshu") for _ in range(3)])
    far = draft(channel="xiaohongshu", receiver=RECEIVER | {"province": "海南省", "city": "三沙市", "district": ""})
    [unreachable] = await shop.order(far)
    wishes = [await wish(shop, order_id, f"K{n}") for n, order_id in enumerate((gone, good, moved, unreachable))]
    await shop.control(f"/xiaohongshu/{gone}/cancel")
    await shop.control(f"/xiaohongshu/{moved}/address", {"receiver": MOVED})
    unknown = await wish(shop, good, "K9", orderInfo={"orderChannelsType": "XIAO_HONG_SHU", "xhsOrderId": "P1"})
    answers = await obtained(shop, *wishes, unknown)
    assert [(answer["objectId"], answer["success"]) for answer in answers] == [
        ("K0", False),
        ("K1", True),
        ("K2", False),
        ("K3", False),
        ("K9", False),
    ]
    assert answers[2]["errorMsg"] == "openAddressId 与订单不匹配"
    assert answers[4]["errorCode"] == NOT_FOUND
    assert [waybill["order_no"] for waybill in shop.book()["waybills"]] == [good]


async def test_a_call_for_waybills_that_makes_no_sense_is_refused_as_a_whole(shop: Boutique) -> None:
    [number] = await shop.order()
    wanted = await wish(shop, number)
    stranger = {"orderChannelsType": "TB", "tradeOrderList": [number]}
    cases: list[tuple[dict[str, object], int]] = [
        (call(wanted) | {"cpCode": "selfdelivery"}, BUSINESS),
        (call(wanted) | {"cpCode": "SF"}, BUSINESS),
        (call(wanted, branchCode=""), INVALID),
        (call(wanted, cp="shunfeng", customerCode="1"), INVALID),
        (call(wanted, wanted), INVALID),
        (call(*[await wish(shop, number, f"K{n}") for n in range(11)]), INVALID),
        (call(), INVALID),
        (call(wanted, sellerName=""), INVALID),
        (call(wanted, sender=SENDER | {"mobile": ""}), INVALID),
        (call(wanted | {"recipient": {"name": "测试"}}), INVALID),
        (call(wanted | {"objectId": "K" * 41}), INVALID),
        (call(wanted | {"orderInfo": stranger}), INVALID),
        (call(wanted | {"orderInfo": {"orderChannelsType": "XIAO_HONG_SHU"}}), INVALID),
    ]
    for params, code in cases:
        assert (await shop.refused(GET, **params))[0] == code
    assert shop.book()["waybills"] == []


async def test_a_waybill_can_be_cancelled_and_its_object_never_used_again(shop: Boutique) -> None:
    number, other = await shop.order(draft(channel="xiaohongshu"), draft(channel="xiaohongshu"))
    wanted = await wish(shop, number)
    [waybill] = await obtained(shop, wanted)
    assert (await denied(shop, await wish(shop, other, "K1")))[1] == "该 objectId 已用于其他订单或快递公司"
    assert (await denied(shop, wanted, "shunfeng"))[0] == BUSINESS
    mine = {"cpCode": "zto", "waybillCode": waybill["waybillCode"]}
    for wrong in (mine | {"cpCode": "shunfeng"}, mine | {"waybillCode": "0"}):
        assert (await shop.refused(CANCEL, **wrong))[0] == NOT_FOUND
    for _ in range(2):
        await shop.call(CANCEL, **mine)
    assert "已取消" in (await denied(shop, wanted))[1]
    assert [entry["live"] for entry in shop.book()["waybills"]] == [False]


@pytest.mark.parametrize(("pickup_s", "good"), [(60, True), (0, False)])
async def test_after_pickup_it_is_too_late_to_cancel(pickup_s: float, good: bool) -> None:
    async with boutique(pickup_s=pickup_s) as shop:
        [number] = await shop.order()
        [waybill] = await obtained(shop, await wish(shop, number))
        await shop.call(SEND, **parcel(number, waybill["waybillCode"], "zto"))
        answer = (await shop.raw(CANCEL, cpCode="zto", waybillCode=waybill["waybillCode"])).json()
        assert answer["success"] is good


async def test_contracts_say_what_a_call_needs(shop: Boutique) -> None:
    contracts = (await shop.call(SUBSCRIBES, billVersion=2, needUsage=True))["subscribeList"]
    assert {contract["cpCode"] for contract in contracts} == set(COMPANIES) - {"selfdelivery", "youzhengguonei"}
    for n, contract in enumerate(contracts):
        [number] = await shop.order()
        names = ("cpCode", "branchCode", "customerCode")
        params = call(await wish(shop, number, f"K{n}")) | {name: contract[name] for name in names}
        [answer] = (await shop.call(GET, **params))["wayBillList"]
        assert answer["success"]
    [zto] = (await shop.call(SUBSCRIBES, cpCode="zto", needUsage=True))["subscribeList"]
    assert (zto["cpType"], zto["usage"]["allocatedQuantity"]) == (2, 1)
    [plain] = (await shop.call(SUBSCRIBES, cpCode="zto"))["subscribeList"]
    assert "usage" not in plain
    assert len({waybill["number"] for waybill in shop.book()["waybills"]}) == len(contracts)

"""JD: what becomes of orders. Shipping, refunds and locks, splits; and the e-waybills of encrypted receivers."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from tests.sandbox.town import draft
from tests.sandbox.vendor import Vendor, beijing, vendor

REFUNDS = "pop.afs.soa.refundapply.queryPageList"
RECEIVE, UNBIND, BIG_SHOT, CONTRACTS = (
    "ldop.alpha.waybill.receive",
    "ldop.alpha.waybill.api.unbind",
    "ldop.alpha.vendor.bigshot.query",
    "ldop.alpha.provider.sign.success",
)
SENDER = {
    "provinceName": "浙江省",
    "cityName": "杭州市",
    "countryName": "余杭区",
    "address": "示例仓",
    "contact": "示例仓",
    "mobile": "13800001234",
}
WISH = {
    "waybillType": 1,
    "waybillCount": 1,
    "providerCode": "ZTO",
    "branchCode": "ZTO00001",
    "salePlatform": "0010001",
    "vendorCode": "10001",
    "vendorName": "测试店",
    "vendorOrderCode": "P1",
    "weight": "1.00",
    "volume": 0,
    "promiseTimeType": 0,
    "payType": 0,
    "goodsMoney": "132.33",
    "shouldPayMoney": "0.00",
    "needGuarantee": False,
    "guaranteeMoney": 0,
    "receiveTimeType": 0,
    "remark": "冷链配送",
    "fromAddress": SENDER,
}


@pytest.fixture
async def shop() -> AsyncIterator[Vendor]:
    async with vendor() as shop:
        yield shop


async def wish(shop: Vendor, *numbers: str, to: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """What is asked for the first of these orders, its receiver as ciphertexts."""
    who = (await shop.detail(numbers[0]))["consigneeInfo"]
    receiver = {
        "provinceName": who["province"],
        "cityName": who["city"],
        "countryName": who["county"],
        "contact": who["fullname"],
        "mobile": who["mobile"],
        "address": who["fullAddress"],
    }
    return {**WISH, "platformOrderNo": ",".join(numbers), "toAddress": receiver | (to or {}), **changes}


async def receive(shop: Vendor, content: object) -> dict[str, Any]:
    answer: dict[str, Any] = await shop.raw(RECEIVE, {"content": content})
    assert answer["statusMessage"]
    return answer


async def granted(shop: Vendor, content: object) -> str:
    answer = await receive(shop, content)
    assert answer["statusCode"] == 0, answer
    [number] = answer["data"]["waybillCodeList"]
    return str(number)


async def denied(shop: Vendor, content: object) -> str:
    answer = await receive(shop, content)
    assert (answer["statusCode"], "data" in answer) == (1, False), answer
    return str(answer["statusMessage"])


async def unbind(shop: Vendor, code: str, provider: str = "ZTO") -> tuple[int, str]:
    result = (await shop.call(UNBIND, providerCode=provider, waybillCode=code))["resultInfo"]
    return result["statusCode"], result["statusMessage"]


# --- shipping


async def test_an_order_ships_once(shop: Vendor) -> None:
    [number] = await shop.order()
    answer = await shop.ship(number)
    assert answer == {"success": True, "errorCode": "0", "chineseErrCode": "", "englishErrCode": ""}
    order = await shop.detail(number)
    assert (order["orderState"], order["waybill"], order["logisticsId"]) == (
        "WAIT_GOODS_RECEIVE_CONFIRM",
        "SF1234567890",
        "467",
    )
    for again in ("SF1234567890", "SF9999999999"):
        answer = await shop.ship(number, numbers=again)
        assert (answer["success"], "重复出库" in answer["chineseErrCode"]) == ("false", True)
    assert shop.handed_over == [("SF", "SF1234567890")]
    assert shop.book("shipments") == [
        {"order_no": number, "parcel_no": "", "carrier": "SF", "number": "SF1234567890", "times": 2}
    ]


@pytest.mark.parametrize(
    ("couriers", "numbers"),
    [("467|1499", "SF1234567890|ZT1234567"), ("467|467", "SF1234567890|ZT1234567"), ("467", "SF1234567890,ZT1234567")],
)
async def test_an_order_ships_in_several_parcels_at_once(shop: Vendor, couriers: str, numbers: str) -> None:
    [number] = await shop.order()
    assert (await shop.ship(number, couriers, numbers))["success"] is True
    assert [entry["number"] for entry in shop.book("shipments")] == ["SF1234567890", "ZT1234567"]
    assert len(shop.handed_over) == 2
    assert (await shop.detail(number))["waybill"] == "SF1234567890|ZT1234567"


async def test_who_delivers_himself_has_no_number(shop: Vendor) -> None:
    [number] = await shop.order()
    assert (await shop.ship(number, "1274", ""))["success"] is True
    assert shop.handed_over == []
    assert [(entry["carrier"], entry["number"]) for entry in shop.book("shipments")] == [("OTHER", "")]


@pytest.mark.parametrize(
    ("couriers", "numbers", "words"),
    [
        ("9999", "SF1234567890", "物流公司不存在"),
        ("467|1499", "SF1234567890", "数量不一致"),
        ("467", "SF12", "运单号不合法"),
        ("467", "", "运单号不合法"),
    ],
)
async def test_a_shipment_that_makes_no_sense_is_refused(shop: Vendor, couriers: str, numbers: str, words: str) -> None:
    [number] = await shop.order()
    answer = await shop.ship(number, couriers, numbers)
    assert (answer["success"], words in answer["chineseErrCode"]) == ("false", True)
    assert (await shop.ship("404"))["chineseErrCode"] == "订单不存在"
    assert shop.book("shipments") == []


async def test_an_order_that_is_not_paid_is_not_shipped(shop: Vendor) -> None:
    later = beijing(time.time() + 600).replace(" ", "T") + "+08:00"
    [number] = await shop.order(draft(channel="jd", paid_at=later))
    assert "未付款" in (await shop.ship(number))["chineseErrCode"]
    await shop.control(f"/jd/{number}/refund", None, 409)


# --- refunds


async def test_a_refund_locks_an_order_until_it_is_settled(shop: Vendor) -> None:
    [number] = await shop.order()
    for verdict in ("refuse", "withdraw"):
        refund = (await shop.control(f"/jd/{number}/refund"))["refund_id"]
        assert (await shop.detail(number))["orderState"] == "LOCKED"
        assert await shop.ids(order_state="LOCKED") == [number]
        assert "锁定" in (await shop.ship(number))["chineseErrCode"]
        await shop.control(f"/jd/refunds/{refund}/{verdict}", None, 204)
        assert (await shop.detail(number))["orderState"] == "WAIT_SELLER_STOCK_OUT"
        await shop.control(f"/jd/refunds/{refund}/approve", None, 409)
    assert [entry["status"] for entry in shop.book("refunds")] == ["refused", "withdrawn"]
    assert (await shop.ship(number))["success"] is True


async def test_an_order_whose_money_is_back_is_cancelled(shop: Vendor) -> None:
    [number] = await shop.order()
    refund = (await shop.control(f"/jd/{number}/refund"))["refund_id"]
    await shop.control(f"/jd/refunds/{refund}/approve", None, 204)
    assert (await shop.detail(number))["orderState"] == "TRADE_CANCELED"
    assert "取消" in (await shop.ship(number))["chineseErrCode"]
    for path in ("cancel", "split", "refund"):
        await shop.control(f"/jd/{number}/{path}", None, 409)
    assert [entry["status"] for entry in shop.book("orders")] == ["cancelled"]
    assert shop.book("refunds") == [
        {
            "refund_id": refund,
            "order_no": number,
            "shop": "jd-main",
            "status": "refunded",
            "amount_fen": 13732,
            "line": None,
        }
    ]


async def test_an_order_goes_on_without_the_lines_that_were_refunded_until_none_is_left(shop: Vendor) -> None:
    [number] = await shop.order()
    states = []
    for line in (2, 1):
        refund = (await shop.control(f"/jd/{number}/refund", {"line": line}))["refund_id"]
        states.append((await shop.detail(number))["orderState"])
        await shop.control(f"/jd/refunds/{refund}/approve", None, 204)
        states.append((await shop.detail(number))["orderState"])
    assert states == ["LOCKED", "WAIT_SELLER_STOCK_OUT", "LOCKED", "TRADE_CANCELED"]


async def test_an_order_that_left_is_not_locked(shop: Vendor) -> None:
    [number] = await shop.order()
    await shop.ship(number)
    refund = (await shop.control(f"/jd/{number}/refund", {"amount_fen": 500}))["refund_id"]
    await shop.control(f"/jd/refunds/{refund}/approve", None, 204)
    assert (await shop.detail(number))["orderState"] == "WAIT_GOODS_RECEIVE_CONFIRM"
    await shop.control("/jd/refunds/404/approve", None, 404)


async def test_a_buyer_who_cancels_has_the_money_at_once(shop: Vendor) -> None:
    [number] = await shop.order()
    await shop.control(f"/jd/{number}/cancel", None, 204)
    assert (await shop.detail(number))["orderState"] == "TRADE_CANCELED"
    assert [(entry["status"], entry["amount_fen"]) for entry in shop.book("refunds")] == [("refunded", 13732)]


async def test_refunds_are_listed_in_fen(shop: Vendor) -> None:
    start = time.time()
    with time_machine.travel(start, tick=False) as clock:
        one, two = await shop.order(draft(channel="jd"), draft(channel="jd"))
        first = (await shop.control(f"/jd/{one}/refund", {"line": 2}))["refund_id"]
        clock.shift(60)
        await shop.control(f"/jd/refunds/{first}/approve", None, 204)
        second = (await shop.control(f"/jd/{two}/refund", {"amount_fen": 100}))["refund_id"]

        async def listed(**filters: object) -> list[str]:
            result = (await shop.call(REFUNDS, pageIndex="1", pageSize="50", **filters))["queryResult"]
            assert (result["success"], result["totalCount"]) == (True, len(result.get("result", [])))
            return [str(entry["id"]) for entry in result.get("result", [])]

        result = (await shop.call(REFUNDS, pageIndex=1, pageSize=1))["queryResult"]
        assert result["totalCount"] == 2
        [entry] = result["result"]
        assert (entry["orderId"], entry["applyRefundSum"], entry["status"]) == (one, 3308, 3)
        assert (entry["applyTime"], entry["checkTime"]) == (beijing(start), beijing(start + 60))
        assert await listed() == [first, second]
        assert await listed(ids=f"{second},7") == [second]
        assert await listed(status=0) == [second]
        assert await listed(status="") == [first, second]
        assert await listed(orderId=one) == [first]
        assert await listed(buyerId="nobody") == []
        assert await listed(applyTimeStart=beijing(start + 1)) == [second]
        assert await listed(checkTimeStart=beijing(start), checkTimeEnd=beijing(start + 60)) == [first]
        assert "result" not in (await shop.call(REFUNDS, pageIndex=3, pageSize=1))["queryResult"]
    assert await shop.refused(REFUNDS, {"pageIndex": 101, "pageSize": 50}) == "6"
    assert await shop.refused(REFUNDS, {"pageIndex": 1, "pageSize": 51}) == "6"
    assert await shop.refused(REFUNDS, {"pageIndex": 1}) == "5"


# --- splits


async def test_an_order_is_replaced_by_two_children(shop: Vendor) -> None:
    start = time.time()
    with time_machine.travel(start, tick=False) as clock:
        [parent] = await shop.order()
        before = await shop.detail(parent)
        clock.shift(60)
        children = (await shop.control(f"/jd/{parent}/split"))["order_nos"]
        assert await shop.ids(start_date=beijing(start), end_date=beijing(start + 60)) == children
    gone = await shop.call("pop.order.enGet", order_id=parent, optional_fields="orderId")
    assert gone["orderDetailInfo"]["apiResult"]["success"] == "false"
    assert (await shop.ship(parent))["chineseErrCode"] == "订单不存在"
    one, two = [await shop.detail(child) for child in children]
    assert {one["parentOrderId"], two["parentOrderId"]} == {parent}
    assert [[item["outerSkuId"] for item in child["itemInfoList"]] for child in (one, two)] == [
        ["MUG-01", "GIFT-TOTE"],
        ["TOWEL-01"],
    ]
    for name in ("orderTotalPrice", "sellerDiscount", "freightPrice", "shouldPay"):
        assert float(before[name]) == pytest.approx(float(one[name]) + float(two[name]))
    assert (one["freightPrice"], two["freightPrice"]) == ("6.00", "0.00")
    assert one["paymentConfirmTime"] == before["paymentConfirmTime"]
    assert one["consigneeInfo"]["fullname"] != before["consigneeInfo"]["fullname"]
    assert [(entry["order_no"], entry["parent_no"]) for entry in shop.book("orders")] == [
        (child, parent) for child in children
    ]
    assert shop.book("parents") == [{"order_no": parent, "shop": "jd-main", "children": children}]
    await shop.control("/orders", [draft(channel="jd", order_no=parent)], 409)
    for child in children:
        await shop.control(f"/jd/{child}/split", None, 409)


async def test_only_what_waits_for_shipping_is_split(shop: Vendor) -> None:
    [number] = await shop.order()
    await shop.control(f"/jd/{number}/refund")
    await shop.control(f"/jd/{number}/split", None, 409)
    await shop.control("/jd/404/split", None, 404)


# --- e-waybills


async def test_an_encrypted_receiver_gets_a_number_and_the_same_one_again(shop: Vendor) -> None:
    [number] = await shop.order()
    content = await wish(shop, number)
    answer = await receive(shop, content)
    assert (answer["statusCode"], answer["data"]["platformOrderNo"]) == (0, number)
    [code] = answer["data"]["waybillCodeList"]
    assert code.startswith("785")
    for again in (content, json.dumps(content), content | {"goodsName": "杯"}):
        assert await granted(shop, again) == code
    assert await granted(shop, content | {"vendorOrderCode": "P2"}) != code
    [entry, _] = shop.book("waybills")
    assert entry == {
        "key": "P1",
        "order_no": number,
        "carrier": "ZTO",
        "number": code,
        "live": True,
        "at": entry["at"],
        "requirements_text": "冷链配送",
    }
    await shop.ship(number, "1499", code)
    assert await granted(shop, content) == code


async def test_a_receiver_is_named_by_its_handle_or_its_ciphertexts(shop: Vendor) -> None:
    one, two = await shop.order(draft(channel="jd"), draft(channel="jd"))
    who, other = [(await shop.detail(number))["consigneeInfo"] for number in (one, two)]
    masks = {"oaid": who["oaid"], "contact": "测*", "mobile": who["desen_mobile"], "address": "***"}
    await granted(shop, await wish(shop, one, to=masks, vendorOrderCode="by-handle"))
    phone = {"mobile": "", "phone": who["telephone"]}
    await granted(shop, await wish(shop, one, to=phone, vendorOrderCode="by-ciphertext"))
    await granted(shop, await wish(shop, one, two, vendorOrderCode="merged"))
    assert await denied(shop, await wish(shop, one, to=masks | {"oaid": other["oaid"]})) == "oaid与订单不匹配"
    assert await denied(shop, await wish(shop, one, to={"contact": other["fullname"]})) == "收件人密文不属于该订单"
    assert "已脱敏" in await denied(shop, await wish(shop, one, to=masks | {"oaid": ""}))


async def test_ciphertexts_are_taken_for_orders_of_jd_only(shop: Vendor) -> None:
    [number] = await shop.order()
    sealed = await wish(shop, number)
    handle = {"oaid": (await shop.detail(number))["consigneeInfo"]["oaid"]}
    assert await denied(shop, sealed | {"salePlatform": "0030001"}) == "收件人密文不属于该订单"
    assert await denied(shop, await wish(shop, number, to=handle, salePlatform="0030001")) == "oaid与订单不匹配"
    assert await denied(shop, sealed | {"platformOrderNo": "404"}) == "平台订单号不存在"
    clear = {"contact": "测试", "mobile": "13800000000", "address": "示例路1号"}
    for platform, order_no in (("0010001", number), ("0030001", "TB-404")):
        content = await wish(shop, number, to=clear, salePlatform=platform, vendorOrderCode=platform)
        await granted(shop, content | {"platformOrderNo": order_no})


async def test_what_is_not_to_be_shipped_gets_no_number(shop: Vendor) -> None:
    [number] = await shop.order()
    content = await wish(shop, number)
    refund = (await shop.control(f"/jd/{number}/refund"))["refund_id"]
    assert await denied(shop, content) == "订单已锁定，不能取号"
    await shop.control(f"/jd/refunds/{refund}/approve", None, 204)
    assert await denied(shop, content) == "订单已取消"
    [number] = await shop.order()
    content = await wish(shop, number)
    await shop.ship(number)
    assert await denied(shop, content) == "订单已出库"
    receiver = draft()["receiver"] | {"province": "海南省", "city": "三沙市", "district": ""}
    [number] = await shop.order(draft(channel="jd", receiver=receiver))
    assert "地址不可达" in await denied(shop, await wish(shop, number))
    assert shop.book("waybills") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vendorCode": "10002"}, "商家编码错误"),
        ({"providerCode": "GHOST"}, "承运商未签约"),
        ({"providerCode": "SELF"}, "承运商未签约"),
        ({"branchCode": ""}, "网点编码错误"),
        ({"providerCode": "EMS"}, "财务结算编码错误"),
        ({"providerCode": "SF", "settlementCode": "7550000001"}, "顺丰"),
        ({"fromAddress": SENDER | {"contact": ""}}, "发货人信息不完整"),
        ({"providerCode": ""}, "参数 providerCode 不合法"),
        ({"waybillType": 2}, "参数 waybillType 不合法"),
        ({"waybillCount": 100}, "参数 waybillCount 不合法"),
        ({"salePlatform": "1"}, "参数 salePlatform 不合法"),
        ({"shouldPayMoney": "1.00"}, "参数 shouldPayMoney 不合法"),
        ({"payType": 1}, "参数 payType 不合法"),
        ({"vendorOrderCode": ""}, "参数 vendorOrderCode 不合法"),
        ({"toAddress": {}}, "缺少参数 toAddress.provinceName"),
        ({"goodsMoney": None}, "缺少参数 goodsMoney"),
    ],
)
async def test_a_wish_that_makes_no_sense_gets_no_number(shop: Vendor, changes: dict[str, Any], words: str) -> None:
    [number] = await shop.order()
    assert words in await denied(shop, await wish(shop, number) | changes)
    assert shop.book("waybills") == []


async def test_a_content_that_is_none_gets_no_number(shop: Vendor) -> None:
    for content in ("{", "7", "[]"):
        assert "不合法" in await denied(shop, content)
    assert await shop.refused(RECEIVE, {}) == "5"
    assert await shop.refused(RECEIVE, {"content": {}}, access_token="made-up") == "19"


async def test_a_number_is_unbound_and_its_key_never_used_again(shop: Vendor) -> None:
    [number] = await shop.order()
    content = await wish(shop, number)
    code = await granted(shop, content)
    assert "其他承运商" in await denied(shop, content | {"providerCode": "YTO", "branchCode": "YTO00001"})
    assert await unbind(shop, code, "YTO") == (1, "运单号不存在")
    assert await unbind(shop, "785404") == (1, "运单号不存在")
    for _ in range(2):
        assert await unbind(shop, code) == (0, "SUCCESS")
    assert "已解绑" in await denied(shop, content)
    assert [entry["live"] for entry in shop.book("waybills")] == [False]
    assert await shop.refused(UNBIND, {"waybillCode": code}) == "6"


async def test_after_pickup_it_is_too_late_to_unbind() -> None:
    async with vendor(pickup_s=0) as shop:
        [number] = await shop.order()
        code = await granted(shop, await wish(shop, number))
        await shop.ship(number, "1499", code)
        assert await unbind(shop, code) == (1, "快件已揽收，不能解绑")


async def test_every_contract_gives_numbers_of_its_own(shop: Vendor) -> None:
    [number] = await shop.order()
    contracts = (await shop.call(CONTRACTS, vendorCode="10001"))["resultInfo"]["data"]
    assert len(contracts) == 8
    for contract in contracts:
        codes = {name: contract[name] for name in ("branchCode", "settlementCode") if name in contract}
        assert bool(codes.get("settlementCode")) is (contract["operationType"] == 1)
        provider = {"providerId": contract["providerId"], "providerCode": "", "branchCode": ""} | codes
        of_sf = {"expressPayMethod": "1", "expressType": "1"}
        key = {"vendorOrderCode": contract["providerCode"]}
        code = await granted(shop, await wish(shop, number) | provider | of_sf | key)
        shot = (await shop.call(BIG_SHOT, waybillCode=code, providerId=contract["providerId"]))["resultInfo"]
        assert (shot["statusCode"], shot["data"]["waybillCode"]) == (0, code)
    assert len({entry["number"] for entry in shop.book("waybills")}) == 8
    assert (await shop.call(CONTRACTS, vendorCode="1"))["resultInfo"]["statusCode"] == 1
    assert (await shop.call(BIG_SHOT, waybillCode="1", providerCode="SF"))["resultInfo"]["statusCode"] == 1


async def test_several_numbers_come_at_once(shop: Vendor) -> None:
    [number] = await shop.order()
    answer = await receive(shop, await wish(shop, number, waybillCount=3))
    assert len(set(answer["data"]["waybillCodeList"])) == 3

"""Xiaohongshu's door: signature, time, tokens, parameters; reading orders and receivers."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import time_machine

from sandbox.app import create_app
from sandbox.digest import looks_encrypted, receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.xiaohongshu.signing import call_sign
from tests.sandbox.boutique import DOOR, Boutique, boutique
from tests.sandbox.stage import make_settings, until
from tests.sandbox.town import RECEIVER, draft
from tests.vectors import vector

LIST, DETAIL, RECEIVERS = "order.getOrderList", "order.getOrderDetail", "order.getOrderReceiverInfo"
CREATE, REFRESH = "oauth.getAccessToken", "oauth.refreshToken"
INVALID, NOT_FOUND, UNAUTHORISED = -2000400, -2000101, 401
MOVED = RECEIVER | {"detail": "示例路2号"}
DAY = 86_400


@pytest.fixture
async def shop() -> AsyncIterator[Boutique]:
    async with boutique() as shop:
        yield shop


def test_the_sign_is_the_published_one() -> None:
    entry = vector("xiaohongshu", "gateway sign")
    given = entry["inputs"]
    sign = call_sign(given["method"], given["app_id"], given["timestamp"], given["version"], given["app_secret"])
    assert sign == entry["expected"]


async def test_xiaohongshu_is_there_only_when_it_is_configured() -> None:
    app = create_app(make_settings())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        assert (await http.post(DOOR, json={})).status_code == 404
        assert "xiaohongshu" not in (await http.get("/books")).json()
        answer = await http.post("/control/orders", json=[draft(channel="xiaohongshu")])
        assert (answer.status_code, answer.json()) == (409, {"detail": "there is no shop on xiaohongshu"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 32}, UNAUTHORISED),
        ({"sign": "签名"}, UNAUTHORISED),
        ({"sign": None}, INVALID),
        ({"sign": ""}, INVALID),
        ({"appId": None}, INVALID),
        ({"appId": "other"}, UNAUTHORISED),
        ({"version": "1.0"}, INVALID),
        ({"method": "order.unknown"}, INVALID),
        ({"method": 7}, INVALID),
        ({"timestamp": None}, INVALID),
        ({"timestamp": int(time.time())}, INVALID),
        ({"timestamp": "tomorrow"}, INVALID),
        ({"timestamp": str(int(time.time() * 1000))}, INVALID),
        ({"timestamp": "1"}, INVALID),
        ({"accessToken": None}, INVALID),
        ({"accessToken": "made-up"}, UNAUTHORISED),
    ],
)
async def test_a_call_that_is_not_in_order_is_refused(shop: Boutique, changes: dict[str, object], code: int) -> None:
    [number] = await shop.order()
    if changes.get("sign", "") is None:
        response = await shop.http.post(DOOR, json={"appId": "xhs-app", "method": DETAIL, "orderId": number})
        assert response.json()["error_code"] == code
        return
    assert (await shop.refused(DETAIL, orderId=number, **changes))[0] == code


async def test_neither_the_token_nor_the_business_fields_are_signed(shop: Boutique) -> None:
    one, other = await shop.order(draft(channel="xiaohongshu"), draft(channel="xiaohongshu"))
    moment = str(int(time.time()))
    sign = call_sign(DETAIL, "xhs-app", moment, "2.0", "xhs-secret")
    for number in (one, other):
        assert (await shop.call(DETAIL, orderId=number, timestamp=moment, sign=sign))["orderId"] == number
    stolen = await shop.refused(LIST, timestamp=moment, sign=sign, timeType=1, startTime=0, endTime=9)
    assert stolen[0] == UNAUTHORISED


@pytest.mark.parametrize("seconds", [-590, 590])
async def test_the_clocks_may_differ_by_ten_minutes(shop: Boutique, seconds: int) -> None:
    [number] = await shop.order()
    await shop.call(DETAIL, orderId=number, timestamp=str(int(time.time()) + seconds))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"text"'])
async def test_a_body_must_be_an_object(shop: Boutique, body: bytes) -> None:
    answer = (await shop.http.post(DOOR, content=body)).json()
    assert (answer["success"], answer["error_code"]) == (False, INVALID)


async def test_a_code_is_good_for_one_exchange_and_ten_minutes() -> None:
    async with boutique(access_token="", refresh_token="") as shop:
        [number] = await shop.order()
        assert (await shop.refused(DETAIL, orderId=number))[0] == UNAUTHORISED
        code, late = [(await shop.control("/xiaohongshu/authorise", None, 200))["code"] for _ in range(2)]
        pair = await shop.call(CREATE, code=code, accessToken=None)
        assert (pair["sellerId"], pair["sellerName"]) == ("xhs-main", "测试店")
        now = time.time() * 1000
        assert abs(pair["accessTokenExpiresAt"] - now - 7 * DAY * 1000) < 5000
        assert abs(pair["refreshTokenExpiresAt"] - now - 14 * DAY * 1000) < 5000
        shop.token = pair["accessToken"]
        await shop.detail(number)
        for wrong in (code, "made-up"):
            assert (await shop.refused(CREATE, code=wrong))[0] == UNAUTHORISED
        with time_machine.travel(time.time() + 601, tick=True):
            assert (await shop.refused(CREATE, code=late))[0] == UNAUTHORISED


async def test_a_pair_is_renewed_in_its_last_half_hour_only(shop: Boutique) -> None:
    [number] = await shop.order()
    start = time.time()
    with time_machine.travel(start + 7 * DAY - 1810, tick=True):
        same = await shop.call(REFRESH, refreshToken="xhs-refresh", accessToken=None)
        assert (same["accessToken"], same["refreshToken"]) == ("xhs-token", "xhs-refresh")
    with time_machine.travel(start + 7 * DAY - 1790, tick=True) as traveller:
        pair = await shop.call(REFRESH, refreshToken="xhs-refresh")
        assert {pair["accessToken"], pair["refreshToken"]}.isdisjoint({"xhs-token", "xhs-refresh"})
        assert abs(pair["accessTokenExpiresAt"] - time.time() * 1000 - 7 * DAY * 1000) < 5000
        # the replaced refresh token is gone, the replaced access token lives five minutes
        assert (await shop.refused(REFRESH, refreshToken="xhs-refresh"))[0] == UNAUTHORISED
        traveller.shift(290)
        await shop.detail(number)
        traveller.shift(20)
        assert (await shop.refused(DETAIL, orderId=number))[0] == UNAUTHORISED
        shop.token = pair["accessToken"]
        await shop.detail(number)


async def test_an_expired_pair_is_renewed_until_its_refresh_token_expires(shop: Boutique) -> None:
    [number] = await shop.order()
    start = time.time()
    with time_machine.travel(start + 7 * DAY + 10, tick=True):
        assert (await shop.refused(DETAIL, orderId=number))[0] == UNAUTHORISED
        pair = await shop.call(REFRESH, refreshToken="xhs-refresh")
        # it was over: no five minutes more
        assert (await shop.refused(DETAIL, orderId=number))[0] == UNAUTHORISED
        shop.token = pair["accessToken"]
        await shop.detail(number)
    with time_machine.travel(start + 21 * DAY + 20, tick=True):
        assert (await shop.refused(REFRESH, refreshToken=pair["refreshToken"]))[0] == UNAUTHORISED
        code = (await shop.control("/xiaohongshu/authorise", None, 200))["code"]
        shop.token = (await shop.call(CREATE, code=code))["accessToken"]
        await shop.detail(number)


async def test_an_order_in_full(shop: Boutique) -> None:
    [number] = await shop.order(draft(channel="xiaohongshu", buyer_note="送货前请电话联系"))
    order = await shop.detail(number)
    assert (order["orderId"], order["orderStatus"], order["orderType"], order["cancelStatus"]) == (number, 4, 1, 0)
    assert (order["shopId"], order["orderAfterSalesStatus"], order["userId"]) == ("xhs-main", 1, "C1")
    assert (order["customerRemark"], order["sellerRemark"]) == ("送货前请电话联系", "老客户 冷链配送")
    money = ("totalPayAmount", "totalShippingFree", "totalMerchantDiscount", "merchantActualReceiveAmount")
    assert [order[name] for name in money] == [13732, 600, 101, 13732]
    times = [order[name] for name in ("createdTime", "paidTime", "updateTime")]
    assert times == sorted(times)
    assert all(abs(moment - time.time() * 1000) < 60_000 for moment in times)
    assert [order[name] for name in ("deliveryTime", "cancelTime", "finishTime")] == [0, 0, 0]
    assert [order[f"receiver{part}"] for part in ("Name", "Phone", "Address")] == [None, None, None]
    region = [order[f"receiver{part}Name"] for part in ("Province", "City", "District")]
    assert region == ["浙江省", "杭州市", "余杭区"]
    mug, towel, gift = order["skuList"]
    assert [sku["erpcode"] for sku in (mug, towel, gift)] == ["MUG-01", "TOWEL-01", "GIFT-TOTE"]
    assert [sku["skuTag"] for sku in (mug, towel, gift)] == [0, 0, 1]
    assert [sku["totalPaidAmount"] for sku in (mug, towel, gift)] == [9824, 3308, 0]
    assert sum(sku["totalPaidAmount"] for sku in (mug, towel, gift)) + 600 == order["totalPayAmount"]
    [child] = mug["skuDetailList"]
    assert (child["erpCode"], child["quantity"], child["pricePerSku"]) == ("MUG-01", 2, 4950)
    assert child["paidAmountPerSku"] * child["quantity"] == mug["totalPaidAmount"]
    [parcel] = order["simpleDeliveryOrderList"]
    assert (parcel["status"], parcel["skuIdList"]) == (4, [sku["skuId"] for sku in (mug, towel, gift)])
    assert (order["expressTrackingNo"], order["unpack"]) == ("", False)


async def test_lines_of_one_sku_are_merged_and_a_gift_of_it_is_not(shop: Boutique) -> None:
    line = {"sku": "TEA-01", "title": "龙井", "quantity": 1, "unit_price_fen": 10000}
    lines = [line, line | {"quantity": 2, "unit_price_fen": 9001}, line | {"unit_price_fen": 0, "gift_of": "1"}]
    [number] = await shop.order(draft(channel="xiaohongshu", lines=lines, discount_fen=101, freight_fen=0))
    sold, gift = (await shop.detail(number))["skuList"]
    assert (sold["skuQuantity"], sold["totalPaidAmount"], sold["totalMerchantDiscount"]) == (3, 27901, 101)
    assert [(child["quantity"], child["pricePerSku"]) for child in sold["skuDetailList"]] == [(1, 10000), (2, 9001)]
    # what does not divide is lost: only the SKU's own sum is right
    per_piece = [child["paidAmountPerSku"] * child["quantity"] for child in sold["skuDetailList"]]
    assert sum(per_piece) == sold["totalPaidAmount"] - 1
    assert (gift["skuQuantity"], gift["totalPaidAmount"], gift["skuTag"]) == (1, 0, 1)
    assert gift["skuId"] != sold["skuId"]


async def listed(shop: Boutique, start: float, end: float, **more: object) -> tuple[int, int, list[str]]:
    found = await shop.call(LIST, **{"timeType": 2, "startTime": int(start), "endTime": int(end)} | more)
    return found["total"], found["maxPageNo"], [order["orderId"] for order in found["orderList"]]


async def test_a_list_of_updates_begins_with_the_oldest_and_shifts_when_one_is_updated() -> None:
    begin = 1_780_000_000
    with time_machine.travel(begin, tick=False) as traveller:
        async with boutique() as shop:
            numbers = []
            for _ in range(5):
                numbers += await shop.order()
                traveller.shift(60)
            assert await listed(shop, begin, begin + 300) == (5, 1, numbers)
            assert await listed(shop, begin + 60, begin + 120) == (2, 1, numbers[1:3])
            pages = [await listed(shop, begin, begin + 300, pageNo=n, pageSize=2) for n in (1, 2, 3, 4)]
            assert pages == [(5, 3, numbers[:2]), (5, 3, numbers[2:4]), (5, 3, numbers[4:]), (5, 3, [])]
            await shop.control(f"/xiaohongshu/{numbers[0]}/remark", {"seller_words": "加急"})
            assert await listed(shop, begin, begin + 240, pageNo=2, pageSize=2) == (4, 2, numbers[3:])
            assert await listed(shop, begin, begin + 300, orderStatus=4) == (5, 1, [*numbers[1:], numbers[0]])
            assert await listed(shop, begin, begin + 300, orderStatus=6) == (0, 0, [])
            assert await listed(shop, begin, begin + 300, orderType=5) == (0, 0, [])
            created = await listed(shop, begin - DAY // 2, begin + DAY // 2, timeType=1)
            assert created == (5, 1, numbers)


async def test_a_list_says_less_than_a_detail(shop: Boutique) -> None:
    [number] = await shop.order()
    now = time.time()
    found = await shop.call(LIST, timeType="2", startTime=str(int(now) - 60), endTime=str(int(now) + 60))
    [order] = found["orderList"]
    whole = await shop.detail(number)
    assert order == {name: whole[name] for name in order}
    assert {"skuList", "totalPayAmount", "openAddressId"} <= set(whole) - set(order)


@pytest.mark.parametrize(
    ("method", "content", "field"),
    [
        (DETAIL, {}, "orderId"),
        (DETAIL, {"orderId": None}, "orderId"),
        (DETAIL, {"orderId": " "}, "orderId"),
        (LIST, {"startTime": 0, "endTime": 9}, "timeType"),
        (LIST, {"timeType": 3, "startTime": 0, "endTime": 9}, "timeType"),
        (LIST, {"timeType": 2, "startTime": 0, "endTime": 1801}, "window"),
        (LIST, {"timeType": 1, "startTime": 0, "endTime": DAY + 1}, "window"),
        (LIST, {"timeType": 2, "startTime": 9, "endTime": 9}, "window"),
        (LIST, {"timeType": 2, "startTime": 1_780_000_000_000, "endTime": 1_780_000_060_000}, "window"),
        (LIST, {"timeType": 2, "startTime": 0, "endTime": 9, "pageSize": 101}, "pageSize"),
        (LIST, {"timeType": 2, "startTime": 0, "endTime": 9, "pageNo": 0}, "pageNo"),
        (LIST, {"timeType": 2, "startTime": 0, "endTime": 9, "pageNo": 101}, "pageNo"),
        (RECEIVERS, {"receiverQueries": []}, "receiverQueries"),
        (RECEIVERS, {"receiverQueries": [{"orderId": "P1"}]}, "openAddressId"),
        (RECEIVERS, {"receiverQueries": [{"orderId": "P1", "openAddressId": "x"}] * 21}, "receiverQueries"),
        (CREATE, {}, "code"),
    ],
)
async def test_wrong_parameters_are_named(shop: Boutique, method: str, content: dict[str, Any], field: str) -> None:
    code, words = await shop.refused(method, **content)
    assert code == INVALID
    assert field in words


async def test_an_order_that_is_not_there(shop: Boutique) -> None:
    assert (await shop.refused(DETAIL, orderId="P1"))[0] == NOT_FOUND
    query = {"orderId": "P1", "openAddressId": "x"}
    assert (await shop.refused(RECEIVERS, receiverQueries=[query]))[0] == NOT_FOUND


async def receiver(shop: Boutique, number: str, address_id: str) -> dict[str, Any]:
    query = {"orderId": number, "openAddressId": address_id}
    [info] = (await shop.call(RECEIVERS, receiverQueries=[query], isReturn=False))["receiverInfos"]
    return dict(info)


async def test_a_receiver_is_told_in_ciphertexts(shop: Boutique) -> None:
    [number] = await shop.order(draft(channel="xiaohongshu", receiver=RECEIVER | {"town": "良渚街道"}))
    address_id = (await shop.detail(number))["openAddressId"]
    assert len(address_id) == 32
    info = await receiver(shop, number, address_id)
    assert (info["orderId"], info["matched"]) == (number, True)
    region = [info[f"receiver{part}Name"] for part in ("Province", "City", "District", "Town")]
    assert region == ["浙江省", "杭州市", "余杭区", "良渚街道"]
    sealed = [info[f"receiver{part}"] for part in ("Name", "Phone", "Address")]
    for text, kind in zip(sealed, "231", strict=True):
        assert looks_encrypted(text)
        index, cipher, last = text.removeprefix("#").removesuffix("##").split("#")
        assert (bool(index), bool(cipher), last) == (True, True, kind)
    assert "13800000000" not in json.dumps(info)
    [entry] = shop.book()["orders"]
    digest = receiver_digest(address_id, address_id, "浙江省", "杭州市", "余杭区", address_id)
    assert entry["receiver_digest"] == digest


async def test_the_same_receiver_has_the_same_handle(shop: Boutique) -> None:
    one, same, other = await shop.order(
        draft(channel="xiaohongshu"), draft(channel="xiaohongshu"), draft(channel="xiaohongshu", receiver=MOVED)
    )
    ids = [(await shop.detail(number))["openAddressId"] for number in (one, same, other)]
    assert ids[0] == ids[1] != ids[2]
    phones = [(await receiver(shop, n, i))["receiverPhone"] for n, i in zip((one, other), ids[1:], strict=True)]
    assert phones[0] == phones[1]


async def test_an_old_handle_no_longer_matches(shop: Boutique) -> None:
    [number] = await shop.order()
    before = (await shop.detail(number))["openAddressId"]
    await shop.control(f"/xiaohongshu/{number}/address", {"receiver": MOVED})
    info = await receiver(shop, number, before)
    assert (info.pop("orderId"), info.pop("matched")) == (number, False)
    assert set(info.values()) == {None}
    after = await shop.detail(number)
    assert after["orderTagList"] == ["MODIFIED_ADDR"]
    assert (await receiver(shop, number, after["openAddressId"]))["matched"] is True


async def test_a_receiver_is_told_only_while_the_order_waits_for_shipping(shop: Boutique) -> None:
    [number] = await shop.order()
    address_id = (await shop.detail(number))["openAddressId"]
    await shop.call("order.orderDeliver", orderId=number, expressNo="SF100000001", expressCompanyCode="shunfeng")
    info = await receiver(shop, number, address_id)
    assert info["matched"] is True
    assert {value for name, value in info.items() if name.startswith("receiver")} == {None}
    assert (await shop.detail(number))["openAddressId"] == address_id


async def test_a_paid_order_is_checked_before_it_can_be_shipped() -> None:
    async with boutique(check_s=0.2) as shop:
        [number, old] = await shop.order(draft(channel="xiaohongshu"), draft(channel="xiaohongshu", paid_minutes_ago=1))
        order = await shop.detail(number)
        assert (order["orderStatus"], order["simpleDeliveryOrderList"][0]["status"]) == (2, 2)
        assert (await receiver(shop, number, order["openAddressId"]))["receiverName"] is None
        shipped = {"orderId": number, "expressNo": "SF100000001", "expressCompanyCode": "shunfeng"}
        assert (await shop.refused("order.orderDeliver", **shipped))[1] == "订单未到待发货状态，不能发货"
        assert (await shop.detail(old))["orderStatus"] == 4
        await until(lambda: shop.world.pending == 0)
        after = await shop.detail(number)
        assert (after["orderStatus"], after["updateTime"] > order["updateTime"]) == (4, True)
        assert await shop.call("order.orderDeliver", **shipped) == "success"


async def test_drafts_follow_the_platforms_rules(shop: Boutique) -> None:
    mine = draft(channel="xiaohongshu", order_no="P718870545250225361")
    assert await shop.order(mine) == ["P718870545250225361"]
    await shop.control("/orders", [mine], 409)
    for wrong in ("718870545250225361", "P", "PX1"):
        await shop.control("/orders", [mine | {"order_no": wrong}], 422)
    await shop.control("/orders", [draft(channel="xiaohongshu", customer={"id": "B1", "terms": "NET30"})], 422)
    placed = await shop.control("/buyers", {"orders": 5, "seed": 3, "channels": ["xiaohongshu"]}, 200)
    assert {(entry["channel"], entry["shop"]) for entry in placed} == {("xiaohongshu", "xhs-main")}
    assert len(shop.book()["orders"]) == 6


async def test_what_buyers_and_staff_do_is_found_by_polling(shop: Boutique) -> None:
    [number] = await shop.order()
    await shop.control(f"/xiaohongshu/{number}/remark", {"seller_words": "加急"})
    assert (await shop.detail(number))["sellerRemark"] == "加急"
    await shop.control(f"/xiaohongshu/{number}/cancel")
    order = await shop.detail(number)
    assert (order["orderStatus"], order["orderAfterSalesStatus"], order["cancelTime"] > 0) == (9, 3, True)
    for change, content in (("cancel", None), ("address", {"receiver": MOVED})):
        await shop.control(f"/xiaohongshu/{number}/{change}", content, 409)
        await shop.control(f"/xiaohongshu/P1/{change}", content, 404)
    await shop.control("/xiaohongshu/P1/remark", {"seller_words": "加急"}, 404)
    [entry] = shop.book()["orders"]
    assert (entry["order_no"], entry["shop"], entry["status"], entry["encrypted"]) == (
        number,
        "xhs-main",
        "cancelled",
        True,
    )
    assert (entry["paid_fen"], entry["requirements"]) == (13732, ["COLD_CHAIN"])


async def test_faults_speak_xiaohongshu(shop: Boutique) -> None:
    shop.world.faults.set_plan(FaultPlan(faults=[Fault(partner="xiaohongshu", kind=FaultKind.ERROR, operation=DETAIL)]))
    assert (await shop.refused(DETAIL, orderId="P1"))[0] == -1
    shop.world.faults.set_plan(FaultPlan(faults=[Fault(partner="xiaohongshu", kind=FaultKind.THROTTLE)]))
    first = await shop.raw(DETAIL, orderId="P1")
    assert first.status_code == 429
    assert "限流" in (await shop.refused(DETAIL, orderId="P1"))[1]
    assert shop.world.calls == {f"xiaohongshu.{DETAIL}": 3}

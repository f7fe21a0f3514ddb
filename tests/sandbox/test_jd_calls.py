"""JD's door: signature, time, token, parameters; the OAuth endpoints; reading orders."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import time_machine

from sandbox.app import create_app
from sandbox.digest import looks_encrypted, receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.jd.signing import call_sign
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.sandbox.vendor import FIELDS, Vendor, beijing, vendor
from tests.vectors import vector

SEARCH, EN_SEARCH, GET, EN_GET = (
    "pop.order.search",
    "pop.order.enSearch",
    "pop.order.get",
    "pop.order.enGet",
)
ASKED = {"order_id": "1", "optional_fields": "orderId"}
LISTED = {"order_state": "ALL", "optional_fields": "orderId", "page": "1", "page_size": "10"}
DAY, MONTH = 86_400, 31 * 86_400


@pytest.fixture
async def shop() -> AsyncIterator[Vendor]:
    async with vendor() as shop:
        yield shop


def test_the_sign_is_the_published_one() -> None:
    entry = vector("jd", "routerjson sign md5")
    given = entry["inputs"]
    assert call_sign(given["params"], given["secret"]) == entry["expected"]
    assert call_sign(given["params"] | {"sign": "x", "format": ""}, given["secret"]) == entry["expected"]


async def test_jd_is_there_only_when_it_is_configured() -> None:
    app = create_app(make_settings())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        assert (await http.post("/jd/routerjson")).status_code == 404
        assert (await http.post("/control/jd/export", json={"order_nos": ["1"]})).status_code == 404
        answer = await http.post("/control/orders", json=[draft(channel="jd")])
        assert (answer.status_code, answer.json()) == (409, {"detail": "there is no shop on jd"})


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ({"sign": "0" * 32}, "9"),
        ({"sign": ""}, "5"),
        ({"method": None}, "5"),
        ({"method": "jingdong.pop.order.fbp.search"}, "13"),
        ({"app_key": None}, "5"),
        ({"app_key": "other"}, "12"),
        ({"timestamp": None}, "5"),
        ({"timestamp": "2026-03-01 10:00:00"}, "8"),
        ({"timestamp": "tomorrow"}, "6"),
        ({"v": "1.0"}, "6"),
        ({"access_token": None}, "18"),
        ({"access_token": ""}, "18"),
        ({"access_token": "made-up"}, "19"),
        ({"360buy_param_json": None}, "5"),
        ({"360buy_param_json": "{"}, "6"),
        ({"360buy_param_json": "[]"}, "6"),
    ],
)
async def test_a_call_that_is_not_in_order_is_refused(shop: Vendor, system: dict[str, str | None], code: str) -> None:
    assert await shop.refused(EN_GET, ASKED, **system) == code


@pytest.mark.parametrize("seconds", [-350, 350])
async def test_the_clocks_may_differ_by_six_minutes(shop: Vendor, seconds: int) -> None:
    moment = beijing(time.time() + seconds)
    for timestamp in (moment, f"{moment}.683+0800"):
        assert "error_response" not in await shop.raw(EN_GET, ASKED, timestamp=timestamp)


async def test_further_parameters_are_signed_too(shop: Vendor) -> None:
    assert "error_response" not in await shop.raw(EN_GET, ASKED, format="json", sign_method="md5")
    params = {"method": f"jingdong.{EN_GET}", "app_key": "jd-app", "access_token": shop.token, "v": "2.0"}
    params |= {"timestamp": beijing(time.time()), "360buy_param_json": '{"order_id":"1","optional_fields":"orderId"}'}
    sign = call_sign(params, "jd-secret")
    for further, key in (({}, f"jingdong_{EN_GET.replace('.', '_')}_responce"), ({"format": "json"}, "error_response")):
        answer = await shop.http.post("/jd/routerjson", data={**params, **further, "sign": sign})
        assert list(answer.json()) == [key]


async def test_a_body_that_is_no_form_is_refused(shop: Vendor) -> None:
    answer = await shop.http.post("/jd/routerjson", content=b"\xff=\xff")
    assert answer.json()["error_response"]["code"] == "6"


async def test_faults_speak_jds_words(shop: Vendor) -> None:
    for kind, code, word in ((FaultKind.THROTTLE, "2", "限流"), (FaultKind.ERROR, "1", "繁忙")):
        fault = Fault(partner="jd", kind=kind, operation="pop.order.enGet", times=1)
        shop.world.faults.set_plan(FaultPlan(faults=[fault]))
        error = (await shop.raw(EN_GET, ASKED))["error_response"]
        assert error["code"] == code
        assert word in error["zh_desc"]
    assert shop.world.calls["jd.pop.order.enGet"] == 2


async def test_a_token_lives_its_time_and_is_refreshed(shop: Vendor) -> None:
    wish = {"app_key": "jd-app", "app_secret": "jd-secret", "grant_type": "refresh_token"}
    good = wish | {"refresh_token": "jd-refresh"}
    start, life = time.time(), 30 * DAY
    with time_machine.travel(start + life - 60, tick=True):
        answers = [
            (await shop.http.get("/jd/oauth2/refresh_token", params=good)).json(),
            (await shop.http.post("/jd/oauth2/refresh_token", data=good)).json(),  # the first answer may be lost
        ]
        assert {answer["refresh_token"] for answer in answers} == {"jd-refresh"}
        assert len({answer["access_token"] for answer in answers} | {shop.token}) == 3
        assert (answers[0]["expires_in"], answers[0]["token_type"], answers[0]["uid"]) == (life, "bearer", "10001")
        assert "error_response" not in await shop.raw(EN_GET, ASKED)
    with time_machine.travel(start + life + 60, tick=True):
        assert await shop.refused(EN_GET, ASKED) == "19"
        shop.token = answers[0]["access_token"]
        assert "error_response" not in await shop.raw(EN_GET, ASKED)


@pytest.mark.parametrize("wrong", ["app_key", "app_secret", "grant_type", "refresh_token"])
async def test_a_wrong_refresh_gives_no_token(shop: Vendor, wrong: str) -> None:
    wish = {"app_key": "jd-app", "app_secret": "jd-secret", "grant_type": "refresh_token"}
    answer = await shop.http.get(
        "/jd/oauth2/refresh_token", params=wish | {"refresh_token": "jd-refresh"} | {wrong: "other"}
    )
    assert set(answer.json()) == {"code", "msg", "requestId"}


async def test_a_merchant_agrees_in_the_browser(shop: Vendor) -> None:
    where = {"app_key": "jd-app", "response_type": "code", "redirect_uri": "http://hub.test/back", "state": "s1"}
    answer = await shop.http.get("/jd/oauth2/to_login", params=where, follow_redirects=False)
    back = httpx.URL(answer.headers["location"])
    assert (answer.status_code, back.host, back.params["state"]) == (302, "hub.test", "s1")
    wish = {"app_key": "jd-app", "app_secret": "jd-secret", "grant_type": "authorization_code"}
    wish["code"] = back.params["code"]
    answer = await shop.http.post("/jd/oauth2/access_token", data=wish)
    shop.token = answer.json()["access_token"]
    assert "error_response" not in await shop.raw(EN_GET, ASKED)
    assert "access_token" not in (await shop.http.post("/jd/oauth2/access_token", data=wish)).json()


async def test_the_shop_says_who_it_is(shop: Vendor) -> None:
    content = await shop.call("vender.shop.query")
    assert content == {"shop_jos_result": {"shop_id": 20001, "vender_id": 10001, "shop_name": "测试店"}}


async def test_an_order_reads_as_documented(shop: Vendor) -> None:
    [number] = await shop.order(draft(channel="jd", paid_at="2026-03-01T10:20:30+08:00", buyer_note="快点"))
    order = await shop.detail(number, encrypted=False)
    money = ("orderTotalPrice", "orderSellerPrice", "freightPrice", "sellerDiscount", "shouldPay", "orderPayment")
    assert [order[name] for name in money] == ["132.33", "131.32", "6.00", "1.01", "137.32", "0.00"]
    assert (order["orderId"], order["venderId"], order["orderState"]) == (number, "10001", "WAIT_SELLER_STOCK_OUT")
    assert (order["orderStartTime"], order["paymentConfirmTime"]) == ("2026-03-01 10:20:00", "2026-03-01 10:20:30")
    assert (order["orderRemark"], order["venderRemark"], order["parentOrderId"]) == ("快点", "老客户 冷链配送", "0")
    mug, towel, gift = order["itemInfoList"]
    assert (mug["outerSkuId"], mug["jdPrice"], mug["itemTotal"]) == ("MUG-01", "49.50", "2")
    assert (gift["outerSkuId"], gift["jdPrice"]) == ("GIFT-TOTE", "0.00")
    coupons = {entry["skuId"]: entry["couponPrice"] for entry in order["couponDetailList"]}
    assert coupons == {mug["skuId"]: "0.76", towel["skuId"]: "0.25"}
    assert order["consigneeInfo"] == {
        **dict.fromkeys(("mobile", "telephone"), "13800000000"),
        **dict.fromkeys(("provinceId", "cityId", "countyId", "townId"), "0"),
        "fullname": "测试",
        "province": "浙江省",
        "city": "杭州市",
        "county": "余杭区",
        "town": "",
        "fullAddress": "浙江省杭州市余杭区示例路1号",
    }


async def test_what_the_buyer_paid_arrives_later(shop: Vendor) -> None:
    [number] = await shop.order()
    assert [(await shop.detail(number))["actualPay"] for _ in range(3)] == ["0.00", "137.32", "137.32"]


async def test_an_order_is_unpaid_until_it_is_paid(shop: Vendor) -> None:
    start = time.time()
    paid_at = beijing(start + 600).replace(" ", "T") + "+08:00"
    with time_machine.travel(start, tick=False) as clock:
        [number] = await shop.order(draft(channel="jd", paid_at=paid_at, placed_at=paid_at))
        order = await shop.detail(number)
        assert (order["orderState"], order["paymentConfirmTime"]) == ("NOT_PAY", "0001-01-01 00:00:00")
        assert await shop.ids() == []
        assert shop.book("orders") == []
        clock.shift(601)
        order = await shop.detail(number)
        assert (order["orderState"], order["modified"]) == ("WAIT_SELLER_STOCK_OUT", beijing(start + 600))
        assert await shop.ids(end_date=beijing(start + 601)) == [number]


async def test_only_the_wanted_fields_are_told(shop: Vendor) -> None:
    [number] = await shop.order()
    for method in (GET, EN_GET):
        content = await shop.call(method, order_id=number, optional_fields="orderId, modified,colour")
        assert set(content["orderDetailInfo"]["orderInfo"]) == {"orderId", "modified"}
    content = await shop.call(EN_GET, order_id=number, optional_fields="ALL")
    assert set(content["orderDetailInfo"]["orderInfo"]) >= set(FIELDS.split(","))
    assert await shop.refused(GET, {"order_id": number, "optional_fields": "ALL"}) == "6"
    assert await shop.refused(GET, {"order_id": number}) == "5"


async def test_success_is_a_boolean_here_and_a_text_there(shop: Vendor) -> None:
    [number] = await shop.order()
    for method, words in ((GET, (True, False)), (EN_GET, ("true", "false"))):
        results = [
            (await shop.call(method, order_id=order_id, optional_fields="orderId"))["orderDetailInfo"]["apiResult"]
            for order_id in (number, "404")
        ]
        assert tuple(result["success"] for result in results) == words
        assert results[1]["chineseErrCode"] == "订单不存在"


async def test_a_detail_can_be_asked_for_by_state(shop: Vendor) -> None:
    [number] = await shop.order()
    for state, there in (("LOCKED", False), ("LOCKED,WAIT_SELLER_STOCK_OUT", True)):
        content = await shop.call(EN_GET, order_id=number, optional_fields="orderId", order_state=state)
        assert ("orderInfo" in content["orderDetailInfo"]) is there


async def test_receivers_are_sealed_order_by_order(shop: Vendor) -> None:
    numbers = await shop.order(draft(channel="jd"), draft(channel="jd"))
    one, two = [(await shop.detail(number))["consigneeInfo"] for number in numbers]
    for name in ("fullname", "mobile", "telephone", "fullAddress"):
        assert looks_encrypted(one[name])
        assert one[name] != two[name]
    assert one["oaid"] != two["oaid"]
    assert (one["desen_mobile"], one["province"], one["county"]) == ("138****0000", "浙江省", "余杭区")
    [entry, _] = shop.book("orders")
    assert entry["encrypted"]
    assert entry["receiver_digest"] == receiver_digest(
        one["fullname"], one["mobile"], "浙江省", "杭州市", "余杭区", one["fullAddress"]
    )


async def test_whoever_reads_in_clear_text_has_it_in_the_book(shop: Vendor) -> None:
    [number] = await shop.order()
    await shop.detail(number, encrypted=False)
    [entry] = shop.book("orders")
    assert (entry["encrypted"], entry["sent"], entry["paid_fen"]) == (False, 1, 13732)
    assert entry["receiver_digest"] == receiver_digest("测试", "13800000000", "浙江省", "杭州市", "余杭区", "示例路1号")


async def test_orders_are_listed_by_the_time_of_their_last_change(shop: Vendor) -> None:
    start = time.time()
    with time_machine.travel(start, tick=False) as clock:
        old, other = await shop.order(
            draft(channel="jd", paid_minutes_ago=3000), draft(channel="jd", paid_minutes_ago=10)
        )
        clock.shift(60)
        await shop.control(f"/jd/{old}/remark", {"seller_words": "加急"}, 204)
        window = {"start_date": beijing(start - 30), "end_date": beijing(start + 60)}
        for by in ({}, {"dateType": "0"}, {"dateType": 7}, {"dateType": ""}):
            assert await shop.ids(**window, **by) == [other, old]
        assert await shop.ids(**window, sortType="1") == [old, other]
        assert await shop.ids(**window, sortType="0") == [other, old]
        assert await shop.ids(start_date=beijing(start), end_date=beijing(start + 59)) == [other]
        created = {"start_date": beijing(start - 3 * DAY), "end_date": beijing(start - DAY), "dateType": "1"}
        assert await shop.ids(**created) == [old]


async def test_a_list_has_pages_and_a_total(shop: Vendor) -> None:
    numbers = await shop.order(*[draft(channel="jd") for _ in range(5)])
    pages = [await shop.listed(page=page, page_size=2) for page in (1, 2, 3, 4)]
    assert [page["orderTotal"] for page in pages] == [5] * 4
    assert [order["orderId"] for page in pages[:3] for order in page["orderInfoList"]] == numbers
    assert "orderInfoList" not in pages[3]
    assert [entry["sent"] for entry in shop.book("orders")] == [1] * 5


async def test_a_list_is_of_the_wanted_states(shop: Vendor) -> None:
    waiting, shipped = await shop.order(draft(channel="jd"), draft(channel="jd"))
    await shop.ship(shipped)
    assert await shop.ids(order_state="WAIT_GOODS_RECEIVE_CONFIRM,LOCKED") == [shipped]
    assert await shop.ids(order_state="WAIT_SELLER_STOCK_OUT", start_date=None, end_date=None) == [waiting]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"start_date": beijing(0)}, "5"),
        ({"end_date": beijing(0)}, "5"),
        ({}, "5"),
        ({"start_date": beijing(0), "end_date": beijing(MONTH + 1)}, "6"),
        ({"start_date": beijing(1), "end_date": beijing(0)}, "6"),
        ({"start_date": "yesterday"}, "6"),
        ({"order_state": ""}, "6"),
        ({"order_state": None}, "5"),
        ({"order_state": "PAID"}, "6"),
        ({"page": "0"}, "6"),
        ({"page_size": "101"}, "6"),
        ({"page_size": "many"}, "6"),
        ({"optional_fields": None}, "5"),
    ],
)
async def test_a_list_that_is_not_in_order_is_refused(shop: Vendor, changes: dict[str, Any], code: str) -> None:
    assert await shop.refused(EN_SEARCH, LISTED | changes) == code
    assert await shop.refused(SEARCH, LISTED | changes) == code


async def test_a_touched_order_is_modified_and_the_same(shop: Vendor) -> None:
    start = time.time()
    with time_machine.travel(start, tick=False) as clock:
        [number] = await shop.order()
        before = [await shop.detail(number) for _ in range(2)][1]
        clock.shift(5)
        await shop.control(f"/jd/{number}/touch", None, 204)
        after = await shop.detail(number)
    assert after.pop("modified") > before.pop("modified")
    assert after == before
    assert (shop.jd.book()["duplicates_sent"], shop.book("orders")[0]["version"]) == (1, 1)
    await shop.control("/jd/404/touch", None, 404)


async def test_an_address_changes_with_its_ciphertexts(shop: Vendor) -> None:
    [number] = await shop.order()
    before = (await shop.detail(number))["consigneeInfo"]
    moved = draft()["receiver"] | {"detail": "示例路2号"}
    await shop.control(f"/jd/{number}/address", {"receiver": moved}, 204)
    after = (await shop.detail(number))["consigneeInfo"]
    assert before["fullAddress"] != after["fullAddress"]
    assert before["oaid"] != after["oaid"]
    assert before["fullname"] == after["fullname"]
    await shop.ship(number)
    await shop.control(f"/jd/{number}/address", {"receiver": moved}, 409)


@pytest.mark.parametrize("order_no", ["0123", "SO-1", "9" * 20])
async def test_an_order_number_is_a_number(shop: Vendor, order_no: str) -> None:
    await shop.control("/orders", [draft(channel="jd", order_no=order_no)], 422)
    assert shop.book("orders") == []


async def test_made_up_buyers_order_here_too(shop: Vendor) -> None:
    placed = await shop.control("/buyers", {"orders": 5, "seed": 3, "channels": ["jd"]})
    assert await shop.ids() == [entry["order_no"] for entry in placed]
    assert {entry["shop"] for entry in placed} == {"jd-main"}

"""Taobao's door: signature, time, session, parameters; reading trades."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain.clock import format_beijing, utc_now
from domain.money import parse_yuan
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.taobao import TaobaoPlatform
from sandbox.taobao.signing import call_sign
from sandbox.world import World
from tests.sandbox.seller import FIELDS, FULL, Seller, selling
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft
from tests.vectors import vector

SOLD = "taobao.trades.sold.increment.get"


@pytest.fixture
async def seller() -> AsyncIterator[Seller]:
    async with selling() as seller:
        yield seller


def window(minutes: float = 10, **more: str) -> dict[str, str]:
    """The last minutes, as parameters."""
    now = utc_now() + timedelta(seconds=1)
    start = format_beijing(now - timedelta(minutes=minutes))
    return {"fields": "tid_str,modified", "start_modified": start, "end_modified": format_beijing(now)} | more


@pytest.mark.parametrize("name", ["top sign md5", "top sign hmac"])
def test_the_sign_is_the_documented_one(name: str) -> None:
    entry = vector("taobao", name)
    params = entry["inputs"]["params"]
    assert call_sign(params, entry["inputs"]["secret"], params["sign_method"]) == entry["expected"]
    unsigned = params | {"sign": "X", "memo": ""}
    assert call_sign(unsigned, entry["inputs"]["secret"], params["sign_method"]) == entry["expected"]


@pytest.mark.parametrize("sign_method", ["md5", "hmac", "hmac-sha256"])
async def test_all_three_signs_open_the_door(seller: Seller, sign_method: str) -> None:
    [tid] = await seller.order()
    trade = (await seller.call(FULL, tid=tid, fields="tid", sign_method=sign_method))["trade"]
    assert trade == {"tid": int(tid)}


@pytest.mark.parametrize("changes", [{"tid": "1"}, {"memo": "x"}, {"sign_method": "md5"}])
async def test_what_was_signed_cannot_be_changed(seller: Seller, changes: dict[str, str]) -> None:
    [tid] = await seller.order()
    form = {"app_key": "tb-key", "session": "tb-session", "timestamp": format_beijing(utc_now()), "format": "json"}
    form |= {"v": "2.0", "sign_method": "hmac", "tid": tid, "fields": "tid"}
    sign = call_sign(form | {"method": FULL}, "tb-secret", "hmac")
    assert "error_response" not in await seller.raw(FULL, **form, sign=sign)
    assert (await seller.raw(FULL, **form | changes, sign=sign))["error_response"]["code"] == 25


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": ""}, 21),
        ({"method": "taobao.trade.get"}, 22),
        ({"format": "xml"}, 23),
        ({"format": ""}, 23),
        ({"sign": ""}, 24),
        ({"sign": "0" * 64}, 25),
        ({"sign": "签名"}, 25),
        ({"sign_method": "sha1", "sign": "0" * 64}, 25),
        ({"session": ""}, 26),
        ({"session": "made-up"}, 27),
        ({"app_key": ""}, 28),
        ({"app_key": "other"}, 29),
        ({"timestamp": ""}, 30),
        ({"timestamp": "tomorrow"}, 31),
        ({"v": ""}, 32),
        ({"v": "1.0"}, 33),
    ],
)
async def test_a_call_that_is_not_in_order_is_refused(seller: Seller, changes: dict[str, str], code: int) -> None:
    [tid] = await seller.order()
    error = (await seller.raw(changes.get("method", FULL), **{"tid": tid, "fields": "tid"} | changes))["error_response"]
    assert error["code"] == code
    assert error["msg"]
    assert error["request_id"]


async def test_an_expired_session_has_its_sub_code(seller: Seller) -> None:
    assert await seller.refused(FULL, tid="1", fields="tid", session="made-up") == "session-expired"


@pytest.mark.parametrize(("minutes", "good"), [(-11, False), (-9, True), (9, True), (11, False)])
async def test_ten_minutes_are_tolerated(seller: Seller, minutes: int, good: bool) -> None:
    [tid] = await seller.order()
    timestamp = format_beijing(utc_now() + timedelta(minutes=minutes))
    answer = await seller.raw(FULL, tid=tid, fields="tid", timestamp=timestamp)
    assert ("error_response" not in answer) is good
    if not good:
        assert answer["error_response"]["code"] == 31


async def test_a_body_that_is_no_utf8_is_refused(seller: Seller) -> None:
    response = await seller.http.post("/taobao/router/rest", content=b"method=\xff\xfe")
    assert response.json()["error_response"]["code"] == 47


@pytest.mark.parametrize(
    ("method", "params", "sub_code"),
    [
        (FULL, {"fields": "tid"}, "isv.missing-parameter:tid"),
        (FULL, {"tid": "1"}, "isv.missing-parameter:fields"),
        (FULL, {"fields": "tid", "tid": "abc"}, "isv.invalid-parameter:tid"),
        (FULL, {"fields": "tid", "tid": "4711"}, "isv.trade-not-exist"),
        (SOLD, window(60 * 25), "isv.invalid-parameter:end_modified"),
        (SOLD, window(-5), "isv.invalid-parameter:end_modified"),
        (SOLD, window(start_modified="yesterday"), "isv.invalid-parameter:start_modified"),
        (SOLD, window(page_size="101"), "isv.invalid-parameter:page_size"),
        (SOLD, window(page_no="0"), "isv.invalid-parameter:page_no"),
    ],
)
async def test_bad_parameters_are_named(seller: Seller, method: str, params: dict[str, str], sub_code: str) -> None:
    assert await seller.refused(method, **params) == sub_code


async def test_a_trade_of_several_orders_divides_its_discount(seller: Seller) -> None:
    [tid] = await seller.order(draft(channel="taobao", buyer_note="送货前请电话联系"))
    trade = await seller.trade(tid)
    assert trade["tid"] == int(tid)
    assert trade["tid_str"] == tid
    assert trade["status"] == "WAIT_SELLER_SEND_GOODS"
    money = [trade[name] for name in ("payment", "total_fee", "post_fee", "discount_fee")]
    assert money == ["137.32", "132.33", "6.00", "1.01"]
    assert trade["promotion_details"]["promotion_detail"][0]["discount_fee"] == "1.01"
    assert trade["buyer_message"] == "送货前请电话联系"
    assert trade["seller_memo"] == "老客户 冷链配送"
    mug, towel, gift = trade["orders"]["order"]
    assert (mug["payment"], mug["divide_order_fee"], mug["part_mjz_discount"]) == ("99.00", "98.24", "0.76")
    assert (mug["num"], mug["price"], mug["outer_sku_id"]) == (2, "49.50", "MUG-01")
    divided = sum(parse_yuan(order["divide_order_fee"]) for order in (mug, towel, gift))
    assert divided + parse_yuan(trade["post_fee"]) == parse_yuan(trade["payment"])
    assert (gift["is_free_gift"], gift["bind_oid"], gift["gift_mids"]) == (True, mug["oid"], mug["oid_str"])
    assert (mug["is_free_gift"], mug["gift_mids"]) == (False, gift["oid_str"])
    assert "bind_oid" not in towel
    assert {order["refund_status"] for order in (mug, towel, gift)} == {"NO_REFUND"}
    assert "num_iid" not in trade


async def test_in_a_trade_of_one_order_the_payment_has_the_postage(seller: Seller) -> None:
    line = {"sku": "MUG-01", "title": "马克杯", "quantity": 2, "unit_price_fen": 4950}
    [tid] = await seller.order(draft(channel="taobao", lines=[line]))
    trade = await seller.trade(tid)
    [order] = trade["orders"]["order"]
    assert order["payment"] == trade["payment"] == "103.99"
    assert order["oid"] == trade["tid"]
    assert "divide_order_fee" not in order
    assert (trade["num"], trade["price"], trade["num_iid"]) == (2, "49.50", order["num_iid"])


async def test_only_the_wanted_fields_are_told(seller: Seller) -> None:
    [tid] = await seller.order()
    assert await seller.trade(tid, "tid_str,seller_memo") == {"tid_str": tid, "seller_memo": "老客户 冷链配送"}
    trade = await seller.trade(tid, "orders.outer_sku_id,orders.gift_mids,made_up")
    assert [order["outer_sku_id"] for order in trade["orders"]["order"]] == ["MUG-01", "TOWEL-01", "GIFT-TOTE"]
    assert set(trade["orders"]["order"][0]) == {"outer_sku_id", "gift_mids"}


async def test_the_receiver_is_masked_and_the_oaid_is_told_on_demand(seller: Seller) -> None:
    tid, other = await seller.order(draft(channel="taobao"), draft(channel="taobao"))
    trade = await seller.trade(tid)
    shown = [trade[f"receiver_{name}"] for name in ("name", "mobile", "state", "city", "district", "address")]
    assert shown == ["测**", "138****0000", "浙江省", "杭州市", "余杭区", "******"]
    assert trade["oaid"] != (await seller.trade(other))["oaid"]
    assert "oaid" not in (await seller.call(FULL, tid=tid, fields=FIELDS))["trade"]
    assert "13800000000" not in str(trade)


async def test_a_list_tells_no_memo(seller: Seller) -> None:
    [tid] = await seller.order(draft(channel="taobao", buyer_note="周末送货"))
    [listed] = (await seller.call(SOLD, **window(fields=FIELDS)))["trades"]["trade"]
    full = await seller.trade(tid)
    assert set(full) - set(listed) == {"buyer_message", "seller_memo", "promotion_details"}
    assert listed["has_buyer_message"] is True
    assert set(full["orders"]["order"][0]) - set(listed["orders"]["order"][0]) == {"is_free_gift", "gift_mids"}


async def test_a_list_begins_with_what_was_modified_last() -> None:
    with time_machine.travel(datetime(2026, 3, 1, 2, 0, tzinfo=UTC), tick=False) as traveller:
        async with selling() as seller:
            tids = []
            for _ in range(3):
                tids += await seller.order()
                traveller.shift(60)
            await seller.control(f"/taobao/{tids[0]}/remark", {"seller_words": "加急"})
            listed = await seller.call(SOLD, **window())
            assert [trade["tid_str"] for trade in listed["trades"]["trade"]] == [tids[0], tids[2], tids[1]]
            assert listed["total_results"] == 3
            assert listed["trades"]["trade"][0]["modified"] == "2026-03-01 10:03:00"
            only = await seller.call(
                SOLD,
                fields="tid_str",
                start_modified="2026-03-01 10:00:30",
                end_modified="2026-03-01 10:01:00",
            )
            assert only == {"total_results": 1, "trades": {"trade": [{"tid_str": tids[1]}]}}


async def test_a_list_has_pages(seller: Seller) -> None:
    tids = await seller.order(*[draft(channel="taobao") for _ in range(3)])
    first = await seller.call(SOLD, **window(page_size="2", use_has_next="true"))
    second = await seller.call(SOLD, **window(page_size="2", page_no="2", use_has_next="true"))
    assert (first["has_next"], second["has_next"]) == (True, False)
    assert "total_results" not in first
    listed = [trade["tid_str"] for page in (first, second) for trade in page["trades"]["trade"]]
    assert sorted(listed) == sorted(tids)
    assert [entry["sent"] for entry in (await seller.book())["orders"]] == [1, 1, 1]


async def test_an_empty_list_is_left_out(seller: Seller) -> None:
    assert await seller.call(SOLD, **window(use_has_next="true")) == {"has_next": False}
    await seller.order()
    assert await seller.call(SOLD, **window(status="TRADE_CLOSED")) == {"total_results": 0}
    assert await seller.call(SOLD, **window(type="cod,step")) == {"total_results": 0}


async def test_faults_speak_the_platforms_words(seller: Seller) -> None:
    for kind, code, sub_code in (
        (FaultKind.ERROR, 10, "isp.top-remote-service-unavailable"),
        (FaultKind.THROTTLE, 7, "accesscontrol.limited-by-api-access-count"),
    ):
        fault = Fault(partner="taobao", kind=kind, operation="trade.fullinfo.get", times=1)
        seller.world.faults.set_plan(FaultPlan(faults=[fault]))
        error = (await seller.raw(FULL, tid="1", fields="tid"))["error_response"]
        assert (error["code"], error["sub_code"]) == (code, sub_code)
        assert await seller.refused(FULL, tid="1", fields="tid") == "isv.trade-not-exist"


async def test_without_settings_there_is_no_platform() -> None:
    world = World(make_settings())
    with pytest.raises(ValueError, match="no settings for taobao"):
        TaobaoPlatform(world)
    await world.close()

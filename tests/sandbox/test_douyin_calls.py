"""Douyin's door: signature, time, token, parameters; reading orders."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from sandbox.douyin.signing import call_sign, event_sign, sorted_json
from sandbox.faults import Fault, FaultKind, FaultPlan
from tests.sandbox.shopkeeper import Shopkeeper, shopkeeper
from tests.sandbox.town import draft, town
from tests.vectors import vector

DETAIL = "order.orderDetail"


@pytest.fixture
async def keeper() -> AsyncIterator[Shopkeeper]:
    async with town() as place:
        yield await shopkeeper(place)


def test_the_call_sign_is_the_documented_one() -> None:
    entry = vector("doudian", "api sign hmac-sha256")
    given = entry["inputs"]
    param_json = sorted_json(given["business"])
    assert param_json == given["param_json"]
    sign = call_sign(given["app_key"], given["app_secret"], given["method"], param_json, given["timestamp"], given["v"])
    assert sign == entry["expected"]


def test_the_event_sign_is_the_documented_one() -> None:
    entry = vector("doudian", "webhook event-sign")
    given = entry["inputs"]
    assert event_sign(given["app_key"], given["app_secret"], given["raw_body"].encode()) == entry["expected"]


@pytest.mark.parametrize(
    ("changes", "code", "sub_code"),
    [
        ({"sign": "0" * 64}, 40003, "isv.signature-invalid"),
        ({"sign": ""}, 40002, "isv.signature-missing"),
        ({"sign_method": "md5"}, 40003, "isv.signature-invalid"),
        ({"app_key": "other"}, 40003, "isv.app-key-invalid"),
        ({"method": "order.searchList"}, 40003, "isv.method-invalid"),
        ({"v": "1"}, 40003, "isv.version-invalid"),
        ({"timestamp": ""}, 40002, "isv.parameter-missing"),
        ({"timestamp": "1"}, 40003, "isv.timestamp-invalid"),
        ({"timestamp": "tomorrow"}, 40003, "isv.timestamp-invalid"),
        ({"access_token": ""}, 40002, "isv.access-token-missing"),
        ({"access_token": "made-up"}, 40003, "isv.access-token-no-existed"),
    ],
)
async def test_a_call_that_is_not_in_order_is_refused(
    keeper: Shopkeeper, changes: dict[str, str], code: int, sub_code: str
) -> None:
    answer = await keeper.raw(DETAIL, {"shop_order_id": "1"}, **changes)
    assert (answer["code"], answer["sub_code"], answer["data"]) == (code, sub_code, None)


@pytest.mark.parametrize("seconds", [-590, 590])
async def test_the_clocks_may_differ_by_ten_minutes(keeper: Shopkeeper, seconds: int) -> None:
    [number] = await keeper.order()
    stamp = int(time.time()) + seconds
    assert (await keeper.raw(DETAIL, {"shop_order_id": number}, timestamp=str(stamp)))["code"] == 10000
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(stamp + 8 * 3600))
    assert (await keeper.raw(DETAIL, {"shop_order_id": number}, timestamp=text))["code"] == 10000


async def test_a_body_that_is_not_sorted_is_refused(keeper: Shopkeeper) -> None:
    sorted_body, other = '{"page":0,"size":1}', '{"size":1,"page":0}'
    assert (await keeper.raw("order.searchList", sorted_body))["sub_code"] == "isv.parameter-missing"
    assert (await keeper.raw("order.searchList", other))["sub_code"] == "isv.signature-invalid"
    assert (await keeper.raw("order.searchList", "page=0"))["sub_code"] == "isv.parameter-invalid:param_json"


async def test_an_unknown_method_is_refused(keeper: Shopkeeper) -> None:
    assert (await keeper.raw("order.nothing", {}))["sub_code"] == "isv.method-invalid"


async def test_a_token_lives_its_time_and_is_refreshed() -> None:
    async with town() as place:
        keeper = await shopkeeper(place)
        [number] = await keeper.order()
        first = keeper.token
        same = await keeper.call(
            "token.refresh", {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        )
        assert same["access_token"] == first["access_token"]
        week = 7 * 24 * 3600
        assert first["expires_in"] in {week - 1, week}
        with time_machine.travel(time.time() + week - 1800, tick=True):
            renewed = await keeper.call(
                "token.refresh", {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
            )
            assert renewed["access_token"] != first["access_token"]
            assert (await keeper.raw(DETAIL, {"shop_order_id": number}))["code"] == 10000
        with time_machine.travel(time.time() + week - 1000, tick=True):
            old = await keeper.raw(DETAIL, {"shop_order_id": number})
            assert (old["code"], old["sub_code"]) == (40003, "isv.access-token-expired")
            keeper.token = renewed
            assert (await keeper.raw(DETAIL, {"shop_order_id": number}))["code"] == 10000


@pytest.mark.parametrize(
    ("method", "content", "code"),
    [
        ("token.create", {"code": "", "grant_type": "authorization_self", "shop_id": "9"}, 30001),
        ("token.create", {"code": "", "grant_type": "authorization_code", "shop_id": "123456"}, 50002),
        ("token.create", {"code": "", "grant_type": "authorization_self"}, 40002),
        ("token.refresh", {"grant_type": "refresh_token", "refresh_token": "made-up"}, 50002),
    ],
)
async def test_no_token_for_the_wrong_words(
    keeper: Shopkeeper, method: str, content: dict[str, str], code: int
) -> None:
    assert (await keeper.raw(method, content))["code"] == code


async def test_an_order_reads_as_documented(keeper: Shopkeeper) -> None:
    [number] = await keeper.order(draft(channel="douyin", paid_at="2026-03-01T10:20:30+08:00", buyer_note="快点"))
    order = (await keeper.call(DETAIL, {"shop_order_id": number}))["shop_order_detail"]
    assert (order["order_id"], order["shop_id"], order["order_status"]) == (number, 123456, 2)
    assert (order["create_time"], order["pay_time"]) == (1772331600, 1772331630)
    assert (order["order_amount"], order["post_amount"], order["promotion_amount"]) == (13233, 600, 101)
    assert order["pay_amount"] == 13732
    assert (order["buyer_words"], order["seller_words"]) == ("快点", "老客户 冷链配送")
    mug, towel, gift = order["sku_order_list"]
    assert [(sub["code"], sub["item_num"], sub["pay_amount"]) for sub in (mug, towel, gift)] == [
        ("MUG-01", 2, 9824),
        ("TOWEL-01", 1, 3308),
        ("GIFT-TOTE", 1, 0),
    ]
    assert (mug["given_product_type"], mug["master_sku_order_id_list"]) == ("MASTER", [])
    assert (gift["given_product_type"], gift["master_sku_order_id_list"]) == ("FREE", [mug["order_id"]])
    assert order["post_addr"]["province"]["name"] == "浙江省"
    assert (order["post_addr"]["town"]["name"], order["post_addr"]["street"]["name"]) == ("余杭区", "")


async def test_receivers_are_given_out_encrypted(keeper: Shopkeeper) -> None:
    first, second = await keeper.order(draft(channel="douyin"), draft(channel="douyin"))
    one = await keeper.raw(DETAIL, {"shop_order_id": first})
    text = str(one)
    assert not any(secret in text for secret in ("13800000000", "示例路1号", "测试'"))
    order, other = await keeper.detail(first), await keeper.detail(second)
    assert order["encrypt_post_receiver"] == other["encrypt_post_receiver"]
    ciphers = [order["encrypt_post_receiver"], order["encrypt_post_tel"], order["post_addr"]["encrypt_detail"]]
    assert all(cipher.startswith("#") and cipher.endswith("#") for cipher in ciphers)
    assert len(set(ciphers)) == 3
    assert (order["mask_post_tel"], order["mask_post_receiver"]) == ("138****0000", "测**")
    assert keeper.place.douyin.book()["decrypts"] == 0


async def test_ciphertexts_are_opened_only_for_their_own_order(keeper: Shopkeeper) -> None:
    other_home = draft()["receiver"] | {"name": "测试二", "phone": "13800000002", "detail": "示例路2号"}
    first, second = await keeper.order(draft(channel="douyin"), draft(channel="douyin", receiver=other_home))
    order = await keeper.detail(first)
    infos = [
        {"auth_id": first, "cipher_text": order["encrypt_post_receiver"]},
        {"auth_id": first, "cipher_text": order["encrypt_post_tel"]},
        {"auth_id": first, "cipher_text": order["post_addr"]["encrypt_detail"]},
        {"auth_id": second, "cipher_text": order["encrypt_post_receiver"]},
        {"auth_id": first, "cipher_text": "#made#up#"},
    ]
    opened = (await keeper.call("order.batchDecrypt", {"cipher_infos": infos}))["decrypt_infos"]
    assert [(entry["decrypt_text"], entry.get("data_type"), entry["err_no"]) for entry in opened] == [
        ("测试", 2, 0),
        ("13800000000", 5, 0),
        ("示例路1号", 1, 0),
        ("", None, 300008),
        ("", None, 300008),
    ]
    assert keeper.place.douyin.book()["decrypts"] == 3


async def test_the_list_pages_through_a_window(keeper: Shopkeeper) -> None:
    now = int(time.time())
    numbers = await keeper.order(*[draft(channel="douyin", paid_minutes_ago=m) for m in (50, 40, 30, 20, 10)])
    await keeper.place.control(f"/douyin/{numbers[0]}/cancel", {}, 204)

    async def search(**more: Any) -> tuple[int, list[str]]:
        found = await keeper.call("order.searchList", {"page": 0, "size": 100, **more})
        return found["total"], [order["order_id"] for order in found["shop_order_list"]]

    window = {"create_time_start": now - 2 * 3600, "create_time_end": now + 1}
    assert await search(**window) == (5, numbers[::-1])
    assert await search(**window, order_asc=True, order_by="create_time", page=1, size=2) == (5, numbers[2:4])
    assert await search(**window, combine_status=[{"order_status": "2,101"}], order_asc=True) == (4, numbers[1:])
    assert await search(**window, combine_status=[{"order_status": "4"}]) == (1, numbers[:1])
    recent = {"create_time_start": now - 1900, "create_time_end": now}
    assert await search(**recent, order_asc=True) == (3, numbers[2:])
    updated = {"update_time_start": now - 5, "update_time_end": now + 5}
    assert (await search(**updated, order_by="update_time"))[0] == 5


async def test_orders_of_the_last_ninety_days_are_listed(keeper: Shopkeeper) -> None:
    old, young = await keeper.order(
        draft(channel="douyin", paid_minutes_ago=91 * 1440), draft(channel="douyin", paid_minutes_ago=89 * 1440)
    )
    window = {"update_time_start": 1, "update_time_end": int(time.time()) + 5}
    found = await keeper.call("order.searchList", {"page": 0, "size": 10, **window})
    assert [order["order_id"] for order in found["shop_order_list"]] == [young]
    assert (await keeper.detail(old))["order_id"] == old


@pytest.mark.parametrize(
    ("method", "content", "code", "sub_code"),
    [
        (DETAIL, {}, 40002, "isv.parameter-missing"),
        (DETAIL, {"shop_order_id": 7}, 40004, "isv.parameter-invalid:shop_order_id"),
        (DETAIL, {"shop_order_id": "7"}, 50002, "isv.business-failed:order-not-found"),
        ("order.searchList", {"page": 0, "size": 10}, 40002, "isv.parameter-missing"),
        ("order.searchList", {"page": 0, "size": 101}, 40004, "isv.parameter-invalid:size"),
        ("order.searchList", {"page": 0, "size": 9, "update_time_start": 5}, 40002, "isv.parameter-missing"),
        (
            "order.searchList",
            {"page": 0, "size": 9, "update_time_start": 5, "update_time_end": 5},
            40004,
            "isv.parameter-invalid:update_time_end",
        ),
        (
            "order.searchList",
            {"page": 101, "size": 100, "update_time_start": 5, "update_time_end": 6},
            40004,
            "isv.parameter-invalid:page",
        ),
        ("order.batchDecrypt", {"cipher_infos": []}, 40004, "isv.parameter-invalid:cipher_infos"),
    ],
)
async def test_wrong_parameters_are_named(
    keeper: Shopkeeper, method: str, content: dict[str, Any], code: int, sub_code: str
) -> None:
    answer = await keeper.raw(method, content)
    assert (answer["code"], answer["sub_code"]) == (code, sub_code)


@pytest.mark.parametrize(("kind", "code"), [(FaultKind.ERROR, 20000), (FaultKind.THROTTLE, 80000)])
async def test_faults_speak_douyin(keeper: Shopkeeper, kind: FaultKind, code: int) -> None:
    plan = FaultPlan(faults=[Fault(partner="douyin", kind=kind, operation=DETAIL)])
    keeper.place.world.faults.set_plan(plan)
    assert (await keeper.raw(DETAIL, {"shop_order_id": "1"}))["code"] == code

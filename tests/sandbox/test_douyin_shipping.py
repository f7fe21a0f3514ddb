"""Shipping on Douyin: write-back of numbers, parcels, and the platform's own e-waybill."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.sandbox.shopkeeper import Shopkeeper, shopkeeper
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft, town

ADD, EDIT = "order.logisticsAdd", "order.logisticsEdit"
SINGLE, MULTI = "order.logisticsAddSinglePack", "order.logisticsAddMultiPack"
CREATE, LIST, CANCEL = "logistics.newCreateOrder", "logistics.listEbill", "logistics.cancelOrder"
SENDER = {
    "address": {
        "country_code": "CHN",
        "province_name": "浙江省",
        "city_name": "杭州市",
        "district_name": "余杭区",
        "detail_address": "示例仓1号",
    },
    "contact": {"name": "测试仓", "mobile": "13800000001"},
}


@pytest.fixture
async def keeper() -> AsyncIterator[Shopkeeper]:
    async with town(make_settings(pickup_s=60)) as place:
        yield await shopkeeper(place)


def shipped(number: str, code: str = "SF100000001", company: str = "shunfeng") -> dict[str, str]:
    return {"order_id": number, "company_code": company, "logistics_code": code}


def told(keeper: Shopkeeper) -> list[tuple[str, str, int]]:
    return [(e["carrier"], e["number"], e["times"]) for e in keeper.place.douyin.book()["shipments"]]


async def refused(keeper: Shopkeeper, method: str, content: object) -> str:
    answer = await keeper.raw(method, content)
    assert answer["code"] in {40002, 40004, 50002}, answer
    return str(answer["sub_code"]).rpartition(":")[2]


async def test_a_whole_order_ships_once(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    assert await keeper.call(ADD, shipped(number)) == {}
    answer = await keeper.raw(ADD, shipped(number))
    assert (answer["code"], answer["sub_code"]) == (50002, "isv.business-failed:already-shipped")
    assert await refused(keeper, ADD, shipped(number, "YT100000002", "yuantong")) == "already-shipped"
    assert told(keeper) == [("SF", "SF100000001", 2)]
    assert keeper.place.handed_over == [("SF", "SF100000001")]
    order = await keeper.detail(number)
    assert order["order_status"] == 3
    [parcel] = order["logistics_info"]
    assert (parcel["tracking_no"], parcel["company"]) == ("SF100000001", "shunfeng")
    assert [entry["product_count"] for entry in parcel["product_info"]] == [2, 1, 1]
    assert keeper.place.douyin.book()["orders"][0]["status"] == "shipped"


async def test_a_shipment_that_makes_no_sense_is_refused(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    assert await refused(keeper, ADD, shipped("7")) == "order-not-found"
    assert await refused(keeper, ADD, shipped(number, company="dhl")) == "company_code"
    assert await refused(keeper, ADD, shipped(number, "1")) == "logistics_code"
    assert await refused(keeper, EDIT, shipped(number)) == "not-shipped"
    await keeper.place.control(f"/douyin/{number}/cancel", {}, 204)
    assert await refused(keeper, ADD, shipped(number)) == "order-cancelled"
    assert told(keeper) == []


async def test_a_number_can_be_corrected(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    await keeper.call(ADD, shipped(number))
    for _ in range(2):
        assert await keeper.call(EDIT, shipped(number, "YT100000002", "yuantong")) == {}
    assert told(keeper) == [("YTO", "YT100000002", 2)]
    assert keeper.place.handed_over == [("SF", "SF100000001"), ("YTO", "YT100000002")]


async def test_an_order_ships_in_parcels(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    mug, towel, gift = [sub["order_id"] for sub in (await keeper.detail(number))["sku_order_list"]]
    first = shipped(number) | {"request_id": "r1", "shipped_order_info": [{"shipped_order_id": mug, "shipped_num": 1}]}
    pack = await keeper.call(SINGLE, first)
    assert await keeper.call(SINGLE, first) == pack
    assert (await keeper.detail(number))["order_status"] == 101
    assert await refused(keeper, ADD, shipped(number, "SF100000009")) == "partly-shipped"
    assert await refused(keeper, SINGLE, first | {"request_id": "r2"}) == "already-shipped"
    other = first | {"request_id": "r2", "logistics_code": "SF100000002"}
    too_many = other | {"shipped_order_info": [{"shipped_order_id": mug, "shipped_num": 2}]}
    assert await refused(keeper, SINGLE, too_many) == "too-many-pieces"
    assert await refused(keeper, SINGLE, too_many | {"request_id": "r1"}) == "request-id-reused"
    foreign = other | {"shipped_order_info": [{"shipped_order_id": "7", "shipped_num": 1}]}
    assert await refused(keeper, SINGLE, foreign) == "shipped_order_id"
    assert await refused(keeper, SINGLE, shipped(number) | {"request_id": "r3"}) == "isv.parameter-missing"
    await keeper.call(SINGLE, other)
    assert await refused(keeper, EDIT, shipped(number)) == "not-shipped"
    rest = shipped(number, "SF100000003") | {"request_id": "r3", "order_id_list": [towel, gift]}
    assert len((await keeper.call(SINGLE, rest))["pack_list"]) == 1
    assert (await keeper.detail(number))["order_status"] == 3
    assert await refused(keeper, EDIT, shipped(number)) == "several-packs"
    # times: r1 was told twice, and its number once more under r2
    assert told(keeper) == [("SF", "SF100000001", 3), ("SF", "SF100000002", 1), ("SF", "SF100000003", 1)]
    assert len(keeper.place.handed_over) == 3
    assert all(entry["parcel_no"] for entry in keeper.place.douyin.book()["shipments"])


async def test_several_parcels_ship_together_or_not_at_all(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    mug, towel, gift = [sub["order_id"] for sub in (await keeper.detail(number))["sku_order_list"]]

    def pack(code: str, *subs: str, count: int = 1) -> dict[str, Any]:
        items = [{"shipped_order_id": sub, "shipped_num": count} for sub in subs]
        return {"company_code": "zhongtong", "logistics_code": code, "shipped_order_info": items}

    wrong = [pack("780000000001", mug, count=2), pack("780000000002", mug, towel)]
    assert (
        await refused(keeper, MULTI, {"order_id": number, "request_id": "r", "pack_list": wrong}) == "too-many-pieces"
    )
    assert told(keeper) == []
    right = [pack("780000000001", mug), pack("780000000002", mug, towel, gift)]
    wanted = {"order_id": number, "request_id": "r", "pack_list": right}
    done = await keeper.call(MULTI, wanted)
    assert await keeper.call(MULTI, wanted) == done
    assert [entry["logistics_code"] for entry in done["pack_list"]] == ["780000000001", "780000000002"]
    assert told(keeper) == [("ZTO", "780000000001", 2), ("ZTO", "780000000002", 2)]
    assert (await keeper.detail(number))["order_status"] == 3


async def wish(keeper: Shopkeeper, number: str, pack: str = "P1", company: str = "shunfeng", **contact: str) -> Any:
    order = await keeper.detail(number)
    person = {"name": order["encrypt_post_receiver"], "mobile": order["encrypt_post_tel"]} | contact
    address = SENDER["address"] | {"detail_address": order["post_addr"]["encrypt_detail"]}
    info = {
        "order_id": number,
        "pack_id": pack,
        "receiver_info": {"address": address, "contact": person},
        "items": [{"item_name": "马克杯", "item_count": 2}],
        "remark": "冷链",
    }
    return {"sender_info": SENDER, "logistics_code": company, "order_infos": [info], "user_id": 1}


async def test_a_pack_has_one_waybill(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    first = await keeper.call(CREATE, await wish(keeper, number))
    assert await keeper.call(CREATE, await wish(keeper, number)) == first
    assert first["err_infos"] == []
    [ebill] = first["ebill_infos"]
    assert (ebill["order_id"], ebill["pack_id"]) == (number, "P1")
    other = await keeper.call(CREATE, await wish(keeper, number, "P2", "yuantong"))
    assert other["ebill_infos"][0]["track_no"] != ebill["track_no"]
    found = await keeper.call(LIST, {"order_id": number, "pack_id": "P1"})
    assert found["ebill_infos"] == [
        {
            "track_no": ebill["track_no"],
            "order_id": number,
            "pack_id": "P1",
            "logistics_code": "shunfeng",
            "status": 1,
        }
    ]
    assert await keeper.call(LIST, {"order_id": number, "pack_id": "P9"}) == {"ebill_infos": []}
    waybills = keeper.place.douyin.book()["waybills"]
    assert [(w["key"], w["carrier"], w["live"], w["requirements_text"]) for w in waybills] == [
        ("P1", "SF", True, "冷链"),
        ("P2", "YTO", True, "冷链"),
    ]
    assert "13800000001" not in json.dumps(waybills)


async def test_a_waybill_needs_the_ciphertexts_of_its_order(keeper: Shopkeeper) -> None:
    moved = draft()["receiver"] | {"phone": "13800000007"}
    number, stranger = await keeper.order(draft(channel="douyin"), draft(channel="douyin", receiver=moved))
    foreign = (await keeper.detail(stranger))["encrypt_post_tel"]
    cases = {
        "receiver-mismatch": await wish(keeper, number, mobile=foreign),
        "not-encrypted": await wish(keeper, number, mobile="13800000000"),
        "order-not-found": await wish(keeper, number),
        "order-cancelled": await wish(keeper, stranger),
    }
    cases["order-not-found"]["order_infos"][0]["order_id"] = "7"
    await keeper.place.control(f"/douyin/{stranger}/cancel", {}, 204)
    for code, content in cases.items():
        answer = await keeper.call(CREATE, content)
        assert [entry["err_code"] for entry in answer["err_infos"]] == [code]
        assert answer["ebill_infos"] == []
    assert keeper.place.douyin.book()["waybills"] == []


async def test_a_waybill_to_an_old_address_is_refused(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    before = await wish(keeper, number)
    moved = draft()["receiver"] | {"detail": "示例路2号"}
    await keeper.place.control(f"/douyin/{number}/address", {"receiver": moved}, 204)
    answer = await keeper.call(CREATE, before)
    assert [entry["err_code"] for entry in answer["err_infos"]] == ["receiver-mismatch"]
    assert len((await keeper.call(CREATE, await wish(keeper, number)))["ebill_infos"]) == 1


async def test_a_waybill_can_be_cancelled_and_its_pack_never_used_again(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    [ebill] = (await keeper.call(CREATE, await wish(keeper, number)))["ebill_infos"]
    mine = {"logistics_code": "shunfeng", "track_no": ebill["track_no"]}
    for content in (mine | {"logistics_code": "ems"}, mine | {"track_no": "SF0"}):
        result = (await keeper.call(CANCEL, content))["cancel_result"]
        assert result == {"success": False, "error_message": "运单不存在"}
    answer = await keeper.call(CREATE, await wish(keeper, number, company="ems"))
    assert [entry["err_code"] for entry in answer["err_infos"]] == ["pack-other-company"]
    for _ in range(2):
        assert (await keeper.call(CANCEL, mine))["cancel_result"] == {"success": True, "error_message": ""}
    [found] = (await keeper.call(LIST, {"order_id": number, "pack_id": "P1"}))["ebill_infos"]
    assert found["status"] == 2
    answer = await keeper.call(CREATE, await wish(keeper, number))
    assert [entry["err_code"] for entry in answer["err_infos"]] == ["pack-cancelled"]
    assert [waybill["live"] for waybill in keeper.place.douyin.book()["waybills"]] == [False]


@pytest.mark.parametrize(("pickup_s", "success"), [(60, True), (0, False)])
async def test_after_pickup_it_is_too_late_to_cancel(pickup_s: float, success: bool) -> None:
    async with town(make_settings(pickup_s=pickup_s)) as place:
        keeper = await shopkeeper(place)
        [number] = await keeper.order()
        [ebill] = (await keeper.call(CREATE, await wish(keeper, number)))["ebill_infos"]
        await keeper.call(ADD, shipped(number, ebill["track_no"]))
        mine = {"logistics_code": "shunfeng", "track_no": ebill["track_no"]}
        assert (await keeper.call(CANCEL, mine))["cancel_result"]["success"] is success


@pytest.mark.parametrize("company", ["shunfeng", "zhongtong", "yuantong", "shentong", "yunda", "ems", "jd"])
async def test_every_courier_has_its_own_numbers(keeper: Shopkeeper, company: str) -> None:
    [number] = await keeper.order()
    [ebill] = (await keeper.call(CREATE, await wish(keeper, number, company=company)))["ebill_infos"]
    assert ebill["track_no"].isalnum()
    assert 13 <= len(ebill["track_no"]) <= 15


async def test_not_every_company_gives_numbers(keeper: Shopkeeper) -> None:
    [number] = await keeper.order()
    for company in ("other", "dhl"):
        assert await refused(keeper, CREATE, await wish(keeper, number, company=company)) == "logistics_code"

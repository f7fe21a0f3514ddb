"""Shipping on Pinduoduo: write-back of numbers, and the platform's own e-waybill."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import time_machine

from tests.sandbox.merchant import Merchant, merchant
from tests.sandbox.town import draft

SEND, CHECK, COMPANIES = "pdd.logistics.online.send", "pdd.refund.status.check", "pdd.logistics.companies.get"
EXTRA = "pdd.order.upload.extra.logistics"
GET, CANCEL = "pdd.waybill.get", "pdd.waybill.cancel"
SENDER = {
    "name": "测试仓",
    "mobile": "13800000001",
    "address": {"province": "浙江省", "city": "杭州市", "district": "余杭区", "detail": "示例仓1号"},
}


@pytest.fixture
async def shop() -> AsyncIterator[Merchant]:
    async with merchant(pickup_s=60) as shop:
        yield shop


def told(shop: Merchant) -> list[tuple[str, str, int]]:
    return [(e["carrier"], e["number"], e["times"]) for e in shop.pdd.book()["shipments"]]


async def send(shop: Merchant, order_sn: str, number: str = "SF100000001", company: int = 44, **more: Any) -> None:
    params = {"order_sn": order_sn, "tracking_number": number, "logistics_id": company}
    assert await shop.call(SEND, **params, **more) == {"is_success": True}


async def refused(
    shop: Merchant, order_sn: str, number: str = "SF100000001", company: object = 44, **more: Any
) -> tuple[int, str]:
    params = {"order_sn": order_sn, "tracking_number": number, "logistics_id": company}
    return await shop.refused(SEND, **params, **more)


async def test_an_order_ships_once(shop: Merchant) -> None:
    [number] = await shop.order()
    before = await shop.detail(number)
    await send(shop, number)
    assert await refused(shop, number) == (50001, "already-shipped")
    assert await refused(shop, number, "YT100000002", 85) == (50001, "already-shipped")
    assert told(shop) == [("SF", "SF100000001", 2)]
    assert shop.handed_over == [("SF", "SF100000001")]
    order = await shop.detail(number)
    assert (order["order_status"], order["logistics_id"], order["tracking_number"]) == (2, 44, "SF100000001")
    assert order["shipping_time"] == order["updated_at"]
    assert before["receiver_name"]
    assert not any(order[name] for name in order if name.startswith("receiver_") or name == "address")
    assert shop.pdd.book()["orders"][0]["status"] == "shipped"
    assert shop.pdd.book()["shipments"][0]["parcel_no"] == ""
    await shop.control(f"/pdd/{number}/cancel", None, 409)


async def test_a_shipment_that_makes_no_sense_is_refused(shop: Merchant) -> None:
    [number] = await shop.order()
    assert await refused(shop, "260101-1") == (50001, "order-not-found")
    assert await refused(shop, number, company=7) == (10000, "logistics_id")
    assert await refused(shop, number, company="SF") == (10000, "logistics_id")
    assert await refused(shop, number, "1") == (10000, "tracking_number")
    assert await refused(shop, number, redelivery_type=3) == (10000, "redelivery_type")
    assert await refused(shop, number, redelivery_type=2) == (50001, "not-shipped")
    await shop.control(f"/pdd/{number}/cancel", None, 204)
    assert await refused(shop, number) == (50001, "order-refunded")
    assert told(shop) == []
    assert shop.handed_over == []


async def test_a_shipped_order_takes_further_parcels(shop: Merchant) -> None:
    [number] = await shop.order()
    track = {"shipping_id": 115, "tracking_number": "ZT300000001"}
    further = {"order_sn": number, "extra_track_list": json.dumps([track]), "extra_track_type": 1}
    assert await shop.refused(EXTRA, **further) == (50001, "not-shipped")
    await send(shop, number)
    version = shop.pdd.book()["orders"][0]["version"]
    for _ in range(2):
        assert await shop.call(EXTRA, **further) == {"success": True}
    assert told(shop) == [("SF", "SF100000001", 1), ("ZTO", "ZT300000001", 2)]
    assert shop.handed_over == [("SF", "SF100000001"), ("ZTO", "ZT300000001")]
    order = await shop.detail(number)
    assert order["tracking_number"] == "SF100000001"
    assert order["extra_delivery_list"] == [{"logistics_id": 115, "tracking_number": "ZT300000001"}]
    assert shop.pdd.book()["orders"][0]["version"] == version + 1
    # its own number is no further parcel
    own = json.dumps([{"shipping_id": 44, "tracking_number": "SF100000001"}])
    await shop.call(EXTRA, order_sn=number, extra_track_list=own)
    assert len(told(shop)) == 2


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"order_sn": "260101-1"}, (50001, "order-not-found")),
        ({"extra_track_list": "[]"}, (10000, "extra_track_list")),
        ({"extra_track_list": '[{"shipping_id": 7, "tracking_number": "SF100000009"}]'}, (10000, "shipping_id")),
        ({"extra_track_list": '[{"shipping_id": 44, "tracking_number": "1"}]'}, (10000, "extra_track_list")),
        ({"extra_track_type": 4}, (10000, "extra_track_type")),
    ],
)
async def test_a_further_parcel_that_makes_no_sense_is_refused(
    shop: Merchant, change: dict[str, Any], answer: tuple[int, str]
) -> None:
    [number] = await shop.order()
    await send(shop, number)
    track = '[{"shipping_id": 44, "tracking_number": "SF100000009"}]'
    code, sub_code = await shop.refused(EXTRA, **{"order_sn": number, "extra_track_list": track, **change})
    assert (code, sub_code.partition(".")[0]) == answer
    assert told(shop) == [("SF", "SF100000001", 1)]


async def test_a_number_can_be_corrected_for_a_day(shop: Merchant) -> None:
    [number] = await shop.order()
    await send(shop, number, redelivery_type=1)
    for _ in range(2):
        await send(shop, number, "YT100000002", 85, redelivery_type=2)
    assert told(shop) == [("YTO", "YT100000002", 2)]
    assert shop.handed_over == [("SF", "SF100000001"), ("YTO", "YT100000002")]
    with time_machine.travel(time.time() + 24 * 3600 - 60, tick=True):
        await send(shop, number, "SF100000003", redelivery_type=2)
    with time_machine.travel(time.time() + 24 * 3600 + 60, tick=True):
        shop.token = (await shop.call("pdd.pop.auth.token.refresh", refresh_token="pdd-refresh"))["access_token"]
        assert await refused(shop, number, "SF100000004", redelivery_type=2) == (50001, "too-late")


async def test_refunds_can_be_asked_for_before_shipping(shop: Merchant) -> None:
    first, second = await shop.order(draft(channel="pdd"), draft(channel="pdd"))
    both = f"{first},{second}"
    assert await shop.call(CHECK, order_sns=both) == {"order_sns_exists_refund": []}
    await shop.control(f"/pdd/{second}/cancel", None, 204)
    assert await shop.call(CHECK, order_sns=both) == {"order_sns_exists_refund": [{"order_sn": second}]}
    assert await shop.refused(CHECK, order_sns=f"{first},7") == (50001, "order-not-found")


async def test_every_company_is_one_of_our_carriers(shop: Merchant) -> None:
    companies = (await shop.call(COMPANIES, access_token=None))["logistics_companies"]
    ours = ["STO", "SF", "YTO", "ZTO", "EMS", "JD", "YUNDA", "DEPPON", "OTHER", "JTSD"]
    assert [entry["code"] for entry in companies] == [
        {"DEPPON": "DB", "OTHER": "SELF"}.get(carrier, carrier) for carrier in ours
    ]
    for n, entry in enumerate(companies):
        [number] = await shop.order()
        await send(shop, number, f"X10000000{n}", entry["id"])
    assert [carrier for carrier, _, _ in told(shop)] == ours


async def wish(shop: Merchant, order_sn: str, package: str = "P1", wp_code: str = "SF", **person: Any) -> Any:
    order = await shop.detail(order_sn)
    region = {"province": order["province"], "city": order["city"], "district": order["town"]}
    recipient = {
        "name": order["receiver_name"],
        "mobile": order["receiver_phone"],
        "address": region | {"detail": order["receiver_address"]},
    }
    entry = {
        "object_id": f"{order_sn}-{package}",
        "user_id": 1,
        "template_url": "https://pdd.test/template/1",
        "order_info": {"order_channels_type": "PDD", "trade_order_list": [order_sn]},
        "package_info": {"id": package, "items": [{"name": "马克杯", "count": 2}], "goods_description": "冷链"},
        "recipient": recipient | person,
    }
    return {"wp_code": wp_code, "sender": SENDER, "need_encrypt": True, "trade_order_info_dtos": [entry]}


async def granted(shop: Merchant, application: Any, **more: Any) -> str:
    [module] = (await shop.call(GET, param_waybill_cloud_print_apply_new_request=application, **more))["modules"]
    assert json.loads(module["print_data"])["encryptedData"]
    return str(module["waybill_code"])


async def denied(shop: Merchant, application: Any) -> tuple[int, str]:
    return await shop.refused(GET, param_waybill_cloud_print_apply_new_request=application)


async def test_an_order_under_review_gets_no_waybill(shop: Merchant) -> None:
    [number] = await shop.order()
    application = await wish(shop, number)
    await shop.control(f"/pdd/{number}/risk", {"under_review": True}, 204)
    assert await denied(shop, application) == (50001, "under-review")
    await shop.control(f"/pdd/{number}/risk", {"under_review": False}, 204)
    assert await granted(shop, application)


async def test_a_package_has_one_waybill(shop: Merchant) -> None:
    [number] = await shop.order()
    application = await wish(shop, number)
    code = await granted(shop, application)
    # an object as its JSON text, or as part of a JSON body: both are signed the same
    assert await granted(shop, json.dumps(application, separators=(",", ":"), ensure_ascii=False), form=True) == code
    assert await granted(shop, await wish(shop, number, "P2", "ZTO")) != code
    await send(shop, number, code)
    assert await granted(shop, application) == code
    assert [
        (w["key"], w["order_no"], w["carrier"], w["live"], w["requirements_text"]) for w in shop.pdd.book()["waybills"]
    ] == [
        (f"{number}-P1", number, "SF", True, "冷链"),
        (f"{number}-P2", number, "ZTO", True, "冷链"),
    ]
    application["trade_order_info_dtos"][0]["package_info"]["id"] = "P3"
    assert await denied(shop, application) == (50001, "already-shipped")


async def test_a_waybill_needs_the_ciphertexts_of_its_order(shop: Merchant) -> None:
    moved = draft()["receiver"] | {"phone": "13800000007"}
    number, stranger = await shop.order(draft(channel="pdd"), draft(channel="pdd", receiver=moved))
    foreign = (await shop.detail(stranger))["receiver_phone"]
    good = await wish(shop, number)
    unknown = json.loads(json.dumps(good).replace(number, "260101-1"))
    far = json.loads(json.dumps(good, ensure_ascii=False).replace("杭州市", "三沙市"))
    cancelled = await wish(shop, stranger)
    await shop.control(f"/pdd/{stranger}/cancel", None, 204)
    assert await denied(shop, await wish(shop, number, mobile=foreign)) == (50001, "receiver-mismatch")
    assert await denied(shop, await wish(shop, number, mobile="13800000000")) == (50001, "not-encrypted")
    assert await denied(shop, unknown) == (50001, "order-not-found")
    assert await denied(shop, cancelled) == (50001, "order-refunded")
    assert await denied(shop, far) == (50001, "unreachable")
    assert await denied(shop, good | {"wp_code": "SELF"}) == (10000, "wp_code")
    assert await denied(shop, good | {"sender": SENDER | {"mobile": ""}}) == (10000, "sender")
    name = "param_waybill_cloud_print_apply_new_request"
    assert await denied(shop, good | {"trade_order_info_dtos": []}) == (10000, f"{name}.trade_order_info_dtos")
    assert await denied(shop, "{") == (10000, name)
    await shop.control(f"/pdd/{number}/address", {"receiver": moved}, 204)
    assert await denied(shop, good) == (50001, "receiver-mismatch")
    assert shop.pdd.book()["waybills"] == []


async def test_a_waybill_can_be_cancelled_and_its_package_never_used_again(shop: Merchant) -> None:
    [number] = await shop.order()
    application = await wish(shop, number)
    code = await granted(shop, application)
    assert await denied(shop, application | {"wp_code": "EMS"}) == (50001, "package-other-company")
    for wrong in ({"wp_code": "EMS", "waybill_code": code}, {"wp_code": "SF", "waybill_code": "SF0"}):
        assert await shop.refused(CANCEL, **wrong) == (50001, "waybill-not-found")
    for _ in range(2):
        assert await shop.call(CANCEL, wp_code="SF", waybill_code=code) == {"cancel_result": True}
    assert await denied(shop, application) == (50001, "package-cancelled")
    assert [waybill["live"] for waybill in shop.pdd.book()["waybills"]] == [False]


async def test_after_pickup_it_is_too_late_to_cancel() -> None:
    async with merchant(pickup_s=0) as shop:
        [number] = await shop.order()
        code = await granted(shop, await wish(shop, number))
        await send(shop, number, code)
        assert await shop.refused(CANCEL, wp_code="SF", waybill_code=code) == (50001, "picked-up")


@pytest.mark.parametrize("wp_code", ["SF", "ZTO", "YTO", "STO", "YUNDA", "EMS", "JD", "DB", "JTSD"])
async def test_every_courier_has_its_own_numbers(shop: Merchant, wp_code: str) -> None:
    [number] = await shop.order()
    code = await granted(shop, await wish(shop, number, wp_code=wp_code))
    assert code.isalnum()
    assert 13 <= len(code) <= 15

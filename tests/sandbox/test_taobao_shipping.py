"""Shipping and e-waybills on Taobao, what buyers and staff do to a trade, and the book."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.digest import receiver_digest
from sandbox.taobao.companies import COMPANIES
from tests.sandbox.seller import Seller, selling
from tests.sandbox.stage import until
from tests.sandbox.town import RECEIVER, draft

SEND = "taobao.logistics.offline.send"
GET = "cainiao.waybill.ii.get"
QUERY = "cainiao.waybill.ii.query.by.tradecode"
CANCEL = "cainiao.waybill.ii.cancel"
ERROR = "isv.logistics-offline-service-error"


@pytest.fixture
async def seller() -> AsyncIterator[Seller]:
    async with selling() as seller:
        yield seller


def sent(tid: str, number: str = "SF100000001", company: str = "SF", **more: str) -> dict[str, str]:
    return {"tid": tid, "out_sid": number, "company_code": company} | more


async def oids(seller: Seller, tid: str) -> list[str]:
    trade = await seller.trade(tid, "orders.oid_str")
    return [order["oid_str"] for order in trade["orders"]["order"]]


async def told(seller: Seller) -> list[tuple[str, str, int]]:
    return [(entry["carrier"], entry["number"], entry["times"]) for entry in (await seller.book())["shipments"]]


async def test_a_trade_ships_once(seller: Seller) -> None:
    [tid] = await seller.order()
    assert await seller.call(SEND, **sent(tid)) == {"shipping": {"is_success": True}}
    trade = await seller.trade(tid)
    assert trade["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert trade["consign_time"]
    shown = {(order["status"], order["invoice_no"], order["logistics_company"]) for order in trade["orders"]["order"]}
    assert shown == {("WAIT_BUYER_CONFIRM_GOODS", "SF100000001", "顺丰速运")}
    assert await seller.refused(SEND, **sent(tid)) == f"{ERROR}:B04"
    assert await seller.refused(SEND, **sent(tid, "SF100000002")) == f"{ERROR}:B04"
    assert await told(seller) == [("SF", "SF100000001", 2)]
    assert seller.handed_over == [("SF", "SF100000001")]


async def test_a_split_trade_ships_order_by_order(seller: Seller) -> None:
    [tid] = await seller.order()
    mug, towel, gift = await oids(seller, tid)
    first = sent(tid, is_split="1", sub_tid=f"{mug},{gift}")
    await seller.call(SEND, **first)
    trade = await seller.trade(tid)
    assert trade["status"] == "SELLER_CONSIGNED_PART"
    assert [order.get("invoice_no") for order in trade["orders"]["order"]] == ["SF100000001", None, "SF100000001"]
    assert await seller.refused(SEND, **first) == f"{ERROR}:B04"
    assert await seller.refused(SEND, **sent(tid, "780000000002", "ZTO")) == f"{ERROR}:CD22"
    mixed = sent(tid, "780000000002", "ZTO", is_split="1", sub_tid=f"{towel},{gift}")
    assert await seller.refused(SEND, **mixed) == f"{ERROR}:P38"
    await seller.call(SEND, **mixed | {"sub_tid": towel})
    assert (await seller.trade(tid))["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert await told(seller) == [("SF", "SF100000001", 2), ("ZTO", "780000000002", 1)]
    assert seller.handed_over == [("SF", "SF100000001"), ("ZTO", "780000000002")]
    assert {entry["parcel_no"] for entry in (await seller.book())["shipments"]} == {""}


async def test_orders_can_join_a_parcel_that_left(seller: Seller) -> None:
    [tid] = await seller.order()
    mug, towel, gift = await oids(seller, tid)
    await seller.call(SEND, **sent(tid, is_split="1", sub_tid=mug))
    other = sent(tid, company="EMS", is_split="1", sub_tid=f"{towel},{gift}")
    assert await seller.refused(SEND, **other) == f"{ERROR}:B60"
    await seller.call(SEND, **other | {"company_code": "SF"})
    assert (await seller.trade(tid))["status"] == "WAIT_BUYER_CONFIRM_GOODS"
    assert await told(seller) == [("SF", "SF100000001", 3)]
    assert len(seller.handed_over) == 1


async def test_a_parcel_that_cannot_be_is_refused(seller: Seller) -> None:
    tid, stranger = await seller.order(draft(channel="taobao"), draft(channel="taobao"))
    cases = {
        f"{ERROR}:B01": sent("4711"),
        f"{ERROR}:B56": sent(tid, company="shunfeng"),
        f"{ERROR}:B60": sent(tid, "SF 1"),
        f"{ERROR}:CD25": sent(tid, sub_tid=stranger),
        f"{ERROR}:CD26": sent(tid, is_split="1"),
        f"{ERROR}:P38": sent(tid, is_split="1", sub_tid=stranger),
        "isv.missing-parameter:out_sid": sent(tid, ""),
        "isv.invalid-parameter:is_split": sent(tid, is_split="2"),
        "isv.invalid-parameter:sub_tid": sent(tid, is_split="1", sub_tid="1;2"),
    }
    for sub_code, params in cases.items():
        assert await seller.refused(SEND, **params) == sub_code
    await seller.control(f"/taobao/{tid}/cancel")
    assert await seller.refused(SEND, **sent(tid)) == f"{ERROR}:B04"
    assert await told(seller) == []
    assert seller.handed_over == []


@pytest.mark.parametrize("company", COMPANIES)
async def test_every_company_ships(seller: Seller, company: str) -> None:
    [tid] = await seller.order()
    await seller.call(SEND, **sent(tid, "100000000001", company))
    assert await told(seller) == [(COMPANIES[company].carrier.value, "100000000001", 1)]


SENDER = {
    "name": "测试仓",
    "mobile": "13800000001",
    "address": {"province": "上海", "city": "上海市", "district": "松江区", "detail": "示例路9号"},
}


async def wish(seller: Seller, tid: str, /, key: str = "K1", cp: str = "ZTO", **changes: Any) -> dict[str, str]:
    """The parameter that asks for one e-waybill; `changes` go into the recipient."""
    trade = await seller.trade(tid)
    recipient = {
        "name": trade["receiver_name"],
        "mobile": trade["receiver_mobile"],
        "address": {"province": trade["receiver_state"], "detail": trade["receiver_address"]},
        "oaid": trade["oaid"],
        "tid": tid,
    }
    info = {
        "object_id": key,
        "order_info": {"order_channels_type": "TB", "trade_order_list": [tid]},
        "package_info": {"id": key, "items": [{"name": "马克杯", "count": 2}], "goods_description": "冷链"},
        "recipient": recipient | changes,
        "template_url": "http://cloudprint.example/template",
        "user_id": 1,
    }
    request = {"cp_code": cp, "sender": SENDER, "trade_order_info_dtos": [info]}
    return {"param_waybill_cloud_print_apply_new_request": json.dumps(request)}


async def obtained(seller: Seller, params: dict[str, str]) -> dict[str, Any]:
    [waybill] = (await seller.call(GET, **params))["modules"]["waybill_cloud_print_response"]
    return dict(waybill)


async def asked(seller: Seller, tid: str, key: str) -> dict[str, Any]:
    """What the desk says of a trade's e-waybill."""
    content = await seller.call(QUERY, param_list=json.dumps([{"biz_sub_code": tid, "object_id": key}]))
    [module] = content["modules"]["waybill_cloud_print_with_result_desc_response"]
    return dict(module)


async def test_a_package_has_one_waybill(seller: Seller) -> None:
    tid, stranger = await seller.order(draft(channel="taobao"), draft(channel="taobao"))
    first = await obtained(seller, await wish(seller, tid))
    assert await obtained(seller, await wish(seller, tid)) == first
    assert first["object_id"] == "K1"
    assert json.loads(first["print_data"])["templateURL"] == "http://cloudprint.example/template"
    other = await obtained(seller, await wish(seller, tid, "K2", "SF"))
    assert other["waybill_code"] != first["waybill_code"]
    found = await asked(seller, tid, "K1")
    assert found["success"] is True
    assert found["waybill_cloud_print_response"]["waybill_code"] == first["waybill_code"]
    for trade, key in ((tid, "K9"), (stranger, "K1")):
        missing = await asked(seller, trade, key)
        assert (missing["success"], missing["object_id"], missing["error_code"]) == (False, key, "NOT_FOUND")
    kept = (await seller.book())["waybills"]
    assert kept == [
        {
            "key": key,
            "order_no": tid,
            "carrier": carrier,
            "number": waybill["waybill_code"],
            "live": True,
            "at": entry["at"],
            "requirements_text": "冷链",
        }
        for entry, (key, carrier, waybill) in zip(kept, (("K1", "ZTO", first), ("K2", "SF", other)), strict=True)
    ]


async def test_a_waybill_needs_the_oaid_of_its_trade(seller: Seller) -> None:
    tid, stranger = await seller.order(draft(channel="taobao"), draft(channel="taobao"))
    foreign = (await seller.trade(stranger))["oaid"]
    cases = {
        "isv.oaid-missing": await wish(seller, tid, oaid=""),
        "isv.oaid-mismatch": await wish(seller, tid, oaid=foreign),
        "isv.cp-not-subscribed": await wish(seller, tid, cp="JD"),
        "isv.trade-closed": await wish(seller, stranger),
    }
    await seller.control(f"/taobao/{stranger}/cancel")
    for sub_code, params in cases.items():
        assert await seller.refused(GET, **params) == sub_code
    other_trade = await wish(seller, tid, tid=stranger)
    assert await seller.refused(GET, **other_trade) == "isv.oaid-missing"
    field = "param_waybill_cloud_print_apply_new_request"
    assert await seller.refused(GET, **{field: "{"}) == f"isv.invalid-parameter:{field}"
    assert await seller.refused(GET, **{field: "{}"}) == f"isv.missing-parameter:{field}.cp_code"
    assert (await seller.book())["waybills"] == []


async def test_a_waybill_to_an_old_address_is_refused(seller: Seller) -> None:
    [tid] = await seller.order()
    before = await wish(seller, tid)
    await seller.control(f"/taobao/{tid}/address", {"receiver": RECEIVER | {"detail": "示例路2号"}})
    assert await seller.refused(GET, **before) == "isv.oaid-mismatch"
    assert (await obtained(seller, await wish(seller, tid)))["waybill_code"]


async def test_a_waybill_can_be_cancelled_and_its_package_never_used_again(seller: Seller) -> None:
    [tid] = await seller.order()
    waybill = await obtained(seller, await wish(seller, tid))
    mine = {"cp_code": "ZTO", "waybill_code": waybill["waybill_code"]}
    for params in (mine | {"cp_code": "EMS"}, mine | {"waybill_code": "0"}):
        assert await seller.refused(CANCEL, **params) == "isv.waybill-not-exist"
    assert await seller.refused(GET, **await wish(seller, tid, cp="EMS")) == "isv.package-other-cp"
    for _ in range(2):
        assert await seller.call(CANCEL, **mine) == {"cancel_result": True}
    assert (await asked(seller, tid, "K1"))["error_code"] == "NOT_FOUND"
    assert await seller.refused(GET, **await wish(seller, tid)) == "isv.waybill-cancelled"
    assert [entry["live"] for entry in (await seller.book())["waybills"]] == [False]


@pytest.mark.parametrize(("pickup_s", "good"), [(60, True), (0, False)])
async def test_after_pickup_it_is_too_late_to_cancel(pickup_s: float, good: bool) -> None:
    async with selling(pickup_s=pickup_s) as seller:
        [tid] = await seller.order()
        number = (await obtained(seller, await wish(seller, tid)))["waybill_code"]
        await seller.call(SEND, **sent(tid, number, "ZTO"))
        answer = await seller.raw(CANCEL, cp_code="ZTO", waybill_code=number)
        assert ("error_response" not in answer) is good
        if not good:
            assert answer["error_response"]["sub_code"] == "isv.waybill-collected"


async def test_what_changes_a_trade_shows(seller: Seller) -> None:
    [tid] = await seller.order()
    before = await seller.trade(tid)
    assert "modify_address" not in before
    await seller.control(f"/taobao/{tid}/remark", {"seller_words": "加急"})
    await seller.control(f"/taobao/{tid}/address", {"receiver": RECEIVER | {"district": "西湖区"}})
    after = await seller.trade(tid)
    assert (after["seller_memo"], after["receiver_district"], after["modify_address"]) == ("加急", "西湖区", "1")
    assert after["oaid"] != before["oaid"]
    await seller.control(f"/taobao/{tid}/cancel")
    closed = await seller.trade(tid)
    assert closed["status"] == "TRADE_CLOSED"
    assert closed["end_time"]
    assert {(order["status"], order["refund_status"]) for order in closed["orders"]["order"]} == {
        ("TRADE_CLOSED", "SUCCESS")
    }
    for change, content in (("cancel", None), ("address", {"receiver": RECEIVER})):
        await seller.control(f"/taobao/{tid}/{change}", content, 409)
        await seller.control(f"/taobao/4711/{change}", content, 404)
    await seller.control("/taobao/4711/remark", {"seller_words": "x"}, 404)


async def test_the_book_shows_what_a_shop_is_shown(seller: Seller) -> None:
    [tid] = await seller.order(draft(channel="taobao", order_no="4711"))
    assert tid == "4711"
    await seller.control(f"/taobao/{tid}/remark", {"seller_words": "加急"})
    oaid = (await seller.trade(tid))["oaid"]
    assert await seller.book() == {
        "orders": [
            {
                "order_no": "4711",
                "shop": "tb-main",
                "version": 2,
                "status": "paid",
                "paid_fen": 13732,
                "encrypted": True,
                "requirements": ["COLD_CHAIN"],
                "receiver_digest": receiver_digest(oaid, oaid, "浙江省", "杭州市", "余杭区", oaid),
                "sent": 0,
            }
        ],
        "shipments": [],
        "waybills": [],
        "refunds": [],
        "stock": [],
        "duplicates_sent": 0,
    }


async def test_orders_are_placed_by_the_controls(seller: Seller) -> None:
    await seller.order(draft(channel="taobao", order_no="17"))
    await seller.control("/orders", [draft(channel="taobao", order_no="17")], 409)
    await seller.control("/orders", [draft(channel="taobao", order_no="A1")], 422)
    await seller.control("/orders", [draft(channel="taobao", customer={"id": "C1", "terms": "NET30"})], 422)
    crowd = {"orders": 5, "channels": ["taobao"], "per_second": 200}
    placed = await seller.control("/buyers", crowd, 200)
    assert {entry["shop"] for entry in placed} == {"tb-main"}
    await until(lambda: seller.world.pending == 0)
    assert len((await seller.book())["orders"]) == 6

"""The mini-program's server: its token, and the rules of shipping information."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from domain.clock import BEIJING
from sandbox.faults import Fault, FaultKind, FaultPlan
from tests.sandbox.minishop import MCHID, MiniShop, minishop
from tests.sandbox.town import draft

UPLOAD, GET, LIST = (f"/wxa/sec/order/{name}" for name in ("upload_shipping_info", "get_order", "get_order_list"))
SF = {
    "tracking_no": "SF1000000001",
    "express_company": "SF",
    "item_desc": "马克杯*2",
    "contact": {"receiver_contact": "138****0000"},
}
ZTO = {"tracking_no": "ZT2000000002", "express_company": "ZTO", "item_desc": "毛巾*1"}
T0 = datetime(2026, 3, 1, 10, 0, tzinfo=BEIJING)


@pytest.fixture
async def shop() -> AsyncIterator[MiniShop]:
    async with minishop() as shop:
        yield shop


async def payment(shop: MiniShop, *drafts: dict[str, Any]) -> dict[str, Any]:
    """A new order's payment."""
    await shop.paid(*drafts)
    return shop.notices()[-1][1]


def shipment(paid: dict[str, Any], *parcels: dict[str, Any], minute: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "order_key": {"order_number_type": 2, "transaction_id": paid["transaction_id"]},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": list(parcels) or [SF],
        "upload_time": (T0 + timedelta(minutes=minute)).isoformat(timespec="milliseconds"),
        "payer": {"openid": paid["payer"]["openid"]},
    } | changes


def split(done: bool) -> dict[str, Any]:
    return {"delivery_mode": 2, "is_all_delivered": done}


async def upload(shop: MiniShop, content: object) -> int:
    answer = await shop.call(UPLOAD, content)
    assert answer["errmsg"]
    return int(answer["errcode"])


async def order(shop: MiniShop, paid: dict[str, Any]) -> dict[str, Any]:
    answer = await shop.call(GET, {"transaction_id": paid["transaction_id"]})
    assert answer["errcode"] == 0, answer
    return dict(answer["order"])


def told(shop: MiniShop) -> list[tuple[str, str, int]]:
    return [(entry["carrier"], entry["number"], entry["times"]) for entry in shop.wechat.book()["shipments"]]


async def test_the_token_stays_until_its_last_minutes_and_both_are_good_then(shop: MiniShop) -> None:
    assert len(shop.token) == 512
    start = time.time()
    again = await shop.renew()
    assert again["access_token"] == shop.token
    assert 7190 <= again["expires_in"] <= 7200
    paid = await payment(shop)
    with time_machine.travel(start + 7200 - 250, tick=True):
        following = (await shop.renew())["access_token"]
        assert following != shop.token
        for token in (shop.token, following):
            assert (await shop.call(GET, {"transaction_id": paid["transaction_id"]}, token=token))["errcode"] == 0
    with time_machine.travel(start + 7200 + 5, tick=True):
        assert (await shop.call(GET, {}))["errcode"] == 42001
        assert (await shop.renew())["access_token"] == following


async def test_a_forced_token_revokes_the_others_at_once(shop: MiniShop) -> None:
    forced = (await shop.renew(force_refresh=True))["access_token"]
    assert forced != shop.token
    assert (await shop.call(GET, {}))["errcode"] == 40001
    assert (await shop.renew(force_refresh=True))["access_token"] == forced, "not within 30 s"
    start = time.time()
    for n in range(1, 20):
        with time_machine.travel(start + 60 * n, tick=False):
            forced = (await shop.renew(force_refresh=True))["access_token"]
    with time_machine.travel(start + 60 * 20, tick=False):
        assert (await shop.renew(force_refresh=True))["errcode"] == 45009
        assert (await shop.renew())["access_token"] == forced


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "other"}, 40002),
        ({"appid": "wx2"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"secret": None}, 47001),
        ({"force_refresh": "false"}, 47001),
    ],
)
async def test_a_token_is_given_to_the_right_app_only(shop: MiniShop, changes: dict[str, object], code: int) -> None:
    assert (await shop.renew(**changes))["errcode"] == code


@pytest.mark.parametrize(("token", "code"), [("", 41001), ("made-up", 40014)])
async def test_every_call_needs_a_token(shop: MiniShop, token: str, code: int) -> None:
    for path in (UPLOAD, GET, LIST):
        assert (await shop.call(path, {}, token=token))["errcode"] == code


async def test_an_upload_is_the_shipment(shop: MiniShop) -> None:
    paid = await payment(shop, draft(channel="wechat", paid_at="2026-03-01T10:20:30+08:00"))
    assert await order(shop, paid) == {
        "transaction_id": paid["transaction_id"],
        "merchant_id": MCHID,
        "sub_merchant_id": "",
        "merchant_trade_no": paid["out_trade_no"],
        "description": "马克杯*2;毛巾*1;帆布袋*1",
        "paid_amount": 13732,
        "openid": paid["payer"]["openid"],
        "trade_create_time": 1772331600,
        "pay_time": 1772331630,
        "in_complaint": False,
        "order_state": 1,
    }
    assert await upload(shop, shipment(paid)) == 0
    assert told(shop) == [("SF", "SF1000000001", 1)]
    assert shop.handed_over == [("SF", "SF1000000001")]
    shipped = await order(shop, paid)
    parcel = shipped["shipping"]["shipping_list"][0]
    assert (shipped["order_state"], shipped["shipping"]["finish_shipping_count"]) == (2, 1)
    assert (parcel["tracking_no"], parcel["express_company"], parcel["goods_desc"]) == (
        "SF1000000001",
        "SF",
        "马克杯*2",
    )
    assert parcel["contact"] == {"receiver_contact": "138****0000"}
    entry = shop.entry(paid["out_trade_no"])
    assert (entry["status"], entry["version"]) == ("shipped", 3)
    for path, content in (("cancel", None), ("address", {"receiver": draft()["receiver"]})):
        await shop.control(f"/wechat/{paid['out_trade_no']}/{path}", content, 409)


async def test_a_payment_is_named_by_the_merchants_number_too(shop: MiniShop) -> None:
    paid = await payment(shop)
    key = {"order_number_type": 1, "mchid": MCHID, "out_trade_no": paid["out_trade_no"]}
    assert await upload(shop, shipment(paid, order_key=key)) == 0
    answer = await shop.call(GET, {"merchant_id": MCHID, "merchant_trade_no": paid["out_trade_no"]})
    assert answer["order"]["order_state"] == 2
    assert (await shop.call(GET, {"merchant_id": "19", "merchant_trade_no": paid["out_trade_no"]}))[
        "errcode"
    ] == 10060001


async def test_right_after_the_payment_it_is_not_there_yet() -> None:
    async with minishop(visible_after_s=10) as shop:
        paid = await payment(shop)
        now = time.time()
        assert await upload(shop, shipment(paid)) == 10060001
        assert (await shop.call(GET, {"transaction_id": paid["transaction_id"]}))["errcode"] == 10060001
        with time_machine.travel(now + 11, tick=False):
            assert await upload(shop, shipment(paid)) == 0


async def test_the_same_again_changes_nothing(shop: MiniShop) -> None:
    paid = await payment(shop)
    for minute in (0, 0, 5):
        code = await upload(shop, shipment(paid, minute=minute))
    assert code == 10060023
    assert told(shop) == [("SF", "SF1000000001", 3)]
    assert len(shop.handed_over) == 1
    assert (await order(shop, paid))["shipping"]["finish_shipping_count"] == 1


async def test_a_payment_is_shipped_anew_once(shop: MiniShop) -> None:
    paid = await payment(shop)
    await upload(shop, shipment(paid))
    assert await upload(shop, shipment(paid, ZTO)) == 268485216, "not later than the upload before"
    assert await upload(shop, shipment(paid, ZTO, minute=1)) == 0
    assert told(shop) == [("ZTO", "ZT2000000002", 1)]
    assert (await order(shop, paid))["shipping"]["finish_shipping_count"] == 2
    assert await upload(shop, shipment(paid, SF, minute=2)) == 10060003
    assert await upload(shop, shipment(paid, ZTO, minute=3)) == 10060023
    assert shop.handed_over == [("SF", "SF1000000001"), ("ZTO", "ZT2000000002")]


async def test_parcels_of_a_split_order_come_one_after_the_other(shop: MiniShop) -> None:
    paid = await payment(shop)
    assert await upload(shop, shipment(paid, **split(False))) == 0
    assert (await order(shop, paid))["order_state"] == 1
    assert shop.entry(paid["out_trade_no"])["status"] == "paid"
    await shop.control(f"/wechat/{paid['out_trade_no']}/cancel", None, 409)
    assert await upload(shop, shipment(paid, minute=1, **split(False))) == 10060023
    assert await upload(shop, shipment(paid, ZTO, minute=2, **split(True))) == 0
    assert told(shop) == [("SF", "SF1000000001", 2), ("ZTO", "ZT2000000002", 1)]
    assert (await order(shop, paid))["order_state"] == 2
    assert await upload(shop, shipment(paid, ZTO, minute=3, **split(True))) == 10060002
    assert len(shop.handed_over) == 2


async def test_all_parcels_may_be_told_each_time(shop: MiniShop) -> None:
    paid = await payment(shop)
    await upload(shop, shipment(paid, SF, **split(False)))
    assert await upload(shop, shipment(paid, SF, ZTO, minute=1, **split(True))) == 0
    assert told(shop) == [("SF", "SF1000000001", 2), ("ZTO", "ZT2000000002", 1)]
    assert len(shop.handed_over) == 2


async def test_the_last_parcel_can_be_told_without_news(shop: MiniShop) -> None:
    paid = await payment(shop)
    await upload(shop, shipment(paid, SF, **split(False)))
    assert await upload(shop, shipment(paid, SF, minute=1, **split(True))) == 0
    assert (await order(shop, paid))["order_state"] == 2


async def test_another_mode_is_shipping_anew(shop: MiniShop) -> None:
    paid = await payment(shop)
    await upload(shop, shipment(paid, SF, **split(False)))
    assert await upload(shop, shipment(paid, SF, minute=1)) == 0
    assert await upload(shop, shipment(paid, ZTO, minute=2)) == 10060003
    assert shop.handed_over == [("SF", "SF1000000001")]


async def test_more_than_fifteen_parcels_are_too_many(shop: MiniShop) -> None:
    paid = await payment(shop)
    parcels = [ZTO | {"tracking_no": f"ZT{n:010d}"} for n in range(16)]
    assert await upload(shop, shipment(paid, *parcels, **split(True))) == 10060024
    assert await upload(shop, shipment(paid, *parcels[:15], **split(False))) == 0
    assert await upload(shop, shipment(paid, parcels[15], minute=1, **split(True))) == 10060024


async def test_what_was_paid_back_cannot_be_shipped(shop: MiniShop) -> None:
    paid = await payment(shop)
    refund = await shop.control(f"/wechat/{paid['out_trade_no']}/refund", {"line": 1}, 200)
    await shop.control(f"/wechat/refunds/{refund['refund_id']}/approve")
    other = (await shop.control(f"/wechat/{paid['out_trade_no']}/refund", None, 200))["refund_id"]
    await shop.control(f"/wechat/refunds/{other}/approve")
    assert await upload(shop, shipment(paid)) == 10060004
    assert (await order(shop, paid))["order_state"] == 5
    assert told(shop) == []


async def test_an_order_that_is_paid_back_in_part_can_be_shipped(shop: MiniShop) -> None:
    paid = await payment(shop)
    refund = await shop.control(f"/wechat/{paid['out_trade_no']}/refund", {"line": 1}, 200)
    await shop.control(f"/wechat/refunds/{refund['refund_id']}/approve")
    assert await upload(shop, shipment(paid)) == 0
    whole = (await shop.control(f"/wechat/{paid['out_trade_no']}/refund", None, 200))["refund_id"]
    await shop.control(f"/wechat/refunds/{whole}/approve")
    assert shop.entry(paid["out_trade_no"])["status"] == "shipped", "it had left before"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"order_key": {"order_number_type": 3}}, 268485194),
        ({"order_key": {"order_number_type": 2}}, 268485195),
        ({"order_key": {"order_number_type": 1, "out_trade_no": "MP1"}}, 268485196),
        ({"order_key": {"order_number_type": 1, "mchid": MCHID}}, 268485197),
        ({"order_key": {"order_number_type": 2, "transaction_id": "42"}}, 10060001),
        ({"order_key": {}}, 47001),
        ({"logistics_type": 5}, 10060005),
        ({"delivery_mode": 3}, 268485224),
        ({"logistics_type": 2} | split(True), 10060006),
        ({"delivery_mode": 2}, 10060007),
        ({"shipping_list": []}, 268485228),
        ({"shipping_list": []} | split(True), 10060014),
        ({"shipping_list": [SF, ZTO]}, 268485228),
        ({"shipping_list": SF}, 47001),
        ({"shipping_list": [ZTO | {"item_desc": ""}]}, 10060008),
        ({"shipping_list": [ZTO | {"item_desc": "杯" * 121}]}, 10060009),
        ({"shipping_list": [ZTO | {"tracking_no": ""}]}, 268485226),
        ({"shipping_list": [ZTO | {"tracking_no": "1" * 129}]}, 10060026),
        ({"shipping_list": [ZTO | {"tracking_no": 1}]}, 47001),
        ({"shipping_list": [ZTO | {"express_company": ""}]}, 268485227),
        ({"shipping_list": [ZTO | {"express_company": "Z" * 129}]}, 10060025),
        ({"shipping_list": [ZTO | {"express_company": "中通"}]}, 10060014),
        ({"shipping_list": [{**SF, "contact": None}]}, 10060014),
        ({"shipping_list": [{**SF, "contact": {}}]}, 10060014),
        ({"shipping_list": [{**SF, "contact": {"receiver_contact": "13800000000"}}]}, 10060014),
        ({"shipping_list": [{**SF, "contact": {"receiver_contact": "1380000****"}}]}, 10060014),
        ({"upload_time": "2026-03-01 10:00:00"}, 268485216),
        ({"upload_time": "2026-13-01T10:00:00+08:00"}, 268485216),
        ({"upload_time": ""}, 268485216),
        ({"payer": {}}, 10060014),
        ({"payer": {"openid": "o-somebody-else"}}, 10060031),
    ],
)
async def test_a_wrong_upload_is_refused_by_its_code(shop: MiniShop, changes: dict[str, Any], code: int) -> None:
    paid = await payment(shop)
    assert await upload(shop, shipment(paid, **changes)) == code
    assert told(shop) == []


async def test_json_with_escaped_text_is_refused(shop: MiniShop) -> None:
    content = shipment(await payment(shop))
    assert await upload(shop, json.dumps(content).encode()) == 47001
    assert await upload(shop, b"{") == 47001
    assert await upload(shop, json.dumps(content, ensure_ascii=False).encode()) == 0


async def test_what_needs_no_courier_needs_no_number(shop: MiniShop) -> None:
    paid = await payment(shop)
    assert await upload(shop, shipment(paid, {"item_desc": "马克杯*2"}, logistics_type=4)) == 0
    assert (told(shop), shop.handed_over) == ([], [])


async def test_the_list_pages_through_payments(shop: MiniShop) -> None:
    moments = [f"2026-03-01T10:0{n}:00+08:00" for n in range(5)]
    numbers = await shop.paid(*(draft(channel="wechat", paid_at=moment) for moment in reversed(moments)))
    numbers.reverse()
    first = await shop.call(LIST, {"page_size": 2})
    second = await shop.call(LIST, {"page_size": 2, "last_index": first["last_index"]})
    third = await shop.call(LIST, {"page_size": 2, "last_index": second["last_index"]})
    pages = [[order["merchant_trade_no"] for order in page["order_list"]] for page in (first, second, third)]
    assert pages == [numbers[:2], numbers[2:4], numbers[4:]]
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    begin = int(datetime.fromisoformat(moments[1]).timestamp())
    window = {"pay_time_range": {"begin_time": begin, "end_time": begin + 60}}
    listed = await shop.call(LIST, window)
    assert [order["merchant_trade_no"] for order in listed["order_list"]] == numbers[1:3]
    assert (await shop.call(LIST, {"order_state": 2}))["order_list"] == []
    mine = await shop.call(LIST, {"order_state": 1, "openid": listed["order_list"][0]["openid"]})
    assert len(mine["order_list"]) == 5
    assert (await shop.call(LIST, {"openid": "o-nobody"}))["order_list"] == []
    assert (await shop.call(LIST, {"page_size": 101}))["errcode"] == 47001


@pytest.mark.parametrize(("kind", "code"), [(FaultKind.ERROR, -1), (FaultKind.THROTTLE, 45011)])
async def test_faults_speak_the_mini_programs_language(shop: MiniShop, kind: FaultKind, code: int) -> None:
    paid = await payment(shop)
    shop.world.faults.set_plan(FaultPlan(faults=[Fault(partner="wechat", kind=kind, operation="upload_shipping_info")]))
    assert await upload(shop, shipment(paid)) == code
    assert told(shop) == []

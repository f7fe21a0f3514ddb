from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from fastapi import Response
from lxml import etree

from domain.clock import format_beijing, utc_now
from sandbox.digest import receiver_digest
from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.qimen import QimenWarehouse
from sandbox.qimen.signing import sign
from tests.sandbox.erp import (
    CANCEL,
    CREATE,
    PENDING,
    QUERY,
    Reply,
    boxes,
    call,
    confirms,
    delivery,
    heard,
    named,
    parameters,
)
from tests.sandbox.stage import make_settings, until
from tests.sandbox.town import Town, town
from tests.vectors import vector

FAILURE = '<?xml version="1.0" encoding="utf-8"?><response><flag>failure</flag></response>'


@pytest.fixture
async def place() -> AsyncIterator[Town]:
    """A warehouse that never gets round to packing."""
    async with town(make_settings(pack_s=600)) as place:
        yield place


@pytest.fixture
async def swift() -> AsyncIterator[Town]:
    """A warehouse that packs at once."""
    async with town(make_settings(pack_s=0.02)) as place:
        yield place


def test_the_sign_is_the_published_one() -> None:
    entry = vector("qimen", "entryorder.create")
    given = entry["inputs"]
    assert sign(given["params"], given["body"].encode(), given["secret"]) == entry["expected"]
    more = given["params"] | {"sign": "whatever", "session": ""}
    assert sign(more, given["body"].encode(), given["secret"]) == entry["expected"]


async def test_an_order_is_packed_and_confirmed(swift: Town) -> None:
    created = await call(swift, CREATE, delivery())
    assert created.done
    assert (created.text("warehouseCode"), created.text("logisticsCode")) == ("WH01", "ZTO")
    await until(lambda: bool(confirms(swift)))
    [report] = [etree.fromstring(push.body) for push in heard(swift, "orderprocess.report")]
    assert (report.findtext("order/orderCode"), report.findtext("process/processStatus")) == ("DO1", "ACCEPT")
    [confirm] = confirms(swift)
    head = confirm.find("deliveryOrder")
    assert head is not None
    assert [head.findtext(name) for name in ("deliveryOrderCode", "warehouseCode", "orderType", "status")] == [
        "DO1",
        "WH01",
        "JYCK",
        "DELIVERED",
    ]
    assert (head.findtext("confirmType"), head.findtext("deliveryOrderId")) == ("0", created.text("deliveryOrderId"))
    assert boxes(confirm) == [[("MUG-01", "2"), ("GIFT-TOTE", "1")]]
    assert re.fullmatch(r"BOX\d+", confirm.findtext("packages/package/expressCode") or "")
    assert [line.findtext("actualQty") for line in confirm.iterfind("orderLines/orderLine")] == ["2", "1"]
    [kept] = swift.qimen.book()["deliveries"]
    assert kept == {
        "code": "DO1",
        "order_no": "SO1",
        "warehouse": "WH01",
        "status": "PACKED",
        "times": 1,
        "at": kept["at"],
        "delivery_type": "LLPS",
        "remark": "冷链",
        "receiver_digest": receiver_digest("测试", "13800000000", "浙江省", "杭州市", "余杭区", "示例路1号"),
        "lines": [{"sku": "MUG-01", "quantity": 2}, {"sku": "GIFT-TOTE", "quantity": 1}],
        "left_out": [],
        "confirms": 1,
    }
    assert datetime.fromisoformat(kept["at"]) <= utc_now()


async def test_each_of_its_warehouses_has_its_own_orders(place: Town) -> None:
    second = delivery("DO2").replace("<warehouseCode>WH01", "<warehouseCode>WH02")
    assert (await call(place, CREATE, second)).text("warehouseCode") == "WH02"
    assert (await call(place, CREATE, delivery())).done
    assert [entry["warehouse"] for entry in place.qimen.book()["deliveries"]] == ["WH02", "WH01"]
    # Under another warehouse's code there is no such order.
    for method in (QUERY, CANCEL):
        assert (await call(place, method, named("DO2"))).failure == "单据不存在"
    assert (await call(place, PENDING, named("DO2", "<actionType>pending</actionType>"))).failure == "单据不存在"
    assert (await call(place, CANCEL, named("DO2").replace(">WH01<", ">WH02<"))).done
    assert [entry["status"] for entry in place.qimen.book()["deliveries"]] == ["CANCELLED", "ACCEPTED"]


async def test_a_code_is_good_for_one_order(place: Town) -> None:
    assert (await call(place, CREATE, delivery())).done
    assert (await call(place, CREATE, delivery())).failure == "单据已存在"
    assert [entry["times"] for entry in place.qimen.book()["deliveries"]] == [2]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 32}, "sign-check-failure"),
        ({"sign": ""}, "isv.missing-parameter"),
        ({"app_key": "other"}, "sign-check-failure"),
        ({"customerId": "C9"}, "isv.invalid-parameter"),
        ({"format": "json"}, "isv.invalid-parameter"),
        ({"v": "1.0"}, "isv.invalid-parameter"),
        ({"timestamp": "now"}, "isv.invalid-timestamp"),
        ({"timestamp": format_beijing(utc_now() - timedelta(minutes=11))}, "isv.invalid-timestamp"),
        ({"method": "taobao.qimen.nothing"}, "isv.invalid-method"),
    ],
)
async def test_a_call_that_is_not_in_order_is_refused(place: Town, changes: dict[str, str], code: str) -> None:
    raw = delivery().encode()
    query = parameters(CREATE, raw) | changes
    if "sign" not in changes:
        query["sign"] = sign(query, raw, "qm-secret")
    response = await place.http.post(f"/qimen/router/qimen/service?{urlencode(query)}", content=raw)
    assert Reply(etree.fromstring(response.content)).text("code") == code
    assert place.qimen.book()["deliveries"] == []


async def test_the_sign_covers_the_body_as_sent_and_all_parameters(place: Town) -> None:
    raw = delivery().encode()
    query = parameters(CREATE, raw)
    service = "/qimen/router/qimen/service"
    for url, body in (
        (f"{service}?{urlencode(query)}", raw + b"\n"),
        (f"{service}?{urlencode(query | {'partner_id': 'top'})}", raw),
    ):
        response = await place.http.post(url, content=body)
        assert Reply(etree.fromstring(response.content)).text("code") == "sign-check-failure"
    assert (await call(place, CREATE, delivery(), partner_id="top", session="")).done


async def test_the_prefix_of_the_method_may_be_missing(place: Town) -> None:
    assert (await call(place, CREATE, delivery(), method=CREATE)).done


@pytest.mark.parametrize(
    "field",
    [
        "deliveryOrderCode",
        "orderType",
        "warehouseCode",
        "createTime",
        "placeOrderTime",
        "operateTime",
        "shopNick",
        "logisticsCode",
        "name",
        "mobile",
        "province",
        "city",
        "detailAddress",
        "ownerCode",
        "itemCode",
        "planQty",
        "actualPrice",
        "senderInfo",
        "receiverInfo",
        "orderLine",
    ],
)
async def test_required_fields_are_required(place: Town, field: str) -> None:
    emptied = re.sub(rf"<{field}>.*?</{field}>", f"<{field}/>" if field.islower() else "", delivery())
    assert "缺少必填字段" in (await call(place, CREATE, emptied)).failure
    assert place.qimen.book()["deliveries"] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<orderType>JYCK", "<orderType>XXXX"),
        ("<logisticsCode>ZTO", "<logisticsCode>zhongtong"),
        ("<deliveryType>LLPS", "<deliveryType>COLD"),
        ("<sourcePlatformCode>DYXD", "<sourcePlatformCode>DOUYIN"),
        ("<createTime>2026-02-01 10:00:00", "<createTime>2026-02-01T10:00:00Z"),
        ("<planQty>2", "<planQty>0"),
        ("<planQty>2", "<planQty>2.0"),
        ("<actualPrice>49.50", "<actualPrice>49.5"),
        ("<totalAmount>108.00", "<totalAmount>10800"),
        ("<warehouseCode>WH01", "<warehouseCode>WH09"),
        ("<ownerCode>OWN1", "<ownerCode>OWN9"),
        ("</request>", ""),
        ("request>", "order>"),
        ("<request>", '<!DOCTYPE request [<!ENTITY a "b">]><request>'),
    ],
)
async def test_wrong_values_are_refused(place: Town, before: str, after: str) -> None:
    assert before in delivery()
    assert (await call(place, CREATE, delivery().replace(before, after))).text("code") == "PARAM_INVALID"
    assert place.qimen.book()["deliveries"] == []


async def test_an_order_can_be_cancelled_until_it_is_packed(place: Town, swift: Town) -> None:
    assert (await call(place, CANCEL, named())).failure == "单据不存在"
    await call(place, CREATE, delivery())
    assert (await call(place, CANCEL, named())).done
    assert (await call(place, CANCEL, named())).done
    assert (await call(place, CREATE, delivery())).failure == "单据已存在"
    assert (await call(place, PENDING, named(more="<actionType>pending</actionType>"))).failure == "单据已取消"
    assert (await call(place, QUERY, named())).text("deliveryOrder/status") == "CANCELED"
    await call(swift, CREATE, delivery())
    await until(lambda: bool(confirms(swift)))
    assert "已打包" in (await call(swift, CANCEL, named())).failure
    assert swift.qimen.book()["deliveries"][0]["status"] == "PACKED"


async def test_a_held_order_is_not_packed_until_it_is_restored() -> None:
    async with town(make_settings(pack_s=0.1)) as place:
        await call(place, CREATE, delivery("DO1"))
        await call(place, CREATE, delivery("DO2"))
        hold, restore = (named(more=f"<actionType>{action}</actionType>") for action in ("pending", "restore"))
        assert (await call(place, PENDING, hold)).done
        assert (await call(place, PENDING, hold)).done
        await until(lambda: len(confirms(place)) == 1)
        assert [entry["status"] for entry in place.qimen.book()["deliveries"]] == ["HELD", "PACKED"]
        assert (await call(place, PENDING, restore)).done
        assert (await call(place, PENDING, restore)).done
        await until(lambda: len(confirms(place)) == 2)
        assert [entry["confirms"] for entry in place.qimen.book()["deliveries"]] == [1, 1]
        assert "已打包" in (await call(place, PENDING, hold)).failure
        assert (await call(place, PENDING, named(more="<actionType>stop</actionType>"))).text("code") == "PARAM_INVALID"


async def test_an_order_can_be_asked_for(swift: Town) -> None:
    assert (await call(swift, QUERY, named())).failure == "单据不存在"
    assert "缺少必填字段" in (await call(swift, QUERY, named().replace("<page>1</page>", ""))).failure
    assert (await call(swift, QUERY, named().replace(">10<", ">101<"))).text("code") == "PARAM_INVALID"
    await call(swift, CREATE, delivery())
    waiting = await call(swift, QUERY, named())
    assert (waiting.text("deliveryOrder/status"), waiting.text("orderLines/orderLine/actualQty")) == ("ACCEPT", "0")
    assert waiting.root.find("packages") is None
    await until(lambda: bool(confirms(swift)))
    packed = await call(swift, QUERY, named())
    [confirm] = confirms(swift)
    assert packed.text("deliveryOrder/status") == "DELIVERED"
    assert packed.text("deliveryOrder/outBizCode") == confirm.findtext("deliveryOrder/outBizCode")
    assert boxes(packed.root) == boxes(confirm)


async def test_a_confirm_is_repeated_until_it_is_taken(swift: Town) -> None:
    swift.hub.replies = [Response(FAILURE), Response(FAILURE), Response("ok"), Response(status_code=503)]
    await call(swift, CREATE, delivery())
    await until(lambda: len(swift.hub.heard) == 6)
    codes = {confirm.findtext("deliveryOrder/outBizCode") for confirm in confirms(swift)}
    assert len(codes) == 1
    assert swift.qimen.book()["deliveries"][0]["confirms"] == 1


async def test_a_warehouse_may_confirm_twice_with_the_same_code(swift: Town) -> None:
    fault = Fault(partner="qimen", kind=FaultKind.DUPLICATE_PUSH, operation="deliveryorder.confirm")
    swift.world.faults.set_plan(FaultPlan(faults=[fault]))
    await call(swift, CREATE, delivery())
    await until(lambda: len(confirms(swift)) == 2)
    first, second = confirms(swift)
    assert etree.tostring(first) == etree.tostring(second)


async def test_a_confirm_can_be_sent_again_under_a_new_code(swift: Town) -> None:
    await swift.control("/qimen/DO1/confirm-again", None, 404)
    await call(swift, CREATE, delivery())
    await swift.control("/qimen/DO1/confirm-again", None, 409)
    await until(lambda: len(confirms(swift)) == 1)
    again = await swift.control("/qimen/DO1/confirm-again", None)
    await until(lambda: len(confirms(swift)) == 2)
    first, second = confirms(swift)
    assert second.findtext("deliveryOrder/outBizCode") == again["out_biz_code"]
    assert first.findtext("deliveryOrder/outBizCode") != again["out_biz_code"]
    assert first.findtext("packages/package/expressCode") == second.findtext("packages/package/expressCode")
    assert swift.qimen.book()["deliveries"][0]["confirms"] == 2


@pytest.mark.parametrize("key", ["DO1", "SO1"])
async def test_a_gift_is_left_out_of_one_scan(swift: Town, key: str) -> None:
    await swift.control("/qimen/misscan", {"code_or_order_no": key, "drop_sku": "GIFT-TOTE"}, 204)
    await swift.control("/qimen/misscan", {"code_or_order_no": key, "drop_sku": "OTHER"}, 204)
    await call(swift, CREATE, delivery())
    await until(lambda: len(confirms(swift)) == 1)
    await swift.control("/qimen/DO1/confirm-again", None)
    await until(lambda: len(confirms(swift)) == 2)
    wrong, right = confirms(swift)
    assert boxes(wrong) == [[("MUG-01", "2")]]
    assert [line.findtext("actualQty") for line in wrong.iterfind("orderLines/orderLine")] == ["2", "0"]
    assert boxes(right) == [[("MUG-01", "2"), ("GIFT-TOTE", "1")]]


async def test_another_article_is_scanned_in_place_of_a_gift(swift: Town) -> None:
    wrong = {"code_or_order_no": "DO1", "drop_sku": "GIFT-TOTE", "scan_instead": "PEN-01"}
    await swift.control("/qimen/misscan", wrong, 204)
    await call(swift, CREATE, delivery())
    await until(lambda: len(confirms(swift)) == 1)
    assert boxes(confirms(swift)[0]) == [[("MUG-01", "2"), ("PEN-01", "1")]]
    scanned = {
        line.findtext("itemCode"): (line.findtext("planQty"), line.findtext("actualQty"))
        for line in confirms(swift)[0].iterfind("orderLines/orderLine")
    }
    assert scanned == {"MUG-01": ("2", "2"), "GIFT-TOTE": ("1", "0"), "PEN-01": ("0", "1")}
    await swift.control("/qimen/DO1/confirm-again", None)
    await until(lambda: len(confirms(swift)) == 2)
    assert boxes(confirms(swift)[1]) == [[("MUG-01", "2"), ("GIFT-TOTE", "1")]]


async def test_a_gift_is_scanned_and_forgotten_all_the_same(swift: Town) -> None:
    await swift.control("/qimen/forget", {"code_or_order_no": "SO1", "sku": "GIFT-TOTE"}, 204)
    await call(swift, CREATE, delivery())
    assert swift.qimen.book()["deliveries"][0]["left_out"] == []
    await until(lambda: len(confirms(swift)) == 1)
    assert boxes(confirms(swift)[0]) == [[("MUG-01", "2"), ("GIFT-TOTE", "1")]]
    assert swift.qimen.book()["deliveries"][0]["left_out"] == [{"sku": "GIFT-TOTE", "quantity": 1}]


async def test_many_lines_need_two_boxes() -> None:
    lines = tuple((f"SKU-{n}", n) for n in range(1, 6))
    async with town(make_settings(), make_qimen=lambda world: QimenWarehouse(world, max_lines_per_box=4)) as place:
        await call(place, CREATE, delivery(lines=lines))
        await call(place, CREATE, delivery("DO2", lines=lines[:4]))
        await until(lambda: len(confirms(place)) == 2)
        split, whole = sorted(confirms(place), key=lambda c: c.findtext("deliveryOrder/deliveryOrderCode") or "")
        assert [len(box) for box in boxes(split)] == [3, 2]
        assert [item for box in boxes(split) for item in box] == [(sku, str(n)) for sku, n in lines]
        numbers = [p.findtext("expressCode") for c in (split, whole) for p in c.iterfind("packages/package")]
        assert len(set(numbers)) == 3


async def test_stock_is_locked_by_orders_and_leaves_with_them(swift: Town) -> None:
    ask = (
        "<request><criteriaList>"
        + "".join(f"<criteria><itemCode>{sku}</itemCode></criteria>" for sku in ("HOT-01", "UNKNOWN"))
        + "</criteriaList></request>"
    )

    async def stock() -> list[tuple[str, str, str]]:
        reply = await call(swift, "inventory.query", ask)
        return [
            (i.findtext("itemCode") or "", i.findtext("quantity") or "", i.findtext("lockQuantity") or "")
            for i in reply.root.iterfind("items/item")
        ]

    assert await stock() == [("HOT-01", "100", "0")]
    await call(swift, CREATE, delivery(lines=(("HOT-01", 3),)))
    assert await stock() == [("HOT-01", "97", "3")]
    await until(lambda: bool(confirms(swift)))
    assert await stock() == [("HOT-01", "97", "0")]


async def figures(place: Town, sku: str) -> list[tuple[str, ...]]:
    """Condition, available and locked of an article."""
    body = f"<request><criteriaList><criteria><itemCode>{sku}</itemCode></criteria></criteriaList></request>"
    reply = await call(place, "inventory.query", body)
    names = ("inventoryType", "quantity", "lockQuantity")
    return [tuple(i.findtext(name) or "" for name in names) for i in reply.root.iterfind("items/item")]


async def test_goods_that_come_get_lost_or_spoil_are_reported(place: Town) -> None:
    async def move(**wanted: object) -> str:
        answer = await place.http.post("/control/qimen/stock", json={"sku": "HOT-01", **wanted})
        return str(answer.raise_for_status().json()["out_biz_code"])

    code = await move(quantity=-2, order_type="QTCK")
    await move(quantity=1, condition="CC")
    await move(quantity=10, quiet=True)
    assert await figures(place, "HOT-01") == [("ZP", "108", "0"), ("CC", "1", "0")]
    await place.http.post(f"/control/qimen/stock/{code}/again")
    await until(lambda: len(heard(place, "stockchange.report")) == 3)
    told = [etree.fromstring(push.body).find("items/item") for push in heard(place, "stockchange.report")]
    assert [(i.findtext("quantity"), i.findtext("inventoryType")) for i in told if i is not None] == [
        ("-2", "ZP"),
        ("1", "CC"),
        ("-2", "ZP"),
    ]
    assert [i.findtext("outBizCode") for i in told if i is not None].count(code) == 2
    assert (await place.http.post("/control/qimen/stock", json={"sku": "HOT-01", "quantity": -109})).status_code == 409
    assert (await place.http.post("/control/qimen/stock/SC0/again")).status_code == 404


async def test_a_count_and_a_figure_that_is_set(place: Town) -> None:
    await place.http.put("/control/qimen/stock", json={"NEW-01": 7})
    assert (await place.http.post("/control/qimen/count", json={"sku": "NEW-01", "found": 5})).json() == {
        "difference": -2
    }
    assert await figures(place, "NEW-01") == [("ZP", "5", "0")]
    await until(lambda: bool(heard(place, "inventory.report")))
    (report,) = heard(place, "inventory.report")
    assert etree.fromstring(report.body).findtext("items/item/quantity") == "-2"
    assert heard(place, "stockchange.report") == []
    (row,) = [row for row in place.qimen.book()["stock"] if row["sku"] == "NEW-01"]
    assert row == {"sku": "NEW-01", "warehouse": "WH01", "good": 5, "locked": 0, "defective": 0}


async def test_what_is_packed_leaves_the_shelf_once(swift: Town) -> None:
    await call(swift, CREATE, delivery(lines=(("HOT-01", 3),)))
    await until(lambda: bool(confirms(swift)))
    await swift.http.put("/control/qimen/stock", json={"HOT-01": 50})
    assert await figures(swift, "HOT-01") == [("ZP", "50", "0")]


@pytest.mark.parametrize(
    ("kind", "code"), [(FaultKind.ERROR, "isp.service-unavailable"), (FaultKind.THROTTLE, "isp.call-limited")]
)
async def test_faults_speak_qimen(place: Town, kind: FaultKind, code: str) -> None:
    place.world.faults.set_plan(FaultPlan(faults=[Fault(partner="qimen", kind=kind, operation=CREATE)]))
    assert (await call(place, CREATE, delivery())).text("code") == code
    assert place.qimen.book()["deliveries"] == []

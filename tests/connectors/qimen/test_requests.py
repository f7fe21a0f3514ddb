from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from connectors.qimen.codes import COURIERS, PLATFORMS
from connectors.qimen.requests import cancel_body, create_body, pending_body, query_body, signed_query
from connectors.qimen.signing import sign
from domain.order import Channel, Requirement
from domain.shipping import Carrier, DeliveryOrder, WarehouseLine
from tests.connectors.qimen.conftest import CIPHER, ORDER, SECRET, SETTINGS
from tests.vectors import vector

NOW = datetime(2026, 2, 1, 2, 30, 0, tzinfo=UTC)


def created(order: DeliveryOrder = ORDER) -> etree._Element:
    return etree.fromstring(create_body(SETTINGS, order, NOW))


def fields(root: etree._Element, path: str) -> dict[str, str | None]:
    parent = root.find(path)
    assert parent is not None
    return {str(child.tag): child.text for child in parent}


def test_signature_of_the_published_vector() -> None:
    entry = vector("qimen", "entryorder.create")
    inputs = entry["inputs"]
    assert sign(inputs["params"], inputs["body"].encode(), inputs["secret"]) == entry["expected"]


def test_empty_values_and_the_sign_itself_are_not_signed() -> None:
    params = {"b": "2", "a": "1"}
    assert sign({**params, "session": "", "sign": "X"}, b"<request/>", "s") == sign(params, b"<request/>", "s")


def test_query_string() -> None:
    query = signed_query(SETTINGS, "order.cancel", b"<request/>", NOW)
    assert query.pop("sign") == sign(query, b"<request/>", SECRET)
    assert query == {
        "method": "taobao.qimen.order.cancel",
        "timestamp": "2026-02-01 10:30:00",
        "format": "xml",
        "app_key": "23268761",
        "v": "2.0",
        "sign_method": "md5",
        "customerId": "c1001",
    }


def test_create() -> None:
    body = create_body(SETTINGS, ORDER, NOW)
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<request>')
    root = etree.fromstring(body)
    assert fields(root, "deliveryOrder") == {
        "deliveryOrderCode": "DO-1",
        "orderType": "JYCK",
        "warehouseCode": "WH01",
        "sourcePlatformCode": "GW",
        "createTime": "2026-02-01 10:30:00",
        "placeOrderTime": "2026-02-01 09:58:01",
        "payTime": "2026-02-01 10:00:00",
        "operateTime": "2026-02-01 10:30:00",
        "shopNick": "main",
        "totalAmount": "104.00",
        "itemAmount": "99.00",
        "discountAmount": "5.00",
        "freight": "10.00",
        "logisticsCode": "ZTO",
        "logisticsName": "中通",
        "deliveryRequirements": None,
        "senderInfo": None,
        "receiverInfo": None,
        "buyerMessage": "请小心 <轻放> & 谢谢",
        "sellerMessage": "老客户",
        "remark": "易碎、向上",
        "ownerCode": "OWN1",
    }
    assert fields(root, "deliveryOrder/senderInfo") == {
        "name": "测试仓",
        "mobile": "13800000001",
        "province": "浙江省",
        "city": "杭州市",
        "area": "余杭区",
        "detailAddress": "示例路1号",
    }
    assert fields(root, "deliveryOrder/receiverInfo") == {
        "name": "测试",
        "mobile": "13800000000",
        "province": "上海市",
        "city": "上海市",
        "area": "浦东新区",
        "town": "示例镇",
        "detailAddress": "示例路2号",
    }
    assert [{str(child.tag): child.text for child in line} for line in root.iterfind("orderLines/orderLine")] == [
        {
            "orderLineNo": "1",
            "sourceOrderCode": "A1",
            "ownerCode": "OWN1",
            "itemCode": "SKU-1",
            "itemName": "商品一",
            "planQty": "2",
            "actualPrice": "49.50",
        },
        {
            "orderLineNo": "2",
            "sourceOrderCode": "A1",
            "ownerCode": "OWN1",
            "itemCode": "GIFT",
            "itemName": "赠品",
            "planQty": "1",
            "actualPrice": "0.00",
        },
    ]
    assert root.find("extendProps") is None


@pytest.mark.parametrize(
    ("requirements", "delivery_type", "remark"),
    [
        ((), "PTPS", None),
        ((Requirement.COLD_CHAIN,), "LLPS", None),
        ((Requirement.FRAGILE,), "PTPS", "易碎"),
        ((Requirement.UPRIGHT, Requirement.COLD_CHAIN), "LLPS", "向上"),
    ],
)
def test_requirements(requirements: tuple[Requirement, ...], delivery_type: str, remark: str | None) -> None:
    root = created(replace(ORDER, requirements=requirements))
    assert root.findtext("deliveryOrder/deliveryRequirements/deliveryType") == delivery_type
    assert root.findtext("deliveryOrder/remark") == remark


def test_encrypted_receiver_is_masked_and_its_ciphertexts_ride_along() -> None:
    root = created(replace(ORDER, channel=Channel.DOUYIN, receiver=CIPHER))
    receiver = fields(root, "deliveryOrder/receiverInfo")
    assert (receiver["name"], receiver["mobile"], receiver["detailAddress"]) == ("测*", "138****0000", "示例路*号")
    assert fields(root, "extendProps") == {
        "receiverPlatform": "DYXD",
        "receiverNameCipher": "#name#cipher",
        "receiverMobileCipher": "$phone$cipher",
        "receiverDetailCipher": "#detail#cipher",
    }


def test_required_receiver_fields_are_never_empty() -> None:
    bare = CIPHER.model_copy(update={"name_mask": "", "phone_mask": "", "detail_mask": ""})
    receiver = fields(created(replace(ORDER, receiver=bare)), "deliveryOrder/receiverInfo")
    assert (receiver["name"], receiver["mobile"], receiver["detailAddress"]) == ("***", "***", "***")


def test_every_channel_and_carrier_has_a_word() -> None:
    assert set(PLATFORMS) == set(Channel)
    assert set(COURIERS) == set(Carrier)
    assert (PLATFORMS[Channel.DOUYIN], PLATFORMS[Channel.TAOBAO], PLATFORMS[Channel.WECHAT]) == ("DYXD", "TB", "OTHERS")
    assert (COURIERS[Carrier.DEPPON][0], COURIERS[Carrier.JTSD]) == ("DBL", ("OTHER", "极兔"))


def test_price_of_one_piece_is_rounded_to_the_fen() -> None:
    root = created(replace(ORDER, lines=(WarehouseLine("1", "SKU-1", "商品一", 3, 10001),)))
    assert root.findtext("orderLines/orderLine/actualPrice") == "33.34"


def test_unpaid_order_and_fixed_shop_nick() -> None:
    settings = SETTINGS.model_copy(update={"shop_nick": "示例店"})
    root = etree.fromstring(create_body(settings, replace(ORDER, paid_at=None), NOW))
    assert root.find("deliveryOrder/payTime") is None
    assert root.findtext("deliveryOrder/shopNick") == "示例店"


def test_the_other_bodies() -> None:
    named = {"warehouseCode": "WH01", "ownerCode": "OWN1", "orderCode": "DO-1", "orderType": "JYCK"}
    assert fields(etree.fromstring(query_body(SETTINGS, "DO-1")), ".") == {
        "ownerCode": "OWN1",
        "warehouseCode": "WH01",
        "orderCode": "DO-1",
        "page": "1",
        "pageSize": "100",
    }
    assert fields(etree.fromstring(pending_body(SETTINGS, "DO-1", "pending", "改地址")), ".") == {
        "actionType": "pending",
        **named,
        "reason": "改地址",
    }
    assert fields(etree.fromstring(cancel_body(SETTINGS, "DO-1", "退款")), ".") == {**named, "cancelReason": "退款"}


def test_every_call_can_name_one_of_several_warehouses() -> None:
    order = replace(ORDER, warehouse="WH02")
    bodies = [
        create_body(SETTINGS, order, NOW),
        query_body(SETTINGS, "DO-1", "WH02"),
        pending_body(SETTINGS, "DO-1", "pending", "", "WH02"),
        cancel_body(SETTINGS, "DO-1", "", "WH02"),
    ]
    assert {etree.fromstring(body).findtext(".//warehouseCode") for body in bodies} == {"WH02"}


def test_fields_of_the_merchants_own_ride_in_the_private_part() -> None:
    lines = (ORDER.lines[0], replace(ORDER.lines[1], extras={"serial_no": "SN1,SN2"}), *ORDER.lines[2:])
    root = created(replace(ORDER, lines=lines, extras={"certificate": "K<1>"}))
    assert fields(root, "extendProps") == {"certificate": "K<1>", "L2_serial_no": "SN1,SN2"}

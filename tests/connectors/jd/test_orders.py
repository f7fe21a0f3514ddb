from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable
from connectors.jd.documents import order_document, read_document
from connectors.jd.orders import STATUS, parents_of, to_order
from connectors.ports import Document
from domain.order import Channel, ChannelStatus, CipherReceiver, ClearReceiver, Order, Region, Requirement
from domain.review import Dossier, format_check

from .conftest import ORDER_NO, SHOP, item, order_info


def order(**changes: Any) -> Order:
    return to_order(order_info(**changes), SHOP, encrypted=True)


def test_the_whole_order() -> None:
    assert order().model_dump(exclude={"receiver"}, exclude_defaults=True) == {
        "channel": Channel.JD,
        "shop": SHOP,
        "channel_order_no": ORDER_NO,
        "version": int(datetime(2026, 3, 1, 2, 20, 35, tzinfo=UTC).timestamp()) * 1000,
        "status": ChannelStatus.PAID,
        "placed_at": datetime(2026, 3, 1, 2, 20, tzinfo=UTC),
        "paid_at": datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC),
        "lines": (
            {
                "line_no": f"{ORDER_NO}:100001:1",
                "sku": "MUG-01",
                "title": "马克杯",
                "quantity": 2,
                "unit_price_fen": 4950,
                "amount_fen": 9000,
            },
        ),
        "amounts": {"goods_fen": 9900, "freight_fen": 1000, "discount_fen": 900, "paid_fen": 10000},
        "customer": {"external_id": "open-id-1"},
        "notes": {
            "buyer": "请走冷链",
            "seller": "易碎品",
            "requirements": (Requirement.COLD_CHAIN, Requirement.FRAGILE),
        },
    }


REGION = Region(province="浙江", city="杭州市", district="余杭区", town="示例街道")


def test_an_encrypted_receiver_is_passed_on_untouched() -> None:
    assert order().receiver == CipherReceiver(
        platform=Channel.JD,
        name_cipher="name-cipher",
        phone_cipher="mobile-cipher",
        detail_cipher="address-cipher",
        region=REGION,
    )


def test_the_handle_of_a_receiver_is_kept_beside_the_ciphertexts() -> None:
    who = order_info()["consigneeInfo"] | {"oaid": "oaid-1"}
    receiver = order(consigneeInfo=who).receiver
    assert isinstance(receiver, CipherReceiver)
    assert (receiver.handle, receiver.name_cipher) == ("oaid-1", "name-cipher")


def test_a_receiver_in_clear_text_has_its_region_once() -> None:
    who = order_info()["consigneeInfo"] | {
        "fullname": "测试",
        "mobile": "",
        "telephone": "13800000000",
        "fullAddress": "浙江杭州市余杭区示例街道示例路1号",
    }
    clear = to_order(order_info(consigneeInfo=who), SHOP, encrypted=False)
    assert clear.receiver == ClearReceiver(name="测试", phone="13800000000", region=REGION, detail="示例路1号")


@pytest.mark.parametrize("state", STATUS.means)
def test_statuses(state: str) -> None:
    found = order(orderState=state)
    expected = {
        "NOT_PAY": ChannelStatus.UNPAID,
        "WAIT_SELLER_STOCK_OUT": ChannelStatus.PAID,
        "WAIT_SELLER_DELIVERY": ChannelStatus.PAID,
        "WAIT_GOODS_RECEIVE_CONFIRM": ChannelStatus.SHIPPED,
        "RECEIPT_CONFIRM": ChannelStatus.FINISHED,
        "FINISHED_L": ChannelStatus.FINISHED,
        "TRADE_CANCELED": ChannelStatus.CANCELLED,
        "LOCKED": ChannelStatus.LOCKED,
        "PAUSE": ChannelStatus.LOCKED,
        "POP_ORDER_PAUSE": ChannelStatus.LOCKED,
    }[state]
    assert found.status is expected
    assert found.paid == (expected not in (ChannelStatus.UNPAID, ChannelStatus.LOCKED))


@pytest.mark.parametrize("state", ["WAIT_SEND_CODE", "", None, 5, "locked"])
def test_an_unknown_status_is_never_guessed(state: Any) -> None:
    with pytest.raises(ValueError, match="unknown order state"):
        order(orderState=state)


def test_an_order_that_was_locked_after_payment_may_come_back() -> None:
    locked, free = order(orderState="LOCKED"), order(modified="2026-03-01 10:30:00")
    assert not locked.paid
    assert locked.paid_at == free.paid_at
    assert free.paid
    assert free.version > locked.version


@pytest.mark.parametrize("moment", ["0001-01-01 00:00:00", "", None])
def test_not_yet_paid(moment: Any) -> None:
    assert order(orderState="NOT_PAY", paymentConfirmTime=moment).paid_at is None
    assert order(orderState="TRADE_CANCELED", paymentConfirmTime=moment).paid_at is None
    on_delivery = order(payType="1-货到付款", paymentConfirmTime=moment)
    assert on_delivery.paid_at == on_delivery.placed_at


@pytest.mark.parametrize(
    ("amount", "fen"), [("49.500", 4950), ("49.505", 4951), ("49.5", 4950), (50, 5000), ("￥49.50", 4950)]
)
def test_amounts_are_read_as_they_come(amount: Any, fen: int) -> None:
    total = f"{2 * fen / 100:.2f}"
    found = order(itemInfoList=[item(jdPrice=amount)], orderTotalPrice=total, orderSellerPrice=None)
    assert found.lines[0].unit_price_fen == fen


def test_the_discount_is_spread_to_the_fen() -> None:
    items = [item("1", jdPrice="33.33", itemTotal="1"), item("2", jdPrice="33.33", itemTotal="1"), item("3")]
    found = order(itemInfoList=items, orderTotalPrice="165.66", orderSellerPrice="155.65", sellerDiscount="10.01")
    assert [line.amount_fen for line in found.lines] == [3131, 3132, 9302]
    assert format_check(Dossier(found)) == []


def test_the_discount_falls_on_the_lines_that_the_platform_names() -> None:
    items = [item("1", jdPrice="50.00", itemTotal="1"), item("2", jdPrice="50.00", itemTotal="1")]
    sums = {"orderTotalPrice": "100.00", "orderSellerPrice": "91.00", "sellerDiscount": "9.00"}
    named = [{"skuId": "2", "couponType": "30-单品促销优惠", "couponPrice": "9.00"}]
    assert [x.amount_fen for x in order(itemInfoList=items, couponDetailList=named, **sums).lines] == [5000, 4100]
    # With the platform's own coupon among them, the list comes to another sum: in proportion then.
    named.append({"skuId": "", "couponType": "41-京东券优惠", "couponPrice": "5.00"})
    assert [x.amount_fen for x in order(itemInfoList=items, couponDetailList=named, **sums).lines] == [4550, 4550]


def test_one_sku_in_two_lines_has_two_line_numbers() -> None:
    items = [item(itemTotal="1"), item(itemTotal="1", jdPrice="0.00", outerSkuId="")]
    found = order(itemInfoList=items, orderTotalPrice="49.50", orderSellerPrice="40.50")
    assert [(x.line_no, x.sku, x.amount_fen) for x in found.lines] == [
        (f"{ORDER_NO}:100001:1", "MUG-01", 4050),
        (f"{ORDER_NO}:100001:2", "P-1", 0),
    ]
    assert format_check(Dossier(found)) == []


@pytest.mark.parametrize("gone", ["orderSellerPrice", "sellerDiscount", "freightPrice"])
def test_one_of_the_sums_may_be_missing(gone: str) -> None:
    found = order(**{gone: None})
    assert found.amounts.discount_fen == 900
    assert found.amounts.paid_fen == (9000 if gone == "freightPrice" else 10000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"orderTotalPrice": "98.00"}, "9800 fen, the items add up to 9900"),
        ({"orderSellerPrice": "89.99"}, "orderSellerPrice is 8999 fen"),
        ({"orderSellerPrice": None, "sellerDiscount": None}, "neither orderSellerPrice"),
        ({"orderTotalPrice": ""}, "no orderTotalPrice"),
        ({"sellerDiscount": "100.00", "orderSellerPrice": "-1.00"}, "10000 fen discount"),
        ({"freightPrice": "-1"}, "-100 fen freight"),
        ({"freightPrice": "ten"}, "freightPrice is no amount"),
        ({"freightPrice": "1e30"}, "freightPrice is no amount"),
        ({"itemInfoList": []}, "no itemInfoList"),
        ({"itemInfoList": [item(itemTotal="0")]}, "itemTotal"),
        ({"itemInfoList": [item(itemTotal="2.5")]}, "itemTotal"),
        ({"itemInfoList": [item(jdPrice="")]}, "jdPrice"),
        ({"itemInfoList": [7]}, "itemInfoList"),
        ({"orderStartTime": ""}, "no orderStartTime"),
        ({"orderStartTime": "yesterday"}, "orderStartTime is no time"),
        ({"modified": ""}, "no modified"),
        ({"venderId": "777"}, "another vender"),
        ({"orderId": "a:b"}, "no orderId"),
    ],
)
def test_what_cannot_be_an_order(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        order(**changes)


def test_what_only_describes_may_be_missing() -> None:
    info = order_info()
    for name in ("consigneeInfo", "open_id_seller", "pin", "orderRemark", "venderRemark", "couponDetailList"):
        del info[name]
    found = to_order(info, SHOP, encrypted=True)
    assert found.customer.external_id == f"order-{ORDER_NO}"
    assert found.receiver.region == Region()


@pytest.mark.parametrize(
    ("parent", "direct", "expected"),
    [
        ("0", "", []),
        ("", None, []),
        (ORDER_NO, "0", []),
        (290000000000, "290000000000", ["290000000000"]),
        ("290000000000", "290000000009", ["290000000000", "290000000009"]),
        ("a/b", "", []),
    ],
)
def test_the_parents_of_a_split_order(parent: Any, direct: Any, expected: list[str]) -> None:
    assert parents_of(order_info(parentOrderId=parent, directParentOrderId=direct)) == expected
    assert order(parentOrderId=parent, directParentOrderId=direct).parent_no == (expected[0] if expected else "")


def test_a_document_is_named_by_order_and_version() -> None:
    document = order_document(order_info(), SHOP, encrypted=True)
    assert (document.source, document.kind, document.document_id) == ("jd", "order", f"{SHOP}:{ORDER_NO}")
    assert document.version == order().version
    assert document.order_id == order().order_id
    assert order_document(order_info(), SHOP, encrypted=True) == document
    newer = order_document(order_info(modified="2026-03-01 10:20:36"), SHOP, encrypted=True)
    assert newer.version > document.version
    stored = read_document(document)
    assert (stored.shop, stored.encrypted, stored.info) == (SHOP, True, order_info())


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"shop":1}', '{"shop":"1","encrypted":true,"order":[]}', "[" * 99999]
)
def test_a_spoilt_document_is_unreadable(body: str) -> None:
    with pytest.raises(DocumentUnreadable):
        read_document(Document("jd", "order", "x", 0, body))


_NAMES = st.sampled_from([*order_info(), *item(), *order_info()["consigneeInfo"], "skuId", "couponPrice"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["1", "9.99", "LOCKED"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=12,
)


@given(_VALUES | st.dictionaries(_NAMES, _VALUES, max_size=6).map(lambda changes: order_info() | changes))
def test_no_order_raises_anything_else(info: Any) -> None:
    document = order_document(info, SHOP, encrypted=True)
    document.body.encode("ascii")
    document.document_id.encode("ascii")
    assert json.loads(document.body)["shop"] == SHOP
    try:
        stored = read_document(document)
        found = to_order(stored.info, stored.shop, encrypted=stored.encrypted)
    except (DocumentUnreadable, ValueError):
        return
    assert format_check(Dossier(found)) == []
    assert found.order_id == document.order_id

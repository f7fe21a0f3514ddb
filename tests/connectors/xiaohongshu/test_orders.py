from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.xiaohongshu.orders import sku_id_of, to_order, under_after_sale
from domain.address import address_problems
from domain.order import Amounts, Channel, ChannelStatus, CipherReceiver, Order, OrderLine, Region, Requirement
from domain.review import Dossier, format_check

from .conftest import ORDER_NO, SHOP, order_detail, sku

SKU, OTHER_SKU = "65a000000000000000000001", "65a000000000000000000002"


def read(**changes: Any) -> Order:
    return to_order(order_detail(**changes), SHOP, ORDER_NO)


def test_an_order() -> None:
    order = read()
    assert order == Order(
        channel=Channel.XIAOHONGSHU,
        shop=SHOP,
        channel_order_no=ORDER_NO,
        version=1772331865123,
        status=ChannelStatus.PAID,
        placed_at=datetime(2026, 3, 1, 2, 23, 50, tzinfo=UTC),
        paid_at=datetime(2026, 3, 1, 2, 24, 20, tzinfo=UTC),
        lines=(OrderLine(line_no=SKU, sku="MUG-01", title="马克杯", quantity=2, unit_price_fen=4950, amount_fen=9000),),
        amounts=Amounts(goods_fen=9900, freight_fen=1000, discount_fen=900, paid_fen=10000),
        receiver=CipherReceiver(
            platform=Channel.XIAOHONGSHU,
            name_cipher="0123456789abcdef0123456789abcdef",
            phone_cipher="0123456789abcdef0123456789abcdef",
            detail_cipher="0123456789abcdef0123456789abcdef",
            region=Region(province="浙江省", city="杭州市", district="余杭区"),
        ),
        customer=order.customer,
        notes=order.notes,
    )
    assert order.customer.external_id == "user-1"
    assert order.notes.requirements == (Requirement.COLD_CHAIN, Requirement.FRAGILE)
    assert format_check(Dossier(order)) == []
    assert address_problems(order.receiver) == []


def test_an_order_without_a_buyer_is_a_customer_of_its_own() -> None:
    assert read(userId=None).customer.external_id == f"order-{ORDER_NO}"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"orderStatus": 1, "paidTime": 0}, ChannelStatus.UNPAID),
        ({"orderStatus": 2}, ChannelStatus.LOCKED),
        ({"orderStatus": 3}, ChannelStatus.LOCKED),
        ({"orderStatus": 4}, ChannelStatus.PAID),
        ({"orderStatus": 4, "cancelStatus": 1}, ChannelStatus.LOCKED),
        ({"orderStatus": 5, "cancelStatus": 1}, ChannelStatus.LOCKED),
        ({"orderStatus": 1, "cancelStatus": 1, "paidTime": 0}, ChannelStatus.UNPAID),
        ({"orderStatus": 4, "cancelStatus": None}, ChannelStatus.PAID),
        ({"orderStatus": 5}, ChannelStatus.PAID),
        ({"orderStatus": 6}, ChannelStatus.SHIPPED),
        ({"orderStatus": 6, "cancelStatus": 1}, ChannelStatus.SHIPPED),
        ({"orderStatus": 7}, ChannelStatus.FINISHED),
        ({"orderStatus": 8}, ChannelStatus.CANCELLED),
        ({"orderStatus": 9, "paidTime": 0}, ChannelStatus.CANCELLED),
        ({"orderStatus": 10}, ChannelStatus.SHIPPED),
        ({"orderStatus": "4"}, ChannelStatus.PAID),
    ],
)
def test_statuses(changes: dict[str, Any], status: ChannelStatus) -> None:
    order = read(**changes)
    assert order.status is status
    waits = (ChannelStatus.UNPAID, ChannelStatus.LOCKED)
    assert order.paid is (status not in waits and bool(changes.get("paidTime", 1)))
    assert (order.paid_at is None) is (changes.get("paidTime") == 0)


@pytest.mark.parametrize("code", [0, 11, None, "待发货"])
def test_an_unknown_status_is_never_guessed(code: Any) -> None:
    with pytest.raises(ValueError, match="orderStatus"):
        read(orderStatus=code)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"cancelStatus": 1}, True),
        ({"orderAfterSalesStatus": 2}, True),
        ({"orderAfterSalesStatus": 6}, True),
        ({"orderAfterSalesStatus": 3}, False),
        ({"orderAfterSalesStatus": None, "cancelStatus": None}, False),
    ],
)
def test_an_open_after_sale(changes: dict[str, Any], expected: bool) -> None:
    assert under_after_sale(order_detail(**changes)) is expected


def test_a_paid_order_without_paid_time_runs_from_the_order() -> None:
    assert read(paidTime=None).paid_at == datetime(2026, 3, 1, 2, 23, 50, tzinfo=UTC)
    assert read(createdTime=None).placed_at == datetime(2026, 3, 1, 2, 24, 20, tzinfo=UTC)


def test_the_only_paid_sku_may_hold_the_freight() -> None:
    order = read(skuList=[sku(totalPaidAmount=10000)])
    assert order.lines[0].amount_fen == 9000
    assert order.amounts == Amounts(goods_fen=9900, freight_fen=1000, discount_fen=900, paid_fen=10000)


@pytest.mark.parametrize(
    "skus",
    [
        [sku(totalPaidAmount=9001)],
        [sku(totalPaidAmount=5000), sku(OTHER_SKU, totalPaidAmount=5000)],
        [sku(totalPaidAmount=0)],
    ],
)
def test_amounts_that_do_not_add_up_are_named(skus: list[dict[str, Any]]) -> None:
    total = sum(each["totalPaidAmount"] for each in skus)
    with pytest.raises(ValueError, match=f"SKUs add up to {total} fen, the order to 10000 fen with 1000 fen freight"):
        read(skuList=skus)


def test_a_price_that_does_not_divide_keeps_the_sums() -> None:
    order = read(skuList=[sku(skuQuantity=7)])
    assert order.lines[0].unit_price_fen == 1414
    assert order.amounts.goods_fen == 9900
    assert format_check(Dossier(order)) == []


def test_gifts_go_with_the_only_main_line() -> None:
    free: dict[str, Any] = {"totalPaidAmount": 0, "totalMerchantDiscount": 0, "totalRedDiscount": 0, "skuTag": 1}
    order = read(skuList=[sku(), sku(**free), sku(OTHER_SKU, **free)])
    assert [(line.line_no, line.gift_of) for line in order.lines] == [(SKU, None), (f"{SKU}-2", SKU), (OTHER_SKU, SKU)]
    assert [sku_id_of(line.line_no) for line in order.lines] == [SKU, SKU, OTHER_SKU]
    assert format_check(Dossier(order)) == []


def test_a_gift_of_several_lines_is_bound_to_none() -> None:
    free: dict[str, Any] = {"totalPaidAmount": 0, "totalMerchantDiscount": 0, "totalRedDiscount": 0, "skuTag": 1}
    skus = [sku(totalPaidAmount=4500), sku(OTHER_SKU, totalPaidAmount=4500), sku("65a3", **free)]
    assert [line.gift_of for line in read(skuList=skus).lines] == [None, None, None]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "MUG-01"),
        ({"erpcode": ""}, "MUG-01-A"),
        ({"erpcode": None, "skuDetailList": [{"barcode": "690000000001"}]}, "690000000001"),
        ({"erpcode": None, "skuDetailList": [{"erpCode": "A"}, {"erpCode": "B"}]}, SKU),
        ({"erpcode": None, "skuDetailList": None}, SKU),
    ],
)
def test_a_line_has_the_merchants_code(changes: dict[str, Any], code: str) -> None:
    assert read(skuList=[sku(**changes)]).lines[0].sku == code


@pytest.mark.parametrize(
    "changes",
    [
        {"orderId": "P9"},
        {"skuList": []},
        {"skuList": ["x"]},
        {"skuList": [sku(skuQuantity=0)]},
        {"skuList": [sku(skuId=None)]},
        {"skuList": [sku("a-b")]},
        {"skuList": [sku(totalPaidAmount=None)]},
        {"skuList": [sku(totalMerchantDiscount=-20000)]},
        {"skuList": [sku(totalPaidAmount=500)], "totalPayAmount": 500},
        {"totalPayAmount": None},
        {"totalPayAmount": 100.5},
        {"totalShippingFree": -1},
        {"updateTime": None},
        {"updateTime": -1},
        {"createdTime": None, "paidTime": 0},
        {"createdTime": 10**15},
    ],
)
def test_what_is_no_order(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(**changes)


@given(
    st.dictionaries(
        st.sampled_from([*order_detail()]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from([*sku()]), inner, max_size=4),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_no_document_raises_anything_unforeseen(changes: dict[str, Any]) -> None:
    with suppress(ValueError):
        read(**changes)

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fields import dump_json, load_json
from connectors.pdd.orders import complete, to_order
from domain.address import address_problems
from domain.clock import BEIJING
from domain.order import Amounts, Channel, ChannelStatus, CipherReceiver, Order, OrderLine, Region, Requirement
from domain.review import Dossier, format_check

from .conftest import ORDER_SN, SHOP, item, order_info


def read(**changes: Any) -> Order:
    return to_order(load_json(dump_json(order_info(**changes))), SHOP, ORDER_SN)


def test_an_order() -> None:
    order = read()
    assert order == Order(
        channel=Channel.PDD,
        shop=SHOP,
        channel_order_no=ORDER_SN,
        version=1772331865000,
        status=ChannelStatus.PAID,
        placed_at=datetime(2026, 3, 1, 10, 23, 50, tzinfo=BEIJING),
        paid_at=datetime(2026, 3, 1, 10, 24, 20, tzinfo=BEIJING),
        lines=(
            OrderLine(line_no="7001", sku="MUG-01", title="马克杯", quantity=2, unit_price_fen=4950, amount_fen=8999),
        ),
        amounts=Amounts(goods_fen=9900, freight_fen=1000, discount_fen=901, paid_fen=9999),
        receiver=CipherReceiver(
            platform=Channel.PDD,
            name_cipher="~AgAAA-name~",
            phone_cipher="~AgAAA-phone~",
            detail_cipher="~AgAAA-address~",
            name_mask="测*",
            phone_mask="138****0000",
            detail_mask="示例路*号",
            region=Region(province="浙江省", city="杭州市", district="余杭区"),
        ),
        customer=order.customer,
        notes=order.notes,
    )
    assert order.customer.external_id == f"order-{ORDER_SN}"
    assert order.notes.requirements == (Requirement.COLD_CHAIN, Requirement.FRAGILE)
    assert order.order_id == f"pdd:{SHOP}:{ORDER_SN}"
    assert format_check(Dossier(order)) == []
    assert address_problems(order.receiver) == []


@pytest.mark.parametrize("goods", ["99.00", "99", 99, 99.0, "99.000"])
def test_yuan_come_as_numbers_and_as_texts(goods: Any) -> None:
    assert read(goods_amount=goods).amounts.goods_fen == 9900


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, ChannelStatus.PAID),
        ({"order_status": 2}, ChannelStatus.SHIPPED),
        ({"order_status": 3}, ChannelStatus.FINISHED),
        ({"order_status": "1"}, ChannelStatus.PAID),
        ({"risk_control_status": 1}, ChannelStatus.LOCKED),
        ({"risk_control_status": 1, "pay_time": None, "confirm_time": None}, ChannelStatus.LOCKED),
        ({"group_status": 0}, ChannelStatus.LOCKED),
        ({"group_status": 0, "confirm_status": 0, "confirm_time": ""}, ChannelStatus.LOCKED),
        ({"group_status": 0, "confirm_status": 0, "confirm_time": "", "pay_time": ""}, ChannelStatus.UNPAID),
        ({"confirm_status": 0}, ChannelStatus.LOCKED),
        ({"confirm_status": 0, "pay_time": "0001-01-01 00:00:00", "confirm_time": None}, ChannelStatus.UNPAID),
        ({"confirm_status": None, "group_status": 0, "pay_time": "", "confirm_time": ""}, ChannelStatus.UNPAID),
        ({"confirm_status": 2}, ChannelStatus.CANCELLED),
        ({"group_status": 2}, ChannelStatus.CANCELLED),
        ({"risk_control_status": 1, "confirm_status": 2}, ChannelStatus.CANCELLED),
        ({"refund_status": 4}, ChannelStatus.CANCELLED),
        ({"refund_status": 4, "risk_control_status": 1}, ChannelStatus.CANCELLED),
        ({"refund_status": 4, "order_status": 2}, ChannelStatus.SHIPPED),
        ({"refund_status": 4, "order_status": 3}, ChannelStatus.FINISHED),
        ({"refund_status": 2}, ChannelStatus.PAID),
        ({"refund_status": 3}, ChannelStatus.PAID),
        ({"group_status": None, "confirm_status": None, "risk_control_status": None}, ChannelStatus.PAID),
    ],
)
def test_statuses(changes: dict[str, Any], status: ChannelStatus) -> None:
    order = read(**changes)
    assert order.status is status
    assert order.paid is (status not in (ChannelStatus.UNPAID, ChannelStatus.LOCKED))
    assert (order.paid_at is None) is (status is ChannelStatus.UNPAID)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order_status", 4),
        ("order_status", None),
        ("order_status", "待发货"),
        ("confirm_status", 3),
        ("group_status", 7),
        ("refund_status", 5),
        ("refund_status", 0),
        ("risk_control_status", 2),
    ],
)
def test_an_unknown_status_is_never_guessed(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        read(**{name: value})


def test_an_order_under_review_has_no_ciphertext_yet() -> None:
    order = read(risk_control_status=1, receiver_name="", receiver_phone=None, receiver_address="")
    assert order.status is ChannelStatus.LOCKED
    assert order.paid_at == read().paid_at
    assert [problem.code for problem in address_problems(order.receiver)] == ["ciphertext_missing"]


def test_a_number_may_stand_in_contact_mobile_only() -> None:
    receiver = read(receiver_phone="", contact_mobile="~AgAAA-contact~").receiver
    assert isinstance(receiver, CipherReceiver)
    assert receiver.phone_cipher == "~AgAAA-contact~"


def test_a_paid_order_without_pay_time_runs_from_the_deal_or_the_order() -> None:
    assert read(pay_time="").paid_at == datetime(2026, 3, 1, 10, 24, 20, tzinfo=BEIJING)
    assert read(pay_time=None, confirm_time=None).paid_at == datetime(2026, 3, 1, 10, 23, 50, tzinfo=BEIJING)
    assert read(created_time=None).placed_at == datetime(2026, 3, 1, 10, 24, 20, tzinfo=BEIJING)


def test_service_fees_are_taken_off_the_discount() -> None:
    order = read(service_fee_detail=[{"service_name": "送货入户", "service_fee": 5}], pay_amount="104.99")
    assert order.amounts == Amounts(goods_fen=9900, freight_fen=1000, discount_fen=401, paid_fen=10499)
    assert format_check(Dossier(order)) == []


@pytest.mark.parametrize(
    ("changes", "sums"),
    [
        ({"pay_amount": 100}, "goods 9900 - discount 901 \\+ postage 1000 \\+ fees 0 fen is not pay_amount 10000 fen"),
        ({"discount_amount": 9.02}, "discount 902"),
        ({"goods_amount": 98}, "items add up to 9900 fen, goods_amount is 9800 fen"),
        ({"discount_amount": 105, "pay_amount": 4}, "pay_amount 400 fen is less than postage 1000 fen"),
    ],
)
def test_amounts_that_do_not_add_up_are_named(changes: dict[str, Any], sums: str) -> None:
    with pytest.raises(ValueError, match=sums):
        read(**changes)


def test_discounts_are_spread_over_lines_and_gifts_are_free() -> None:
    items = [item(goods_count=1), item(sku_id=7002, outer_id="", goods_price="0.50", goods_count=99)]
    gift = {"goods_id": 9002, "sku_id": 7001, "goods_name": "杯垫", "goods_count": 1, "outer_id": "MAT-01"}
    order = read(item_list=items, gift_list=[gift])
    assert [(line.line_no, line.sku, line.amount_fen, line.gift_of) for line in order.lines] == [
        ("7001", "MUG-01", 4500, None),
        ("7002", "MUG", 4499, None),
        ("7001-2", "MAT-01", 0, "7001"),
    ]
    assert format_check(Dossier(order)) == []


def test_the_same_sku_twice_is_two_lines() -> None:
    order = read(item_list=[item(goods_count=1), item(goods_count=1)], gift_list=[item(goods_count=1)])
    assert [line.line_no for line in order.lines] == ["7001", "7001-2", "7001-3"]
    assert format_check(Dossier(order)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"order_sn": "other"},
        {"trade_type": 1},
        {"item_list": []},
        {"item_list": None},
        {"item_list": ["x"]},
        {"item_list": [item(goods_count=0)]},
        {"item_list": [item(goods_count=None)]},
        {"item_list": [item(goods_price=None)]},
        {"item_list": [item(sku_id=None, goods_id=None)]},
        {"pay_amount": None},
        {"pay_amount": True},
        {"postage": "free"},
        {"service_fee_detail": [{}]},
        {"updated_at": None},
        {"updated_at": "0001-01-01 00:00:00"},
        {"created_time": "2026-03-01"},
        {"created_time": None, "pay_time": None, "confirm_time": None},
    ],
)
def test_what_is_no_order(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(**changes)


def test_a_row_is_complete_when_it_has_what_an_order_is_made_of() -> None:
    assert complete(order_info())
    assert not complete(order_info(item_list=None))
    assert not complete({})


@given(
    st.dictionaries(
        st.sampled_from([*order_info(), "gift_list", "service_fee_detail", "contact_mobile"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from([*item(), "service_fee"]), inner, max_size=4)
            ),
            max_leaves=6,
        ),
        max_size=4,
    )
)
def test_no_document_raises_anything_unforeseen(changes: dict[str, Any]) -> None:
    with suppress(ValueError):
        read(**changes)

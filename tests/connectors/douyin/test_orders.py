from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.douyin.money import line_amounts
from connectors.douyin.orders import to_order
from connectors.wording import requirement_words
from domain.order import (
    Amounts,
    Channel,
    ChannelStatus,
    CipherReceiver,
    Customer,
    Notes,
    Order,
    OrderLine,
    Region,
    Requirement,
)
from domain.requirements import requirements_in

from .conftest import ORDER_NO, PAID_AT, SHOP, order_detail, sku_order


def order(**changes: Any) -> Order:
    return to_order(order_detail(**changes), SHOP, ORDER_NO)


def test_the_whole_order() -> None:
    found = order()
    assert found == Order(
        channel=Channel.DOUYIN,
        shop=SHOP,
        channel_order_no=ORDER_NO,
        version=(PAID_AT + 5) * 1000,
        status=ChannelStatus.PAID,
        placed_at=datetime(2026, 3, 1, 2, 23, 50, tzinfo=UTC),
        paid_at=datetime(2026, 3, 1, 2, 24, 20, tzinfo=UTC),
        lines=(
            OrderLine(line_no=ORDER_NO, sku="MUG-01", title="马克杯", quantity=2, unit_price_fen=4950, amount_fen=9000),
        ),
        amounts=Amounts(goods_fen=9900, freight_fen=1000, discount_fen=900, paid_fen=10000),
        receiver=found.receiver,
        customer=Customer(external_id="open-id-1"),
        notes=Notes(buyer="请走冷链", seller="易碎品", requirements=(Requirement.COLD_CHAIN, Requirement.FRAGILE)),
    )


def test_the_receiver_stays_encrypted() -> None:
    assert order().receiver == CipherReceiver(
        platform=Channel.DOUYIN,
        name_cipher="#name-cipher#",
        phone_cipher="$tel-cipher$",
        detail_cipher="#detail-cipher#",
        name_mask="测*",
        phone_mask="138****0000",
        detail_mask="示例路*号",
        region=Region(province="浙江省", city="杭州市", district="余杭区", town="示例街道"),
    )


@pytest.mark.parametrize(
    ("order_status", "main_status", "expected"),
    [
        (1, 1, ChannelStatus.UNPAID),
        (1, 103, ChannelStatus.UNPAID),
        (105, 105, ChannelStatus.LOCKED),
        (105, None, ChannelStatus.LOCKED),
        (105, 103, ChannelStatus.UNPAID),
        (2, 2, ChannelStatus.PAID),
        (101, 101, ChannelStatus.PAID),
        (3, 3, ChannelStatus.SHIPPED),
        (4, 4, ChannelStatus.CANCELLED),
        (4, 21, ChannelStatus.CANCELLED),
        (2, 21, ChannelStatus.CANCELLED),
        (3, 22, ChannelStatus.FINISHED),
        (5, 39, ChannelStatus.FINISHED),
        (5, 5, ChannelStatus.FINISHED),
        (None, 2, ChannelStatus.PAID),
        (2, None, ChannelStatus.PAID),
        ("2", "2", ChannelStatus.PAID),
    ],
)
def test_statuses(order_status: Any, main_status: Any, expected: ChannelStatus) -> None:
    found = order(order_status=order_status, main_status=main_status)
    assert found.status is expected
    assert found.paid == (expected not in (ChannelStatus.UNPAID, ChannelStatus.LOCKED))


@pytest.mark.parametrize("status", [77, None, "", "paid", 2.0])
def test_an_unknown_status_is_never_guessed(status: Any) -> None:
    with pytest.raises(ValueError, match="status"):
        order(order_status=status, main_status=status)


def test_what_the_platform_still_looks_into_is_paid_and_not_to_be_shipped() -> None:
    locked, released = order(order_status=105, main_status=105), order(update_time=PAID_AT + 60)
    assert (locked.status, locked.paid_at) == (ChannelStatus.LOCKED, released.paid_at)
    assert (released.status, released.paid) == (ChannelStatus.PAID, True)
    assert released.version > locked.version


def test_an_unpaid_order_has_no_moment_of_payment() -> None:
    assert order(order_status=1, main_status=1, pay_time=0).paid_at is None
    assert order(order_status=4, main_status=4, pay_time=0).paid_at is None


def test_what_only_describes_may_be_missing() -> None:
    detail = order_detail()
    kept = {"order_id", "order_status", "create_time", "pay_amount", "post_amount", "sku_order_list"}
    for name in set(detail) - kept:
        del detail[name]
    found = to_order(detail, SHOP, ORDER_NO)
    assert found.paid_at == found.placed_at
    assert found.version == (PAID_AT - 30) * 1000
    assert found.customer.external_id == f"order-{ORDER_NO}"
    assert isinstance(found.receiver, CipherReceiver)
    assert found.receiver.name_cipher == ""
    assert found.receiver.region == Region()


def test_the_region_comes_from_the_mask_where_the_address_has_none() -> None:
    found = order(post_addr={"encrypt_detail": "#d#", "city": "杭州市"})
    assert found.receiver.region.text() == "浙江省杭州市余杭区示例街道"


@pytest.mark.parametrize(
    ("item", "sku"),
    [({}, "MUG-01"), ({"code": ""}, "OUT-01"), ({"code": None, "out_sku_id": ""}, "1700000000000001")],
)
def test_the_merchants_code_is_the_sku(item: dict[str, Any], sku: str) -> None:
    assert order(sku_order_list=[sku_order(**item)]).lines[0].sku == sku


def test_a_gift_belongs_to_its_main_line() -> None:
    gift = sku_order(
        "4800000000000000002",
        code="GIFT",
        item_num=1,
        origin_amount=500,
        pay_amount=0,
        given_product_type="FREE",
        master_sku_order_id_list=[ORDER_NO],
    )
    found = order(sku_order_list=[sku_order(given_product_type="MASTER"), gift])
    assert [(line.gift_of, line.amount_fen) for line in found.lines] == [(None, 9000), (ORDER_NO, 0)]
    assert found.amounts.goods_fen == 10400
    assert found.amounts.discount_fen == 1400


def test_a_main_line_of_another_order_is_none_of_ours() -> None:
    gift = sku_order("2", pay_amount=0, given_product_type="FREE", master_sku_order_id_list=["999"])
    assert order(sku_order_list=[sku_order(), gift]).lines[1].gift_of is None


@pytest.mark.parametrize(
    ("items", "paid", "freight", "expected"),
    [
        # freight beside the sub orders
        ([{"pay_amount": 9000}, {"pay_amount": 500}], 10500, 1000, [9000, 500]),
        ([{"pay_amount": 9000}, {"pay_amount": 500}], 9500, 0, [9000, 500]),
        # freight inside them, each telling its part
        (
            [{"pay_amount": 9900, "post_amount": 900}, {"pay_amount": 600, "post_amount": 100}],
            10500,
            1000,
            [9000, 500],
        ),
        # freight inside the only paid one
        ([{"pay_amount": 10000}, {"pay_amount": 0}], 10000, 1000, [9000, 0]),
        # not told, but there is only one
        ([{}], 10000, 1000, [9000]),
        ([{}, {"given_product_type": "FREE"}], 10000, 1000, [9000, 0]),
        ([{"pay_amount": 9000}, {"given_product_type": "FREE"}], 10000, 1000, [9000, 0]),
        # anything else would be a guess
        ([{}, {"pay_amount": 1000}], 10000, 1000, None),
        ([{}, {}], 10000, 0, None),
        ([{"pay_amount": 9900}, {"pay_amount": 600}], 10500, 1000, None),
        ([{"pay_amount": 9001}], 10000, 1000, None),
        ([{}], 500, 1000, None),
        ([{"pay_amount": -1}, {"pay_amount": 1}], 0, 0, None),
    ],
)
def test_line_amounts_add_up_or_are_refused(
    items: list[dict[str, Any]], paid: int, freight: int, expected: list[int] | None
) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="sub order"):
            line_amounts(items, paid, freight)
    else:
        assert line_amounts(items, paid, freight) == expected


def test_a_charge_on_top_is_a_negative_discount() -> None:
    assert order(pay_amount=11500, sku_order_list=[sku_order(pay_amount=10500)]).amounts.discount_fen == -600


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"order_id": "1"}, "another order"),
        ({"sku_order_list": []}, "no sku_order_list"),
        ({"sku_order_list": None}, "no sku_order_list"),
        ({"sku_order_list": [7]}, "no object"),
        ({"sku_order_list": [sku_order(item_num=0)]}, "item_num"),
        ({"sku_order_list": [sku_order(item_num=None)]}, "item_num"),
        ({"sku_order_list": [sku_order(order_id="")]}, "order_id"),
        ({"sku_order_list": [sku_order(origin_amount=None, sum_amount=None)]}, "origin_amount"),
        ({"sku_order_list": [sku_order(origin_amount=None, sum_amount=9901)]}, "origin_amount"),
        ({"pay_amount": None}, "pay_amount"),
        ({"pay_amount": 100.0}, "pay_amount"),
        ({"pay_amount": 9999}, "add up to 9000 fen, the order to 9999 fen with 1000 fen freight"),
        ({"create_time": 0, "pay_time": 0, "update_time": 0}, "create_time"),
        ({"create_time": 10**14}, "create_time"),
    ],
)
def test_what_cannot_be_understood_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        order(**changes)


def test_text_that_no_database_takes_is_cleaned() -> None:
    assert order(buyer_words="杯\x00子\ud800").notes.buyer == "杯子"


def test_the_price_may_be_told_by_the_sum() -> None:
    assert order(sku_order_list=[sku_order(origin_amount=None)]).lines[0].unit_price_fen == 4950


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    detail=st.dictionaries(st.sampled_from(sorted(order_detail())), JSON, max_size=4),
    item=st.dictionaries(st.sampled_from(sorted(sku_order())), JSON, max_size=3),
)
def test_no_field_raises_anything_but_value_error(detail: dict[str, Any], item: dict[str, Any]) -> None:
    try:
        found = order(**({"sku_order_list": [sku_order(**item)]} | detail))
    except ValueError:
        return
    amounts = found.amounts
    assert amounts.paid_fen == amounts.goods_fen + amounts.freight_fen - amounts.discount_fen
    assert amounts.paid_fen == sum(line.amount_fen for line in found.lines) + amounts.freight_fen
    assert Order.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), ()),
        (("", "尽快发货"), ()),
        (("小心易碎！", "请冷链，冷链！"), (Requirement.COLD_CHAIN, Requirement.FRAGILE)),
        (("箭头向上",), (Requirement.UPRIGHT,)),
    ],
)
def test_requirements_are_read_out_of_notes(texts: tuple[str, ...], expected: tuple[Requirement, ...]) -> None:
    assert requirements_in(*texts) == expected


def test_the_words_that_are_written_are_the_words_that_are_read() -> None:
    assert requirements_in(requirement_words(Requirement)) == tuple(Requirement)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"pay_amount": "100.00"}, "pay_amount"),  # yuan, where the platform promises fen
        ({"pay_amount": "99.995"}, "pay_amount"),
        ({"pay_amount": 100.5}, "pay_amount"),
        ({"pay_amount": True}, "pay_amount"),
        ({"pay_amount": "true"}, "pay_amount"),
        ({"post_amount": "ten"}, "post_amount"),
        ({"create_time": PAID_AT * 10**6}, "create_time"),  # microseconds
        ({"create_time": "2026-03-01 10:24:20"}, "create_time"),
        ({"update_time": "0001-01-01 00:00:00"}, "update_time"),
        ({"pay_time": [PAID_AT]}, "pay_time"),
    ],
)
def test_money_and_times_of_another_unit_are_never_guessed(changes: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        order(**changes)


@pytest.mark.parametrize("nothing", [0, "0", "", None])
def test_a_moment_that_has_not_come_yet_may_be_written_in_any_way(nothing: Any) -> None:
    unpaid = order(order_status=1, main_status=1, pay_time=nothing, finish_time=nothing, ship_time=nothing)
    assert unpaid.paid_at is None

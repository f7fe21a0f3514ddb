from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.taobao.orders import to_order
from connectors.taobao.trades import Trade
from connectors.taobao.wire import read
from domain.address import address_problems
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
from domain.review import Dossier, format_check

from .conftest import SECOND, SHOP, TID, sub_order, trade, two_orders


def order(raw: dict[str, Any]) -> Order:
    return to_order(read(Trade, raw), SHOP, TID)


def gift(**changes: Any) -> dict[str, Any]:
    values = {"outer_sku_id": "GIFT", "title": "杯垫", "num": 1, "price": "5.00", "payment": "0.00", "is_gift": "true"}
    return sub_order(SECOND, **(values | {"divide_order_fee": None, "part_mjz_discount": "0.00"} | changes))


def with_gift(**changes: Any) -> dict[str, Any]:
    return trade(orders={"order": [sub_order(payment="99.00"), gift(**changes)]})


def test_the_whole_order() -> None:
    found = order(trade())
    assert found == Order(
        channel=Channel.TAOBAO,
        shop=SHOP,
        channel_order_no=TID,
        version=1772331865000,
        status=ChannelStatus.PAID,
        placed_at=datetime(2026, 3, 1, 2, 23, 50, tzinfo=UTC),
        paid_at=datetime(2026, 3, 1, 2, 24, 20, tzinfo=UTC),
        lines=(OrderLine(line_no=TID, sku="MUG-01", title="马克杯", quantity=2, unit_price_fen=4950, amount_fen=9000),),
        amounts=Amounts(goods_fen=9900, freight_fen=1000, discount_fen=900, paid_fen=10000),
        receiver=found.receiver,
        customer=Customer(external_id="AAE-buyer-1"),
        notes=Notes(buyer="请走冷链", seller="易碎品", requirements=(Requirement.COLD_CHAIN, Requirement.FRAGILE)),
    )


def test_the_receiver_is_an_oaid_behind_masks() -> None:
    assert order(trade()).receiver == CipherReceiver(
        platform=Channel.TAOBAO,
        name_cipher="oaid-1",
        phone_cipher="oaid-1",
        detail_cipher="oaid-1",
        name_mask="测**",
        phone_mask="138****0000",
        detail_mask="示例***",
        region=Region(province="浙江省", city="杭州市", district="余杭区", town="示例街道"),
    )


def test_a_county_directly_under_its_province_has_no_city() -> None:
    found = order(trade(receiver_state="湖北省", receiver_city="", receiver_district="仙桃市"))
    assert found.receiver.region == Region(province="湖北省", city="", district="仙桃市", town="示例街道")
    assert address_problems(found.receiver) == []


def test_without_oaid_the_review_stops_the_order() -> None:
    codes = [problem.code for problem in address_problems(order(trade(oaid=None)).receiver)]
    assert codes == ["ciphertext_missing"]


def test_a_landline_is_shown_where_there_is_no_mobile() -> None:
    receiver = order(trade(receiver_mobile="", receiver_phone="0571-****")).receiver
    assert isinstance(receiver, CipherReceiver)
    assert receiver.phone_mask == "0571-****"


U, L, P, S, F, C = (
    ChannelStatus.UNPAID,
    ChannelStatus.LOCKED,
    ChannelStatus.PAID,
    ChannelStatus.SHIPPED,
    ChannelStatus.FINISHED,
    ChannelStatus.CANCELLED,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "TRADE_NO_CREATE_PAY"}, U),
        ({"status": "WAIT_BUYER_PAY"}, U),
        ({"status": "PAY_PENDING"}, U),
        ({"status": "WAIT_PRE_AUTH_CONFIRM"}, U),
        ({"status": "PAID_FORBID_CONSIGN"}, L),
        ({"top_hold": 1}, L),
        ({"ofp_hold": "1"}, L),
        ({"top_hold": 0, "ofp_hold": "0"}, P),
        ({"status": "WAIT_BUYER_CONFIRM_GOODS", "top_hold": 1}, S),
        ({"status": "WAIT_BUYER_PAY", "top_hold": 1}, U),
        ({"status": "WAIT_SELLER_SEND_GOODS"}, P),
        ({"status": "SELLER_CONSIGNED_PART"}, P),
        ({"status": "WAIT_BUYER_CONFIRM_GOODS"}, S),
        ({"status": "TRADE_FINISHED"}, F),
        ({"status": "TRADE_CLOSED"}, C),
        ({"status": "TRADE_CLOSED", "consign_time": "2026-03-02 09:00:00"}, F),
        ({"status": "TRADE_CLOSED_BY_TAOBAO"}, C),
        ({"type": "step", "step_trade_status": "FRONT_NOPAID_FINAL_NOPAID", "status": "WAIT_BUYER_PAY"}, U),
        ({"type": "step", "step_trade_status": "FRONT_PAID_FINAL_NOPAID", "status": "WAIT_BUYER_PAY"}, U),
        ({"type": "step", "step_trade_status": "FRONT_NOPAID_FINAL_NOPAID"}, U),
        ({"type": "step", "step_trade_status": "FRONT_PAID_FINAL_NOPAID"}, L),
        ({"type": "step", "step_trade_status": "FRONT_PAID_FINAL_PAID", "top_hold": 1}, L),
        ({"type": "step", "step_trade_status": "FRONT_PAID_FINAL_PAID"}, P),
        ({"type": "step", "step_trade_status": "FRONT_PAID_FINAL_NOPAID", "status": "TRADE_CLOSED"}, C),
    ],
)
def test_statuses(changes: dict[str, Any], expected: ChannelStatus) -> None:
    found = order(trade(**changes))
    assert found.status is expected
    assert found.paid == (expected not in (U, L))
    assert (found.paid_at is None) == (expected is U)


def test_a_locked_trade_is_without_what_was_refunded() -> None:
    raw = two_orders(status="PAID_FORBID_CONSIGN", payment="100.00")
    raw["orders"]["order"][1]["status"] = "TRADE_CLOSED"
    assert [line.line_no for line in order(raw).lines] == [TID]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "SOMETHING_NEW"}, "unknown status SOMETHING_NEW"),
        ({"status": None}, r"unknown status \?"),
        ({"status": "测试 13800000000"}, r"unknown status \?"),
        ({"step_trade_status": "FRONT_NEW"}, "unknown step_trade_status FRONT_NEW"),
        ({"type": "cod"}, "cash on delivery"),
        ({"type": "cod", "status": "TRADE_BUYER_SIGNED"}, "cash on delivery"),
    ],
)
def test_an_unknown_status_is_never_guessed(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}") as caught:
        order(trade(**changes))
    assert "测试" not in str(caught.value)


@pytest.mark.parametrize("never", [None, "", "0001-01-01 00:00:00", "1970-01-01 08:00:00"])
def test_an_order_closed_before_payment_was_never_paid(never: Any) -> None:
    found = order(trade(status="TRADE_CLOSED_BY_TAOBAO", pay_time=never, consign_time=never))
    assert found.paid_at is None
    assert order(trade(status="TRADE_CLOSED", consign_time=never)).status is C


def test_a_paid_order_without_the_moment_counts_from_its_own() -> None:
    found = order(trade(pay_time=""))
    assert found.paid_at == found.placed_at


@pytest.mark.parametrize(
    "changes",
    [
        {"payment": "100.00", "divide_order_fee": None, "part_mjz_discount": None},
        {"payment": "100.00", "divide_order_fee": "100.00"},
        {"payment": "109.00", "divide_order_fee": None, "part_mjz_discount": "9.00"},
        {"payment": None, "divide_order_fee": "90.00"},
        {"payment": None, "divide_order_fee": None},
    ],
)
def test_the_payment_of_a_single_sub_order_holds_the_postage(changes: dict[str, Any]) -> None:
    found = order(trade(orders={"order": [sub_order(**changes)]}))
    assert [line.amount_fen for line in found.lines] == [9000]
    assert found.amounts.paid_fen == 10000


@pytest.mark.parametrize(
    "changes", [{}, {"divide_order_fee": None, "part_mjz_discount": "9.00"}, {"part_mjz_discount": "0.00"}]
)
def test_the_payments_of_several_sub_orders_do_not(changes: dict[str, Any]) -> None:
    raw = two_orders()
    raw["orders"]["order"][0] |= changes
    found = order(raw)
    assert [line.amount_fen for line in found.lines] == [9000, 2000]
    assert found.amounts.model_dump() == {
        "goods_fen": 11900,
        "freight_fen": 1000,
        "discount_fen": 900,
        "paid_fen": 12000,
    }
    assert format_check(Dossier(found)) == []


@pytest.mark.parametrize(("payment", "postage", "share"), [("100.000", "10.000", "90.000"), ("99.995", "9.999", "90")])
def test_a_third_decimal_is_rounded(payment: str, postage: str, share: str) -> None:
    one = sub_order(payment=payment, divide_order_fee=share, price="49.500")
    assert order(trade(payment=payment, post_fee=postage, orders={"order": [one]})) == order(trade())


def test_a_raised_price_is_a_negative_discount() -> None:
    one = sub_order(payment="115.00", divide_order_fee=None, part_mjz_discount=None)
    assert order(trade(payment="115.00", orders={"order": [one]})).amounts.discount_fen == -600


@pytest.mark.parametrize(
    ("raw", "sums"),
    [
        (trade(payment="101.00"), "10000 fen|9000 fen"),
        (two_orders(payment="110.00"), "11000 fen, the trade to 11000 fen with 1000 fen freight"),
        (two_orders(post_fee="0.00"), "11000 fen, the trade to 12000 fen with 0 fen freight"),
        (two_orders(payment="120.01"), "11000 fen, the trade to 12001 fen with 1000 fen freight"),
    ],
)
def test_sums_that_do_not_add_up_are_named(raw: dict[str, Any], sums: str) -> None:
    with pytest.raises(ValueError, match=sums):
        order(raw)


@pytest.mark.parametrize("payment", ["120.00", "100.00"])
@pytest.mark.parametrize("closed", ["TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"])
def test_what_was_refunded_is_no_longer_owed(payment: str, closed: str) -> None:
    raw = two_orders(payment=payment)
    raw["orders"]["order"][1]["status"] = closed
    found = order(raw)
    assert [line.line_no for line in found.lines] == [TID]
    assert found.amounts.model_dump() == {
        "goods_fen": 9900,
        "freight_fen": 1000,
        "discount_fen": 900,
        "paid_fen": 10000,
    }
    assert format_check(Dossier(found)) == []


def test_once_shipped_an_order_keeps_its_lines() -> None:
    raw = two_orders(status="WAIT_BUYER_CONFIRM_GOODS")
    raw["orders"]["order"][1]["status"] = "TRADE_CLOSED"
    assert len(order(raw).lines) == 2


@pytest.mark.parametrize("mids", [[TID], [int(TID)], {"string": [TID]}, TID, f"1,{TID}", None])
def test_a_gift_belongs_to_its_main_line(mids: Any) -> None:
    found = order(with_gift(gift_mids=mids))
    assert [(line.sku, line.amount_fen, line.gift_of) for line in found.lines] == [
        ("MUG-01", 9000, None),
        ("GIFT", 0, TID),
    ]
    assert format_check(Dossier(found)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"is_gift": False, "is_free_gift": 1},
        {"is_gift": None, "is_free_gift": True},
        {"payment": None, "price": None},
    ],
)
def test_gifts_are_told_in_several_ways(changes: dict[str, Any]) -> None:
    assert order(with_gift(**changes)).lines[1].gift_of == TID


def test_a_gift_of_nobody_knows_whom_is_an_ordinary_line() -> None:
    raw = two_orders()
    raw["orders"]["order"].append(gift(gift_mids=["77"]) | {"oid": 3})
    assert [line.gift_of for line in order(raw).lines] == [None, None, None]


def test_a_gift_that_is_no_sub_order_is_a_note() -> None:
    promised = [
        {"id": TID, "gift_item_name": "贺卡", "gift_item_num": "2"},
        {"id": TID, "gift_item_name": "杯垫", "gift_item_num": "1"},
        {"id": TID, "promotion_name": "满减", "discount_fee": "9.00"},
    ]
    raw = with_gift() | {"promotion_details": {"promotion_detail": promised}}
    assert order(raw).notes.seller == "易碎品 赠品：贺卡×2"


@pytest.mark.parametrize(
    ("changes", "sku"),
    [
        ({}, "MUG-01"),
        ({"outer_sku_id": ""}, "MUG"),
        ({"outer_sku_id": "", "outer_iid": None}, "500000000001"),
        ({"outer_sku_id": "", "outer_iid": None, "sku_id": ""}, "600000000001"),
    ],
)
def test_the_merchants_code_is_the_sku(changes: dict[str, Any], sku: str) -> None:
    assert order(trade(orders={"order": [sub_order(**changes)]})).lines[0].sku == sku


@pytest.mark.parametrize("num", [2, "2", Decimal("2.0")])
def test_a_number_may_be_text(num: Any) -> None:
    assert order(trade(orders={"order": [sub_order(num=num)]})) == order(trade())


def test_lists_may_come_without_their_names() -> None:
    assert order(trade(orders=[sub_order()])) == order(trade())


def test_what_only_describes_may_be_missing() -> None:
    kept = {"tid", "status", "created", "modified", "payment", "orders"}
    one = {"oid": TID, "num": "2", "price": "49.50", "num_iid": 1}
    found = order({name: value for name, value in trade(orders={"order": [one]}).items() if name in kept})
    assert found.customer.external_id == f"order-{TID}"
    assert found.amounts.freight_fen == 0
    assert found.lines[0].amount_fen == 10000


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tid_str": "1"}, "another trade"),
        ({"orders": None}, "cannot read orders"),
        ({"orders": {"order": [7]}}, "cannot read orders.0"),
        ({"orders": {"order": [sub_order(num=0)]}}, "cannot read orders.0.num"),
        ({"orders": {"order": [sub_order(num=True)]}}, "cannot read orders.0.num"),
        ({"orders": {"order": [sub_order(num=Decimal("1.5"))]}}, "cannot read orders.0.num"),
        ({"orders": {"order": [sub_order(num=Decimal("1e999999"))]}}, "cannot read orders.0.num"),
        ({"orders": {"order": [sub_order() | {"oid": ""}]}}, "cannot read orders.0.oid"),
        ({"orders": {"order": [sub_order(price=None)]}}, "without price"),
        ({"orders": {"order": [sub_order(price="-1")]}}, "without price"),
        ({"orders": {"order": [sub_order(outer_sku_id="", outer_iid="", sku_id="", num_iid="")]}}, "without outer_sku"),
        (
            {"orders": {"order": [sub_order(), sub_order(SECOND, payment=None, divide_order_fee=None)]}},
            "without payment",
        ),
        ({"payment": None}, "no payment"),
        ({"payment": True}, "cannot read payment"),
        ({"payment": "1e14"}, "cannot read payment"),
        ({"payment": "5.00", "orders": {"order": [sub_order(payment="5.00")]}}, "negative amount"),
        ({"created": None}, "no created"),
        ({"modified": ""}, "no created or modified"),
        ({"modified": "0001-01-01 00:00:00"}, "no created or modified"),
        ({"created": "yesterday", "payment": "测试"}, "^cannot read created, payment$"),
    ],
)
def test_what_cannot_be_understood_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        order(trade(**changes))
    assert "测试" not in str(caught.value)


def test_text_that_no_database_takes_is_cleaned() -> None:
    assert order(trade(buyer_message="杯\x00子\ud800")).notes.buyer == "杯子"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    changes=st.dictionaries(st.sampled_from(sorted(trade())), JSON, max_size=4),
    item=st.dictionaries(st.sampled_from(sorted(sub_order())), JSON, max_size=3),
)
def test_no_field_raises_anything_but_value_error(changes: dict[str, Any], item: dict[str, Any]) -> None:
    try:
        found = order(trade(**({"orders": {"order": [sub_order() | item]}} | changes)))
    except ValueError:
        return
    amounts = found.amounts
    assert amounts.paid_fen == amounts.goods_fen + amounts.freight_fen - amounts.discount_fen
    assert amounts.paid_fen == sum(line.amount_fen for line in found.lines) + amounts.freight_fen
    assert Order.model_validate_json(found.model_dump_json()) == found

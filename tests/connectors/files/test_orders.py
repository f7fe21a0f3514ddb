"""Rows → orders: what follows from what, and what is wrong with which cell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.files.orders import MAX_LINES
from connectors.rest import Caller
from connectors.rest.intake import read_orders
from domain.extensions import use_fields
from domain.order import Channel, ChannelStatus, ClearReceiver, Order, PaymentTerms, Requirement

from .sheets import B2B, csv_file, good, more, places, read, row


def order_of(folder: Path, *rows: dict[str, Any], caller: Caller = B2B) -> Order:
    (found,) = good(csv_file(folder, *rows), caller)
    return found.order


def test_a_file_holds_the_same_order_as_the_api(tmp_path: Path) -> None:
    rows = [
        row(
            运费="10.00", 优惠="9.00", 实付金额="133.33", 状态="已付款", 会员号="M1", 客户名称="测试商贸有限公司",
            税号="000000000000000001", 付款方式="月结30天", 买家备注="快点", 备注="随货附发票", 配送要求="冷链、易碎",
            街道="良渚街道", 质保月数="12",
        ),
        more(),
    ]  # fmt: skip
    by_api = {
        "shop": "trade", "order_no": "BO1", "version": 0, "status": "paid",
        "placed_at": "2026-03-01T10:20:00+08:00", "paid_at": "2026-03-01T10:20:30+08:00",
        "lines": [
            {"line_no": "1", "sku": "MUG-01", "title": "马克杯", "quantity": 2, "unit_price_fen": 4950,
             "warranty_months": 12},
            {"line_no": "2", "sku": "TOWEL-01", "title": "毛巾", "quantity": 1, "unit_price_fen": 3333},
        ],
        "amounts": {"goods_fen": 13233, "freight_fen": 1000, "discount_fen": 900, "paid_fen": 13333},
        "receiver": {"name": "测试", "phone": "13800000000", "province": "浙江省", "city": "杭州市",
                     "district": "余杭区", "town": "良渚街道", "detail": "示例路1号"},
        "customer": {"id": "C1", "member_code": "M1", "name": "测试商贸有限公司", "tax_no": "000000000000000001",
                     "terms": "NET30"},
        "buyer_note": "快点", "seller_note": "随货附发票", "requirements": ["COLD_CHAIN", "FRAGILE"],
    }  # fmt: skip
    [expected] = read_orders(json.dumps(by_api).encode(), B2B)
    assert order_of(tmp_path, *rows) == expected


def test_what_may_be_left_out(tmp_path: Path) -> None:
    order = order_of(tmp_path, row())
    assert (order.status, order.paid_at) == (ChannelStatus.PAID, datetime(2026, 3, 1, 2, 20, 30, tzinfo=UTC))
    assert order.amounts.model_dump() == {
        "goods_fen": 9900,
        "freight_fen": 0,
        "discount_fen": 0,
        "paid_fen": 9900,
    }
    assert order.customer.terms is PaymentTerms.PREPAID
    assert (order.lines[0].line_no, order.lines[0].warranty_months) == ("1", 0)
    assert isinstance(order.receiver, ClearReceiver)
    assert order.notes.requirements == ()


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({"付款时间": ""}, ChannelStatus.UNPAID),
        ({"状态": "已取消"}, ChannelStatus.CANCELLED),
        ({"状态": "已发货"}, ChannelStatus.SHIPPED),
        ({"状态": "未付款", "付款方式": "月结60天"}, ChannelStatus.PAID),
    ],
)
def test_statuses(tmp_path: Path, cells: dict[str, str], status: ChannelStatus) -> None:
    assert order_of(tmp_path, row(**cells)).status is status


def test_a_mini_programs_order_is_never_paid_by_a_file_either(tmp_path: Path) -> None:
    order = order_of(tmp_path, row(状态="已付款"), caller=Caller(Channel.WECHAT, "wx1"))
    assert (order.status, order.paid_at) == (ChannelStatus.UNPAID, None)


@pytest.mark.parametrize(
    ("cells", "customer"),
    [
        ({"客户编号": "C1", "会员号": "M1"}, ("C1", "M1")),
        ({"客户编号": "", "会员号": "M1"}, ("M1", "M1")),
        ({"客户编号": "", "税号": "000000000000000001"}, ("000000000000000001", "")),
    ],
)
def test_who_buys(tmp_path: Path, cells: dict[str, str], customer: tuple[str, str]) -> None:
    order = order_of(tmp_path, row(**cells))
    assert (order.customer.external_id, order.customer.member_code) == customer


@pytest.mark.parametrize(
    ("first", "second", "paid", "amounts"),
    [
        # nothing said: price × quantity
        ({}, {}, 13233, [9900, 3333]),
        # the discount is spread by largest remainder
        ({"优惠": "1.00"}, {}, 13133, [9825, 3308]),
        # what was paid says what the discount was
        ({"实付金额": "131.33"}, {}, 13133, [9825, 3308]),
        ({"实付金额": "141.33", "运费": "10"}, {}, 14133, [9825, 3308]),
        # amounts with the discount in them
        ({"金额": "90"}, {"金额": "33.33"}, 12333, [9000, 3333]),
        # amounts without: a column that merely multiplies
        ({"金额": "99", "优惠": "1.00"}, {"金额": "33.33"}, 13133, [9825, 3308]),
        # one line's amount is known, the rest is spread over the others
        ({"金额": "90", "优惠": "10"}, {}, 12233, [9000, 3233]),
    ],
)
def test_money_follows_from_what_is_given(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], paid: int, amounts: list[int]
) -> None:
    order = order_of(tmp_path, row(**first), more(**second))
    assert order.amounts.paid_fen == paid
    assert [line.amount_fen for line in order.lines] == amounts


def test_a_gift_goes_with_the_article_above_it_and_costs_nothing(tmp_path: Path) -> None:
    gift = {"商品编码": "GIFT-TOTE", "商品名称": "帆布袋", "数量": "1", "单价": "5.00", "赠品": "是"}
    order = order_of(tmp_path, row(), more(), gift, more(商品编码="GIFT-2", 赠品主行="1"))
    assert [(line.gift_of, line.amount_fen, line.unit_price_fen) for line in order.lines] == [
        (None, 9900, 4950),
        (None, 3333, 3333),
        ("2", 0, 0),
        ("1", 0, 0),
    ]


def test_a_gift_needs_no_price(tmp_path: Path) -> None:
    gift = {"商品编码": "GIFT-TOTE", "数量": "1", "赠品": "赠品"}
    assert order_of(tmp_path, row(赠品="否"), gift).lines[1].title == "GIFT-TOTE"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([row(下单时间="")], [(2, "下单时间", "import.missing")]),
        (
            [row(下单时间="1.3.2026", 数量="2.5")],
            [(2, "下单时间", "import.not_time"), (2, "数量", "import.not_integer")],
        ),
        ([row(商品编码="")], [(2, "商品编码", "import.missing")]),
        ([row(单价="")], [(2, "单价", "import.missing")]),
        ([row(单价="免费")], [(2, "单价", "import.not_amount")]),
        ([row(数量="0")], [(2, "数量", "import.refused")]),
        ([row(收货电话="1.38E+10")], [(2, "收货电话", "import.digits_lost")]),
        ([row(客户编号="")], [(2, "客户编号", "import.customer")]),
        ([row(付款方式="以后再说")], [(2, "付款方式", "import.unknown_word")]),
        ([row(状态="已付款", 付款时间="")], [(2, "付款时间", "import.refused")]),
        ([row(状态="未付款")], [(2, "付款时间", "import.refused")]),
        ([row(下单时间="1999-01-01")], [(2, "下单时间", "import.refused")]),
        ([row(订单号="BO 1")], [(2, "订单号", "import.refused")]),
        ([row(商品名称="长" * 501)], [(2, "商品名称", "import.refused")]),
        ([row(实付金额="100")], [(2, "实付金额", "import.sum")]),
        ([row(实付金额="90", 优惠="5")], [(2, "实付金额", "import.sum")]),
        ([row(优惠="100")], [(2, "优惠", "import.discount")]),
        ([row(金额="99.01")], [(2, "金额", "import.line_amount")]),
        ([row(金额="90", 实付金额="99")], [(2, "金额", "import.line_sum")]),
        ([row(赠品="是")], [(2, "赠品", "import.gift_first")]),
        ([row(赠品主行="7")], [(2, "赠品主行", "import.refused")]),
        ([row(), row(收货人="别人", 商品编码="A")], [(3, "收货人", "import.differs")]),
        ([row(运费="6"), row(运费="8")], [(3, "运费", "import.differs")]),
        ([row(行号="1"), more(行号="1")], [(3, "行号", "import.refused")]),
        ([row(), more(数量="一")], [(3, "数量", "import.not_integer")]),
    ],
)
def test_what_is_wrong_is_told_by_row_and_column(
    tmp_path: Path, rows: list[dict[str, Any]], found: list[tuple[int, str, str]]
) -> None:
    orders, problems = read(csv_file(tmp_path, row(订单号="BO0") | {"赠品": "", "赠品主行": "", "行号": ""}, *rows))
    assert places(problems) == [(line + 1, column, key) for line, column, key in found]
    assert [type(order).__name__ for order in orders] == ["FileOrder", "Unusable"]
    for problem in problems:
        assert problem.sheet == "orders.csv"
        assert problem.sentence()
        assert problem.column in problem.line()


def test_no_sentence_repeats_what_stands_in_the_cell(tmp_path: Path) -> None:
    odd = dict.fromkeys(
        ("数量", "单价", "下单时间", "付款方式", "收货电话", "详细地址", "状态", "优惠"), "张三丰13812345678"
    )
    _, problems = read(csv_file(tmp_path, row(**odd)))
    assert len(problems) >= 6
    assert not any("张三丰" in problem.line() or "138123" in problem.line() for problem in problems)


def test_equal_values_written_differently_do_not_differ(tmp_path: Path) -> None:
    order_of(tmp_path, row(运费="6"), row(运费="6.00", 下单时间="2026/3/1 10:20", 商品编码="A"))


def test_rows_that_stand_apart_are_one_order(tmp_path: Path) -> None:
    first, second = good(csv_file(tmp_path, row(), row(订单号="BO2"), row(商品编码="LAMP-01")))
    assert [line.sku for line in first.order.lines] == ["MUG-01", "LAMP-01"]
    assert second.order.channel_order_no == "BO2"
    assert (first.row, second.row, first.lines) == (2, 3, 2)


def test_an_order_has_an_end(tmp_path: Path) -> None:
    orders, problems = read(csv_file(tmp_path, row(), *([more()] * MAX_LINES), row(订单号="BO2")))
    assert [type(order).__name__ for order in orders] == ["Unusable", "FileOrder"]
    assert places(problems) == [(MAX_LINES + 2, "", "import.too_many_lines")]


@pytest.mark.parametrize(("cells", "versioned"), [({}, False), ({"版本": ""}, False), ({"版本": "7"}, True)])
def test_versions(tmp_path: Path, cells: dict[str, str], versioned: bool) -> None:
    (found,) = good(csv_file(tmp_path, row(**cells)))
    assert found.versioned is versioned
    assert found.order.version == (7 if versioned else 0)


def test_requirements(tmp_path: Path) -> None:
    assert order_of(tmp_path, row(发货要求="勿倒置")).notes.requirements == (Requirement.UPRIGHT,)


def test_columns_of_the_merchants_own_fields(tmp_path: Path) -> None:
    order = order_of(
        tmp_path,
        row(**{"ext.certificate": "K1", "EXT.customer.centre": "C1", "ext.line.serial_no": "SN1,SN2"}),
        more(**{"ext.line.serial_no": "SN3"}),
    )
    assert dict(order.ext) == {"certificate": "K1"}
    assert dict(order.customer.ext) == {"centre": "C1"}
    assert [dict(line.ext) for line in order.lines] == [{"serial_no": "SN1,SN2"}, {"serial_no": "SN3"}]


def test_a_field_that_there_is_not_is_told_by_its_cell(tmp_path: Path) -> None:
    use_fields(lambda: ())
    try:
        _, (found,) = read(csv_file(tmp_path, row(), more(**{"ext.line.colour": "red"})))
    finally:
        use_fields(None)
    assert (found.row, found.column) == (3, "ext.line.colour")
    assert "ext.colour" in str(found.params["why"])


def test_orders_of_one_number_agree_in_their_own_fields(tmp_path: Path) -> None:
    file = csv_file(tmp_path, row(**{"ext.certificate": "K1"}), more(订单号="BO1", **{"ext.certificate": "K2"}))
    assert places(read(file)[1]) == [(3, "ext.certificate", "import.differs")]

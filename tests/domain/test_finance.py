"""The rows that finance gets: they sum to their orders, and the summary balances with them, to the fen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amounts import adds_up
from domain.finance import (
    BadPeriod,
    Head,
    LineRow,
    Sale,
    Summary,
    cells,
    columns,
    header,
    lines_of,
    period,
    refund_row,
)
from domain.order import Amounts, Channel, ChannelStatus, Order, OrderLine
from domain.refund import Refund, RefundKind, RefundStatus
from tests.store.samples import NOON, order

FEN = st.integers(0, 500_000)


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    """An order as channels send them: most add up, some do not; promotions explain some lines and not others."""
    lines, ours = [], []
    for n in range(1, draw(st.integers(1, 5)) + 1):
        quantity, unit = draw(st.integers(1, 9)), draw(FEN)
        goods = quantity * unit
        off = draw(st.integers(0, goods))
        platform = draw(st.integers(0, off))
        told = draw(st.sampled_from([off, off - platform, max(off - 1, 0)]))
        gift = draw(st.booleans()) and n > 1
        lines.append(
            OrderLine(
                line_no=str(n),
                sku=draw(st.sampled_from(["MUG", "CUP"])),
                title="杯",
                quantity=quantity,
                unit_price_fen=unit,
                amount_fen=goods - told,
                gift_of="1" if gift else None,
            )
        )
        ours.append(
            {
                "line_no": str(n),
                "list_fen": goods,
                "off_fen": off,
                "platform_fen": platform,
                "shop_fen": off - platform,
            }
        )
    freight, wrong = draw(st.integers(0, 5000)), draw(st.sampled_from([0, 0, 0, 7, -3]))
    goods = sum(line.quantity * line.unit_price_fen for line in lines)
    net = sum(line.amount_fen for line in lines)
    amounts = Amounts(
        goods_fen=goods, freight_fen=freight, discount_fen=goods - net, paid_fen=max(net + freight + wrong, 0)
    )
    shop, number = draw(st.sampled_from(["a", "b"])), str(draw(st.integers(1, 10**9)))
    status = draw(st.sampled_from([ChannelStatus.PAID, ChannelStatus.CANCELLED]))
    made = order(number, lines=tuple(lines), amounts=amounts, shop=shop, status=status)
    known = {line.line_no: 130 if line.sku == "MUG" else 90 for line in lines}
    step = {"code": "P1", "lines": {one["line_no"]: one["off_fen"] for one in ours}}
    return Sale(
        head=Head(made.order_id, "自有商城", shop, number),
        order=made,
        paid_at=NOON + timedelta(hours=draw(st.integers(0, 48))),
        state="已取消" if status is ChannelStatus.CANCELLED else "支付成功",
        priced={"lines": ours, "steps": [step]} if draw(st.booleans()) else None,
        permilles=known if draw(st.booleans()) else {},
        invoice_type="",
    )


def _sum(rows: list[LineRow], name: str) -> int:
    return sum(getattr(row, name) or 0 for row in rows)


@given(sales())
def test_the_rows_of_an_order_are_the_order_to_the_fen(sale: Sale) -> None:
    rows, amounts = lines_of(sale), sale.order.amounts
    assert _sum(rows, "goods_fen") == amounts.goods_fen
    assert _sum(rows, "freight_fen") == amounts.freight_fen
    assert _sum(rows, "paid_fen") == amounts.paid_fen
    if adds_up(sale.order):
        assert _sum(rows, "discount_fen") == amounts.discount_fen
        assert [row.line_no for row in rows] == [line.line_no for line in sale.order.lines]
    else:
        assert rows[-1].line_no == ""
    for row in rows:
        assert row.paid_fen == row.goods_fen - row.discount_fen + row.freight_fen
        assert row.discount_fen == row.platform_fen + row.shop_bears_fen + row.unattributed_fen
        assert row.tax_fen is None or 0 <= row.tax_fen <= row.paid_fen
    if sale.priced is None:
        assert _sum(rows, "platform_fen") == _sum(rows, "shop_bears_fen") == 0


@given(st.lists(sales(), max_size=8))
def test_the_summary_balances_with_the_rows(many: list[Sale]) -> None:
    summary, rows = Summary("已取消"), []
    for sale in many:
        made = lines_of(sale)
        summary.lines(made)
        rows += made
    days, total = summary.days(), summary.total()
    names = ["quantity", "goods_fen", "discount_fen", "platform_fen", "shop_bears_fen", "unattributed_fen"]
    for name in [*names, "freight_fen", "paid_fen", "tax_fen"]:
        assert getattr(total, name) == sum(getattr(day, name) for day in days) == _sum(rows, name), name
    assert total.orders == len(many)
    assert total.cancelled_fen == sum(row.paid_fen for row in rows if row.state == "已取消")
    assert len({(day.channel, day.shop, day.day) for day in days}) == len(days)


def _sale(of: Order, priced: dict[str, Any] | None = None) -> Sale:
    return Sale(Head(of.order_id, "", of.shop, of.channel_order_no), of, NOON, "", priced, {}, "")


def test_who_bears_a_discount_is_said_where_our_promotions_come_to_the_same() -> None:
    line = OrderLine(line_no="1", sku="MUG", title="杯", quantity=2, unit_price_fen=5000, amount_fen=8800)
    bought = order(lines=(line,), amounts=Amounts(goods_fen=10000, discount_fen=1200, paid_fen=8800))
    ours = {"line_no": "1", "list_fen": 10000, "off_fen": 1200, "platform_fen": 200, "shop_fen": 1000}
    priced = {"lines": [ours], "steps": [{"code": "M100", "lines": {"1": 1200}}]}
    (row,) = lines_of(_sale(bought, priced))
    assert (row.platform_fen, row.shop_bears_fen, row.unattributed_fen) == (200, 1000, 0)
    assert row.promotions == "M100 12.00"
    # Its amounts hold what the platform pays: to the shop only its own part is a discount.
    worth = bought.model_copy(
        update={
            "lines": (line.model_copy(update={"amount_fen": 9000}),),
            "amounts": Amounts(goods_fen=10000, discount_fen=1000, paid_fen=9000),
        }
    )
    (row,) = lines_of(_sale(worth, priced))
    assert (row.discount_fen, row.platform_fen, row.shop_bears_fen) == (1000, 0, 1000)
    (row,) = lines_of(_sale(bought, {"lines": [{**ours, "off_fen": 900, "shop_fen": 700}], "steps": []}))
    assert (row.platform_fen, row.unattributed_fen, row.promotions) == (0, 1200, "")


@pytest.mark.parametrize(
    ("status", "kind", "counted"),
    [
        (RefundStatus.REFUNDED, RefundKind.RETURN, 300),
        (RefundStatus.REFUNDED, RefundKind.EXCHANGE, 0),
        (RefundStatus.REQUESTED, RefundKind.MONEY, 0),
        (RefundStatus.REFUSED, RefundKind.MONEY, 0),
    ],
)
def test_only_money_that_went_back_is_counted(status: RefundStatus, kind: RefundKind, counted: int) -> None:
    refund = Refund(
        channel=Channel.OWN,
        shop="main",
        channel_order_no="SO1",
        refund_id="R1",
        version=1,
        status=status,
        kind=kind,
        amount_fen=300,
        asked_at=NOON,
    )
    row = refund_row(Head("own:main:SO1", "", "main", "SO1"), refund, NOON)
    assert (row.amount_fen, row.refunded_fen) == (300, counted)


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-11-31", "2026-12-01"),
        ("20261101", "2026-12-01"),
        ("2026-11-01", "soon"),
        ("2026-11-01", "2026-11-01"),
        ("2026-12-01", "2026-11-01"),
    ],
)
def test_what_is_no_period(since: str, until: str) -> None:
    with pytest.raises(BadPeriod):
        period(since, until)


def test_days_begin_at_midnight_in_beijing() -> None:
    november = period("2026-11-01", "2026-12-01")
    assert not november.holds(datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    assert november.holds(datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    assert november.holds(datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC))
    assert not november.holds(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    assert "2026-11-30" in november.words()


def test_every_row_has_a_cell_for_every_column() -> None:
    (row,) = lines_of(_sale(order()))
    assert len(cells(row)) == len(columns(LineRow)) == len(header(LineRow))
    assert cells(row)[0] == "own:main:SO1"

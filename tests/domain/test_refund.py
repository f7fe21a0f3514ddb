"""What a refund does to an order that has not left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.order import Amounts, ChannelStatus, Order, OrderLine
from domain.refund import Refund, RefundKind, RefundLine, RefundStatus, with_refunds
from domain.review import Dossier, format_check
from tests.store.samples import NOON, order


def line(no: str, quantity: int, price: int, amount: int | None = None, gift_of: str | None = None) -> OrderLine:
    paid = quantity * price if amount is None else amount
    return OrderLine(
        line_no=no, sku=f"SKU{no}", title="", quantity=quantity, unit_price_fen=price, amount_fen=paid, gift_of=gift_of
    )


def bought(*lines: OrderLine, freight: int = 0) -> Order:
    goods = sum(each.quantity * each.unit_price_fen for each in lines)
    paid = sum(each.amount_fen for each in lines) + freight
    amounts = Amounts(goods_fen=goods, freight_fen=freight, discount_fen=goods + freight - paid, paid_fen=paid)
    return order(lines=lines, amounts=amounts)


def refund(amount: int, *lines: RefundLine, status: RefundStatus = RefundStatus.REFUNDED, n: str = "R1") -> Refund:
    whose = order()
    return Refund(
        channel=whose.channel,
        shop=whose.shop,
        channel_order_no=whose.channel_order_no,
        refund_id=n,
        version=1,
        status=status,
        kind=RefundKind.MONEY,
        amount_fen=amount,
        lines=lines,
        asked_at=NOON,
    )


TWO = bought(line("1", 2, 1000, 1900), line("2", 1, 500), line("3", 1, 0, gift_of="1"), freight=600)


def test_a_refunded_line_is_not_shipped_and_its_gift_neither() -> None:
    left = with_refunds(TWO, [refund(1900, RefundLine(line_no="1"))])
    assert [each.line_no for each in left.lines] == ["2"]
    assert left.amounts.paid_fen == 1100
    assert left.status is ChannelStatus.PAID
    assert not format_check(Dossier(left))


def test_a_part_of_a_line_is_refunded_by_its_pieces() -> None:
    left = with_refunds(TWO, [refund(950, RefundLine(line_no="1", quantity=1))])
    assert [(each.line_no, each.quantity, each.amount_fen) for each in left.lines] == [
        ("1", 1, 950),
        ("2", 1, 500),
        ("3", 1, 0),
    ]
    assert not format_check(Dossier(left))


def test_part_of_the_price_back_changes_no_goods() -> None:
    left = with_refunds(TWO, [refund(100, RefundLine(line_no="1"))])
    assert [(each.line_no, each.quantity) for each in left.lines] == [("1", 2), ("2", 1), ("3", 1)]
    assert left.amounts.paid_fen == TWO.amounts.paid_fen - 100


def test_all_goods_refunded_is_a_cancelled_order_however_it_is_said() -> None:
    whole = with_refunds(TWO, [refund(TWO.amounts.paid_fen)])
    by_lines = with_refunds(TWO, [refund(1900, RefundLine(line_no="1")), refund(500, RefundLine(line_no="2"), n="R2")])
    assert whole.status is by_lines.status is ChannelStatus.CANCELLED


def test_an_undecided_refund_stops_the_order_and_a_refused_one_does_not() -> None:
    assert with_refunds(TWO, [refund(500, status=RefundStatus.REQUESTED)]).refund_pending
    for status in (RefundStatus.REFUSED, RefundStatus.CLOSED):
        assert with_refunds(TWO, [refund(500, status=status)]) == TWO


def test_an_exchange_takes_no_money() -> None:
    asked = refund(0, status=RefundStatus.REQUESTED).model_copy(update={"kind": RefundKind.EXCHANGE})
    assert with_refunds(TWO, [asked]) == TWO


@given(
    quantities=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    asked=st.lists(
        st.tuples(st.integers(0, 5), st.none() | st.integers(1, 4), st.integers(0, 5000)), min_size=1, max_size=4
    ),
    data=st.data(),
)
def test_money_adds_up_whatever_is_refunded_in_whatever_order(
    quantities: list[int], asked: list[tuple[int, int | None, int]], data: st.DataObject
) -> None:
    goods = bought(*(line(str(i + 1), q, 999, q * 999 - i) for i, q in enumerate(quantities)), freight=5)
    refunds = [
        refund(amount, *((RefundLine(line_no=str(no), quantity=q),) if no else ()), n=f"R{i}")
        for i, (no, q, amount) in enumerate(asked)
    ]
    left = with_refunds(goods, refunds)
    assert left == with_refunds(goods, data.draw(st.permutations(refunds)))
    if left.status is not ChannelStatus.CANCELLED:
        assert not format_check(Dossier(left))

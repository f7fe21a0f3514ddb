"""The tax that is in prices sums over the lines to the order, to the fen."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.order import Amounts, ChannelStatus, Order, OrderLine
from domain.tax import Rate, tax_in, taxes
from tests.store.samples import order

RATES = {"MUG": Rate(130, "standard"), "BOOK": Rate(90, "reduced"), "FREE": Rate(0, "free")}


def _order(*lines: tuple[str, int], freight: int = 0) -> Order:
    made = tuple(
        OrderLine(line_no=str(n), sku=sku, title=sku, quantity=1, unit_price_fen=fen, amount_fen=fen)
        for n, (sku, fen) in enumerate(lines, start=1)
    )
    goods = sum(fen for _, fen in lines)
    return order(lines=made, amounts=Amounts(goods_fen=goods, freight_fen=freight, paid_fen=goods + freight))


@pytest.mark.parametrize(
    ("gross", "permille", "tax"),
    [(11300, 130, 1300), (4950, 130, 569), (100, 130, 12), (109, 90, 9), (1, 130, 0), (5, 130, 1), (9999, 0, 0)],
)
def test_the_tax_in_an_amount(gross: int, permille: int, tax: int) -> None:
    assert tax_in(gross, permille) == tax


def test_the_freight_is_taxed_like_the_goods_that_it_is_for() -> None:
    found = taxes(_order(("MUG", 9000), ("BOOK", 1000), freight=1000), RATES)
    assert [(one.gross_fen, one.freight_fen, one.tax_fen, one.net_fen) for one in found] == [
        (9900, 900, 1139, 8761),
        (1100, 100, 91, 1009),
    ]


def test_three_lines_of_one_rate_share_its_tax_by_largest_remainder() -> None:
    found = taxes(_order(("MUG", 100), ("MUG", 100), ("MUG", 100)), RATES)
    assert [one.tax_fen for one in found] == [12, 12, 11], "35 in 300, not three times 12"


@pytest.mark.parametrize(
    "changes",
    [
        {"status": ChannelStatus.CANCELLED},
        {"amounts": Amounts(goods_fen=9000, paid_fen=8999)},
        {"lines": ()},
    ],
)
def test_what_is_off_or_does_not_add_up_has_no_tax(changes: dict[str, object]) -> None:
    assert taxes(_order(("MUG", 9000)).model_copy(update=changes), RATES) == ()


@given(
    lines=st.lists(st.tuples(st.sampled_from(sorted(RATES)), st.integers(0, 10**7)), min_size=1, max_size=8),
    freight=st.integers(0, 10**5),
)
def test_lines_sum_to_the_order_and_each_is_off_by_less_than_two_fen(
    lines: list[tuple[str, int]], freight: int
) -> None:
    placed = _order(*lines, freight=freight)
    found = taxes(placed, RATES)
    assert sum(one.gross_fen for one in found) == placed.amounts.paid_fen
    for permille in (0, 90, 130):
        mine = [one for one in found if one.rate.permille == permille]
        assert sum(one.tax_fen for one in mine) == tax_in(sum(one.gross_fen for one in mine), permille)
        for one in mine:
            exact = Fraction(one.gross_fen * permille, 1000 + permille)
            assert 0 <= one.tax_fen <= one.gross_fen
            assert abs(one.tax_fen - exact) < 2

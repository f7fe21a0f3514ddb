from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.amounts import adds_up, recalculated
from domain.order import Amounts, Order, OrderLine
from domain.review import Dossier, format_check
from tests.domain.strategies import sound_orders
from tests.store.samples import order


def moved(placed: Order, index: int, by: int) -> Order:
    lines = list(placed.lines)
    lines[index] = lines[index].model_copy(update={"amount_fen": lines[index].amount_fen + by})
    return placed.model_copy(update={"lines": tuple(lines)})


@given(sound_orders())
def test_what_adds_up_is_left_alone(placed: Order) -> None:
    assert adds_up(placed)


@given(sound_orders(), st.integers(0, 4), st.integers(-(10**6), 10**6).filter(bool))
def test_a_split_that_is_off_is_made_anew_by_totals_that_agree(placed: Order, index: int, by: int) -> None:
    wrong = moved(placed, index % len(placed.lines), by)
    assert not adds_up(wrong)
    mended = recalculated(wrong)
    assert mended is not None
    assert adds_up(mended)
    assert format_check(Dossier(mended)) == []
    assert mended.amounts == placed.amounts
    assert all(line.amount_fen == 0 for line in mended.lines if line.gift_of is not None)


@given(sound_orders(), st.integers(-(10**6), 10**6).filter(bool))
def test_a_discount_that_is_off_is_what_the_lines_leave(placed: Order, by: int) -> None:
    amounts = placed.amounts.model_copy(update={"discount_fen": placed.amounts.discount_fen + by})
    mended = recalculated(placed.model_copy(update={"amounts": amounts}))
    assert mended is not None
    assert mended == placed


@given(sound_orders(), st.integers(1, 10**6), st.integers(1, 10**6))
def test_where_nothing_agrees_a_person_decides(placed: Order, line_off: int, paid_off: int) -> None:
    assume(line_off != paid_off)
    wrong = moved(placed, 0, line_off)
    amounts = wrong.amounts.model_copy(update={"paid_fen": wrong.amounts.paid_fen + paid_off})
    assert recalculated(wrong.model_copy(update={"amounts": amounts})) is None


def test_nobody_can_pay_less_than_nothing() -> None:
    line = OrderLine(line_no="1", sku="A", title="A", quantity=1, unit_price_fen=100, amount_fen=100)
    # The lines agree with what was paid, but it is more than the goods cost.
    dear = order(lines=(line.model_copy(update={"amount_fen": 200}),), amounts=Amounts(goods_fen=90, paid_fen=200))
    assert recalculated(dear) is None
    assert recalculated(order(lines=(), amounts=Amounts(goods_fen=0, paid_fen=0))) is None

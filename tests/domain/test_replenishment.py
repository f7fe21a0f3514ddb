"""When an article runs out, and how much of it to order."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.replenishment import LONGEST, Policy, Standing, forecast, median, suggest

TODAY = date(2026, 3, 2)
"""A Monday."""
WEEK = [0, 1, 2, 3, 4, 10, 8]
"""Monday to Sunday."""
TERMS = Policy(lead_days=7, cover_days=14, factor_percent=120)

SALES = st.lists(st.integers(0, 200), max_size=70)
TERM = st.builds(Policy, st.integers(0, 30), st.integers(0, 60), st.integers(0, 300))


def standing(free: int = 0, safety: int = 0, **coming: int) -> Standing:
    """`d5=3`: three pieces in five days."""
    return Standing(free, safety, {TODAY + timedelta(days=int(day[1:])): pieces for day, pieces in coming.items()})


@pytest.mark.parametrize(
    ("values", "middle"), [([], 0), ([3], 3), ([1, 9], 5), ([1, 2], Fraction(3, 2)), ([9, 1, 2], 2), ([4, 1, 9, 2], 3)]
)
def test_median(values: list[int], middle: Fraction) -> None:
    assert median(values) == middle


def test_each_weekday_is_forecast_by_its_own() -> None:
    demand = forecast(WEEK * 8, TODAY)
    assert [demand(TODAY + timedelta(days=n)) for n in range(7)] == WEEK


def test_one_flash_sale_moves_nothing() -> None:
    sales = WEEK * 8
    sales[-3] += 5000
    assert suggest(sales, TODAY, standing(), TERMS).forecast == suggest(WEEK * 8, TODAY, standing(), TERMS).forecast


def test_what_sells_seldom_counts_with_its_average() -> None:
    sales = [0] * 56
    sales[3] = sales[40] = 7
    assert forecast(sales, TODAY)(TODAY) == Fraction(14, 56)


def test_a_suggestion() -> None:
    found = suggest(WEEK * 8, TODAY, standing(free=10, safety=20, d3=5, d60=99), TERMS)
    # three weeks of 28, a fifth more, the safety stock; less what is there and what comes in that time
    assert found.quantity == 101 + 20 - 10 - 5
    assert found.forecast == Fraction(84)
    assert (found.sold, found.window) == (28 * 8, 56)
    # Tuesday 1, Wednesday 2, Thursday 3 (5 came), Friday 4, and then Saturday wants 10 of the 5 that are left
    assert (found.lasts, found.out_days) == (4, 1)
    assert found.per_day == 4
    assert found.turnover_days(50) == Fraction(25, 2)


def test_what_nobody_buys_lasts_for_ever() -> None:
    found = suggest([], TODAY, standing(free=1, safety=3), TERMS)
    assert (found.quantity, found.lasts, found.out_days, found.turnover_days(1)) == (2, LONGEST, 0, None)


def test_enough_on_its_way_needs_no_more() -> None:
    assert suggest(WEEK * 8, TODAY, standing(free=0, safety=20, d2=200), TERMS).quantity == 0


def test_days_without_are_those_before_an_order_of_today_is_here() -> None:
    every_day = [2] * 56
    assert suggest(every_day, TODAY, standing(free=0), TERMS).out_days == 7
    assert suggest(every_day, TODAY, standing(free=6), TERMS).out_days == 4
    assert suggest(every_day, TODAY, standing(free=0, d5=4), TERMS).out_days == 5


@given(SALES, st.integers(-5, 500), st.integers(0, 100), TERM)
def test_what_is_ordered_is_enough_and_no_more(sales: list[int], free: int, safety: int, terms: Policy) -> None:
    found = suggest(sales, TODAY, standing(free=free, safety=safety), terms)
    have = max(0, free) + found.quantity
    wanted = found.forecast * terms.factor_percent / 100 + safety
    assert have >= wanted
    assert found.quantity == 0 or have < wanted + 1
    assert 0 <= found.lasts <= LONGEST
    assert 0 <= found.out_days <= terms.lead_days


@given(SALES, st.integers(0, 500), st.integers(0, 100), TERM)
def test_more_stock_never_means_a_larger_order(sales: list[int], free: int, safety: int, terms: Policy) -> None:
    less = suggest(sales, TODAY, standing(free=free, safety=safety), terms)
    more = suggest(sales, TODAY, standing(free=free + 1, safety=safety), terms)
    assert less.quantity - 1 <= more.quantity <= less.quantity
    assert more.lasts >= less.lasts
    assert more.out_days <= less.out_days

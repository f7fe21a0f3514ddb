from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import format_yuan, parse_yuan, split

amounts = st.integers(-(10**15), 10**15)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=30)


@given(amounts, weights)
def test_a_split_sums_back_and_each_part_is_within_a_fen_of_its_share(total: int, parts: list[int]) -> None:
    given_out = split(total, parts)
    assert sum(given_out) == total
    assert len(given_out) == len(parts)
    base = sum(parts)
    for part, weight in zip(given_out, parts, strict=True):
        share = Fraction(total * weight, base) if base else Fraction(total, len(parts))
        assert abs(part - share) < 1


@given(amounts, weights)
def test_a_negative_total_mirrors_the_positive_one(total: int, parts: list[int]) -> None:
    assert split(-total, parts) == [-part for part in split(total, parts)]


@given(st.integers(0, 10**9), weights)
def test_whoever_has_no_weight_gets_nothing(total: int, parts: list[int]) -> None:
    given_out = split(total, [*parts, 1, 0])
    assert given_out[-1] == 0
    assert all(part == 0 for part, weight in zip(given_out, parts, strict=False) if weight == 0)


def test_ties_go_to_the_earlier_parts() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(2, [1, 1, 1]) == [1, 1, 0]
    assert split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split(5, [0, 0]) == [3, 2]


def test_the_largest_remainder_comes_first() -> None:
    # shares 0.3, 0.9, 1.8: the fen over go to .9 and .8
    assert split(3, [1, 3, 6]) == [0, 1, 2]
    assert split(10, [1, 3, 6]) == [1, 3, 6]


@given(amounts, weights, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_changes_no_part_by_more_than_the_tie(
    total: int, parts: list[int], random: object
) -> None:
    order = list(range(len(parts)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = split(total, [parts[i] for i in order])
    assert sorted(shuffled) == sorted(split(total, parts))


@pytest.mark.parametrize("parts", [[], [1, -1]])
def test_what_cannot_be_split_over_is_refused(parts: list[int]) -> None:
    with pytest.raises(ValueError, match=r"split over|negative"):
        split(100, parts)


@given(amounts)
def test_what_is_written_is_read_back(fen: int) -> None:
    assert parse_yuan(format_yuan(fen)) == fen


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("49.50", 4950),
        ("0", 0),
        ("9.9", 990),
        (".5", 50),
        ("1,280", 128000),
        ("1,234,567.89", 123456789),
        ("￥9.9", 990),
        ("¥ 12.00", 1200),
        (" 3.00\n", 300),
        ("-1.50", -150),
        ("￥-1.50", -150),
        ("0.005", 1),
        ("0.004", 0),
        ("-0.005", -1),
        ("49.995", 5000),
        ("1e2", 10000),
        (7, 700),
        (Decimal("0.29"), 29),
    ],
)
def test_amounts_as_partners_write_them(text: str | int | Decimal, fen: int) -> None:
    assert parse_yuan(text) == fen


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "12元", "￥", "1.2.3", "--5", "NaN", "sNaN", "Infinity", "-inf", "1e40", "1e999999", "None"],
)
def test_what_is_no_amount_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount in yuan"):
        parse_yuan(text)


@given(st.text())
def test_any_text_is_an_amount_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_yuan(text), int)


@pytest.mark.parametrize(("fen", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (12345, "123.45"), (-100, "-1.00")])
def test_amounts_as_we_write_them(fen: int, text: str) -> None:
    assert format_yuan(fen) == text

"""How many pieces a channel is told, and when: by the table."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.listing import Classed, Quantities, last_slot, next_slot
from rules.documents import BadRule
from rules.engine import check
from rules.publishing import publication, reckon

PIECES = st.integers(0, 10**8)


A = Classed("A")


def pieces(classed: Classed = A, **quantities: int) -> int:
    return publication("douyin", "1", "MUG", classed, Quantities(**quantities)).pieces


def test_the_table_is_sound() -> None:
    assert check("publish_stock") == 4


@given(PIECES, PIECES, PIECES)
def test_the_default_formula(available: int, safety: int, room: int) -> None:
    assert pieces(available=available, safety=safety, room=room) == max(0, min(available - safety, room))


def test_a_sale_that_pauses_below_safety() -> None:
    paused = Classed("C", pauses=True)
    assert pieces(paused, available=9, safety=10, room=9) == 0
    found = publication("own", "1", "MUG", paused, Quantities(available=9, safety=10, room=9))
    assert (found.times, found.inputs["paused"]) == ("", True)
    assert publication("own", "1", "MUG", paused, Quantities(available=10, safety=10)).times == "06:00"


@pytest.mark.parametrize(("abc", "times"), [("", ""), ("A", ""), ("B", "08:00 14:00 20:00"), ("C", "06:00")])
def test_classes(abc: str, times: str) -> None:
    assert publication("own", "1", "MUG", Classed(abc), Quantities()).times == times


@pytest.mark.parametrize(
    ("formula", "expected"), [("floor(available * share / 100)", 3), ("available > 5 ? 6 : 0", 6), ("0", 0)]
)
def test_formulas(formula: str, expected: int) -> None:
    assert reckon(formula, {"available": 10, "share": 33}) == expected


@pytest.mark.parametrize(
    "formula",
    ["available - 11", "available / 3", "available +", "stock * 2", "'ten'", "available > 1", "1/0", "10000000000", ""],
)
def test_what_is_no_number_of_pieces_is_a_broken_rule(formula: str) -> None:
    with pytest.raises(BadRule):
        reckon(formula, {"available": 10, "share": 33})


def test_slots() -> None:
    times = "08:00 14:00 20:00"

    def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
        return datetime(2026, 3, day, hour, minute, tzinfo=UTC)

    assert last_slot(times, at(4)) == at(0)  # 12:00 in Beijing: eight o'clock
    assert next_slot(times, at(4)) == at(6)
    assert last_slot(times, at(6)) == at(6)
    assert next_slot(times, at(6)) == at(12)
    assert last_slot(times, at(23, 59, day=1)) == at(12, day=1)  # 07:59: the evening before
    assert next_slot(times, at(13)) == at(0, day=3)
    assert last_slot("", at(4)) is None
    assert next_slot(" ", at(4)) == at(4)
    for wrong in ("25:00", "noon", "08:00,14:00"):
        with pytest.raises(ValueError, match=r"."):
            last_slot(wrong, at(4))

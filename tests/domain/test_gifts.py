from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.gifts import fill, scan_difference
from domain.order import OrderLine
from domain.shipping import ScannedItem
from domain.texts import CATALOGUE


def line(number: str, sku: str, quantity: int = 1, gift_of: str | None = None) -> OrderLine:
    return OrderLine(
        line_no=number, sku=sku, title=sku, quantity=quantity, unit_price_fen=0, amount_fen=0, gift_of=gift_of
    )


MUGS = line("1", "MUG", 2)
LINES = (MUGS, line("2", "TOTE", gift_of="1"), line("3", "MUG", gift_of="1"))


@pytest.mark.parametrize(
    ("scanned", "words"),
    [
        ([("MUG", 3), ("TOTE", 1)], ""),
        ([("MUG", 3)], "漏放赠品 TOTE × 1"),
        # Two of three mugs: the bought ones are there, the one that is given is not.
        ([("MUG", 2), ("TOTE", 1)], "漏放赠品 MUG × 1"),
        ([("MUG", 1), ("TOTE", 1)], "漏放赠品 MUG × 1；漏放商品 MUG × 1"),
        # The warehouse names the line: it is a bought mug that is missing.
        ([("MUG", 1, "1"), ("MUG", 1, "3"), ("TOTE", 1)], "漏放商品 MUG × 1"),
        # A line of another article, or one that is full, is no line of it.
        ([("MUG", 3, "2"), ("TOTE", 1, "9")], ""),
        ([("MUG", 3), ("TOTE", 2)], "多放 TOTE × 1"),
        ([("MUG", 3), ("CARD", 1)], "漏放赠品 TOTE × 1；错放 CARD × 1"),
    ],
)
def test_what_is_wrong_is_said_gifts_first(scanned: list[tuple[str, int]], words: str) -> None:
    assert scan_difference(LINES, [ScannedItem(*item) for item in scanned]).words() == words


skus = st.sampled_from(["A", "B", "C"])
orders = st.lists(st.tuples(skus, st.integers(1, 4), st.booleans()), min_size=1, max_size=5).map(
    lambda rows: [line(str(n), sku, count, "0" if gift else None) for n, (sku, count, gift) in enumerate(rows)]
)
scans = st.lists(
    st.builds(ScannedItem, sku=skus, quantity=st.integers(1, 4), line_no=st.sampled_from(["", "0", "1", "2", "9"])),
    max_size=6,
)


@given(orders, scans)
def test_there_is_a_difference_just_when_the_pieces_differ(lines: list[OrderLine], scanned: list[ScannedItem]) -> None:
    wanted, there = Counter[str](), Counter[str]()
    for each in lines:
        wanted[each.sku] += each.quantity
    for item in scanned:
        there[item.sku] += item.quantity
    difference = scan_difference(lines, scanned)
    assert bool(difference) is (wanted != there)
    assert difference.gifts + difference.missing == wanted - there
    assert difference.wrong + difference.extra == there - wanted
    filled, rest = fill(lines, scanned)
    assert sum(filled.values()) + sum(rest.values()) == sum(there.values())


def test_every_difference_has_its_words() -> None:
    assert {f"scan.{kind}" for kind in ("gift", "missing", "wrong", "extra")} <= set(CATALOGUE)

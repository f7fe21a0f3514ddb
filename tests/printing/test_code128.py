from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from printing.code128 import QUIET, bars
from tests.printing.scanner import read_codes


def scan(symbol: str) -> list[tuple[str, str]]:
    white = "0" * QUIET
    row = b"".join(b"\x00\x00\x00" if module == "1" else b"\xff\xff\xff" for module in white + symbol + white)
    return read_codes([row] * 60)


@settings(max_examples=50)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30))
def test_a_scanner_reads_back_what_was_encoded(text: str) -> None:
    # A scanner's library takes a blank at either end for dirt on the paper.
    assert scan(bars(f"A{text}Z")) == [("Code 128", f"A{text}Z")]


def test_every_pair_of_digits() -> None:
    for tens in range(10):
        digits = "".join(f"{tens}{ones}" for ones in range(10))
        assert scan(bars(digits)) == [("Code 128", digits)]


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("123456", 3),  # C only
        ("12345", 4),  # C, and a switch for the odd one out
        ("SF1000000000001", 10),  # S F 1 to-C and six pairs
        ("AB", 2),
        ("A12B", 4),  # a switch to C and back would cost more than it saves
        ("A123456B", 7),
        ("YT1234567890123", 10),
    ],
)
def test_it_is_as_short_as_can_be(text: str, symbols: int) -> None:
    assert len(bars(text)) == 11 * (symbols + 2) + 13  # start, check; stop
    assert scan(bars(text)) == [("Code 128", text)]


@pytest.mark.parametrize("text", ["", "运单", "SF\n1", "SF１"])
def test_what_it_cannot_hold(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        bars(text)

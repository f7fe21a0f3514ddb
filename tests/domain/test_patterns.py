"""Patterns that people write: what they match, and that none takes for ever."""

from __future__ import annotations

import pytest

from domain.patterns import matches, wrong_with


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("[A-Z]{2}[0-9]{2}", "AB12", True),
        ("[A-Z]{2}[0-9]{2}", "AB123", False),
        ("[A-Z]{2}[0-9]{2}", "xAB12", False),
        ("a|bc", "bc", True),
        ("a|bc", "abc", False),  # the whole value, whichever branch
        ("a$", "a\n", False),
        ("序列[0-9]+", "序列7", True),
        ("(?i)sn-\\d+", "SN-12", True),
    ],
)
def test_the_whole_of_a_value_has_the_form(pattern: str, value: str, fits: bool) -> None:
    assert wrong_with(pattern) == ""
    assert matches(pattern, value) is fits


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+", "(a*)*b", "([a-z]+)*[0-9]", "(.*)(.*)(.*)(.*)(.*)x"])
def test_what_takes_others_years_is_an_answer_at_once(pattern: str) -> None:
    # Python's own engine would not come back from this: the test ends, or the matcher is another one.
    assert wrong_with(pattern) == ""
    assert not matches(pattern, "a" * 500 + "!")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[0-9", "unclosed"),
        ("a)(?:b", "unopened"),
        ("(?=a)b", "look-around"),
        (r"(a)\1", "backreferences"),
        ("(a{1000}){1000}", "size limit"),
    ],
)
def test_a_pattern_that_cannot_be_matched_says_why(pattern: str, why: str) -> None:
    assert why in wrong_with(pattern)
    assert matches(pattern, "anything"), "one from before it was refused stops no order"

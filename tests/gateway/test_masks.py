from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.masks import HIDDEN, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "shown"), [("测试", "测*"), ("测试人", "测**"), ("测试测试测试", "测**"), ("测", HIDDEN), (" ", HIDDEN)]
)
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800000000", "138****0000"),
        ("13800000000-1234", "138*********1234"),
        ("0571-88880000", "057******0000"),
        ("88880000", "*****000"),
        ("123456", HIDDEN),
        ("", HIDDEN),
    ],
)
def test_phones(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@given(st.text(alphabet="0123456789", max_size=20))
def test_at_least_four_digits_stay_hidden(digits: str) -> None:
    shown = mask_phone(digits)
    assert len(digits) - sum(char.isdigit() for char in shown) >= min(len(digits), 4)

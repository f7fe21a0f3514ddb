from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from domain.links import form_code


@given(st.binary(), st.text(), st.integers())
def test_a_code_is_short_plain_and_always_the_same(secret: bytes, parcel: str, n: int) -> None:
    code = form_code(secret, parcel, n)
    assert re.fullmatch(r"[a-z2-7]{24}", code)
    assert form_code(secret, parcel, n) == code


def test_secret_parcel_and_count_all_change_the_code() -> None:
    codes = {form_code(*key) for key in [(b"a", "o#1", 1), (b"b", "o#1", 1), (b"a", "o#2", 1), (b"a", "o#1", 2)]}
    codes |= {form_code(b"a", "o#1|1", 1), form_code(b"a", "o#1", 11), form_code(b"a", "o#11", 1)}
    assert len(codes) == 7


def test_links_that_were_sent_stay_valid_in_the_next_release() -> None:
    assert form_code(b"secret", "own:main:SO1#1", 1) == "4sdzztitcs2z2xls7zwxkvzm"

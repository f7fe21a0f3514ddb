from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ids import order_id, order_of_parcel, parcel_id, partner_key, short_key, split_order_id

parts = st.text(st.characters(exclude_categories=("Cs", "Z", "Cc"), exclude_characters=":#/"), min_size=1, max_size=30)
limits = st.integers(24, 64)


@given(parts, parts, parts)
def test_an_order_id_comes_apart_again(channel: str, shop: str, number: str) -> None:
    oid = order_id(channel, shop, number)
    assert oid == f"{channel}:{shop}:{number}"
    assert split_order_id(oid) == (channel, shop, number)


@pytest.mark.parametrize("bad", ["", "a:b", "a#1", "a/b", "a b", "a\tb", "a　b", "a\n", "\n"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_would_break_an_id_is_refused(bad: str, place: int) -> None:
    fields = ["own", "main", "SO1"]
    fields[place] = bad
    with pytest.raises(ValueError, match="not usable in an order id"):
        order_id(*fields)


def test_an_id_has_199_characters_at_most() -> None:
    longest = "1" * (199 - len("own:main:"))
    assert len(order_id("own", "main", longest)) == 199
    with pytest.raises(ValueError, match="200 characters is too long"):
        order_id("own", "main", longest + "1")


@pytest.mark.parametrize("bad", ["", "own", "own:main", "own:main:SO1:2"])
def test_what_is_no_order_id_does_not_come_apart(bad: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        split_order_id(bad)


@given(parts, st.integers(1, 99))
def test_a_parcel_knows_its_order(number: str, n: int) -> None:
    oid = order_id("own", "main", number)
    assert parcel_id(oid, n) == f"{oid}#{n}"
    assert order_of_parcel(parcel_id(oid, n)) == oid


@given(st.text(max_size=200), limits)
def test_a_partner_key_fits_every_partner_and_is_stable(key: str, limit: int) -> None:
    short = partner_key(key, limit)
    assert len(short) <= limit
    assert re.fullmatch(r"[A-Za-z0-9-]*-[0-9a-f]{10}", short)
    assert partner_key(key, limit) == short


@given(st.lists(st.text(max_size=60), unique=True, min_size=2, max_size=20), limits)
def test_two_keys_never_give_one_partner_key(keys: list[str], limit: int) -> None:
    assert len({partner_key(key, limit) for key in keys}) == len(keys)


def test_keys_that_differ_only_in_forbidden_characters_stay_apart() -> None:
    tricky = ["own:main:1/push", "own-main-1-push", "own:main-1/push", "own:main:1#push", "own:main:１/push"]
    tricky += ["own:main:1//push", "own:main:1/push/", " own:main:1/push", "own:main:1/PUSH"]
    assert len({partner_key(key) for key in tricky}) == len(tricky)


def test_long_keys_that_end_alike_stay_apart_and_readable() -> None:
    one, two = (partner_key(f"douyin:{shop}:6920000000000000001/waybill/2", 32) for shop in ("12345", "12346"))
    assert one != two
    assert "0001-waybill-2-" in one
    assert len(one) <= 32


def test_a_partner_key_is_the_same_in_every_release() -> None:
    # It is what partners know our orders by: a change would ship orders under way a second time.
    assert partner_key("own:main:SO1/push/1") == "own-main-SO1-push-1-b7122db686"


@given(st.lists(st.text(max_size=60), unique=True, min_size=2, max_size=20))
def test_a_short_key_is_15_hex_digits_and_keeps_keys_apart(keys: list[str]) -> None:
    short = [short_key(key) for key in keys]
    assert all(re.fullmatch(r"[0-9a-f]{15}", key) for key in short)
    assert len(set(short)) == len(keys)
    assert [short_key(key) for key in keys] == short

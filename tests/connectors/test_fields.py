from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fields import (
    as_int,
    as_text,
    dump_json,
    load_json,
    optional_beijing,
    optional_int,
    optional_yuan,
    truth_of,
    yuan_of,
)
from domain.clock import BEIJING


def test_fractions_never_pass_through_a_float() -> None:
    value = load_json('{"a":0.1,"b":49.50,"c":12345678901234567890.12}')
    assert value == {"a": Decimal("0.1"), "b": Decimal("49.50"), "c": Decimal("12345678901234567890.12")}
    again = load_json(dump_json(value))
    assert [yuan_of(again, name) for name in "ab"] == [10, 4950]
    assert again["c"] == "12345678901234567890.12"


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"a":NaN}', b"[-Infinity]", b"[" * 100_000])
def test_what_is_no_json(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_json(raw)


@pytest.mark.parametrize(
    ("value", "fen"), [("49.50", 4950), (Decimal("49.5"), 4950), (49, 4900), ("1,280", 128000), ("0.005", 1)]
)
def test_yuan(value: object, fen: int) -> None:
    assert yuan_of({"a": value}, "a") == optional_yuan({"a": value}, "a") == fen


@pytest.mark.parametrize("value", [True, [], {}, "x", "NaN", "1e400", Decimal("1e40")])
def test_what_is_no_amount(value: object) -> None:
    with pytest.raises(ValueError, match="a is no amount in yuan"):
        optional_yuan({"a": value}, "a")


@pytest.mark.parametrize(
    ("value", "truth"), [(True, True), (False, False), ("true", True), ("False", False), (None, None), ("", None)]
)
def test_truth(value: object, truth: bool | None) -> None:
    assert truth_of({"a": value}, "a") is truth


@pytest.mark.parametrize("value", [1, 0, "yes", "1", [], {}])
def test_what_is_no_truth(value: object) -> None:
    with pytest.raises(ValueError, match="a is neither true nor false"):
        truth_of({"a": value}, "a")


def test_what_is_missing() -> None:
    nothing: list[dict[str, Any]] = [{}, {"a": None}, {"a": ""}]
    for gone in nothing:
        assert optional_int(gone, "a") is None
        assert optional_beijing(gone, "a") is None
        assert optional_yuan(gone, "a") == 0
    with pytest.raises(ValueError, match="a is no amount"):
        yuan_of({}, "a")


def test_times() -> None:
    assert optional_beijing({"a": "2026-03-01 10:24:20"}, "a") == datetime(2026, 3, 1, 10, 24, 20, tzinfo=BEIJING)
    with pytest.raises(ValueError, match="a is no time"):
        optional_beijing({"a": "yesterday"}, "a")


@pytest.mark.parametrize("value", ["7", 7])
def test_integers_come_as_text_too(value: object) -> None:
    assert as_int(value, "a") == 7


@pytest.mark.parametrize("value", [True, "7.0", Decimal("7"), "", None, 10**16, "--1"])
def test_what_is_no_integer(value: object) -> None:
    with pytest.raises(ValueError, match=r"^a is no integer$"):
        as_int(value, "a")


def test_text_that_a_database_takes() -> None:
    assert as_text("a\x00\ud800b") == "ab"
    assert as_text(12) == "12"
    others: list[object] = [None, True, [], Decimal(1)]
    assert [as_text(value) for value in others] == [""] * 4


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    )
)
def test_what_was_loaded_can_be_dumped_and_loaded(value: Any) -> None:
    with suppress(ValueError):
        text = dump_json(load_json(json.dumps(value)))
        text.encode("ascii")
        assert dump_json(load_json(text)) == text

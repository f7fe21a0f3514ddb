from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files import cells
from connectors.files.cells import Cell, CellError, Kind, cell_of
from connectors.files.columns import WORDS
from connectors.rest.wire import WireOrder
from domain.order import PaymentTerms, Requirement

NAIVE = datetime(2026, 3, 1, 10, 20, 30)  # noqa: DTZ001 - as a spreadsheet has it


def value(parse: Any, raw: Any) -> Any:
    cell = cell_of(raw)
    assert cell is not None
    return parse(cell)


def refusal(parse: Any, raw: Any) -> str:
    with pytest.raises(CellError) as caught:
        value(parse, raw)
    return caught.value.key


@pytest.mark.parametrize("raw", ["", " \t\r\n", "\u3000\u00a0", "\ufeff", '""', '=""', "'"])
def test_an_empty_cell_is_none(raw: str) -> None:
    assert cell_of(raw) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('="123"', "123"),
        ("'00123", "00123"),
        ("\t6901234567890\t", "6901234567890"),
        ("\u3000测试 一\u3000", "测试 一"),
        (13800000000.0, "13800000000"),
        (123456789012345.0, "123456789012345"),
        (True, "yes"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (NAIVE.replace(microsecond=999), "2026-03-01T10:20:30"),
        (date(2026, 3, 1), "2026-03-01T00:00:00"),
        (time(10, 20), "10:20:00"),
        (timedelta(hours=25), "1 day, 1:00:00"),
    ],
)
def test_what_spreadsheets_put_around_a_value_goes(raw: Any, text: str) -> None:
    cell = cell_of(raw)
    assert cell is not None
    assert cell.text == text


@pytest.mark.parametrize("raw", ["00123", "SO-1", 6901234567890.0, 999999999999999.0, "12E5X"])
def test_an_identifier_keeps_its_digits(raw: Any) -> None:
    assert value(cells.identifier, raw) == (str(int(raw)) if isinstance(raw, float) else raw)


@pytest.mark.parametrize("raw", [1e15, 1.2345678901234567e17, "1.23457E+14", "1E+15", "123456e10", 1e300])
def test_an_identifier_that_lost_digits_is_never_guessed(raw: Any) -> None:
    assert refusal(cells.identifier, raw) == "import.digits_lost"


@pytest.mark.parametrize(("raw", "number"), [("2", 2), (" 2 ", 2), (2.0, 2), ("2.0", 2), ("２", 2), ("0", 0)])
def test_whole_numbers(raw: Any, number: int) -> None:
    assert value(cells.whole_number, raw) == number


@pytest.mark.parametrize("raw", ["2.5", 2.5, "-1", -1.0, "two", "1,000", "9" * 19, "²", "1e3", date(2026, 3, 1)])
def test_what_is_no_whole_number(raw: Any) -> None:
    assert refusal(cells.whole_number, raw) == "import.not_integer"


@pytest.mark.parametrize(
    ("raw", "fen"),
    [
        ("49.50", 4950),
        ("49.5", 4950),
        ("49", 4900),
        ("¥49.50", 4950),
        ("￥ 1,234.50", 123450),
        ("1,234,567", 123456700),
        ("49.50元", 4950),
        ("４９．５０", 4950),
        ("49.500", 4950),
        ("0", 0),
        (49.5, 4950),
        (300.1, 30010),
        (0.1 + 0.2, 30),
        (1e-12, 0),
        (12.0, 1200),
    ],
)
def test_amounts(raw: Any, fen: int) -> None:
    assert value(cells.money, raw) == fen


@pytest.mark.parametrize(
    "raw",
    ["49.505", 49.505, "-1", -0.01, "1,23", "12,34.5", "abc", "1e3", "$5", "nan", float("inf"), 1e11, 1e300, "9" * 13],
)
def test_what_is_no_amount(raw: Any) -> None:
    assert refusal(cells.money, raw) == "import.not_amount"


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("2026-03-01 10:20:30", "2026-03-01T10:20:30+08:00"),
        ("2026/3/1 9:05", "2026-03-01T09:05:00+08:00"),
        ("2026.03.01", "2026-03-01T00:00:00+08:00"),
        ("2026年3月1日", "2026-03-01T00:00:00+08:00"),
        ("2026年3月1日 10时20分30秒", "2026-03-01T10:20:30+08:00"),
        ("2026-03-01T02:20:30Z", "2026-03-01T02:20:30+00:00"),
        ("2026-03-01T10:20:30.123+08:00", "2026-03-01T10:20:30+08:00"),
        ("2026-03-01 10：20：30", "2026-03-01T10:20:30+08:00"),
        (NAIVE, "2026-03-01T10:20:30+08:00"),
        (date(2026, 3, 1), "2026-03-01T00:00:00+08:00"),
    ],
)
def test_moments(raw: Any, moment: str) -> None:
    assert value(cells.moment, raw) == moment


@pytest.mark.parametrize(
    "raw",
    ["3/1/2026", "2026-13-01", "2026-02-30", "2026-03-01 25:00", "昨天", "20260301", 46082.43, "0000-01-01", "10:20"],
)
def test_what_is_no_moment(raw: Any) -> None:
    assert refusal(cells.moment, raw) == "import.not_time"


@pytest.mark.parametrize(
    ("kind", "raw", "word"),
    [
        ("status", "已付款", "paid"),
        ("status", "PAID", "paid"),
        ("status", " 已取消 ", "cancelled"),
        ("terms", "月结 60 天", "NET60"),
        ("terms", "net30", "NET30"),
        ("terms", "款到发货", "PREPAID"),
        ("gift", "是", "yes"),
        ("gift", True, "yes"),
        ("gift", 1.0, "yes"),
        ("gift", "0", "no"),
    ],
)
def test_words(kind: str, raw: Any, word: str) -> None:
    assert value(cells.one_of(kind), raw) == word


def test_a_word_that_is_not_known_is_answered_with_those_that_are() -> None:
    with pytest.raises(CellError) as caught:
        value(cells.one_of("terms"), "下个月")
    assert caught.value.key == "import.unknown_word"
    assert "月结60天" in str(caught.value.params["words"])


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("冷链", ["COLD_CHAIN"]),
        ("冷链、易碎", ["COLD_CHAIN", "FRAGILE"]),
        ("cold chain", ["COLD_CHAIN"]),
        ("易碎 / 勿倒置;易碎", ["FRAGILE", "UPRIGHT"]),
    ],
)
def test_several_words(raw: str, wanted: list[str]) -> None:
    assert value(cells.some_of("requirements"), raw) == wanted


def test_every_word_is_one_of_the_api() -> None:
    """What people may write leads to nothing that the REST protocol refuses."""
    statuses = WireOrder.model_fields["status"].annotation.__args__  # type: ignore[union-attr]
    assert set(WORDS["status"]) == set(statuses)
    assert set(WORDS["terms"]) == set(PaymentTerms)
    assert set(WORDS["requirements"]) == set(Requirement)
    assert set(WORDS["gift"]) == {"yes", "no"}


ANY = st.text() | st.integers() | st.floats() | st.booleans() | st.datetimes() | st.dates() | st.timedeltas()
PARSERS = [cells.identifier, cells.whole_number, cells.money, cells.moment, cells.words]


@given(ANY)
def test_no_cell_raises_anything_else(raw: Any) -> None:
    cell = cell_of(raw)
    if cell is None:
        return
    for parse in (*PARSERS, *(cells.one_of(kind) for kind in ("status", "gift")), cells.some_of("requirements")):
        try:
            parse(cell)
        except CellError:
            continue


@given(st.integers(0, 10**11))
def test_an_amount_survives_a_spreadsheet(fen: int) -> None:
    assert value(cells.money, fen / 100) == fen
    assert cells.money(Cell(f"{fen // 100}.{fen % 100:02}", Kind.TEXT)) == fen

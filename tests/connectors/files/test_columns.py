from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from connectors.errors import DocumentUnreadable
from connectors.files import columns
from connectors.files.columns import REQUIRED, Column, column_name, find_header, normalised
from domain.texts import use_language


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def test_every_column_has_names_and_no_name_means_two() -> None:
    assert set(columns._ALIASES) == set(Column)
    named = Counter(
        normalised(alias) for names in columns._ALIASES.values() for each in names.values() for alias in each
    )
    assert [name for name, times in named.items() if times > 1] == []


@pytest.mark.parametrize("chosen", ["zh", "en"])
def test_the_templates_names_are_a_header(chosen: str) -> None:
    use_language("zh" if chosen == "zh" else "en")
    header = find_header("订单", 1, [column_name(column) for column in Column])
    assert header is not None
    assert set(header.names) == set(Column)
    assert header.unknown == ()


@pytest.mark.parametrize(
    "name",
    [
        "单价",
        " 单 价 ",
        "单价（元）",
        "单价(元)",
        "*单价",
        "单价（必填）",
        "Unit Price",
        "unit_price",
        "UNIT-PRICE",
        "ＵＮＩＴ　ＰＲＩＣＥ",
    ],
)
def test_widths_case_blanks_and_remarks_make_no_difference(name: str) -> None:
    names = [name if column is Column.UNIT_PRICE else column_name(column) for column in REQUIRED]
    header = find_header("s", 1, names)
    assert header is not None
    assert header.name(Column.UNIT_PRICE) == name.strip()


def test_an_amount_in_fen_does_not_pass_for_yuan() -> None:
    names = ["单价(分)" if column is Column.UNIT_PRICE else column_name(column) for column in REQUIRED]
    with pytest.raises(DocumentUnreadable, match="单价"):
        find_header("s", 1, names)


def test_what_is_not_known_is_named_and_left_alone() -> None:
    header = find_header("s", 3, [*(column_name(column) for column in REQUIRED), "颜色", ""])
    assert header is not None
    assert (header.row, header.unknown, header.width) == (3, ("颜色",), len(REQUIRED) + 2)


@pytest.mark.parametrize("cells", [[], ["", ""], ["订单导出 2026-03-01"], ["订单号"], ["商品编码", "数量"]])
def test_other_rows_are_no_header(cells: list[str]) -> None:
    assert find_header("s", 1, cells) is None


def test_two_columns_of_one_meaning_are_refused_by_name() -> None:
    names = [*(column_name(column) for column in REQUIRED), "手机"]
    with pytest.raises(DocumentUnreadable, match=r"收货电话.*手机"):
        find_header("s", 1, names)

"""Rule sets as XLSX: export and import is the identity, and what Excel and input methods do to cells is undone."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from rules import engine
from rules.documents import Document, version_of
from rules.lint import lint
from rules.workbook import BadWorkbook, normal_cell, read_workbook, write_workbook
from tests.rules.documents import changed, table_of

Edit = Callable[[dict[str, list[list[Any]]]], None]


@pytest.mark.parametrize("name", engine.tables())
def test_every_table_of_ours_comes_back_as_it_went(name: str, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_workbook(name, engine.default(name), path)
    document, _ = read_workbook(name, path)
    assert document == engine.default(name)
    assert version_of(document) == version_of(engine.default(name))


_signs = st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters='"')
_texts = st.text(_signs, max_size=8).map(lambda plain: f'"{plain}"')
_numbers = st.integers(-(10**18), 10**18).map(str) | st.decimals(-999, 999, places=3).map(str)
_conditions = st.one_of(
    st.just(""), _texts, _numbers, st.just("true"), st.just(">= 300"), st.just("[1..5]"), st.just("05"),
    st.lists(_texts, min_size=1, max_size=3).map(",".join), _texts.map(lambda one: f"startsWith($, {one})"),
)  # fmt: skip
_values = st.one_of(_texts, _numbers, st.just("false"), st.just("1 + 1"))
_json = st.one_of(st.text(max_size=8), st.integers(-(10**9), 10**9), st.booleans(), st.lists(st.text(max_size=3)))


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    document = engine.default("freight")
    table = table_of(document)
    names = draw(st.lists(st.text("abcxyz_", min_size=1, max_size=6), min_size=1, max_size=5, unique=True))
    table["inputs"] = draw(st.permutations(table["inputs"]))
    table["rules"] = [
        {
            "_id": name,
            "row": f'"{name}"',
            **{column["id"]: draw(_conditions) for column in table["inputs"]},
            **{column["id"]: draw(_values) for column in table["outputs"] if column["field"] != "row"},
        }
        for name in names
    ]
    facts = st.dictionaries(st.sampled_from(["carrier", "zone", "weight"]), _json, max_size=3)
    document["orderhub"] = {
        "bounds": {"base_fen": [0, draw(st.integers(0, 10**6))]},
        "examples": [
            {"facts": draw(facts), "expect": draw(st.dictionaries(st.sampled_from(["row", "base_fen"]), _json))}
            for _ in range(draw(st.integers(0, 3)))
        ],
    }
    # A file has no way to say that there is an empty list of them, or an example that says nothing.
    document["orderhub"]["examples"] = [
        one for one in document["orderhub"]["examples"] if one["facts"] or one["expect"]
    ] or [{"facts": {"zone": "city"}, "expect": {}}]
    return document


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_documents())
def test_export_and_import_is_the_identity(tmp_path: Path, document: Document) -> None:
    path = tmp_path / "t.xlsx"
    write_workbook("freight", document, path)
    assert read_workbook("freight", path)[0] == document


TYPED = [
    (300.0, "300"), (0.1 + 0.2, "0.3"), (12.5, "12.5"), (True, "true"), (False, "false"), (None, ""), ("", ""),
    (6901234567890.0, "6901234567890"), ("“上海”，“杭州”", '"上海","杭州"'), ("≥300", ">=300"), ("＞ ３００", "> 300"),
    ("[1～5]", "[1..5]"), ('"北京，上海"', '"北京，上海"'), ("“SF\"、“JD”", '"SF","JD"'), ("＂SF＂", '"SF"'),
    ('"他说“好”"', '"他说“好”"'), ("≠ 3", "!= 3"), ("startsWith（$，“MTO”）", 'startsWith($,"MTO")'), ("true", "true"),
    ("\u200b801\u00a0", "801 "), ("‘SF’", '"SF"'), ("not in 【“SF”】", 'not in ["SF"]'),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "read"), TYPED)
def test_what_people_type_is_brought_back(typed: object, read: str) -> None:
    assert normal_cell(typed) == read
    assert normal_cell(read) == read


@pytest.mark.parametrize(
    ("typed", "what"), [(date(2026, 3, 1), "date"), (time(9), "date"), (2.0**53 + 2, "digits"), (1e-9, "digits")]
)
def test_what_excel_has_spoilt_is_refused(typed: object, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        normal_cell(typed)


def _edited(tmp_path: Path, name: str, edit: Edit) -> Path:
    """An exported file after a person edited it: written anew with what the cells hold then."""
    path = tmp_path / "t.xlsx"
    write_workbook(name, engine.default(name), path)
    book = CalamineWorkbook.from_path(path)
    sheets = {one: book.get_sheet_by_name(one).to_python(skip_empty_area=False) for one in book.sheet_names}
    edit(sheets)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "default_date_format": "hh:mm"}) as made:
        for title, rows in sheets.items():
            sheet = made.add_worksheet(title)
            for n, row in enumerate(rows):
                sheet.write_row(n, 0, row)
    return path


def _refused(tmp_path: Path, name: str, edit: Edit) -> list[str]:
    try:
        document, places = read_workbook(name, _edited(tmp_path, name, edit))
    except BadWorkbook as bad:
        return list(bad.lines)
    return [places.sentence(problem) for problem in lint(name, document).problems]


def _set(sheet: str, row: int, column: int, value: object) -> Edit:
    def edit(sheets: dict[str, list[list[Any]]]) -> None:
        sheets[sheet][row - 1][column] = value

    return edit


def _twice(sheets: dict[str, list[list[Any]]]) -> None:
    sheets["运费估算"].insert(7, list(sheets["运费估算"][4]))


def _without(row: int) -> Edit:
    def edit(sheets: dict[str, list[list[Any]]]) -> None:
        del sheets["运费估算"][row]

    return edit


def _memo(sheets: dict[str, list[list[Any]]]) -> None:
    for row in sheets["运费估算"][2:]:
        row.append("备忘")


def _overlapping(sheets: dict[str, list[list[Any]]]) -> None:
    rows = sheets["订单状态映射对照表"]
    rows[2:2] = [["again", *rows[2][1:]]]


EDITS: list[tuple[str, Edit, str]] = [
    ("freight", _set("运费估算", 5, 3, 99999), "工作表「运费估算」，第 5 行，D 列（每单起价（分））：99999 超出"),
    ("freight", _set("运费估算", 3, 2, "city"), "工作表「运费估算」，第 3 行，C 列（分区）：「city」读不懂"),
    ("freight", _set("运费估算", 2, 2, "条件 moon"), "工作表「运费估算」，C 列（分区）：程序不提供「moon」"),
    ("freight", _set("运费估算", 2, 2, "分区"), "工作表「运费估算」，第 2 行，C 列（分区）：不认识列「分区」"),
    ("freight", _set("运费估算", 2, 2, "条件 carrier"), "工作表「运费估算」，第 2 行，C 列（分区）：与 B 列重复"),
    ("freight", _set("运费估算", 2, 0, ""), "工作表「运费估算」，第 2 行，A 列（）：缺少行名列"),
    ("work_centres", _set("工作中心", 3, 4, time(9)), "工作表「工作中心」，第 3 行，E 列（开工）：这一格"),
    ("freight", _set("示例", 3, 1, "city"), "工作表「示例」，第 3 行，B 列（分区）：city 不是一个值"),
    ("freight", _set("声明", 4, 1, "{“base_fen”: 1}"), "工作表「声明」，第 4 行，B 列（bounds）：不是 JSON"),
    ("freight", _set("声明", 3, 1, "silence"), "这是规则「silence」的文件，不是「freight」的"),
    ("freight", lambda sheets: sheets.update(运费=sheets.pop("运费估算")), "缺少工作表「运费估算」"),
    ("freight", _twice, "工作表「运费估算」，第 8 行：行名与第 5 行相同"),
    ("freight", _set("声明", 5, 1, "[]"), "工作表「声明」里没有 sheets"),
    ("freight", _set("声明", 6, 1, "1"), "工作表「声明」里没有 document"),
    ("freight", _set("声明", 6, 1, '{"nodes": 1}'), "工作表「声明」里没有 document"),
    ("freight", _set("声明", 3, 1, ""), "工作表「声明」里没有 name"),
    ("freight", _without(1), "工作表「运费估算」，第 2 行：第 2 行应写每列的含义"),
    ("freight", _without(0), "工作表「运费估算」，第 1 行：列的含义"),
    ("freight", _memo, "工作表「运费估算」，第 2 行，F 列（）：这一列第 2 行是空的"),
    ("freight", _set("运费估算", 3, 3, "12,5"), "工作表「运费估算」，第 3 行，D 列（每单起价（分））：「12,5」的"),
    ("freight", _set("运费估算", 3, 3, date(2026, 3, 1)), "工作表「运费估算」，第 3 行，D 列（每单起价（分））：这"),
    ("freight", _set("运费估算", 3, 0, "市 内"), "工作表「运费估算」，第 3 行：行名不能有空格"),
    ("tax_rates", _set("增值税税率", 3, 3, 0.09), "工作表「增值税税率」，第 3 行，D 列（税率（千分之））：0.09 像"),
    ("status_map", _overlapping, "工作表「订单状态映射对照表」，第 4 行：与行「again」"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "said"), EDITS)
def test_errors_name_sheet_row_and_column(tmp_path: Path, name: str, edit: Edit, said: str) -> None:
    lines = _refused(tmp_path, name, edit)
    assert any(line.startswith(said) for line in lines), lines


def _raw(tmp_path: Path, write: Callable[[Any, Any], None]) -> list[str]:
    """What is said of `freight` when a person's program wrote more than values into its table."""
    path = tmp_path / "t.xlsx"
    write_workbook("freight", engine.default("freight"), path)
    book = CalamineWorkbook.from_path(path)
    sheets = {one: book.get_sheet_by_name(one).to_python(skip_empty_area=False) for one in book.sheet_names}
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as made:
        for title, rows in sheets.items():
            sheet = made.add_worksheet(title)
            for n, row in enumerate(rows):
                sheet.write_row(n, 0, row)
            if title == "运费估算":
                write(made, sheet)
    try:
        document, places = read_workbook("freight", path)
    except BadWorkbook as bad:
        return list(bad.lines)
    return [places.sentence(problem) for problem in lint("freight", document).problems]


RAW: list[tuple[Callable[[Any, Any], object], list[str]]] = [
    (lambda book, sheet: sheet.write_formula(2, 3, "=500*2", None, 1000), []),
    (
        lambda book, sheet: sheet.write_formula(2, 2, "=1/0", None, "#DIV/0!"),
        ["工作表「运费估算」，第 3 行，C 列（分区）：这一格是 Excel 的错误值"],
    ),
    (
        lambda book, sheet: sheet.merge_range(2, 1, 4, 1, '"SF"'),
        ["工作表「运费估算」：单元格 B3:B5 合并了"],
    ),
    (lambda book, sheet: sheet.merge_range(0, 1, 0, 3, "标题"), []),
    (lambda book, sheet: sheet.write(1_048_575, 16_383, "x"), ["工作表「运费估算」到 XFD1048576 还有内容"]),
    (lambda book, sheet: sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True})), []),
    (
        lambda book, sheet: sheet.write_number(2, 3, 0.2, book.add_format({"num_format": "0%"})),
        ["工作表「运费估算」，第 3 行，D 列（每单起价（分））：金额以分为单位"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("write", "said"), RAW)
def test_what_a_cell_is_and_not_only_what_it_says(
    tmp_path: Path, write: Callable[[Any, Any], None], said: list[str]
) -> None:
    """An error and all but the first of merged cells read as empty ones, and those mean: any."""
    lines = _raw(tmp_path, write)
    assert [line[: len(one)] for line, one in zip(lines, said, strict=True)] == said


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "打不开"), ("a,b".encode("gbk"), "打不开"), (b"\xd0\xcf\x11\xe0" + bytes(600), "有密码的文件，或旧的 .xls")],
)
def test_files_of_other_kinds(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(content)
    with pytest.raises(BadWorkbook, match=said):
        read_workbook("freight", path)


def test_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.txt", "x")
    with pytest.raises(BadWorkbook, match="打不开"):
        read_workbook("freight", path)


def test_quotes_around_a_rows_name_are_taken_off(tmp_path: Path) -> None:
    path = _edited(tmp_path, "freight", _set("运费估算", 3, 0, "“sf_city”"))
    assert read_workbook("freight", path)[0] == engine.default("freight")


def test_a_file_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_text("not a workbook")
    with pytest.raises(BadWorkbook, match="打不开"):
        read_workbook("freight", path)


def test_a_changed_title_a_moved_column_and_an_empty_row_are_fine(tmp_path: Path) -> None:
    def edit(sheets: dict[str, list[list[Any]]]) -> None:
        rows = sheets["运费估算"]
        rows[0][1] = "承运商"
        for row in rows:
            row.append(row.pop(2))
        rows.insert(5, [""] * len(rows[0]))
        rows[2][0] = rows[2][0]

    document, _ = read_workbook("freight", _edited(tmp_path, "freight", edit))
    assert lint("freight", document).sound
    assert table_of(document)["inputs"][0]["name"] == "承运商"
    assert table_of(document)["rules"] == table_of(engine.default("freight"))["rules"]


def test_a_changed_cell_is_a_changed_version(tmp_path: Path) -> None:
    document, _ = read_workbook("freight", _edited(tmp_path, "freight", _set("运费估算", 3, 3, 801.0)))
    assert document == changed("freight", "sf_city", base="801")

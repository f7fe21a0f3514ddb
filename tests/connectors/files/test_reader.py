"""Whole files: encodings, quotes, merged and blank rows, templates, and garbage of every kind."""

from __future__ import annotations

import io
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import DocumentUnreadable
from connectors.files import FileOrder, OrderFile, Unusable, write_template
from connectors.files import tables as files
from connectors.files.columns import REQUIRED, Column, column_name
from domain.texts import use_language

from .sheets import B2B, ROW, csv_file, csv_text, good, more, places, read, row, write_rows, xlsx_file


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use_language("zh")


def numbers(found: list[FileOrder | Unusable]) -> list[str]:
    return [order.order.channel_order_no for order in found if isinstance(order, FileOrder)]


# ------------------------------------------------------------------------------------------------------------ CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (found,) = good(csv_file(tmp_path, row(商品名称="测试龙井 250g"), encoding=encoding))
    assert found.order.lines[0].title == "测试龙井 250g"


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(row(商品名称="杯,1;2"), delimiter=delimiter), encoding="utf-8")
    assert good(path)[0].order.lines[0].title == "杯,1;2"


def test_english_headers(tmp_path: Path) -> None:
    use_language("en")
    names = dict(zip(REQUIRED, (column_name(column) for column in REQUIRED), strict=True))
    cells = {
        names[Column.ORDER_NO]: "BO1",
        names[Column.PLACED_AT]: "2026-03-01 10:20:00",
        names[Column.SKU]: "MUG-01",
        names[Column.QUANTITY]: "2",
        names[Column.UNIT_PRICE]: "49.50",
        names[Column.RECEIVER_NAME]: "Test",
        names[Column.RECEIVER_PHONE]: "13800000000",
        names[Column.DETAIL]: "1 Example Road",
        "Tax ID": "000000000000000001",
    }
    (found,) = good(csv_file(tmp_path, cells))
    assert found.order.customer.tax_no == "000000000000000001"


def test_bytes_that_do_not_decode_spoil_their_own_order_alone(tmp_path: Path) -> None:
    raw = csv_text(row(), row(订单号="BO2", 商品名称="坏〇字"), row(订单号="BO3")).encode("gb18030")
    path = tmp_path / "orders.csv"
    path.write_bytes(raw.replace("坏〇字".encode("gb18030"), "坏".encode("gb18030") + b"\xff\xff"))
    found, problems = read(path)
    assert numbers(found) == ["BO1", "BO3"]
    assert places(problems) == [(3, "商品名称", "import.undecodable")]


def test_one_bad_byte_in_a_utf8_file_does_not_make_it_gbk(tmp_path: Path) -> None:
    raw = csv_text(row(), row(订单号="BO2", 商品名称="坏字")).encode("utf-8")
    path = tmp_path / "orders.csv"
    path.write_bytes(raw.replace("坏字".encode(), b"\xe5\x9d"))
    found, problems = read(path)
    assert numbers(found) == ["BO1"]
    assert isinstance(found[0], FileOrder)
    assert found[0].order.lines[0].title == "马克杯"
    assert places(problems) == [(3, "商品名称", "import.undecodable")]


def test_titles_and_blank_rows_do_not_move_the_count(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    lines = csv_text(row(), row(订单号="BO2", 数量="x")).splitlines()
    path.write_text("\n".join(["订单导出,,", "", lines[0], "", lines[1], ",,,", lines[2]]), encoding="utf-8")
    found, problems = read(path)
    assert numbers(found) == ["BO1"]
    assert places(problems) == [(7, "数量", "import.not_integer")]


def test_a_note_over_two_lines_is_one_row(tmp_path: Path) -> None:
    found, problems = read(csv_file(tmp_path, row(备注="一\n二"), row(订单号="BO2", 数量="x")))
    assert numbers(found) == ["BO1"]
    assert places(problems) == [(3, "数量", "import.not_integer")]


def test_numbers_as_text(tmp_path: Path) -> None:
    odd = row(订单号='="00123"', 收货电话="'13800000000", 商品编码="\t6901234567890", 数量='="2"')
    (found,) = good(csv_file(tmp_path, odd))
    assert found.order.channel_order_no == "00123"
    assert found.order.lines[0].sku == "6901234567890"


def test_an_order_number_that_lost_digits_is_nobodys(tmp_path: Path) -> None:
    """Many orders of one spreadsheet would share it. Its neighbours may have lost a line to it."""
    lost = [row(订单号="1.23457E+17"), row(订单号="1.23457E+17")]
    found, problems = read(csv_file(tmp_path, row(), *lost, row(订单号="BO2"), row(订单号="BO3")))
    assert numbers(found) == ["BO3"]
    assert {(problem.row, problem.key) for problem in problems} == {
        (3, "import.digits_lost"),
        (3, "import.neighbour"),
        (4, "import.digits_lost"),
        (4, "import.neighbour"),
        (5, "import.neighbour"),
    }


def test_further_rows_need_no_order_number(tmp_path: Path) -> None:
    first, second = good(csv_file(tmp_path, row(), more(), more(商品编码="A"), row(订单号="BO2"), more()))
    assert [first.lines, second.lines] == [3, 2]


def test_a_row_without_number_that_is_more_than_a_further_row_spoils_its_neighbours(tmp_path: Path) -> None:
    forgotten = row(订单号="", 收货人="谁")
    found, problems = read(csv_file(tmp_path, row(), forgotten, row(订单号="BO2"), row(订单号="BO3")))
    assert numbers(found) == ["BO3"]
    assert (3, "订单号", "import.no_order_no") in places(problems)
    assert [(problem.row, problem.order_no) for problem in problems if problem.key == "import.neighbour"] == [
        (3, "BO1"),
        (4, "BO2"),
    ]


def test_the_first_row_cannot_be_a_further_row(tmp_path: Path) -> None:
    found, problems = read(csv_file(tmp_path, more() | dict.fromkeys(ROW, "") | more(), row(订单号="BO2"), row()))
    assert numbers(found) == ["BO1"]
    assert places(problems)[0] == (2, "订单号", "import.no_order_no")


def test_a_quote_that_is_never_closed_costs_what_it_swallowed_and_is_told(tmp_path: Path) -> None:
    lines = csv_text(*(row(订单号=f"BO{n}") for n in range(8))).splitlines()
    lines[3] = lines[3].replace("马克杯", '"马克杯')
    lines[6] = lines[6].replace("马克杯", '马克"杯"')  # fine in an open field, and ends the swallowing
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    found, problems = read(path)
    assert numbers(found) == ["BO0", "BO7"]
    [quote] = [problem for problem in problems if problem.key == "import.quote"]
    assert (quote.row, quote.params) == (4, {"rows": 4})
    assert {problem.order_no for problem in problems if problem.key == "import.neighbour"} == {"BO1", "BO6"}


def test_a_quote_open_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(row(), row(订单号="BO2"), row(订单号="BO3")).rstrip()[:-1] + '"x', encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("BO3,", 'BO3,"'), encoding="utf-8")
    found, problems = read(path)
    assert numbers(found) == ["BO1"]
    assert "import.quote" in {problem.key for problem in problems}


def test_a_row_with_more_cells_than_the_header(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(row(), row(订单号="BO2")).replace("C1", "C1,", 1).rstrip() + ",示例", encoding="utf-8")
    found, problems = read(path)
    assert numbers(found) == ["BO1"]
    assert places(problems) == [(3, "", "import.cells")]


def test_a_short_row_has_empty_cells(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(row(), row(订单号="BO2", 客户编号="")).rstrip(",\r\n"), encoding="utf-8")
    _, problems = read(path)
    assert places(problems) == [(3, "客户编号", "import.customer")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "没有找到"),
        (b"\n\n\n", "没有找到"),
        ("收货人,数量\n测试,1\n".encode(), "没有找到"),
        ("订单号,数量\nBO1,1\n".encode(), "缺少列"),
        (csv_text(row()).encode("utf-16"), "UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (b"PK\x03\x04 no archive", "打不开"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "没有找到"),
    ],
)
def test_files_that_are_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(DocumentUnreadable) as caught:
        read(path)
    assert words in caught.value.reason


@pytest.mark.parametrize("name", ["nowhere.csv", ""])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentUnreadable, match="打不开"):
        read(tmp_path / name)


# ------------------------------------------------------------------------------------------------------------ XLSX


def test_numbers_and_moments_of_a_spreadsheet(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        names = write_rows(sheet, [row(订单号=20260301001, 数量=2, 单价=300.1, 收货电话=13800000000, 赠品=False)])
        sheet.write_datetime(1, names.index("下单时间"), datetime(2026, 3, 1, 10, 20), moment)  # noqa: DTZ001
        sheet.write_datetime(1, names.index("付款时间"), date(2026, 3, 2), book.add_format({"num_format": "yyyy/m/d"}))

    (found,) = good(xlsx_file(tmp_path, fill))
    order = found.order
    assert (order.channel_order_no, order.lines[0].unit_price_fen, order.amounts.paid_fen) == (
        "20260301001",
        30010,
        60020,
    )
    assert order.placed_at.isoformat() == "2026-03-01T02:20:00+00:00"
    assert order.paid_at is not None
    assert order.paid_at.isoformat() == "2026-03-01T16:00:00+00:00"
    assert found.sheet == "订单"


def test_a_long_number_that_a_spreadsheet_rounded(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, lambda _, sheet: write_rows(sheet, [row(税号=913300000000000012, 数量=2)]))
    _, problems = read(path)
    assert places(problems) == [(2, "税号", "import.digits_lost")]


def test_merged_cells_stand_in_each_of_their_rows(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        names = write_rows(
            sheet, [row(), more(), more(商品编码="A"), row(订单号="BO2"), row(订单号="", 商品编码="B")], 2, 1
        )
        place = names.index("订单号") + 1
        sheet.merge_range(3, place, 5, place, "BO1")
        sheet.merge_range(6, place, 7, place, "BO2")

    first, second = good(xlsx_file(tmp_path, fill))
    assert [first.lines, second.lines] == [3, 2]
    assert (first.row, second.row) == (4, 7)


def test_blank_rows_under_a_merged_cell_stay_blank(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        names = write_rows(sheet, [row(), row(订单号="BO2"), {}, {}, row(订单号="BO3")])
        place = names.index("省")
        sheet.merge_range(1, place, 5000, place, "江苏省")
        sheet.write_string(6000, place, "")

    found = good(xlsx_file(tmp_path, fill))
    assert [order.order.receiver.region.province for order in found] == ["江苏省"] * 3
    assert [order.row for order in found] == [2, 3, 6]


def test_several_sheets_titles_hidden_ones_and_explanations(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_string(0, 0, "三月订单")
        write_rows(sheet, [row(), row(订单号="BO2", 数量="x")], 2, 1)
        write_rows(book.add_worksheet("二"), [row(订单号="BO3"), row(商品编码="FROM-2")])
        hidden = book.add_worksheet("草稿")
        write_rows(hidden, [row(订单号="BO9")])
        hidden.hide()
        book.add_worksheet("空")
        book.add_worksheet("说明").write_string(0, 0, "请填写第一页")

    found, problems = read(xlsx_file(tmp_path, fill))
    assert numbers(found) == ["BO1", "BO3"]
    assert isinstance(found[0], FileOrder)
    assert [line.sku for line in found[0].order.lines] == ["MUG-01", "FROM-2"]
    assert [(problem.sheet, problem.row, problem.column) for problem in problems] == [("订单", 5, "数量")]


def test_a_workbook_without_orders(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="没有找到"):
        read(xlsx_file(tmp_path, lambda book, sheet: None))


def test_a_workbook_that_is_huge_once_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = xlsx_file(tmp_path, lambda _, sheet: write_rows(sheet, [row()]))
    assert len(good(path)) == 1
    monkeypatch.setattr(files, "MAX_UNPACKED_MB", 0)
    with pytest.raises(DocumentUnreadable, match="解压后"):
        read(path)


@pytest.mark.parametrize("chosen", ["zh", "en"])
def test_the_template_is_a_file_without_orders_and_takes_some(tmp_path: Path, chosen: str) -> None:
    use_language("zh" if chosen == "zh" else "en")
    path = tmp_path / "template.xlsx"
    write_template(path)
    with OrderFile(path, B2B) as file:
        file.load()
        [(_, header)] = file.sheets
        assert set(header.names) == set(Column)
        assert list(file.orders()) == []
        assert list(file.problems()) == []


# --------------------------------------------------------------------------------------------------------- garbage


def spoiled(content: bytes, seed: int) -> bytes:
    """The same with some bytes changed, cut out, or doubled."""
    dice, raw = random.Random(seed), bytearray(content)
    for _ in range(dice.randrange(1, 12)):
        at = dice.randrange(len(raw))
        match dice.randrange(3):
            case 0:
                raw[at] = dice.randrange(256)
            case 1:
                del raw[at : at + dice.randrange(1, 40)]
            case _:
                raw[at:at] = raw[at : at + dice.randrange(1, 40)]
        if not raw:
            break
    return bytes(raw)


def read_anything(folder: Path, content: bytes) -> None:
    path = folder / "garbage"
    path.write_bytes(content)
    try:
        orders, problems = read(path)
    except DocumentUnreadable:
        return
    assert all(isinstance(order, FileOrder | Unusable) for order in orders)
    assert all(problem.line() for problem in problems)


SOME = [*ROW, "优惠", "实付金额", "金额", "赠品", "状态"]
GOOD_CSV = csv_text(row(), more(), row(订单号="BO2", 备注='一"二\n三'), row(订单号="BO3", 运费="6"))


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=400))
def test_no_bytes_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    read_anything(folder, content)
    read_anything(folder, GOOD_CSV.splitlines()[0].encode() + b"\n" + content)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9), encoding=st.sampled_from(["utf-8-sig", "gb18030"]))
def test_no_spoiled_csv_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, seed: int, encoding: str
) -> None:
    read_anything(tmp_path_factory.mktemp("garbage"), spoiled(GOOD_CSV.encode(encoding), seed))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), inside=st.booleans())
def test_no_spoiled_workbook_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, seed: int, inside: bool
) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    content = xlsx_file(folder, lambda _, sheet: write_rows(sheet, [row(), more()])).read_bytes()
    read_anything(folder, _spoiled_inside(content, seed) if inside else spoiled(content, seed))


def _spoiled_inside(content: bytes, seed: int) -> bytes:
    """An archive that is sound, with one spoiled file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        names = source.namelist()
        for name in names:
            inner = source.read(name)
            target.writestr(name, spoiled(inner, seed) if name == names[seed % len(names)] else inner)
    return out.getvalue()


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from([*ROW, "优惠", "实付金额", "金额", "赠品", "状态"]), st.text(max_size=12)),
        max_size=5,
    )
)
def test_no_cells_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]) -> None:
    cells = [row() | {name: text.replace("\ud800", "") for name, text in one.items()} for one in rows]
    content = csv_text(row(), *cells).encode("utf-8", "ignore")
    read_anything(tmp_path_factory.mktemp("garbage"), content)


# ------------------------------------------------------------------------------------------------------- large files


def large(path: Path, orders: int) -> Path:
    """Two rows for each order; every fourth order's rows stand far apart."""
    head, line = csv_text(row()).splitlines()
    with path.open("w", encoding="utf-8") as out:
        out.write(f"{head}\n")
        for n in range(orders):
            out.write(line.replace("BO1", f"BO{n}") + "\n")
            out.write(line.replace("BO1", f"BO{n if n % 4 else n // 2}").replace("MUG-01", "LAMP-01") + "\n")
    return path


def peak_of(path: Path) -> int:
    """The most bytes of Python's that reading a file takes."""
    with OrderFile(path, B2B) as file:
        tracemalloc.start()
        file.load()
        next(file.orders())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, big = (peak_of(large(tmp_path / f"{orders}.csv", orders)) for orders in (1_500, 5_000))
    assert big < small * 1.2


def test_a_hundred_thousand_rows(tmp_path: Path) -> None:
    path = large(tmp_path / "orders.csv", 50_000)
    told: list[int] = []
    with OrderFile(path, B2B) as file:
        file.load(lambda done, total: told.append(done))
        orders = file.orders()
        first = [next(orders) for _ in range(200)]
        assert list(file.problems()) == []
    assert all(isinstance(order, FileOrder) for order in first)
    assert [order.lines for order in first if isinstance(order, FileOrder)][:5] == [2, 2, 3, 2, 2]
    assert told == sorted(told)
    assert told[-1] > 0.9 * path.stat().st_size

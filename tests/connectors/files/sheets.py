"""Made-up order files for tests."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from connectors.files import FileOrder, OrderFile, Problem, Unusable
from connectors.rest import Caller
from domain.order import Channel

B2B = Caller(Channel.B2B, "trade")

ROW: dict[str, Any] = {
    "订单号": "BO1",
    "下单时间": "2026-03-01 10:20:00",
    "付款时间": "2026-03-01 10:20:30",
    "商品编码": "MUG-01",
    "商品名称": "马克杯",
    "数量": "2",
    "单价": "49.50",
    "收货人": "测试",
    "收货电话": "13800000000",
    "省": "浙江省",
    "市": "杭州市",
    "区": "余杭区",
    "详细地址": "示例路1号",
    "客户编号": "C1",
}
"""A row that is an order by itself."""


def row(**changes: Any) -> dict[str, Any]:
    """The row with other or further cells."""
    return ROW | changes


def more(**cells: Any) -> dict[str, Any]:
    """A further row of the order above it: only its article's columns."""
    return {"商品编码": "TOWEL-01", "商品名称": "毛巾", "数量": "1", "单价": "33.33"} | cells


def names_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """All columns of the rows, in the order in which they first appear."""
    return list(dict.fromkeys(name for one in rows for name in one))


def csv_text(*rows: dict[str, Any], delimiter: str = ",") -> str:
    """The rows as CSV with a header."""
    names, out = names_of(rows), io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(names)
    writer.writerows([one.get(name, "") for name in names] for one in rows)
    return out.getvalue()


def csv_file(folder: Path, *rows: dict[str, Any], encoding: str = "utf-8-sig") -> Path:
    """The rows as a CSV file."""
    path = folder / "orders.csv"
    path.write_bytes(csv_text(*rows).encode(encoding))
    return path


def xlsx_file(folder: Path, fill: Callable[[Any, Any], object]) -> Path:
    """A workbook that `fill(book, sheet)` fills, with one sheet 订单."""
    path = folder / "orders.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        fill(book, book.add_worksheet("订单"))
    return path


def write_rows(sheet: Any, rows: Sequence[dict[str, Any]], top: int = 0, left: int = 0) -> list[str]:
    """Write a header and rows into a sheet, texts as texts and numbers as numbers."""
    names = names_of(rows)
    for place, name in enumerate(names):
        sheet.write_string(top, left + place, name)
    for down, one in enumerate(rows, start=1):
        for place, name in enumerate(names):
            value = one.get(name, "")
            if isinstance(value, str):
                sheet.write_string(top + down, left + place, value)
            else:
                sheet.write(top + down, left + place, value)
    return names


def read(path: Path, caller: Caller = B2B) -> tuple[list[FileOrder | Unusable], list[Problem]]:
    """All orders and all problems of a file."""
    with OrderFile(path, caller) as file:
        file.load()
        return list(file.orders()), list(file.problems())


def good(path: Path, caller: Caller = B2B) -> list[FileOrder]:
    """All orders of a file in which nothing is wrong."""
    orders, problems = read(path, caller)
    assert problems == []
    assert all(isinstance(order, FileOrder) for order in orders)
    return [order for order in orders if isinstance(order, FileOrder)]


def places(problems: Iterable[Problem]) -> list[tuple[int, str, str]]:
    """Row, column and key of each problem."""
    return [(problem.row, problem.column, problem.key) for problem in problems]

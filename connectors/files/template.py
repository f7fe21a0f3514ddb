"""An empty file to fill in, with what each column wants."""

from __future__ import annotations

import io
from pathlib import Path

import xlsxwriter

from connectors.files.columns import OF_A_LINE, REQUIRED, WORDS, Column, column_name, words_for
from domain.texts import text

_AS_TEXT = frozenset(
    {
        Column.ORDER_NO,
        Column.LINE_NO,
        Column.SKU,
        Column.GIFT_OF,
        Column.RECEIVER_PHONE,
        Column.CUSTOMER_ID,
        Column.MEMBER_CODE,
        Column.TAX_NO,
        Column.PLACED_AT,
        Column.PAID_AT,
    }
)
"""Columns that are formatted as text, so that no spreadsheet rounds a long number or turns a moment around."""
_EXAMPLES: dict[Column, str] = {
    Column.ORDER_NO: "B20260301001",
    Column.VERSION: "1",
    Column.PLACED_AT: "2026-03-01 10:20:00",
    Column.PAID_AT: "2026-03-01 10:20:30",
    Column.LINE_NO: "1",
    Column.SKU: "MUG-01",
    Column.QUANTITY: "2",
    Column.UNIT_PRICE: "49.50",
    Column.LINE_AMOUNT: "90.00",
    Column.GIFT_OF: "1",
    Column.WARRANTY_MONTHS: "12",
    Column.FREIGHT: "10.00",
    Column.DISCOUNT: "9.00",
    Column.PAID: "100.00",
    Column.RECEIVER_PHONE: "13800000000",
    Column.TAX_NO: "000000000000000001",
}


def write_template(path: Path) -> None:
    """Write an XLSX file with a sheet to fill in, and one that explains it, in the language of this process.

    Raises OSError when the file cannot be written.
    """
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
        must = book.add_format({"bold": True, "bg_color": "#F8CBAD", "border": 1})
        as_text, plain = book.add_format({"num_format": "@"}), book.add_format()
        orders = book.add_worksheet(text("import.template.orders"))
        orders.freeze_panes(1, 0)
        for place, column in enumerate(Column):
            orders.set_column(place, place, 16, as_text if column in _AS_TEXT else plain)
            orders.write_string(0, place, column_name(column), must if column in REQUIRED else head)
        about = book.add_worksheet(text("import.template.about"))
        about.set_column(0, 1, 16)
        about.set_column(2, 3, 60)
        for row, cells in enumerate(_explained()):
            for place, cell in enumerate(cells):
                about.write_string(row, place, cell, plain if row else head)
    path.write_bytes(written.getvalue())


def _explained() -> list[tuple[str, str, str, str]]:
    yes, no = text("import.template.yes"), text("import.template.no")
    rows = [
        (
            text("import.template.column"),
            text("import.template.must"),
            text("import.template.says"),
            text("import.template.example"),
        )
    ]
    for column in Column:
        of = text("import.template.line") if column in OF_A_LINE else text("import.template.order")
        example = words_for(column) if column in WORDS else _EXAMPLES.get(column, "")
        rows.append((column_name(column), yes if column in REQUIRED else no, of, example))
    rows.append(("", "", text("import.template.advice"), ""))
    return rows

"""Tables for people to take along: CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import xlsxwriter

Cell = str | int
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take for a formula."""


def csv_sheet(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with a mark, so that spreadsheets know it; no text is ever a formula."""
    written = io.StringIO(newline="")
    out = csv.writer(written)
    out.writerow(header)
    out.writerows([plain(cell) for cell in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def xlsx_sheet(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """One sheet; whole numbers are numbers, all else is text."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(title[:31])
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(header):
            sheet.write_string(0, column, name, bold)
            longest = max([len(name), *(len(str(row[column])) for row in rows)])
            sheet.set_column(column, column, min(60, 2 + 2 * longest))
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, cell)
    return written.getvalue()


def plain(cell: Cell) -> Cell:
    """A cell as a spreadsheet may read it out of a CSV file: no text is ever a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell

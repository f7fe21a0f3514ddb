"""Finance's export as files: one XLSX book, or a CSV file for each table. Row by row, so that its size is no matter."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import xlsxwriter
from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import format_beijing
from domain.extensions import FieldRule
from domain.finance import ROWS, Cell, FieldLine, Period, Sheet, Summary, cells, columns, header, is_money, lines_of
from domain.money import format_yuan
from domain.texts import text
from gateway.sheets import plain
from store import finance
from store.database import Database

MOST_ROWS = 1_000_000
"""So many rows one sheet of a book holds; then another one begins. (XLSX ends at 1,048,576.)"""

Progress = Callable[[Sheet, int], None]
"""Told of a table how many rows it has by now."""


class Book(Protocol):
    """Where rows go, table by table."""

    def add(self, sheet: Sheet, rows: Sequence[Any]) -> None:
        """More rows of a table."""
        ...


@dataclass(frozen=True)
class Exported:
    """What was written: files, rows by table, and what it comes to."""

    files: list[Path]
    rows: dict[Sheet, int]
    summary: Summary


def files_of(out: Path) -> dict[Sheet, Path]:
    """Where an export goes: all tables into one book, or `NAME-lines.csv` and so on beside each other."""
    if out.suffix.lower() == ".xlsx":
        return dict.fromkeys(Sheet, out)
    return {sheet: out.with_name(f"{out.stem}-{sheet}{out.suffix}") for sheet in Sheet}


async def export(
    db: Database,
    of: Period,
    rules: Sequence[FieldRule],
    out: Path,
    progress: Progress = lambda _sheet, _rows: None,
    *,
    page: int = finance.PAGE,
) -> Exported:
    """Write a period's books to `out` (`files_of`), over what is there.

    Whoever looks finds all of it or nothing of it: what is being written has another name.
    """
    files = files_of(out)
    parts = {sheet: file.with_name(f".{file.name}.part") for sheet, file in files.items()}
    rows, summary = dict.fromkeys(Sheet, 0), Summary(text("state.CANCELLED"))
    try:
        async with _closed_apart(_book(parts)) as book:
            # Everything of one moment, however long it takes: an order that is paid back meanwhile is not seen twice.
            async with db.reading(snapshot=True) as tx:
                async for sheet, some in _pages(_Asked(tx, of, rules, page), summary):
                    # Packing rows is work of a thread: whoever serves others meanwhile goes on doing so.
                    await asyncio.to_thread(book.add, sheet, some)
                    rows[sheet] += len(some)
                    progress(sheet, rows[sheet])
            days = [*summary.days(), summary.total()]
            await asyncio.to_thread(book.add, Sheet.SUMMARY, days)
            rows[Sheet.SUMMARY] = len(days)
        for sheet in Sheet:
            if parts[sheet].exists():
                parts[sheet].replace(files[sheet])
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return Exported(sorted(set(files.values())), rows, summary)


@asynccontextmanager
async def _closed_apart(opened: AbstractContextManager[Book]) -> AsyncIterator[Book]:
    """The book, closed in a thread: that puts a workbook together and packs it, for seconds when it is large."""
    closing = ExitStack()
    book = closing.enter_context(opened)
    try:
        yield book
    finally:
        await asyncio.to_thread(closing.close)


@dataclass(frozen=True)
class _Asked:
    tx: AsyncSession
    of: Period
    rules: Sequence[FieldRule]
    page: int


async def _pages(asked: _Asked, summary: Summary) -> AsyncIterator[tuple[Sheet, Sequence[Any]]]:
    """Every page of rows, counted."""
    tx, of, page = asked.tx, asked.of, asked.page
    async for sales in finance.sales(tx, of, asked.rules, page):
        lines: list[Any] = []
        values: list[FieldLine] = []
        for sale, mine in sales:
            of_order = lines_of(sale)
            summary.lines(of_order)
            lines += of_order
            values += mine
        yield Sheet.LINES, lines
        yield Sheet.FIELDS, _counted(summary, of, values)
    async for late in finance.late_fields(tx, of, asked.rules, page):
        yield Sheet.FIELDS, _counted(summary, of, late)
    async for refunds in finance.refunds(tx, of, page):
        for refund in refunds:
            summary.refund(refund)
        yield Sheet.REFUNDS, refunds
    async for consignments in finance.consignments(tx, of, page):
        for consignment in consignments:
            summary.consignment(consignment)
        yield Sheet.CONSIGNMENTS, consignments


def _counted(summary: Summary, of: Period, values: list[FieldLine]) -> list[FieldLine]:
    for value in values:
        summary.value(value, of)
    return values


def _book(parts: dict[Sheet, Path]) -> AbstractContextManager[Book]:
    only = set(parts.values())
    return _xlsx(only.pop()) if len(only) == 1 else _csv(parts)


class _Xlsx:
    """One book. Nothing of it but the row being written is in memory."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._bold = book.add_format({"bold": True})
        self._yuan = book.add_format({"num_format": "0.00"})
        self._columns = {sheet: columns(ROWS[sheet]) for sheet in Sheet}
        self._written = dict.fromkeys(Sheet, 0)
        self._parts = dict.fromkeys(Sheet, 0)
        self._open: dict[Sheet, Any] = {}
        for sheet in Sheet:
            self._begin(sheet)

    def add(self, sheet: Sheet, rows: Sequence[Any]) -> None:
        """More rows of a table."""
        for row in rows:
            if self._written[sheet] == MOST_ROWS:
                self._begin(sheet)
            self._written[sheet] += 1
            self._write(self._open[sheet], self._written[sheet], self._columns[sheet], cells(row))

    def _begin(self, sheet: Sheet) -> None:
        self._parts[sheet] += 1
        n = self._parts[sheet]
        page = self._book.add_worksheet(text(f"finance.sheet.{sheet}") + (f" {n}" if n > 1 else ""))
        page.freeze_panes(1, 0)
        page.set_column(0, len(self._columns[sheet]) - 1, 16)
        for column, name in enumerate(header(ROWS[sheet])):
            page.write_string(0, column, name, self._bold)
        self._open[sheet], self._written[sheet] = page, 0

    def _write(self, page: Any, n: int, names: Sequence[str], row: Sequence[Cell]) -> None:
        for column, (name, cell) in enumerate(zip(names, row, strict=True)):
            if isinstance(cell, int):
                if is_money(name):
                    page.write_number(n, column, Decimal(cell).scaleb(-2), self._yuan)
                else:
                    page.write_number(n, column, cell)
            elif cell is not None:
                page.write_string(n, column, _words(cell))  # never a formula, never a link


class _Csv:
    """A file for each table: UTF-8 with a mark, so that spreadsheets know it."""

    def __init__(self, parts: dict[Sheet, Path], stack: ExitStack) -> None:
        self._columns = {sheet: columns(ROWS[sheet]) for sheet in Sheet}
        self._out = {}
        for sheet, part in parts.items():
            file = stack.enter_context(part.open("w", encoding="utf-8-sig", newline=""))
            self._out[sheet] = csv.writer(file)
            self._out[sheet].writerow(header(ROWS[sheet]))

    def add(self, sheet: Sheet, rows: Sequence[Any]) -> None:
        """More rows of a table."""
        names = self._columns[sheet]
        self._out[sheet].writerows(
            [_written(name, cell) for name, cell in zip(names, cells(row), strict=True)] for row in rows
        )


def _written(name: str, cell: Cell) -> str | int:
    if isinstance(cell, int):
        return format_yuan(cell) if is_money(name) else cell
    return "" if cell is None else plain(_words(cell))


def _words(cell: str | datetime) -> str:
    return cell if isinstance(cell, str) else format_beijing(cell)


@contextmanager
def _xlsx(part: Path) -> Iterator[Book]:
    # The book is finished whatever happens: it has files of its own until then.
    with xlsxwriter.Workbook(str(part), {"constant_memory": True, "strings_to_urls": False}) as book:
        book.use_zip64()
        yield _Xlsx(book)


@contextmanager
def _csv(parts: dict[Sheet, Path]) -> Iterator[Book]:
    with ExitStack() as stack:
        yield _Csv(parts, stack)

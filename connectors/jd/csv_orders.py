"""The order export of JD's seller back office (section 7 of the protocol file), read as a stream.

JD publishes no file feed; sellers drop this export on a file server. One row for each SKU, the order's own values
repeated in each. The file is read twice, row by row, in memory that does not grow with it: first for its encoding and
for orders whose rows do not stand together, then for the orders. Fetching files is no business of this module.
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from connectors.errors import DocumentUnreadable
from connectors.jd.csv_rows import Row, clean, merge
from connectors.jd.documents import SOURCE, order_document
from connectors.jd.settings import EXPORT_COLUMNS, Column
from connectors.ports import Document

_ENCODINGS = ("utf-8-sig", "gb18030")
_REQUIRED = (Column.ORDER_NO, Column.QUANTITY, Column.STATE, Column.NAME, Column.ADDRESS, Column.PHONE)
_ORDER_NO = re.compile(r"[0-9]{1,20}")
_SWALLOWED = ("a quote that is never closed",)
"""Stands for what such a quote swallowed; the next line is a row again."""
_BITS = 1 << 26
"""Of the map of order numbers met: 8 MB, whatever the size of the file."""


@dataclass(frozen=True)
class Reject:
    """Rows that no order could be made of. `order_no` is "" where there is none. The cells stay out of logs."""

    order_no: str
    reason: str
    lines: tuple[int, ...]
    """Where the rows end in the file, from 1."""
    cells: tuple[tuple[str, ...], ...] = field(repr=False)


@dataclass(frozen=True)
class _Record:
    line: int
    cells: tuple[str, ...]
    order_no: str
    trouble: str = ""


@dataclass(frozen=True)
class _Header:
    names: tuple[str, ...]
    places: Mapping[Column, tuple[int, ...]]
    """Where each column's values stand, the preferred name first."""


def read_export(
    file: BinaryIO,
    shop: str,
    exported_at: datetime,
    columns: Mapping[Column, tuple[str, ...]] = EXPORT_COLUMNS,
) -> Iterator[Document | Reject]:
    """Every order of an export as a document that `JdChannel.interpret` reads, and every row that is none.

    `file` must be seekable and is left open. `exported_at` is the version of each order, for an export holds no times
    of change: an unchanged file gives the same documents again. An order with one bad row, or whose rows contradict
    each other, is rejected whole; all others are given.
    Raises DocumentUnreadable for a file that is in neither encoding or lacks a required column.
    """
    encoding, header, scattered = _survey(file, columns)
    late: dict[str, list[_Record]] = {}
    for group in _groups(_records(file, encoding, header)):
        order_no = group[0].order_no
        if order_no in scattered:
            late.setdefault(order_no, []).extend(group)
        else:
            yield _read(group, header, shop, exported_at)
    for group in late.values():
        yield _read(group, header, shop, exported_at)


def _survey(file: BinaryIO, columns: Mapping[Column, tuple[str, ...]]) -> tuple[str, _Header, frozenset[str]]:
    for encoding in _ENCODINGS:
        try:
            header = _header(file, encoding, columns)
            return encoding, header, _scattered(_records(file, encoding, header))
        except UnicodeDecodeError:
            continue
    raise DocumentUnreadable(SOURCE, f"the export is neither {' nor '.join(_ENCODINGS)}")


def _scattered(records: Iterable[_Record]) -> frozenset[str]:
    """Orders met again after their rows seemed to be over, and few others whose numbers fall on the same bit."""
    met = bytearray(_BITS // 8)
    found = set()
    last = ""
    for record in records:
        order_no = record.order_no
        if order_no and order_no != last:
            place, bit = divmod(zlib.crc32(order_no.encode()) % _BITS, 8)
            if met[place] >> bit & 1:
                found.add(order_no)
            met[place] |= 1 << bit
        last = order_no
    return frozenset(found)


def _header(file: BinaryIO, encoding: str, columns: Mapping[Column, tuple[str, ...]]) -> _Header:
    rows = _cells(file, encoding)
    _, cells = next(rows, (0, ()))
    rows.close()
    names = tuple(clean(cell) for cell in cells)
    places = {
        column: tuple(names.index(alias) for alias in aliases if alias in names) for column, aliases in columns.items()
    }
    missing = [column for column in _REQUIRED if not places.get(column)]
    if not places.get(Column.SKU_ID) and not places.get(Column.OUTER_SKU):
        missing.append(Column.SKU_ID)
    if missing:
        raise DocumentUnreadable(SOURCE, f"the export has no column for {', '.join(missing)}")
    return _Header(names, places)


def _records(file: BinaryIO, encoding: str, header: _Header) -> Iterator[_Record]:
    width = len(header.names)
    number_at = header.places[Column.ORDER_NO]
    rows = _cells(file, encoding)
    next(rows)  # the header
    for line, cells in rows:
        if not any(clean(cell) for cell in cells):
            continue
        numbers = (clean(cells[place]) for place in number_at if place < len(cells))
        order_no = next((number for number in numbers if number), "")
        trouble = ""
        if not _ORDER_NO.fullmatch(order_no):
            order_no, trouble = "", cells[0] if cells is _SWALLOWED else "no order number"
        elif len(cells) < width or any(clean(cell) for cell in cells[width:]):
            trouble = "the row does not have the header's cells"
        yield _Record(line, cells, order_no, trouble)


def _cells(file: BinaryIO, encoding: str) -> Generator[tuple[int, tuple[str, ...]]]:
    """All rows with the line that they end in, from the file's beginning."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="strict", newline="")
    try:
        reader = csv.reader(text)
        while True:
            try:
                cells = tuple(next(reader))
            except csv.Error:
                cells = _SWALLOWED
            except StopIteration:
                return
            yield reader.line_num, cells
    finally:
        text.detach()


def _groups(records: Iterable[_Record]) -> Iterator[list[_Record]]:
    """Rows of one order that follow each other; a row without an order number is alone."""
    group: list[_Record] = []
    for record in records:
        if group and (not record.order_no or record.order_no != group[0].order_no):
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def _read(group: list[_Record], header: _Header, shop: str, exported_at: datetime) -> Document | Reject:
    try:
        for record in group:
            if record.trouble:
                raise ValueError(record.trouble)
        info = merge([_row(record, header) for record in group], shop, exported_at)
    except ValueError as error:
        lines = tuple(record.line for record in group)
        return Reject(group[0].order_no, str(error), lines, tuple(record.cells for record in group))
    return order_document(info, shop, encrypted=False)


def _row(record: _Record, header: _Header) -> Row:
    values = {}
    for column, places in header.places.items():
        cells = (clean(record.cells[place]) for place in places)
        values[column] = next((cell for cell in cells if cell), "")
    return values

"""Files as tables of rows: CSV row by row, XLSX sheet by sheet.

A CSV file is never held in memory. An XLSX file is, by its reader: it is refused when it is huge once unpacked.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from connectors.errors import DocumentUnreadable
from connectors.files.cells import Raw, clean
from connectors.files.columns import HEADER_WITHIN, SOURCE, Header, find_header, known_names
from domain.texts import text

T = TypeVar("T")
Tell = Callable[[int, int], None]
"""How far reading is: (bytes or rows done, of how many)."""

MAX_UNPACKED_MB = 512
_CHUNK = 1 << 16
_SAMPLE = 1 << 16
_DELIMITERS = ",\t;"


@dataclass(frozen=True)
class RawRow:
    """A row as it stands in the file, counted from 1. `lost` rows from here on could not be read at all."""

    number: int
    cells: Sequence[Raw]
    lost: int = 0


@dataclass(frozen=True)
class Table:
    """A sheet with a header. `rows` come after the header, blank ones included."""

    sheet: str
    header: Header
    rows: Iterator[RawRow]


def tables(path: Path, tell: Tell) -> Iterator[Table]:
    """The tables of a file, each to be read before the next. Raises DocumentUnreadable, in words."""
    try:
        with path.open("rb") as file:
            magic = file.read(8)
            if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                yield from _sheets(path, tell)
            elif magic.startswith(b"\xd0\xcf\x11\xe0"):
                raise DocumentUnreadable(SOURCE, text("import.file.old_excel"))
            elif magic.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise DocumentUnreadable(SOURCE, text("import.file.utf16"))
            else:
                yield _csv(file, path, tell)
    except OSError as error:
        raise DocumentUnreadable(SOURCE, _unreadable(error.strerror or type(error).__name__)) from error


# ------------------------------------------------------------------------------------------------------------ CSV


def _csv(file: BinaryIO, path: Path, tell: Tell) -> Table:
    encoding = _encoding(file)
    size = path.stat().st_size
    sample = _sample(file).decode(encoding, "replace")
    delimiter = max(_DELIMITERS, key=lambda one: _known(sample, one))
    rows = _csv_rows(file, encoding, delimiter, lambda done: tell(done, size))
    for row in rows:
        header = find_header(path.name, row.number, [clean(str(cell)) for cell in row.cells])
        if header is not None:
            return Table(path.name, header, rows)
        if row.number >= HEADER_WITHIN:
            break
    raise DocumentUnreadable(SOURCE, text("import.file.no_header", rows=HEADER_WITHIN))


def _encoding(file: BinaryIO) -> str:
    """UTF-8 where all of the file is; else what makes more of the header known, GB18030 (with GBK in it) in doubt."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        head = _sample(file)
        known = {
            name: max(_known(head.decode(name, "replace"), delimiter) for delimiter in _DELIMITERS)
            for name in ("utf-8-sig", "gb18030")
        }
        return "utf-8-sig" if known["utf-8-sig"] > known["gb18030"] else "gb18030"
    return "utf-8-sig"


def _known(sample: str, delimiter: str) -> int:
    lines = sample.splitlines()[:HEADER_WITHIN]
    return max((known_names([clean(cell) for cell in line.split(delimiter)]) for line in lines), default=0)


def _sample(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_SAMPLE)


def _csv_rows(file: BinaryIO, encoding: str, delimiter: str, done: Callable[[int], None]) -> Iterator[RawRow]:
    """Rows counted as a spreadsheet counts them. What no decoder knows becomes U+FFFD, for the row alone to be refused.

    A quote that is never closed swallows the lines behind it: they are reported as lost, and the next line is a row.
    """
    file.seek(0)
    reader = csv.reader(
        io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=""), delimiter=delimiter, strict=True
    )
    number = line = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            lost = max(1, reader.line_num - line)
            yield RawRow(number, (), lost)
            number += lost - 1
        else:
            yield RawRow(number, cells)
        line = reader.line_num
        if number % 1000 == 0:
            done(file.tell())


# ------------------------------------------------------------------------------------------------------------ XLSX


def _sheets(path: Path, tell: Tell) -> Iterator[Table]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except Exception as error:
        raise DocumentUnreadable(SOURCE, _unreadable(type(error).__name__)) from error
    if unpacked > MAX_UNPACKED_MB << 20:
        raise DocumentUnreadable(SOURCE, text("import.file.too_large", limit=MAX_UNPACKED_MB))
    workbook = _calamine(lambda: CalamineWorkbook.from_path(path))
    found = False
    for place, about in enumerate(workbook.sheets_metadata):
        if about.visible is not SheetVisibleEnum.Visible or about.typ is not SheetTypeEnum.WorkSheet:
            continue
        table = _sheet(_calamine(lambda place=place: workbook.get_sheet_by_index(place)), tell)  # type: ignore[misc]
        if table is not None:
            found = True
            yield table
    if not found:
        raise DocumentUnreadable(SOURCE, text("import.file.no_header", rows=HEADER_WITHIN))


def _sheet(sheet: CalamineSheet, tell: Tell) -> Table | None:
    """A sheet as a table; None for one without a header, such as an explanation."""
    rows = _filled(sheet, tell)
    for row in rows:
        header = find_header(sheet.name, row.number, [clean(str(cell)) for cell in row.cells])
        if header is not None:
            return Table(sheet.name, header, rows)
        if row.number >= HEADER_WITHIN:
            return None
    return None


def _filled(sheet: CalamineSheet, tell: Tell) -> Iterator[RawRow]:
    """All rows; what stands in a cell merged over several rows stands in each of them that holds anything else."""
    if sheet.start is None:
        return
    left = sheet.start[1]
    begins: dict[int, list[tuple[int, int]]] = {}
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top and column >= left:
            begins.setdefault(top, []).append((column - left, bottom))
    running: dict[int, tuple[int, Raw]] = {}
    rows = sheet.iter_rows()
    index = 0
    while (cells := _calamine(lambda: next(rows, None))) is not None:
        running = {column: held for column, held in running.items() if held[0] >= index}
        for column, (_, value) in running.items() if any(cell != "" for cell in cells) else ():
            if column < len(cells):
                cells[column] = value
        for column, bottom in begins.get(index, ()):
            if column < len(cells):
                running[column] = (bottom, cells[column])
        index += 1
        if index % 1000 == 0:
            tell(index, sheet.total_height)
        yield RawRow(index, cells)


def _calamine(call: Callable[[], T]) -> T:
    """What the reader gives. It is Rust: whatever it makes of a broken file, a panic too, is an unreadable file."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise DocumentUnreadable(SOURCE, _unreadable(type(error).__name__)) from error


def _unreadable(why: str) -> str:
    return text("import.file.unreadable", why=why)

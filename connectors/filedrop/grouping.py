"""The rows of a CSV file, grouped by a key that need not stand together, in memory that does not grow with the file.

They go through a temporary SQLite file, about as large as the CSV. All of this blocks: call it in a thread.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from connectors.drops import Heard
from domain.texts import text

Cells = tuple[str, ...]


class RowKeys(Protocol):
    """What a channel knows of its rows."""

    def key(self, cells: Cells) -> tuple[str, str]:
        """A row's key ("" where it has none: then it is alone), and what is wrong with the row ("" for nothing)."""
        ...

    def begins(self, cells: Cells) -> bool:
        """Whether a line by itself looks like the beginning of a row, whatever is wrong further on."""
        ...


Keying = Callable[[Cells], RowKeys]
"""Looks at the header once."""

_BATCH = 2000
_ROWS_OF_A_GROUP = 1000
_LINES_OF_A_ROW = 20
"""A note of a buyer may have line breaks; a row of more lines has a quote that is never closed."""

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -8192;
DROP TABLE IF EXISTS rows;
DROP TABLE IF EXISTS groups;
CREATE TABLE rows (line INTEGER PRIMARY KEY, key TEXT NOT NULL, trouble TEXT NOT NULL, cells TEXT NOT NULL);
CREATE TABLE groups (first INTEGER PRIMARY KEY, key TEXT NOT NULL);
"""
_GROUPS = """
CREATE INDEX rows_by_key ON rows (key, line);
INSERT INTO groups SELECT MIN(line), key FROM rows GROUP BY key;
"""
_READ = """
SELECT groups.first, rows.key, rows.line, rows.trouble, rows.cells FROM groups
JOIN rows ON rows.key = groups.key ORDER BY groups.first, rows.line
"""


class Undecodable(ValueError):
    """The file is in none of the encodings."""


@dataclass(frozen=True)
class Record:
    """One row: where it ends in the file (from 1), its cells, and what is wrong with it ("" for nothing)."""

    line: int
    cells: Cells
    trouble: str


@dataclass(frozen=True)
class Group:
    """The rows of one key in the file's order. `key` is "" for a row that has none."""

    at: int
    """Where its first row ends in the file."""
    key: str
    records: tuple[Record, ...]
    more: int
    """How many rows there are beyond these: of a group that is too large to be one."""


class GroupedCsv:
    """A CSV file whose rows are in a temporary SQLite file."""

    def __init__(self, database: sqlite3.Connection, header: Cells, rows: int) -> None:
        self._database = database
        self.header = header
        self.rows = rows

    def groups(self) -> Iterator[Group]:
        """Every group, in the order of their first rows."""
        at, key, more = 0, "", 0
        records: list[Record] = []
        for first, row_key, line, trouble, cells in self._database.execute(_READ):
            if first != at and records:
                yield Group(at, key, tuple(records), more)
                records, more = [], 0
            at, key = first, "" if row_key.startswith("\0") else row_key
            if len(records) < _ROWS_OF_A_GROUP:
                records.append(Record(line, tuple(json.loads(cells)), trouble))
            else:
                more += 1
        if records:
            yield Group(at, key, tuple(records), more)

    def close(self) -> None:
        """Let go of the SQLite file; removing it is the caller's business."""
        self._database.close()


def group_csv(path: Path, scratch: Path, encodings: Sequence[str], keying: Keying, heard: Heard) -> GroupedCsv:
    """Read a file in the first of the encodings that it is in as a whole. `heard` is told how many rows are read.

    Blank rows are left out. Raises Undecodable, and what `keying` raises (of the header: () when there is none).
    """
    # Used by one thread at a time, though not always by the same.
    database = sqlite3.connect(scratch, isolation_level=None, check_same_thread=False)
    try:
        for encoding in encodings:
            database.executescript(_TABLES)
            try:
                header, rows = _load(database, path, encoding, keying, heard)
            except UnicodeDecodeError:
                continue
            database.executescript(_GROUPS)
            return GroupedCsv(database, header, rows)
    except BaseException:
        database.close()
        raise
    database.close()
    raise Undecodable(f"neither {' nor '.join(encodings)}")


def _load(database: sqlite3.Connection, path: Path, encoding: str, keying: Keying, heard: Heard) -> tuple[Cells, int]:
    count = 0
    with path.open(encoding=encoding, errors="strict", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines)
        try:
            header = tuple(next(reader, ()))
        except csv.Error:
            header = ()
        batch: list[tuple[int, str, str, str]] = []
        for line, cells, key, trouble in _records(reader, lines, keying(header)):
            # Two rows without a key are two groups.
            batch.append((line, key or f"\0{line}", trouble, json.dumps(cells, ensure_ascii=False)))
            count += 1
            if len(batch) == _BATCH:
                _insert(database, batch)
                heard(count)
        _insert(database, batch)
    heard(count)
    return header, count


class _Lines:
    """The file's lines, of which those that one record took can be given back."""

    def __init__(self, file: Iterator[str]) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _LINES_OF_A_ROW:
            raise csv.Error("a row of too many lines")
        line = self._again.popleft() if self._again else next(self._file)
        self.taken.append(line)
        self.number += 1
        return line

    def give_back(self) -> str:
        """All lines of this record but the first, which is returned."""
        first, *rest = self.taken
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def _records(reader: Iterator[list[str]], lines: _Lines, keys: RowKeys) -> Iterator[tuple[int, Cells, str, str]]:
    """Every row: where it ends, its cells, its key, and what is wrong with it.

    A quote that is never closed makes one row of many. Such a row is known by its many lines, by what is wrong with it,
    or by a line in it that looks like a row (the next such quote closes the first): only its first line is taken for
    bad, and the others are read again, as the rows that they are.
    """
    while True:
        lines.taken.clear()
        try:
            cells = tuple(next(reader))
        except csv.Error:
            cells = None
        except StopIteration:
            return
        if cells is not None:
            if not any(cell.strip() for cell in cells):
                continue
            key, trouble = keys.key(cells)
            rest = lines.taken[1:]
            if not rest or not (trouble or any(keys.begins(_alone(line)) for line in rest)):
                yield lines.number, cells, key, trouble
                continue
        first = lines.give_back().rstrip("\r\n")
        yield lines.number, (first,), "", text("file.quote")


def _alone(line: str) -> Cells:
    try:
        return tuple(next(csv.reader([line]), ()))
    except csv.Error:
        return ()


def _insert(database: sqlite3.Connection, batch: list[tuple[int, str, str, str]]) -> None:
    database.execute("BEGIN")
    database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", batch)
    database.execute("COMMIT")
    batch.clear()

"""Where the rows of a file wait until all rows of their order are there: a temporary SQLite file.

However large the file, memory holds a few thousand rows. The file is readable for its owner alone, holds what the file
held, and is gone in the end.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from connectors.files.cells import Cell, Kind
from connectors.files.columns import AnyColumn, Column, Extra
from connectors.files.problems import Problem

_AT_ONCE = 2000
_COLUMNS = {column.value: column for column in Column}
_KINDS = {kind.value: kind for kind in Kind}
_TABLES = """
CREATE TABLE line (order_no TEXT, seq INTEGER, sheet INTEGER, row INTEGER, cells TEXT);
CREATE TABLE problem (order_no TEXT, seq INTEGER, sheet TEXT, row INTEGER, name TEXT, key TEXT, params TEXT);
"""


@dataclass(frozen=True)
class FileRow:
    """One row that belongs to an order. `sheet` counts the tables of the file from 0."""

    sheet: int
    row: int
    cells: Mapping[AnyColumn, Cell]


class Scratch:
    """Rows and problems of one file, kept on disk."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="orderhub-import-")
        self._db = sqlite3.connect(Path(self._folder.name) / "rows.db", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-16000", "temp_store=FILE"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(_TABLES)
        self._lines: list[tuple[str, int, int, int, str]] = []
        self._seq = 0

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def add(self, order_no: str, row: FileRow) -> None:
        """Keep a row of an order."""
        self._seq += 1
        cells = {column.value: (cell.text, cell.kind.value) for column, cell in row.cells.items()}
        self._lines.append((order_no, self._seq, row.sheet, row.row, json.dumps(cells)))
        if len(self._lines) >= _AT_ONCE:
            self._flush()

    def complain(self, problem: Problem) -> None:
        """Keep a problem. One of an order keeps the whole order from being taken."""
        self._seq += 1
        self._db.execute(
            "INSERT INTO problem VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                problem.order_no,
                self._seq,
                problem.sheet,
                problem.row,
                problem.column,
                problem.key,
                json.dumps(dict(problem.params)),
            ),
        )

    def complete(self) -> None:
        """All rows are in: from now on orders can be read."""
        self._flush()
        self._db.execute("CREATE INDEX line_of ON line (order_no, seq)")
        self._db.execute("CREATE INDEX problem_of ON problem (order_no)")

    def order_nos(self) -> Iterator[str]:
        """All orders, in the order in which they first appear."""
        query = "SELECT order_no FROM line GROUP BY order_no ORDER BY min(seq)"
        for (order_no,) in self._db.cursor().execute(query):
            yield order_no

    def rows(self, order_no: str, limit: int) -> list[FileRow]:
        """The rows of an order in the order of the file, at most so many."""
        query = "SELECT sheet, row, cells FROM line WHERE order_no = ? ORDER BY seq LIMIT ?"
        return [FileRow(sheet, row, _cells(cells)) for sheet, row, cells in self._db.execute(query, (order_no, limit))]

    def has_problem(self, order_no: str) -> bool:
        """Whether something was wrong with a row of an order."""
        return self._db.execute("SELECT 1 FROM problem WHERE order_no = ? LIMIT 1", (order_no,)).fetchone() is not None

    def problems(self) -> Iterator[Problem]:
        """All problems, by their place in the file."""
        query = "SELECT sheet, row, name, key, params, order_no FROM problem ORDER BY sheet, row, seq"
        for sheet, row, name, key, params, order_no in self._db.cursor().execute(query):
            yield Problem(sheet, row, name, key, json.loads(params), order_no)

    def _flush(self) -> None:
        lines: Sequence[tuple[str, int, int, int, str]] = self._lines
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO line VALUES (?, ?, ?, ?, ?)", lines)
        self._db.execute("COMMIT")
        self._lines = []


def _cells(kept: str) -> dict[AnyColumn, Cell]:
    return {
        _COLUMNS.get(column) or Extra(column): Cell(text, _KINDS[kind])
        for column, (text, kind) in json.loads(kept).items()
    }

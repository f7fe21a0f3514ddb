"""A file of orders: read once into a scratch file, then given order by order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from connectors.files import cells
from connectors.files.cells import Cell, CellError, cell_of
from connectors.files.columns import AnyColumn, Column, Header, of_a_line
from connectors.files.orders import MAX_LINES, FileOrder, Unusable, read_file_order
from connectors.files.problems import Problem
from connectors.files.scratch import FileRow, Scratch
from connectors.files.tables import RawRow, Table, Tell, tables
from connectors.rest import Caller

_UNDECODED = "\ufffd"


class OrderFile:
    """One CSV or XLSX file with orders of one shop. Use it as a context manager: it keeps a scratch file on disk."""

    def __init__(self, path: Path, caller: Caller) -> None:
        self._path = path
        self._caller = caller
        self._scratch = Scratch()
        self.sheets: list[tuple[str, Header]] = []
        """The tables found, once it is loaded."""
        self.rows = 0
        """How many rows belong to orders."""

    def __enter__(self) -> OrderFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scratch.__exit__(kind, error, trace)

    def load(self, tell: Tell = lambda done, total: None) -> None:
        """Read the file. Raises DocumentUnreadable, in words, for one that cannot be read at all."""
        for table in tables(self._path, tell):
            self.sheets.append((table.sheet, table.header))
            _Loading(table, len(self.sheets) - 1, self._scratch).load()
        self._scratch.complete()

    def orders(self) -> Iterator[FileOrder | Unusable]:
        """Every order, in the order in which they first appear. One with any bad row is not taken."""
        for order_no in self._scratch.order_nos():
            rows = self._scratch.rows(order_no, MAX_LINES + 1)
            self.rows += len(rows)
            order = read_file_order(order_no, rows, self.sheets, self._caller)
            if isinstance(order, Unusable):
                for problem in order.problems:
                    self._scratch.complain(problem)
            elif self._scratch.has_problem(order_no):
                order = Unusable(order_no, ())
            yield order

    def complain(self, problem: Problem) -> None:
        """Keep a further problem that the caller found."""
        self._scratch.complain(problem)

    def problems(self) -> Iterator[Problem]:
        """All problems of all rows, by their place in the file."""
        return self._scratch.problems()


class _Loading:
    """Gives the rows of one table to their orders.

    A row that cannot be given to any may belong to the order before or behind it: neither is taken then, for an order
    with a line missing would be shipped short.
    """

    def __init__(self, table: Table, sheet: int, scratch: Scratch) -> None:
        self._table = table
        self._sheet = sheet
        self._scratch = scratch
        self._order_no = ""
        """The order of the last row."""
        self._unclear = 0
        """The last row that belongs to nobody and has not met the next order yet; 0: none."""

    def load(self) -> None:
        """All rows."""
        for raw in self._table.rows:
            if raw.lost:
                self._nobodys(raw.number, "", "import.quote", rows=raw.lost)
            else:
                self._row(raw)

    def _row(self, raw: RawRow) -> None:
        header = self._table.header
        found: dict[AnyColumn, Cell] = {}
        for place, column in header.places.items():
            cell = cell_of(raw.cells[place]) if place < len(raw.cells) else None
            if cell is not None:
                found[column] = cell
        spare = any(cell_of(value) is not None for value in raw.cells[header.width :])
        if not found and not spare:
            return
        order_no = self._order_of(raw.number, found)
        if order_no is None:
            return
        if spare:
            self._complain(raw.number, "", order_no, "import.cells")
        for column, cell in found.items():
            if _UNDECODED in cell.text:
                self._complain(raw.number, header.name(column), order_no, "import.undecodable")
        if self._unclear and order_no != self._order_no:
            self._complain(raw.number, "", order_no, "import.neighbour", row=self._unclear)
        self._order_no, self._unclear = order_no, 0
        self._scratch.add(order_no, FileRow(self._sheet, raw.number, found))

    def _order_of(self, number: int, found: dict[AnyColumn, Cell]) -> str | None:
        """The order that a row belongs to; None, and a problem, when that cannot be told.

        A row without a number continues the order above it, if nothing of its own contradicts that: so merged cells
        come out of a spreadsheet.
        """
        name = self._table.header.name(Column.ORDER_NO)
        cell = found.get(Column.ORDER_NO)
        if cell is not None:
            try:
                return cells.identifier(cell)
            except CellError as error:
                self._nobodys(number, name, error.key)
                return None
        if self._order_no and found and all(of_a_line(column) for column in found) and not self._unclear:
            return self._order_no
        self._nobodys(number, name, "import.no_order_no")
        return None

    def _nobodys(self, number: int, column: str, key: str, /, **params: str | int) -> None:
        self._complain(number, column, "", key, **params)
        if self._order_no:
            self._complain(number, "", self._order_no, "import.neighbour", row=number)
        self._unclear = number

    def _complain(self, number: int, column: str, order_no: str, key: str, /, **params: str | int) -> None:
        self._scratch.complain(Problem(self._table.sheet, number, column, key, params, order_no))

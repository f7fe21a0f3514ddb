"""SQLite's driver with one trip to its thread for each statement.

aiosqlite runs SQLite on a thread of its own. SQLAlchemy's adapter goes there four times for a query (make a cursor,
execute, fetch, close), and each trip wakes two threads and the event loop: of a short query that was most of its
processor time. Everything is fetched at once anyway, so one trip can do all four.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)

_Said = tuple[Any, deque[Any], int | None, int]
"""What columns there are, the rows, the id of the last row inserted, how many rows changed."""


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    __slots__ = ()

    def execute(self, operation: Any, parameters: Any = None) -> Any:
        self._go(_executed, operation, parameters)

    def executemany(self, operation: Any, seq_of_parameters: Any) -> Any:
        self._go(_executed_many, operation, seq_of_parameters)

    def _go(self, work: Any, operation: Any, parameters: Any) -> None:
        try:
            driver = self._connection
            # Private, and the only way to its thread; the adapter of SQLAlchemy goes by such names as well.
            said = self.await_(driver._execute(work, driver._conn, operation, parameters))
        except Exception as error:
            self._adapt_connection._handle_exception(error)
        self.description, self._rows, self.lastrowid, self.rowcount = said


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    def cursor(self, server_side: bool = False) -> AsyncAdapt_aiosqlite_cursor:
        # What is streamed is fetched in parts, and keeps its cursor.
        return super().cursor(server_side) if server_side else _Cursor(self)


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """The driver that an engine is made with, in place of the dialect's own."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        """Open a connection, on a thread of its own."""
        return _Connection(self, super().connect(*arg, **kw)._connection)


def _executed(connection: sqlite3.Connection, operation: str, parameters: Any) -> _Said:
    cursor = connection.cursor()
    try:
        cursor.execute(operation, () if parameters is None else parameters)
        if cursor.description:
            return cursor.description, deque(cursor.fetchall()), -1, -1
        return None, deque(), cursor.lastrowid, cursor.rowcount
    finally:
        cursor.close()


def _executed_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> _Said:
    cursor = connection.cursor()
    try:
        cursor.executemany(operation, parameters)
        return None, deque(), cursor.lastrowid, cursor.rowcount
    finally:
        cursor.close()

"""Tables and their columns, and what people call them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.finance.rows import ConsignmentLine, DayRow, FieldLine, Head, LineRow, RefundLineRow
from domain.texts import text


class Sheet(StrEnum):
    """The tables of an export."""

    SUMMARY = "summary"
    LINES = "lines"
    REFUNDS = "refunds"
    CONSIGNMENTS = "consignments"
    FIELDS = "fields"


Cell = str | int | datetime | None

_HEAD = tuple(one.name for one in fields(Head))


def columns(row: type[Any]) -> list[str]:
    """The columns of a table, by name; those of the head stand first."""
    names = [one.name for one in fields(row)]
    return [*_HEAD, *names[1:]] if names[0] == "head" else names


def cells(row: Any) -> list[Cell]:
    """A row's cells, by its columns. Amounts are fen."""
    names = [one.name for one in fields(row)]
    if names[0] != "head":
        return [getattr(row, name) for name in names]
    return [*(getattr(row.head, name) for name in _HEAD), *(getattr(row, name) for name in names[1:])]


def is_money(column: str) -> bool:
    """Whether a column holds fen."""
    return column.endswith("_fen")


ROWS: dict[Sheet, type[Any]] = {
    Sheet.SUMMARY: DayRow,
    Sheet.LINES: LineRow,
    Sheet.REFUNDS: RefundLineRow,
    Sheet.CONSIGNMENTS: ConsignmentLine,
    Sheet.FIELDS: FieldLine,
}


def header(row: type[Any]) -> list[str]:
    """What people call the columns, in the language of the process."""
    return [text(f"finance.column.{name.removesuffix('_fen')}") for name in columns(row)]


def invoice_words(invoice: str) -> str:
    """What people call an invoice type; "" before one was chosen."""
    return text(f"invoice.{invoice}") if invoice else ""

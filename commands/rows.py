"""CSV files that people keep master data in: UTF-8, else GB18030; every row is judged alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.texts import text

T = TypeVar("T")


@dataclass
class Read(Generic[T]):
    """What a file says. `problems` name rows as a spreadsheet counts them."""

    found: list[T] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(content: bytes, columns: Sequence[str], needed: int, make: Callable[[dict[str, str]], T]) -> Read[T]:
    """The rows of a file. The first `needed` of its `columns` must be there; `make` raises ValueError, in words."""
    said: Read[T] = Read()
    try:
        rows = csv.DictReader(io.StringIO(_decoded(content)), strict=True)
        missing = [name for name in columns[:needed] if name not in (rows.fieldnames or ())]
        if missing:
            said.problems.append(text("rows.no_column", columns=", ".join(missing)))
            return said
        for line, row in enumerate(rows, start=2):
            try:
                said.found.append(make({name: (row.get(name) or "").strip() for name in columns}))
            except ValueError as error:
                said.problems.append(text("rows.bad_row", row=line, why=error))
    except (csv.Error, UnicodeDecodeError) as error:
        said.problems.append(text("rows.no_csv", why=type(error).__name__))
    return said


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")

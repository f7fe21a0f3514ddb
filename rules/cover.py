"""Which rows of a table can ever apply, and which apply to the same facts.

Each column's facts are cut into kinds that none of its cells tells apart, and the engine itself says which kinds a
cell takes. So a row is a box, and whether earlier boxes leave anything of it is counting. A cell that calls functions
is compared by its text only: what is said of rows is certain, what is not said is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import zen

from rules.documents import Grid

_NUMBER = r"-?\d+(?:\.\d+)?"
_LITERAL = rf"\"[^\"]*\"|'[^']*'|{_NUMBER}|true|false|null"
_COMPARISON = rf"(?:==|!=|>=|<=|>|<)\s*(?:{_LITERAL})"
_LIST = rf"(?:{_LITERAL})(?:\s*,\s*(?:{_LITERAL}))*"
_SIMPLE = re.compile(
    rf"\s*(?:{_LIST}|{_COMPARISON}(?:\s+and\s+{_COMPARISON})*"
    rf"|[\[(]\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*[\])]|(?:not\s+)?in\s*\[\s*{_LIST}\s*\])\s*"
)
_LITERALS = re.compile(_LITERAL)
_TEXT = r"\"[^\"]*\"|'[^']*'"
_TEXTS = re.compile(rf"\s*(?:{_TEXT})(?:\s*,\s*(?:{_TEXT}))*\s*")
_RANGE = re.compile(rf"\s*[\[(]\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*[\])]\s*")
_TRIES = 20_000
"""So many boxes are looked at for one row; beyond that it passes for one that can apply."""

_OTHER = "\x00 none of them"


@dataclass(frozen=True)
class Unreachable:
    """A row that never applies: `by` is the row that takes everything before it, "" when several do together.

    `impossible`: no fact at all meets its own conditions.
    """

    row: int
    by: str = ""
    impossible: bool = False


class Boxes:
    """The rows of a table as boxes. Its cells must compile."""

    def __init__(self, grid: Grid) -> None:
        self._ids = [row.get("_id", "") for row in grid.rows]
        self._cells = [[row.get(column.id, "").strip() for column in grid.inputs] for row in grid.rows]
        columns = list(zip(*self._cells, strict=True)) if self._cells else [() for _ in grid.inputs]
        kinds = [_kinds(cells) for cells in columns]
        self._full = [(1 << len(one)) - 1 for one in kinds]
        # None: a cell that cannot be seen through.
        by_column = [_masks(cells, one) for cells, one in zip(columns, kinds, strict=True)]
        self._masks = [list(row) for row in zip(*by_column, strict=True)] if by_column else [[] for _ in self._cells]

    def unreachable(self) -> list[Unreachable]:
        """The rows that never apply where the first row that applies decides."""
        found = []
        for n in range(len(self._masks)):
            box = [full if mask is None else mask for mask, full in zip(self._masks[n], self._full, strict=True)]
            if 0 in box:
                found.append(Unreachable(n, impossible=True))
                continue
            before = [(i, one) for i in range(n) if self._meets(i, box) and (one := self._seen_by(i, n)) is not None]
            whole = next((i for i, one in before if all(b & ~o == 0 for b, o in zip(box, one, strict=True))), None)
            if whole is not None:
                found.append(Unreachable(n, self._ids[whole]))
            elif not _escapes(box, [one for _, one in before], [_TRIES]):
                found.append(Unreachable(n))
        return found

    def overlapping(self) -> list[tuple[int, int]]:
        """Pairs of rows that surely apply to some of the same facts."""
        pairs = []
        for j in range(len(self._masks)):
            for i in range(j):
                seen = self._seen_by(i, j)
                own = [full if mask is None else mask for mask, full in zip(self._masks[j], self._full, strict=True)]
                if seen is not None and all(a & b for a, b in zip(seen, own, strict=True)):
                    pairs.append((i, j))
        return pairs

    def total(self) -> bool:
        """Whether some row applies whatever the facts are."""
        rows = [[mask for mask in row if mask is not None] for row in self._masks if None not in row]
        return not _escapes(list(self._full), rows, [_TRIES])

    def _meets(self, i: int, box: Sequence[int]) -> bool:
        """Whether row i may take anything of a box."""
        for mask, own in zip(self._masks[i], box, strict=True):  # noqa: SIM110 - asked for each pair of rows
            if mask is not None and not mask & own:
                return False
        return True

    def _seen_by(self, i: int, j: int) -> list[int] | None:
        """Row i as a box, where row j is concerned; None when that cannot be told."""
        seen = []
        for c, full in enumerate(self._full):
            mine, other = self._masks[i][c], self._masks[j][c]
            if mine is None:
                if self._cells[i][c] != self._cells[j][c]:
                    return None
                seen.append(full)
            elif other is None and mine != full:
                return None
            else:
                seen.append(mine)
        return seen


def _escapes(box: Sequence[int], rows: Sequence[Sequence[int]], tries: list[int]) -> bool:
    """Whether anything of a box is left when the rows are taken out of it."""
    tries[0] -= 1
    if tries[0] < 0:
        return True
    for n, row in enumerate(rows):
        if not all(b & r for b, r in zip(box, row, strict=True)):
            continue
        left = list(box)
        for c, mask in enumerate(row):
            rest = left[c] & ~mask
            if rest and _escapes([*left[:c], rest, *left[c + 1 :]], rows[n + 1 :], tries):
                return True
            left[c] &= mask
        return False
    return True


def _kinds(cells: Iterable[str]) -> list[Any]:
    """One fact of each kind that a column's cells may tell apart."""
    literals = [_value(one) for cell in cells if cell and _SIMPLE.fullmatch(cell) for one in _LITERALS.findall(cell)]
    texts = sorted({one for one in literals if isinstance(one, str)})
    numbers = sorted({one for one in literals if isinstance(one, int | float) and not isinstance(one, bool)})
    found: list[Any] = [*texts]
    if numbers:
        between = [(low + high) / 2 for low, high in pairwise(numbers)]
        found += [*numbers, *between, numbers[0] - 1, numbers[-1] + 1]
    if any(isinstance(one, bool) for one in literals):
        found += [True, False]
    if any(one is None for one in literals):
        found.append(None)
    if texts or not found:
        found.append(_OTHER)
    return found


def _value(literal: str) -> Any:
    if literal[0] in "\"'":
        return literal[1:-1]
    words = {"true": True, "false": False, "null": None}
    if literal in words:
        return words[literal]
    return float(literal) if "." in literal else int(literal)


def literal_kinds(cell: str) -> set[str]:
    """Of which kinds the values are that a condition compares with: text, number, bool; none where it has functions."""
    if not _SIMPLE.fullmatch(cell):
        return set()
    values = [_value(one) for one in _LITERALS.findall(cell)]
    if _RANGE.fullmatch(cell):
        return {"number"}
    return {
        "text" if isinstance(one, str) else "bool" if isinstance(one, bool) else "number"
        for one in values
        if one is not None
    }


def _masks(cells: Iterable[str], kinds: Sequence[Any]) -> list[int | None]:
    """The kinds that each cell takes, a bit for each. Most cells say one text or another, and many say the same."""
    places = {kind: n for n, kind in enumerate(kinds) if isinstance(kind, str)}
    known: dict[str, int | None] = {}
    for cell in cells:
        if cell not in known:
            known[cell] = _of_texts(cell, places) if _TEXTS.fullmatch(cell) else _mask(cell, kinds)
    return [known[cell] for cell in cells]


def _of_texts(cell: str, places: dict[str, int]) -> int:
    mask = 0
    for one in _LITERALS.findall(cell):
        mask |= 1 << places[one[1:-1]]
    return mask


def _mask(cell: str, kinds: Sequence[Any]) -> int | None:
    if not cell:
        return (1 << len(kinds)) - 1
    if not _SIMPLE.fullmatch(cell):
        return None
    compiled = zen.compile_unary_expression(cell)
    return sum(1 << n for n, kind in enumerate(kinds) if _takes(compiled, kind))


def _takes(compiled: Any, kind: Any) -> bool:
    try:
        return bool(compiled.evaluate({"$": kind}))
    except RuntimeError:  # a number was compared with a text
        return False

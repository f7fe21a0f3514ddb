"""One cell of a table → the value that an order has. Pure.

Spreadsheets change what people type: long numbers become floats and lose digits, numbers become text and text numbers.
What was lost is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import TypeVar

from connectors.files.columns import meaning, words_for
from domain.clock import BEIJING
from domain.money import parse_yuan

Raw = str | int | float | bool | datetime | date | time | timedelta
T = TypeVar("T")

_BLANKS = " \t\r\n\ufeff\u00a0\u3000"
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SCIENTIFIC = re.compile(r"[+-]?\d+(\.\d+)?[eE][+]?\d+", re.ASCII)
_INTEGER = re.compile(r"\d{1,18}(\.0+)?", re.ASCII)
_AMOUNT = re.compile(r"¥?\s*\d{1,3}(,\d{3}){1,3}(\.\d+)?|¥?\s*\d{1,12}(\.\d+)?", re.ASCII)
_MOMENT = re.compile(
    r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
    r"(?:[T\s]*(?P<H>\d{1,2})[:时](?P<M>\d{1,2})(?:[:分](?P<S>\d{1,2})秒?(?:\.\d+)?)?分?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)} | {0xFFE5: "¥", 0x3000: " "}
_DIGITS_KEPT = 15
"""Spreadsheets keep so many digits of a number, and write zeros for the rest."""
_MOST_FEN = 10**12


class Kind(StrEnum):
    """What a cell held: text, or a number or moment that the spreadsheet knew as one."""

    TEXT = "s"
    NUMBER = "n"
    MOMENT = "d"


@dataclass(frozen=True)
class Cell:
    """A cell that is not empty. A number is written out in full, a moment as ISO 8601 without a zone."""

    text: str
    kind: Kind = Kind.TEXT


class CellError(ValueError):
    """A cell that cannot be what its column means: the key of a sentence that says what to do, with its parameters."""

    def __init__(self, key: str, **params: str | int) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


Parse = Callable[[Cell], T]


def clean(written: str) -> str:
    """Text without what spreadsheets put around long numbers: `="…"`, quotes, a leading apostrophe, odd blanks."""
    bare = written.strip(_BLANKS)
    match = _FORMULA.fullmatch(bare) if bare.startswith("=") else None
    return (match[1] if match else bare).strip('"').removeprefix("'").strip(_BLANKS)


def cell_of(raw: Raw) -> Cell | None:
    """A cell as the reader gave it; None for an empty one."""
    match raw:
        case bool():
            return Cell("yes" if raw else "no")
        case str():
            bare = clean(raw)
            return Cell(bare) if bare else None
        case int() | float():
            number = Decimal(repr(raw))
            if not number.is_finite():
                return Cell(str(raw))
            whole = number == number.to_integral_value()
            return Cell(str(int(number)) if whole else format(number, "f"), Kind.NUMBER)
        case datetime():
            return Cell(raw.replace(tzinfo=None).isoformat(timespec="seconds"), Kind.MOMENT)
        case date():
            return Cell(f"{raw.isoformat()}T00:00:00", Kind.MOMENT)
        case _:
            return Cell(str(raw))


def words(cell: Cell) -> str:
    """Text as it is."""
    return cell.text


def identifier(cell: Cell) -> str:
    """A number that is a name: an order's, an article's, a phone's. Raises CellError for one that lost digits."""
    if cell.kind is Kind.NUMBER:
        if len(cell.text.lstrip("-").partition(".")[0]) > _DIGITS_KEPT:
            raise CellError("import.digits_lost")
    elif _SCIENTIFIC.fullmatch(cell.text):
        raise CellError("import.digits_lost")
    return cell.text


def whole_number(cell: Cell) -> int:
    """A count. Raises CellError."""
    bare = _plain(cell)
    if not _INTEGER.fullmatch(bare):
        raise CellError("import.not_integer")
    return int(bare.partition(".")[0])


def money(cell: Cell) -> int:
    """An amount in yuan, in fen. Raises CellError for what is no amount, negative, or finer than a fen."""
    if cell.kind is Kind.NUMBER:
        exact = Decimal(cell.text)
        # A float is not quite what was typed: 0.1 + 0.2 is three dimes all the same.
        rounded = exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN) if 0 <= exact < 10**12 else None
        if rounded is None or abs(exact - rounded) > Decimal("0.000001"):
            raise CellError("import.not_amount")
        fen = int(rounded * 100)
    else:
        bare = _plain(cell).removesuffix("元").strip()
        if not _AMOUNT.fullmatch(bare) or len(bare.partition(".")[2].rstrip("0")) > 2:
            raise CellError("import.not_amount")
        fen = parse_yuan(bare)
    if fen > _MOST_FEN:
        raise CellError("import.not_amount")
    return fen


def moment(cell: Cell) -> str:
    """A moment in RFC 3339; what names no zone is Beijing time. Raises CellError."""
    match = _MOMENT.fullmatch(_plain(cell)) if cell.kind is not Kind.NUMBER else None
    if match is None:
        raise CellError("import.not_time")
    parts = [int(match[name] or 0) for name in "ymdHMS"]
    try:
        naive = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - the zone follows
        zone = match["zone"]
        if zone is None:
            return naive.replace(tzinfo=BEIJING).isoformat()
        return datetime.fromisoformat(naive.isoformat() + zone).isoformat()
    except (ValueError, OverflowError):
        raise CellError("import.not_time") from None


def _plain(cell: Cell) -> str:
    """Without the wide digits and signs of Chinese keyboards (no more than that: ² is no 2)."""
    return cell.text.translate(_WIDE)


def one_of(kind: str) -> Parse[str]:
    """A parser for a word that people write in several ways. It raises CellError, naming the words that there are."""

    def parse(cell: Cell) -> str:
        found = meaning(kind, cell.text)
        if found is None:
            raise CellError("import.unknown_word", words=words_for(kind))
        return found

    return parse


def some_of(kind: str) -> Parse[list[str]]:
    """The same for several words in one cell, with any of 、 , ; / | + and blanks between them."""
    single = one_of(kind)

    def parse(cell: Cell) -> list[str]:
        if meaning(kind, cell.text) is not None:
            return [single(cell)]
        parts = [part for part in re.split(r"[、,，;；/|+\s]+", cell.text) if part]
        return list(dict.fromkeys(single(Cell(part)) for part in parts))

    return parse

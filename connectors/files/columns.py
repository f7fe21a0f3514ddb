"""Which column of a file means what: by its header, in Chinese or English (`aliases.json`). Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from connectors.errors import DocumentUnreadable
from domain.extensions import KEY
from domain.texts import language, text

SOURCE = "file"
"""What a file that cannot be read at all is refused under."""


class Column(StrEnum):
    """What a column can mean. A row is one line of an order; the order's own columns repeat, or stay empty."""

    ORDER_NO = "order_no"
    VERSION = "version"
    STATUS = "status"
    PLACED_AT = "placed_at"
    PAID_AT = "paid_at"
    LINE_NO = "line_no"
    SKU = "sku"
    TITLE = "title"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    LINE_AMOUNT = "line_amount"
    GIFT = "gift"
    GIFT_OF = "gift_of"
    WARRANTY_MONTHS = "warranty_months"
    FREIGHT = "freight"
    DISCOUNT = "discount"
    PAID = "paid"
    RECEIVER_NAME = "receiver_name"
    RECEIVER_PHONE = "receiver_phone"
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    TOWN = "town"
    DETAIL = "detail"
    CUSTOMER_ID = "customer_id"
    CUSTOMER_NAME = "customer_name"
    MEMBER_CODE = "member_code"
    TAX_NO = "tax_no"
    TERMS = "terms"
    BUYER_NOTE = "buyer_note"
    SELLER_NOTE = "seller_note"
    REQUIREMENTS = "requirements"


class Extra(str):
    """A merchant's own column: `ext.` and a field of the order, `ext.line.` or `ext.customer.` and one of these."""

    @property
    def value(self) -> str:
        """As it is kept, like a `Column`'s."""
        return str(self)

    @property
    def scope(self) -> str:
        """order, line or customer."""
        return _FIELD.fullmatch(self)[1] or "order"  # type: ignore[index]

    @property
    def key(self) -> str:
        """The field's key."""
        return _FIELD.fullmatch(self)[2]  # type: ignore[index]


AnyColumn = Column | Extra

_FIELD = re.compile(rf"ext\.(?:(order|line|customer)\.)?({KEY})")


def extra_column(name: str) -> Extra | None:
    """The merchant's own column of this name; None for a name that no such column has."""
    bare = unicodedata.normalize("NFKC", name).strip().lower()
    return Extra(bare) if _FIELD.fullmatch(bare) else None


def of_a_line(column: AnyColumn) -> bool:
    """Whether a column says something of one line."""
    return column.scope == "line" if isinstance(column, Extra) else column in OF_A_LINE


OF_A_LINE = frozenset(
    {
        Column.LINE_NO,
        Column.SKU,
        Column.TITLE,
        Column.QUANTITY,
        Column.UNIT_PRICE,
        Column.LINE_AMOUNT,
        Column.GIFT,
        Column.GIFT_OF,
        Column.WARRANTY_MONTHS,
    }
)
"""Columns that say something of one line; all others are the order's own."""
REQUIRED = (
    Column.ORDER_NO,
    Column.PLACED_AT,
    Column.SKU,
    Column.QUANTITY,
    Column.UNIT_PRICE,
    Column.RECEIVER_NAME,
    Column.RECEIVER_PHONE,
    Column.DETAIL,
)
HEADER_WITHIN = 20
"""In so many rows from the top a header is looked for: people put titles above it."""

_TABLE: dict[str, Any] = json.loads((Path(__file__).parent / "aliases.json").read_text(encoding="utf-8"))
_ALIASES: Mapping[str, Mapping[str, Sequence[str]]] = _TABLE["columns"]
WORDS: Mapping[str, Mapping[str, Sequence[str]]] = _TABLE["words"]
"""What people write for a status, terms, a requirement, yes and no: our word to theirs."""

_EXTRA = re.compile(r"\((?:元|yuan|rmb|cny|必填|选填|required|optional)\)")
_BLANKS = re.compile(r"[\s_\-*:]+")


def normalised(name: str) -> str:
    """A header or word as it is compared: widths, case, blanks and remarks like (元) or (必填) make no difference.

    (分) does: an amount in fen must not pass for yuan.
    """
    return _BLANKS.sub("", _EXTRA.sub("", unicodedata.normalize("NFKC", name).casefold()))


_BY_NAME = {
    normalised(alias): Column(column)
    for column, names in _ALIASES.items()
    for alias in (column, *names["zh"], *names["en"])
}


def column_name(column: Column) -> str:
    """What a column is called in the template, in the language of this process."""
    return _ALIASES[column][language()][0]


@dataclass(frozen=True)
class Header:
    """The header of a table: in which row, which place holds which column, and how the columns are called there."""

    row: int
    width: int
    places: Mapping[int, AnyColumn]
    names: Mapping[AnyColumn, str]
    unknown: tuple[str, ...]
    """Columns that mean nothing here, and are left alone."""

    def name(self, column: AnyColumn) -> str:
        """What the file calls a column; one that it does not have, as the template does."""
        return self.names.get(column) or (column if isinstance(column, Extra) else column_name(column))


def find_header(sheet: str, row: int, cells: Sequence[str]) -> Header | None:
    """The header, if these cells are one: two columns or more that are known, and an order number among them.

    Raises DocumentUnreadable, in words, for a header with two columns of one meaning, or without a required one.
    """
    places: dict[int, AnyColumn] = {}
    names: dict[AnyColumn, str] = {}
    for place, cell in enumerate(cells):
        column = _BY_NAME.get(normalised(cell)) or extra_column(cell)
        if column is None:
            continue
        if column in names:
            two = text("import.file.two_columns", sheet=sheet, one=names[column], other=cell.strip())
            raise DocumentUnreadable(SOURCE, two)
        places[place], names[column] = column, cell.strip()
    if Column.ORDER_NO not in names or len(names) < 2:
        return None
    missing = [column_name(column) for column in REQUIRED if column not in names]
    if missing:
        raise DocumentUnreadable(SOURCE, text("import.file.no_column", sheet=sheet, columns=", ".join(missing)))
    unknown = tuple(cell.strip() for place, cell in enumerate(cells) if place not in places and cell.strip())
    return Header(row, len(cells), places, names, unknown)


def known_names(cells: Sequence[str]) -> int:
    """How many of these cells are the name of a column."""
    return sum(normalised(cell) in _BY_NAME for cell in cells)


def meaning(kind: str, written: str) -> str | None:
    """Our word for what somebody wrote; None for a word that is not known."""
    wanted = normalised(written)
    for ours, theirs in WORDS[kind].items():
        if wanted in {normalised(word) for word in (ours, *theirs)}:
            return ours
    return None


def words_for(kind: str) -> str:
    """The words that may be used, for whoever used another: one for each of ours."""
    shown = [theirs[0] if language() == "zh" else next(filter(str.isascii, theirs)) for theirs in WORDS[kind].values()]
    return ", ".join(shown)

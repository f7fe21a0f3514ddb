"""The rows of one order → the order, by the same rules as the REST API, or what is wrong with which cell. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.files import cells
from connectors.files.cells import Cell, CellError, Parse
from connectors.files.columns import REQUIRED, AnyColumn, Column, Extra, Header
from connectors.files.problems import Problem
from connectors.files.scratch import FileRow
from connectors.rest import Caller, Refused
from connectors.rest.intake import read_order
from domain.money import format_yuan
from domain.order import Order

T = TypeVar("T")

MAX_LINES = 1000


@dataclass(frozen=True)
class FileOrder:
    """A good order. Without a version of its own (`versioned`), its content decides which version it is."""

    order: Order
    versioned: bool
    lines: int
    sheet: str
    row: int
    """Where it begins."""


@dataclass(frozen=True)
class Unusable:
    """An order that is not taken."""

    order_no: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Line:
    """One line as its row has it. Money in fen, for the whole line."""

    row: FileRow
    line_no: str
    sku: str
    title: str
    quantity: int
    price: int
    amount: int | None
    gift: bool
    gift_of: str | None
    warranty: int
    ext: dict[str, str]

    @property
    def gross(self) -> int:
        return self.quantity * self.price


@dataclass(frozen=True)
class _Sums:
    """What the order cost, in fen, and whether the lines' amounts are what was paid for them."""

    goods: int
    freight: int
    discount: int
    paid: int
    lines_are_net: bool


def read_file_order(
    order_no: str, rows: Sequence[FileRow], sheets: Sequence[tuple[str, Header]], caller: Caller
) -> FileOrder | Unusable:
    """One order out of its rows. `sheets` are the tables that rows name."""
    return _Reading(order_no, rows, sheets, caller).order()


class _Reading:
    """Reads one order, and collects all that is wrong with it before it gives up."""

    def __init__(
        self, order_no: str, rows: Sequence[FileRow], sheets: Sequence[tuple[str, Header]], caller: Caller
    ) -> None:
        self._order_no = order_no
        self._rows = rows
        self._sheets = sheets
        self._caller = caller
        self._problems: list[Problem] = []

    def order(self) -> FileOrder | Unusable:
        """The order, or what is wrong with it."""
        if len(self._rows) > MAX_LINES:
            self._complain(self._rows[MAX_LINES], None, "import.too_many_lines", limit=MAX_LINES)
            return self._unusable()
        head = self._head()
        lines = self._lines()
        sums = self._sums(head, lines) if not self._problems else None
        if sums is None:
            return self._unusable()
        versioned = head["version"] is not None
        ext = {scope: self._extras(scope) for scope in ("order", "customer")}
        if self._problems:
            return self._unusable()
        wire = _wire(head, lines, sums, self._order_no, self._caller)
        wire["ext"], wire["customer"]["ext"] = ext["order"], ext["customer"]
        order = read_order(wire, self._caller)
        if isinstance(order, Refused):
            row, column = self._place(order.field, lines)
            self._complain(row, column, "import.refused", why=order.message)
            return self._unusable()
        first = self._rows[0]
        return FileOrder(order, versioned, len(lines), self._sheets[first.sheet][0], first.row)

    def _unusable(self) -> Unusable:
        return Unusable(self._order_no, tuple(self._problems))

    # -------------------------------------------------------------------------------------- the order's own columns

    def _head(self) -> dict[str, Any]:
        own: dict[str, Any] = {
            "order_no": self._own(Column.ORDER_NO, cells.identifier),
            "version": self._own(Column.VERSION, cells.whole_number),
            "status": self._own(Column.STATUS, cells.one_of("status")),
            "placed_at": self._own(Column.PLACED_AT, cells.moment),
            "paid_at": self._own(Column.PAID_AT, cells.moment),
            "freight": self._own(Column.FREIGHT, cells.money),
            "discount": self._own(Column.DISCOUNT, cells.money),
            "paid": self._own(Column.PAID, cells.money),
            "phone": self._own(Column.RECEIVER_PHONE, cells.identifier),
            "customer_id": self._own(Column.CUSTOMER_ID, cells.identifier),
            "member_code": self._own(Column.MEMBER_CODE, cells.identifier),
            "tax_no": self._own(Column.TAX_NO, cells.identifier),
            "terms": self._own(Column.TERMS, cells.one_of("terms")),
            "requirements": self._own(Column.REQUIREMENTS, cells.some_of("requirements")),
        }
        for column in (
            *(Column.RECEIVER_NAME, Column.PROVINCE, Column.CITY, Column.DISTRICT, Column.TOWN, Column.DETAIL),
            *(Column.CUSTOMER_NAME, Column.BUYER_NOTE, Column.SELLER_NOTE),
        ):
            own[column.value] = self._own(column, cells.words) or ""
        if not (own["customer_id"] or own["member_code"] or own["tax_no"]):
            self._complain(self._rows[0], Column.CUSTOMER_ID, "import.customer")
        return own

    def _own(self, column: AnyColumn, parse: Parse[T]) -> T | None:
        """The value of an order's own column, which all rows that have one must agree on."""
        first: FileRow | None = None
        for row in self._rows:
            cell = row.cells.get(column)
            if cell is None:
                continue
            if first is None:
                first = row
            elif cell != first.cells[column] and not _same(cell, first.cells[column], parse):
                self._complain(row, column, "import.differs", row=first.row)
                return None
        if first is None:
            if column in REQUIRED:
                self._complain(self._rows[0], column, "import.missing")
            return None
        return self._parsed(first, column, parse)

    def _extras(self, scope: str) -> dict[str, str]:
        """The merchant's own fields of the order, or of its customer."""
        columns = dict.fromkeys(column for row in self._rows for column in _extras_in(row, scope))
        return {column.key: self._own(column, cells.identifier) or "" for column in columns}

    # ------------------------------------------------------------------------------------------------------ lines

    def _lines(self) -> list[_Line]:
        lines: list[_Line] = []
        main: str | None = None
        for n, row in enumerate(self._rows, start=1):
            gift_of = self._of(row, Column.GIFT_OF, cells.identifier)
            gift = gift_of is not None or self._of(row, Column.GIFT, cells.one_of("gift")) == "yes"
            sku = self._of(row, Column.SKU, cells.identifier)
            price = self._of(row, Column.UNIT_PRICE, cells.money)
            line = _Line(
                row=row,
                line_no=self._of(row, Column.LINE_NO, cells.identifier) or str(n),
                sku=sku or "",
                title=self._of(row, Column.TITLE, cells.words) or sku or "",
                quantity=self._of(row, Column.QUANTITY, cells.whole_number) or 0,
                price=0 if gift else price or 0,
                amount=None if gift else self._of(row, Column.LINE_AMOUNT, cells.money),
                gift=gift,
                gift_of=(gift_of or main) if gift else None,
                warranty=self._of(row, Column.WARRANTY_MONTHS, cells.whole_number) or 0,
                ext={column.key: self._of(row, column, cells.identifier) or "" for column in _extras_in(row, "line")},
            )
            for column in (Column.SKU, Column.QUANTITY, *(() if gift else (Column.UNIT_PRICE,))):
                if column not in row.cells:
                    self._complain(row, column, "import.missing")
            if gift and line.gift_of is None:
                self._complain(row, Column.GIFT, "import.gift_first")
            if line.amount is not None and line.amount > line.gross:
                self._complain(row, Column.LINE_AMOUNT, "import.line_amount", yuan=format_yuan(line.gross))
            if not gift:
                main = line.line_no
            lines.append(line)
        return lines

    def _of(self, row: FileRow, column: AnyColumn, parse: Parse[T]) -> T | None:
        return self._parsed(row, column, parse) if column in row.cells else None

    # ------------------------------------------------------------------------------------------------------- money

    def _sums(self, head: Mapping[str, Any], lines: Sequence[_Line]) -> _Sums | None:
        """What is given must fit together, what is not follows from the rest."""
        goods, freight = sum(line.gross for line in lines), head["freight"] or 0
        discount, paid = head["discount"], head["paid"]
        priced = [line for line in lines if line.amount is not None]
        if discount is None:
            given_off = sum(line.gross - (line.amount or 0) for line in priced)
            discount = given_off if paid is None else max(goods + freight - paid, 0)
        due = goods + freight - discount
        if due < 0:
            self._complain(self._row_of(Column.DISCOUNT), Column.DISCOUNT, "import.discount")
            return None
        if paid is not None and paid != due:
            self._complain(self._row_of(Column.PAID), Column.PAID, "import.sum", yuan=format_yuan(due))
            return None
        # An amount column says quantity × price, or what was left of it: with a discount in it, it is the latter.
        net = any(line.amount != line.gross for line in priced)
        all_priced = len(priced) == sum(not line.gift for line in lines)
        if net and all_priced and sum(line.amount or 0 for line in priced) != due - freight:
            words = format_yuan(max(due - freight, 0))
            self._complain(priced[0].row, Column.LINE_AMOUNT, "import.line_sum", yuan=words)
            return None
        return _Sums(goods, freight, discount, due, net)

    def _row_of(self, column: AnyColumn) -> FileRow:
        return next((row for row in self._rows if column in row.cells), self._rows[0])

    # ------------------------------------------------------------------------------------------------- what is wrong

    def _parsed(self, row: FileRow, column: AnyColumn, parse: Parse[T]) -> T | None:
        cell: Cell = row.cells[column]
        try:
            return parse(cell)
        except CellError as error:
            self._complain(row, column, error.key, **error.params)
            return None

    def _complain(self, at: FileRow, column: AnyColumn | None, key: str, /, **params: str | int) -> None:
        sheet, header = self._sheets[at.sheet]
        name = header.name(column) if column is not None else ""
        problem = Problem(sheet, at.row, name, key, params, self._order_no)
        if problem not in self._problems:
            self._problems.append(problem)

    def _place(self, field: str, lines: Sequence[_Line]) -> tuple[FileRow, AnyColumn | None]:
        """Where the REST protocol's field stands in the file."""
        own = re.fullmatch(r"(?:lines\[(\d+)\]\.|(customer)\.)?ext\.(\w+)", field)
        if own is not None:
            scope = "line" if own[1] else own[2] or "order"
            at = lines[int(own[1])].row if own[1] else None
            named = [(row, column) for row in self._rows for column in _extras_in(row, scope) if column.key == own[3]]
            return next(((row, column) for row, column in named if at in (None, row)), (self._rows[0], None))
        match = re.fullmatch(r"lines\[(\d+)\](?:\.(\w+))?", field)
        if match is not None:
            return lines[int(match[1])].row, _LINE_FIELDS.get(match[2] or "")
        column = _FIELDS.get(field)
        return (self._row_of(column) if column is not None else self._rows[0]), column


def _extras_in(row: FileRow, scope: str) -> list[Extra]:
    return [column for column in row.cells if isinstance(column, Extra) and column.scope == scope]


def _same(one: Cell, other: Cell, parse: Parse[T]) -> bool:
    """Whether two cells say the same, as 9.9 and 9.90 do."""
    try:
        return parse(one) == parse(other)
    except CellError:
        return False


_LINE_FIELDS: Mapping[str, Column] = {
    "line_no": Column.LINE_NO,
    "sku": Column.SKU,
    "title": Column.TITLE,
    "quantity": Column.QUANTITY,
    "unit_price_fen": Column.UNIT_PRICE,
    "amount_fen": Column.LINE_AMOUNT,
    "gift_of": Column.GIFT_OF,
    "warranty_months": Column.WARRANTY_MONTHS,
}
_FIELDS: Mapping[str, Column] = {
    "order_no": Column.ORDER_NO,
    "version": Column.VERSION,
    "status": Column.STATUS,
    "placed_at": Column.PLACED_AT,
    "paid_at": Column.PAID_AT,
    "lines": Column.LINE_AMOUNT,
    "amounts.goods_fen": Column.UNIT_PRICE,
    "amounts.freight_fen": Column.FREIGHT,
    "amounts.discount_fen": Column.DISCOUNT,
    "amounts.paid_fen": Column.PAID,
    "receiver.name": Column.RECEIVER_NAME,
    "receiver.phone": Column.RECEIVER_PHONE,
    "receiver.province": Column.PROVINCE,
    "receiver.city": Column.CITY,
    "receiver.district": Column.DISTRICT,
    "receiver.town": Column.TOWN,
    "receiver.detail": Column.DETAIL,
    "customer.id": Column.CUSTOMER_ID,
    "customer.name": Column.CUSTOMER_NAME,
    "customer.member_code": Column.MEMBER_CODE,
    "customer.tax_no": Column.TAX_NO,
    "customer.terms": Column.TERMS,
    "buyer_note": Column.BUYER_NOTE,
    "seller_note": Column.SELLER_NOTE,
    "requirements": Column.REQUIREMENTS,
}


def _wire(
    head: Mapping[str, Any], lines: Sequence[_Line], sums: _Sums, order_no: str, caller: Caller
) -> dict[str, Any]:
    """The order as a shop would send it over the REST API."""
    return {
        "channel": caller.channel.value,
        "shop": caller.shop,
        "order_no": order_no,
        "version": head["version"] or 0,
        "status": head["status"] or ("paid" if head["paid_at"] else "unpaid"),
        "placed_at": head["placed_at"],
        "paid_at": head["paid_at"],
        "lines": [
            {
                "line_no": line.line_no,
                "sku": line.sku,
                "title": line.title,
                "quantity": line.quantity,
                "unit_price_fen": line.price,
                "amount_fen": 0 if line.gift else line.amount if sums.lines_are_net else None,
                "gift_of": line.gift_of,
                "warranty_months": line.warranty,
                "ext": line.ext,
            }
            for line in lines
        ],
        "amounts": {
            "goods_fen": sums.goods,
            "freight_fen": sums.freight,
            "discount_fen": sums.discount,
            "paid_fen": sums.paid,
        },
        "receiver": {
            "name": head["receiver_name"],
            "phone": head["phone"] or "",
            **{part: head[part] for part in ("province", "city", "district", "town", "detail")},
        },
        "customer": {
            "id": head["customer_id"] or head["member_code"] or head["tax_no"],
            "name": head["customer_name"],
            "member_code": head["member_code"] or "",
            "tax_no": head["tax_no"] or "",
            "terms": head["terms"] or "PREPAID",
        },
        "buyer_note": head["buyer_note"],
        "seller_note": head["seller_note"],
        "requirements": head["requirements"] or [],
    }

"""What finance gets: rows of order lines, refunds, consignments and fields, and a summary that balances with them.

Every amount is a whole number of fen. The lines of an order sum to the order: what its document says is divided, and
what cannot be divided (a document that does not add up) is a row of its own. Nothing here says who bought.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from enum import StrEnum
from typing import Any

from domain.amounts import adds_up
from domain.clock import BEIJING
from domain.money import format_yuan, split
from domain.order import ChannelStatus, Order
from domain.refund import Refund, RefundKind, RefundStatus
from domain.tax import Rate, taxes
from domain.texts import text

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Sheet(StrEnum):
    """The tables of an export."""

    SUMMARY = "summary"
    LINES = "lines"
    REFUNDS = "refunds"
    CONSIGNMENTS = "consignments"
    FIELDS = "fields"


class BadPeriod(ValueError):
    """No period that there can be, in words."""


@dataclass(frozen=True)
class Period:
    """Days in Beijing, `until` not among them; of one channel or shop where that is named."""

    since: date
    until: date
    channel: str = ""
    shop: str = ""

    @property
    def begins(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.since, clock_time.min, BEIJING)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.until, clock_time.min, BEIJING)

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment is in it."""
        return moment is not None and self.begins <= moment < self.ends

    def words(self) -> str:
        """As people read it: both days are in it."""
        return text("finance.period", first=self.since, last=self.until - timedelta(days=1))


def period(since: str, until: str, channel: str = "", shop: str = "") -> Period:
    """A period as people write it: `2026-11-01`, `2026-12-01`. Raises BadPeriod."""
    found = Period(_day(since), _day(until), channel, shop)
    if found.until <= found.since:
        raise BadPeriod(text("finance.bad.order", first=since, until=until))
    return found


def _day(written: str) -> date:
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise BadPeriod(text("finance.bad.day", day=written[:20]))


@dataclass(frozen=True)
class Head:
    """What every row says of its order."""

    order_id: str
    channel: str
    shop: str
    channel_order_no: str


@dataclass(frozen=True)
class LineRow:
    """A line of an order that was paid in the period, as it was bought. paid = goods - discount + freight, and
    discount = platform + shop_bears + unattributed. Money in fen."""

    head: Head
    paid_at: datetime
    state: str
    line_no: str
    """"" for what could not be divided over the lines."""
    sku: str
    quantity: int
    goods_fen: int
    discount_fen: int
    platform_fen: int
    """What the platform bears of the discount."""
    shop_bears_fen: int
    unattributed_fen: int
    """Discount that no promotion of ours explains: the document alone says it."""
    promotions: str
    freight_fen: int
    paid_fen: int
    tax_percent: str
    tax_fen: int | None
    """In what was paid; None: not reckoned yet."""
    invoice_type: str


@dataclass(frozen=True)
class RefundLineRow:
    """A refund whose newest status came in the period."""

    head: Head
    refund_id: str
    refund_kind: str
    refund_status: str
    refund_lines: str
    amount_fen: int
    """What the buyer asks for."""
    refunded_fen: int
    """What they got: 0 while they have not, or when it is an exchange."""
    asked_at: datetime
    came_at: datetime


@dataclass(frozen=True)
class ConsignmentLine:
    """A consignment whose last parcel left in the period."""

    head: Head
    state: str
    consignment: int
    warehouse: str
    parcels: int
    couriers: str
    waybills: str
    freight_estimate_fen: int
    """Its share of what the routing reckoned for the order."""
    shipped_at: datetime
    signed_at: datetime | None
    """When the last of its parcels was signed for; None while one is not."""
    invoice_type: str
    terms: str
    invoice_at: datetime | None
    invoice_fen: int | None
    """What may be invoiced since then; None where no moment is kept (consumers' orders)."""
    invoice_due_at: datetime | None
    invoice_voided_at: datetime | None
    credit_released_fen: int
    """What it gave back of the credit that its order had reserved."""
    credit_used_fen: int
    """What its customer owes for it."""


@dataclass(frozen=True)
class FieldLine:
    """A value of a field whose definition says that finance needs it."""

    head: Head
    paid_at: datetime
    scope: str
    line_no: str
    key: str
    title: str
    value: str
    supplied_at: datetime | None
    """When it was handed in afterwards; None: it came with the order."""


@dataclass
class DayRow:
    """What a day of a shop comes to. Each figure is the sum of the rows of that day: orders and fields by the day of
    payment (a field that was handed in later, by that day), refunds and consignments by theirs."""

    channel: str
    shop: str
    day: str
    orders: int = 0
    quantity: int = 0
    goods_fen: int = 0
    discount_fen: int = 0
    platform_fen: int = 0
    shop_bears_fen: int = 0
    unattributed_fen: int = 0
    freight_fen: int = 0
    paid_fen: int = 0
    cancelled_fen: int = 0
    """Of what was paid: for orders that are cancelled by now."""
    tax_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    consignments: int = 0
    freight_estimate_fen: int = 0
    invoice_fen: int = 0
    """What may be invoiced, without what was voided since."""
    credit_released_fen: int = 0
    credit_used_fen: int = 0
    values: int = 0
    """Of fields."""

    def add(self, **figures: int | None) -> None:
        """Count so much more."""
        for name, more in figures.items():
            setattr(self, name, getattr(self, name) + (more or 0))


@dataclass
class Summary:
    """Counts rows as they are written, by channel, shop and day."""

    cancelled: str = ""
    """How the rows say that an order is cancelled."""
    _days: dict[tuple[str, str, str], DayRow] = field(default_factory=dict)

    def lines(self, rows: Sequence[LineRow]) -> None:
        """The lines of one order."""
        for n, row in enumerate(rows):
            off = row.paid_fen if row.state == self.cancelled else 0
            self._of(row.head, row.paid_at).add(
                orders=1 if n == 0 else 0, cancelled_fen=off, **_figures(row, _OF_LINES)
            )

    def refund(self, row: RefundLineRow) -> None:
        """A refund."""
        self._of(row.head, row.came_at).add(refunds=1, refunded_fen=row.refunded_fen)

    def consignment(self, row: ConsignmentLine) -> None:
        """A consignment."""
        invoiced = row.invoice_fen if row.invoice_voided_at is None else 0
        self._of(row.head, row.shipped_at).add(consignments=1, invoice_fen=invoiced, **_figures(row, _OF_CONSIGNMENTS))

    def value(self, row: FieldLine, of: Period) -> None:
        """A field's value."""
        day = row.paid_at if of.holds(row.paid_at) or row.supplied_at is None else row.supplied_at
        self._of(row.head, day).add(values=1)

    def days(self) -> list[DayRow]:
        """Every day, by channel, shop and day."""
        return [self._days[key] for key in sorted(self._days)]

    def total(self) -> DayRow:
        """All of them together."""
        found = DayRow(text("finance.total"), "", "")
        for row in self._days.values():
            found.add(**{name: getattr(row, name) for name in _SUMS})
        return found

    def _of(self, head: Head, moment: datetime) -> DayRow:
        day = moment.astimezone(BEIJING).date().isoformat()
        return self._days.setdefault((head.channel, head.shop, day), DayRow(head.channel, head.shop, day))


_OF_LINES = (
    *("quantity", "goods_fen", "discount_fen", "platform_fen", "shop_bears_fen", "unattributed_fen", "freight_fen"),
    *("paid_fen", "tax_fen"),
)
_OF_CONSIGNMENTS = ("freight_estimate_fen", "credit_released_fen", "credit_used_fen")
_SUMS = tuple(one.name for one in fields(DayRow) if one.name not in {"channel", "shop", "day"})


def _figures(row: object, names: Iterable[str]) -> dict[str, int | None]:
    return {name: getattr(row, name) for name in names}


@dataclass(frozen=True)
class Sale:
    """An order that was paid, as it was bought, and what was reckoned about it."""

    head: Head
    order: Order
    paid_at: datetime
    state: str
    priced: Mapping[str, Any] | None
    """Its price by our promotions (rules.baskets.priced_facts); None: not reckoned."""
    permilles: Mapping[str, int]
    """The tax rate of each line that one is known of."""
    invoice_type: str


def lines_of(sale: Sale) -> list[LineRow]:
    """The rows of an order. Their sums are the order's own amounts, to the fen."""
    order = sale.order
    amounts = order.amounts
    weights = [max(line.amount_fen, 0) for line in order.lines]
    freight = split(amounts.freight_fen, weights) if order.lines else []
    taxed = _taxes(sale)
    rows = []
    for line, share in zip(order.lines, freight, strict=True):
        goods = line.quantity * line.unit_price_fen
        borne = _borne(sale, line.line_no, goods, goods - line.amount_fen)
        rows.append(
            LineRow(
                head=sale.head,
                paid_at=sale.paid_at,
                state=sale.state,
                line_no=line.line_no,
                sku=line.sku,
                quantity=line.quantity,
                goods_fen=goods,
                discount_fen=goods - line.amount_fen,
                platform_fen=borne.platform_fen,
                shop_bears_fen=borne.shop_fen,
                unattributed_fen=borne.unattributed_fen,
                promotions=borne.words,
                freight_fen=share,
                paid_fen=line.amount_fen + share,
                tax_percent=_percent(sale.permilles.get(line.line_no)),
                tax_fen=taxed.get(line.line_no),
                invoice_type=sale.invoice_type,
            )
        )
    goods = amounts.goods_fen - sum(row.goods_fen for row in rows)
    freight_left = amounts.freight_fen - sum(row.freight_fen for row in rows)
    paid = amounts.paid_fen - sum(row.paid_fen for row in rows)
    if rows and not (goods or freight_left or paid):
        return rows
    off = goods + freight_left - paid
    rest = LineRow(
        *(sale.head, sale.paid_at, sale.state, "", "", 0, goods, off, 0, 0, off, text("finance.undivided")),
        *(freight_left, paid, "", None, sale.invoice_type),
    )
    return [*rows, rest]


@dataclass(frozen=True)
class _Borne:
    platform_fen: int
    shop_fen: int
    unattributed_fen: int
    words: str


def _borne(sale: Sale, line_no: str, goods: int, off: int) -> _Borne:
    """Who bears what was taken off a line. Our promotions say so where they come to the same as the document; where its
    amounts hold what the platform pays (it is no discount to the shop), what is off is the shop's."""
    priced = sale.priced or {}
    ours = next((one for one in priced.get("lines", ()) if one["line_no"] == line_no), None)
    if off == 0 or ours is None or ours["list_fen"] != goods:
        return _Borne(0, 0, off, "")
    if off == ours["off_fen"]:
        platform = int(ours["platform_fen"])
    elif off == ours["shop_fen"]:
        platform = 0
    else:
        return _Borne(0, 0, off, "")
    steps = [(step["code"], step["lines"].get(line_no, 0)) for step in priced["steps"]]
    said = "；".join(f"{code} {format_yuan(fen)}" for code, fen in steps if fen)
    return _Borne(platform, off - platform, 0, said)


def _taxes(sale: Sale) -> dict[str, int]:
    """The tax in each line, at the rates that were kept of its order; nothing while one of them is not known."""
    order = sale.order
    rates = {line.sku: Rate(sale.permilles[line.line_no]) for line in order.lines if line.line_no in sale.permilles}
    if any(line.sku not in rates for line in order.lines) or not adds_up(order):
        return {}
    if order.status is ChannelStatus.CANCELLED:
        order = order.model_copy(update={"status": ChannelStatus.PAID})  # what was paid had tax in it
    return {line.line_no: line.tax_fen for line in taxes(order, rates)}


def _percent(permille: int | None) -> str:
    if permille is None:
        return ""
    whole, rest = divmod(permille, 10)
    return f"{whole}.{rest}" if rest else str(whole)


def refund_row(head: Head, refund: Refund, came_at: datetime) -> RefundLineRow:
    """The row of a refund."""
    got = refund.status is RefundStatus.REFUNDED and refund.kind is not RefundKind.EXCHANGE
    lines = [f"{line.line_no}×{line.quantity}" if line.quantity else line.line_no for line in refund.lines]
    return RefundLineRow(
        head=head,
        refund_id=refund.refund_id,
        refund_kind=text(f"finance.kind.{refund.kind}"),
        refund_status=text(f"finance.status.{refund.status}"),
        refund_lines=", ".join(lines),
        amount_fen=refund.amount_fen,
        refunded_fen=refund.amount_fen if got else 0,
        asked_at=refund.asked_at,
        came_at=came_at,
    )


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

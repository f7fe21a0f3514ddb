"""What the rows come to, by channel, shop and day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from domain.clock import BEIJING
from domain.finance.periods import Period
from domain.finance.rows import ConsignmentLine, DayRow, FieldLine, Head, LineRow, RefundLineRow
from domain.texts import text


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

"""What finance gets: rows of order lines, refunds, consignments and fields, and a summary that balances with them.

Every amount is a whole number of fen. The lines of an order sum to the order: what its document says is divided, and
what cannot be divided (a document that does not add up) is a row of its own. Nothing here says who bought.
"""

from __future__ import annotations

from domain.finance.periods import BadPeriod, Period, period
from domain.finance.rows import ConsignmentLine, DayRow, FieldLine, Head, LineRow, RefundLineRow
from domain.finance.sales import Sale, lines_of, refund_row
from domain.finance.summary import Summary
from domain.finance.tables import ROWS, Cell, Sheet, cells, columns, header, invoice_words, is_money

__all__ = [
    "ROWS",
    "BadPeriod",
    "Cell",
    "ConsignmentLine",
    "DayRow",
    "FieldLine",
    "Head",
    "LineRow",
    "Period",
    "RefundLineRow",
    "Sale",
    "Sheet",
    "Summary",
    "cells",
    "columns",
    "header",
    "invoice_words",
    "is_money",
    "lines_of",
    "period",
    "refund_row",
]

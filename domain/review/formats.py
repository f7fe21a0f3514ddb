"""Whether an order adds up."""

from __future__ import annotations

from typing import Literal

from domain.holds import HoldReason
from domain.order import Order
from domain.review.dossier import Dossier, Flag
from domain.texts import text

FormatCode = Literal[
    "no_lines",
    "line_repeated",
    "quantity",
    "sku_missing",
    "negative",
    "gift_unbound",
    "negative_total",
    "paid_differs",
    "lines_differ",
]
"""All that may not add up."""


def format_check(dossier: Dossier) -> list[Flag]:
    """Whether the order adds up: lines, quantities, and every sum of money to the fen."""
    return [
        Flag(f"format.{code}", HoldReason.FORMAT_INVALID, text(f"format.{code}", **params))
        for code, params in _format_problems(dossier.order)
    ]


def _format_problems(order: Order) -> list[tuple[FormatCode, dict[str, object]]]:
    problems: list[tuple[FormatCode, dict[str, object]]] = []
    amounts = order.amounts
    if not order.lines:
        problems.append(("no_lines", {}))
    line_nos = {line.line_no for line in order.lines}
    if len(line_nos) != len(order.lines):
        problems.append(("line_repeated", {}))
    for line in order.lines:
        if line.quantity <= 0:
            problems.append(("quantity", {"line": line.line_no, "quantity": line.quantity}))
        if not line.sku:
            problems.append(("sku_missing", {"line": line.line_no}))
        if line.amount_fen < 0 or line.unit_price_fen < 0:
            problems.append(("negative", {"line": line.line_no}))
        if line.gift_of is not None and (line.gift_of not in line_nos or line.gift_of == line.line_no):
            problems.append(("gift_unbound", {"line": line.line_no}))
    if min(amounts.goods_fen, amounts.freight_fen, amounts.paid_fen) < 0:
        problems.append(("negative_total", {}))
    expected = amounts.goods_fen + amounts.freight_fen - amounts.discount_fen
    if amounts.paid_fen != expected:
        problems.append(("paid_differs", {"paid": amounts.paid_fen, "expected": expected}))
    of_lines = sum(line.amount_fen for line in order.lines) + amounts.freight_fen
    if order.lines and of_lines != amounts.paid_fen:
        problems.append(("lines_differ", {"lines": of_lines, "paid": amounts.paid_fen}))
    return problems

"""The review: small checks that all run, so that an operator sees every reason at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from domain.address import address_problems
from domain.holds import HoldReason
from domain.money import Fen
from domain.order import ChannelStatus, Order, PaymentTerms
from domain.texts import text


@dataclass(frozen=True)
class Flag:
    """One finding. `code` names it, `hold` is what it opens, `detail` is the operator's sentence."""

    code: str
    hold: HoldReason
    detail: str


Check = Callable[[Order], list[Flag]]


def format_check(order: Order) -> list[Flag]:
    """Whether the order adds up: lines, quantities, and every sum of money to the fen."""
    return [
        Flag(f"format.{code}", HoldReason.FORMAT_INVALID, text(f"format.{code}", **params))
        for code, params in _format_problems(order)
    ]


def address_check(order: Order) -> list[Flag]:
    """Whether a parcel can be sent to the receiver."""
    return [
        Flag(f"address.{problem.code}", HoldReason.ADDRESS_INCOMPLETE, text(f"address.{problem.code}"))
        for problem in address_problems(order.receiver)
    ]


def channel_check(order: Order) -> list[Flag]:
    """Whether the channel lets this order be shipped now."""
    flags = []
    if order.status is ChannelStatus.LOCKED:
        flags.append(Flag("channel.locked", HoldReason.CHANNEL_LOCKED, text("channel.locked")))
    if order.refund_pending:
        flags.append(Flag("channel.refund_pending", HoldReason.REFUND_PENDING, text("channel.refund_pending")))
    return flags


CHECKS: tuple[Check, ...] = (format_check, address_check, channel_check)


def review(order: Order) -> list[Flag]:
    """All flags of all checks, in a stable order."""
    return [flag for check in CHECKS for flag in check(order)]


def needs_credit(order: Order, above: Fen) -> bool:
    """Whether a credit bureau must be asked: account terms, or an amount above the limit (0: never by amount)."""
    return order.customer.terms is not PaymentTerms.PREPAID or (above > 0 and order.amounts.paid_fen > above)


def _format_problems(order: Order) -> list[tuple[str, dict[str, object]]]:
    problems: list[tuple[str, dict[str, object]]] = []
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

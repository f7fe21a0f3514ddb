"""An order's money after its lines changed: whether the split still sums to the fen, and mending it where that is sure.

What was paid is never touched: it is the one sum that money stands behind.
"""

from __future__ import annotations

from domain.money import split
from domain.order import Order


def adds_up(order: Order) -> bool:
    """Lines + freight = paid = goods + freight - discount."""
    amounts = order.amounts
    of_lines = sum(line.amount_fen for line in order.lines) + amounts.freight_fen
    return of_lines == amounts.paid_fen == amounts.goods_fen + amounts.freight_fen - amounts.discount_fen


def recalculated(order: Order) -> Order | None:
    """The order with a split that sums to the fen; None where more than one split could be meant.

    Sure are two cases. The totals agree with each other and with the lines' prices: then the discount is divided anew
    over the paying lines, by largest remainder over quantity times price. Or the lines agree with what was paid: then
    goods are what the lines' prices say, and the discount is what is left.
    """
    if not order.lines or any(line.quantity < 1 or line.unit_price_fen < 0 for line in order.lines):
        return None
    by_totals = _lines_by_totals(order)
    by_lines = _totals_by_lines(order)
    if by_totals is not None and by_lines is not None:
        return None
    return by_totals or by_lines


def _lines_by_totals(order: Order) -> Order | None:
    amounts = order.amounts
    weights = [line.quantity * line.unit_price_fen if line.gift_of is None else 0 for line in order.lines]
    to_divide = amounts.goods_fen - amounts.discount_fen
    if amounts.paid_fen != to_divide + amounts.freight_fen or min(amounts.freight_fen, amounts.discount_fen) < 0:
        return None
    if sum(line.quantity * line.unit_price_fen for line in order.lines) != amounts.goods_fen:
        return None
    if not 0 <= to_divide <= sum(weights):
        return None
    parts = split(to_divide, weights)
    lines = tuple(
        line.model_copy(update={"amount_fen": int(part)}) for line, part in zip(order.lines, parts, strict=True)
    )
    return order.model_copy(update={"lines": lines})


def _totals_by_lines(order: Order) -> Order | None:
    amounts = order.amounts
    if any(line.amount_fen < 0 for line in order.lines) or amounts.freight_fen < 0:
        return None
    if sum(line.amount_fen for line in order.lines) + amounts.freight_fen != amounts.paid_fen:
        return None
    goods = sum(line.quantity * line.unit_price_fen for line in order.lines)
    discount = goods + amounts.freight_fen - amounts.paid_fen
    if discount < 0:
        return None
    return order.model_copy(
        update={"amounts": amounts.model_copy(update={"goods_fen": goods, "discount_fen": discount})}
    )

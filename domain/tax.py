"""The value-added tax that is in what a buyer paid: prices include it, as in China.

Reckoned per rate and divided over the lines, so that the lines sum to the order to the fen. The freight is taxed like
the goods that it is for: each line bears its share of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.amounts import adds_up
from domain.money import split
from domain.order import ChannelStatus, Order


@dataclass(frozen=True)
class Rate:
    """A rate in thousandths, and the rule that says so."""

    permille: int
    rule: str = ""


@dataclass(frozen=True)
class LineTax:
    """The tax in one line. `gross_fen` is what was paid for it, with its share of the freight (`freight_fen`)."""

    line_no: str
    rate: Rate
    gross_fen: int
    freight_fen: int
    tax_fen: int

    @property
    def net_fen(self) -> int:
        """Without the tax."""
        return self.gross_fen - self.tax_fen


def tax_in(gross_fen: int, permille: int) -> int:
    """The tax in an amount that includes it, in fen, rounded half up."""
    whole = 1000 + permille
    return (2 * gross_fen * permille + whole) // (2 * whole)


def taxes(order: Order, rates: Mapping[str, Rate]) -> tuple[LineTax, ...]:
    """The tax of every line, at the rate of its SKU. Nothing of an order that is off, or whose money does not add up.

    A gift was paid with its main line, and so was its tax. Raises KeyError for a SKU without a rate.
    """
    if order.status is ChannelStatus.CANCELLED or not order.lines or not adds_up(order):
        return ()
    if order.amounts.freight_fen < 0 or any(line.amount_fen < 0 for line in order.lines):
        return ()
    if len({line.line_no for line in order.lines}) < len(order.lines):
        return ()
    freight = split(order.amounts.freight_fen, [line.amount_fen for line in order.lines])
    gross = [line.amount_fen + share for line, share in zip(order.lines, freight, strict=True)]
    tax = [0] * len(gross)
    permilles = [rates[line.sku].permille for line in order.lines]
    for permille in sorted(set(permilles)):
        mine = [n for n, one in enumerate(permilles) if one == permille]
        parts = split(tax_in(sum(gross[n] for n in mine), permille), [gross[n] for n in mine])
        for n, part in zip(mine, parts, strict=True):
            tax[n] = part
    return tuple(
        LineTax(line.line_no, rates[line.sku], gross[n], freight[n], tax[n]) for n, line in enumerate(order.lines)
    )

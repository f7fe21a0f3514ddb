"""Rows made of orders and refunds: a sale's lines sum to the order, to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.amounts import adds_up
from domain.finance.rows import Head, LineRow, RefundLineRow
from domain.money import format_yuan, split
from domain.order import ChannelStatus, Order
from domain.refund import Refund, RefundKind, RefundStatus
from domain.tax import Rate, taxes
from domain.texts import text


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

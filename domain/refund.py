"""A buyer's wish for their money back, as the channel has it, and what it does to an order that has not left."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from domain.ids import order_id as make_order_id
from domain.order import Amounts, Channel, ChannelStatus, Model, Order, OrderLine


class RefundStatus(StrEnum):
    """Where a refund stands; a connector maps the channel's own words to these."""

    REQUESTED = "REQUESTED"
    """The buyer asked, or the merchant agreed and goods or money are on their way: not decided for good."""
    REFUNDED = "REFUNDED"
    """The buyer has the money."""
    REFUSED = "REFUSED"
    """The merchant or the platform refused. Some platforms let the buyer ask again: a newer version tells."""
    CLOSED = "CLOSED"
    """The buyer took it back, or let it lapse."""


class RefundKind(StrEnum):
    """What the buyer wants."""

    MONEY = "MONEY"
    """Money only, the goods stay (or have never left)."""
    RETURN = "RETURN"
    """Money against the goods."""
    EXCHANGE = "EXCHANGE"
    """Other goods, a repair, a part sent after: no money."""


class RefundLine(Model):
    """What of an order is refunded. `quantity` None: all of the line."""

    line_no: str
    quantity: int | None = Field(None, ge=1)


class Refund(Model):
    """One refund of one order. `version` grows with every change on the channel's side.

    No `lines`: the whole order. `amount_fen` is what the buyer asks for or got.
    """

    channel: Channel
    shop: str
    channel_order_no: str
    refund_id: str
    version: int = Field(ge=0)
    status: RefundStatus
    kind: RefundKind
    amount_fen: int = Field(ge=0)
    lines: tuple[RefundLine, ...] = ()
    asked_at: AwareDatetime

    @property
    def order_id(self) -> str:
        """The order that it is about."""
        return make_order_id(self.channel, self.shop, self.channel_order_no)


def with_refunds(order: Order, refunds: list[Refund]) -> Order:
    """The order as it must be shipped now: without what was refunded, stopped while a refund is undecided.

    `order` is as the channel sent it, with everything that was bought. Only for orders that have not left: what was
    shipped stays shipped, whatever is paid back. Money still adds up to the fen. The order of the refunds is no matter.
    """
    asked = [refund for refund in refunds if refund.kind is not RefundKind.EXCHANGE]
    for refund in sorted((r for r in asked if r.status is RefundStatus.REFUNDED), key=lambda r: r.refund_id):
        order = _without(order, refund)
    if any(refund.status is RefundStatus.REQUESTED for refund in asked) and order.status is not ChannelStatus.CANCELLED:
        order = order.model_copy(update={"refund_pending": True})
    return order


def _without(order: Order, refund: Refund) -> Order:
    if order.status is ChannelStatus.CANCELLED:
        return order
    lines = _lines_left(order.lines, refund)
    if not any(line.gift_of is None for line in lines):
        return order.model_copy(update={"status": ChannelStatus.CANCELLED})
    if not refund.lines:
        # Money back on an order as a whole, and less than all of it: the goods go out all the same.
        lines = _cheaper(lines, refund.amount_fen)
    return order.model_copy(update={"lines": lines, "amounts": _amounts(lines, order.amounts)})


def _lines_left(lines: tuple[OrderLine, ...], refund: Refund) -> tuple[OrderLine, ...]:
    paid = sum(line.amount_fen for line in lines)
    if not refund.lines:
        return () if refund.amount_fen >= paid else lines
    wanted = {line.line_no: line.quantity for line in refund.lines}
    share = refund.amount_fen
    left: list[OrderLine] = []
    for line in lines:
        if line.line_no not in wanted:
            left.append(line)
            continue
        quantity = wanted[line.line_no]
        back, share = min(share, line.amount_fen), max(0, share - line.amount_fen)
        if quantity is None and back < line.amount_fen:
            left.append(line.model_copy(update={"amount_fen": line.amount_fen - back}))  # part of the price only
        elif quantity is not None and quantity < line.quantity:
            rest = {"quantity": line.quantity - quantity, "amount_fen": line.amount_fen - back}
            left.append(line.model_copy(update=rest))
    there = {line.line_no for line in left if line.gift_of is None}
    return tuple(line for line in left if line.gift_of is None or line.gift_of in there)


def _cheaper(lines: tuple[OrderLine, ...], amount_fen: int) -> tuple[OrderLine, ...]:
    """Take an amount off the lines, the dearest first, none below nothing."""
    left: dict[str, int] = {}
    for line in sorted(lines, key=lambda each: -each.amount_fen):
        back = min(amount_fen, line.amount_fen)
        left[line.line_no], amount_fen = line.amount_fen - back, amount_fen - back
    return tuple(line.model_copy(update={"amount_fen": left[line.line_no]}) for line in lines)


def _amounts(lines: tuple[OrderLine, ...], before: Amounts) -> Amounts:
    goods = sum(line.quantity * line.unit_price_fen for line in lines)
    paid = sum(line.amount_fen for line in lines) + before.freight_fen
    return Amounts(
        goods_fen=goods,
        freight_fen=before.freight_fen,
        discount_fen=goods + before.freight_fen - paid,
        paid_fen=paid,
    )

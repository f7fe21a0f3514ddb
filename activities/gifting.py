"""Gifts that promotions give: added to an order as lines of ours, before it is reviewed."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from activities.healing import Mended
from activities.pricing import reckon
from domain.gifts import GiftStatus, house_line, of_the_house, with_house_gifts
from domain.golden import GoldenState, reached
from domain.order import ChannelStatus, Order, OrderLine
from rules.promotions import how
from store import dossiers, gifts, orders
from store.tables import OrderRow


async def add_gifts(tx: AsyncSession, row: OrderRow, mended: Mended) -> Mended:
    """The order with the gifts that it gets, as a new revision where they are others than it has.

    Only for shops of which the table says so. What is locked already keeps the gifts that were locked with it, whatever
    its channel sends later: channels do not know of them.
    """
    order = mended.order
    if mended.revision != row.revision or order.gift_after or order.status is ChannelStatus.CANCELLED:
        return mended
    if reached(GoldenState(row.state) if row.state else None, GoldenState.STOCK_LOCKED):
        wanted = await _kept(tx, order)
    elif how(order).gifts and order.paid and _sound(order):
        wanted = await _given(tx, order)
    else:
        wanted = []
    with_them = with_house_gifts(order, wanted)
    if row.revision > 1:
        # A document of the channel does not say which of them are off.
        there = {line.line_no for line in with_them.lines}
        kept = {gift.line_no for gift in await gifts.of_order(tx, row.order_id) if of_the_house(gift.line_no)}
        await gifts.take_back(tx, row.order_id, kept - there)
    if with_them is order:
        return mended
    row.signalled_revision = await orders.replace(tx, row, with_them, orders.GIFTS)
    await gifts.follow(tx, with_them)
    return replace(mended, order=with_them, revision=row.revision)


async def _given(tx: AsyncSession, order: Order) -> list[OrderLine]:
    """What the promotions give; what the channel gives already is not given twice."""
    there = {line.sku for line in order.lines if line.gift_of is not None and not of_the_house(line.line_no)}
    given = [gift for gift in (await reckon(tx, order)).gifts if gift.sku not in there]
    known, _ = await dossiers.goods(tx, [gift.sku for gift in given]) if given else ({}, {})
    titles = {article.sku: article.title for article in known.values() if article.title}
    return [
        OrderLine(
            line_no=house_line(gift.code),
            sku=gift.sku,
            title=titles.get(gift.sku, gift.sku),
            quantity=gift.pieces,
            unit_price_fen=0,
            amount_fen=0,
            gift_of=gift.gift_of,
        )
        for gift in given
    ]


async def _kept(tx: AsyncSession, order: Order) -> list[OrderLine]:
    """The gifts of ours that an order has by our own books."""
    titles = {line.line_no: line.title for line in order.lines}
    return [
        OrderLine(
            line_no=kept.line_no,
            sku=kept.sku,
            title=titles.get(kept.line_no, kept.sku),
            quantity=kept.quantity,
            unit_price_fen=0,
            amount_fen=0,
            gift_of=kept.gift_of,
        )
        for kept in await gifts.of_order(tx, order.order_id)
        if of_the_house(kept.line_no) and kept.status != GiftStatus.CANCELLED
    ]


def _sound(order: Order) -> bool:
    return all(line.quantity > 0 and line.unit_price_fen >= 0 for line in order.lines)

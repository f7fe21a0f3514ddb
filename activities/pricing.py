"""An order's price by the promotions in force at its placing, beside what its channel says was paid."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from domain.amounts import adds_up
from domain.order import Order
from domain.promotion import Priced, price
from domain.promotion.comparing import Comparison
from rules.baskets import priced_facts
from rules.promotions import basket, how
from store import orders, prices


async def compare(tx: AsyncSession, order: Order, revision: int, bought: Order | None = None) -> Comparison | None:
    """Both calculations, kept as of a revision; None where this shop's prices are not compared.

    What was bought is compared, as the channel sent it: what is paid back later, or mended, does not change the price
    that was promised. A document that does not add up has no price yet, and a part of a purchase has none of its own.
    `bought` is that document where the caller has read it.
    """
    wanted = how(order)
    if not wanted.check or order.gift_after or order.parent_no:
        return None
    bought = bought or await orders.sent_body(tx, order.order_id) or order
    if not adds_up(bought) or any(line.quantity < 1 or line.unit_price_fen < 0 for line in bought.lines):
        return None
    priced = await reckon(tx, bought)
    found = Comparison(priced, bought.amounts, wanted.compare, wanted.tolerance)
    await prices.keep(tx, order.order_id, revision, found, priced_facts(priced))
    return found


async def reckon(tx: AsyncSession, order: Order) -> Priced:
    """What an order costs by the promotions, its buyer's limits taken into account; what counts is kept for them."""
    bought, offers, layers = basket(order)
    limited = {one.promotion.code for one in offers if one.promotion.per_buyer}
    if not limited:
        return price(bought, offers, layers)
    priced = price(replace(bought, used=await prices.used(tx, order, limited)), offers, layers)
    times = {step.promotion.code: step.times for step in priced.steps if step.promotion.code in limited}
    await prices.keep_uses(tx, order.order_id, times)
    return priced

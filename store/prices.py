"""What orders should have cost by the promotions, and how often their buyers had each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_, select

from domain.clock import utc_now
from domain.golden import Exit
from domain.order import ChannelStatus, Order
from domain.promotion.comparing import Comparison
from store.tables import OrderLinkRow, OrderPriceRow, OrderRow, PromotionUseRow
from store.upsert import insert_or_set

_BUYER = ("member", "buyer")


async def used(tx: AsyncSession, order: Order, codes: Collection[str]) -> dict[str, int]:
    """How often an order's buyer had promotions in earlier orders that still count, by code.

    Orders that were placed at the same moment count in the order of their ids, so that each comes to one answer however
    often it is asked. Who is the same buyer is known by the digests of member and buyer that intake keeps.
    """
    if not codes:
        return {}
    mine = select(OrderLinkRow.digest).where(
        OrderLinkRow.order_id == order.order_id, col(OrderLinkRow.kind).in_(_BUYER)
    )
    theirs = select(OrderLinkRow.order_id).where(
        col(OrderLinkRow.digest).in_(mine), OrderLinkRow.order_id != order.order_id
    )
    earlier = or_(
        col(OrderRow.placed_at) < order.placed_at,
        and_(col(OrderRow.placed_at) == order.placed_at, col(OrderRow.order_id) < order.order_id),
    )
    query = (
        select(PromotionUseRow.code, func.sum(PromotionUseRow.times))
        .join(OrderRow, col(OrderRow.order_id) == col(PromotionUseRow.order_id))
        .where(
            col(PromotionUseRow.order_id).in_(theirs),
            col(PromotionUseRow.code).in_(sorted(codes)),
            or_(col(OrderRow.exit).is_(None), col(OrderRow.exit) != Exit.CANCELLED),
            col(OrderRow.status) != ChannelStatus.CANCELLED,
            earlier,
        )
        .group_by(col(PromotionUseRow.code))
    )
    return {code: int(times) for code, times in (await tx.execute(query)).tuples()}


async def keep_uses(tx: AsyncSession, order_id: str, times: Mapping[str, int]) -> None:
    """How often promotions count in an order, in place of what was kept of it before."""
    await tx.execute(delete(PromotionUseRow).where(col(PromotionUseRow.order_id) == order_id))
    tx.add_all(PromotionUseRow(order_id=order_id, code=code, times=count) for code, count in sorted(times.items()))
    await tx.flush()


async def keep(tx: AsyncSession, order_id: str, revision: int, comparison: Comparison, priced: dict[str, Any]) -> None:
    """Keep an order's price as it was reckoned now."""
    row = {
        "order_id": order_id,
        "revision": revision,
        "expected_fen": comparison.expected_fen,
        "came_fen": comparison.came_fen,
        "differs": comparison.differs,
        "priced": priced,
        "at": utc_now(),
    }
    await insert_or_set(tx, OrderPriceRow, [row])


async def of_order(tx: AsyncSession, order_id: str) -> OrderPriceRow | None:
    """An order's price; None when it was not compared."""
    return await tx.get(OrderPriceRow, order_id)

"""Goods whose numbers will not be valid any more when their order leaves, though they were when it was reviewed."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from activities.ship_day import planned
from domain.clock import BEIJING, utc_now
from domain.declaring import HOME, destination
from domain.golden import GoldenState, reached
from domain.holds import HoldReason
from domain.review import Dossier
from domain.review.compliance import compliance_check
from rules.reviewing import duties
from store import dossiers, orders
from store.tables import OrderRow


async def look_again(tx: AsyncSession, row: OrderRow) -> bool:
    """Have an order reviewed again whose day has moved to where a number of its goods is not valid; one that goes
    abroad in any case, for its declaration hangs on that day. Whether it is. Ask under the lock of `row`."""
    order = await orders.body(tx, row.order_id)
    packed = reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED)
    if packed or row.closed_at is not None or order.gift_after:
        return False
    articles, free = await dossiers.goods(tx, {line.sku for line in order.lines})
    owed, abroad = duties(order, articles), destination(order) != HOME
    if not owed and not abroad:
        return False
    now = utc_now()
    leaves = await planned(tx, order, free, now)
    dossier = Dossier(order, articles, duties=owed, day=now.astimezone(BEIJING).date(), leaves=leaves)
    lapsed = any(flag.hold is HoldReason.COMPLIANCE for flag in compliance_check(dossier))
    if not abroad and (not lapsed or HoldReason.COMPLIANCE in row.holds):
        return False
    await orders.review_again(tx, row)
    return True

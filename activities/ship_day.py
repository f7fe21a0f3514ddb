"""When an order is to leave, as far as the house knows: what must be valid then is looked at for then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.deadlines import judge
from domain.clock import BEIJING
from domain.deadlines import Stage
from domain.order import Order
from domain.review import Leaves
from store import deadlines, planning, promises, stock
from store.tables import StageDeadlineRow


async def planned(tx: AsyncSession, order: Order, free: Mapping[str, int], now: datetime) -> Leaves:
    """The days from which and by which an order is to leave.

    By the promise of its consignments, once its stock is locked; before that by the deadline of shipping, or on the day
    on which purchases bring what is short, if that is later. Today where nothing is known, and never in the past.
    `free` are the pieces of each SKU that no order has locked.
    """
    today = _day(now)
    parts = [part for part in await planning.consignments(tx, order.order_id) if part.status != planning.OFF]
    if parts:
        waits = [await planning.last_awaited(tx, part) if part.status == planning.WAITING else None for part in parts]
        first = min(_day(awaited[0]) if awaited is not None else today for awaited in waits)
        last = [kept.ship_by for kept in await promises.newest(tx, order.order_id) if kept.ship_by is not None]
        return _leaves(today, first, max(map(_day, last), default=first))
    comes = await _comes(tx, order, free)
    first = min((comes.get(line.sku, today) for line in order.lines), default=today)
    by = await _deadline(tx, order, now)
    return _leaves(today, first, max([*comes.values(), *([by] if by is not None else [])], default=today))


def _leaves(today: date, first: date, last: date) -> Leaves:
    first = max(today, first)
    return Leaves(first, max(first, last))


async def _deadline(tx: AsyncSession, order: Order, now: datetime) -> date | None:
    """The day on which the time to ship is up; None where there is no limit."""
    kept = {row.stage: row for row in await deadlines.of_order(tx, order.order_id)}.get(Stage.SHIP)
    if kept is not None and kept.due_at is not None:
        return _day(kept.due_at)
    began = order.clock_start()
    new = StageDeadlineRow(
        order_id=order.order_id, stage=Stage.SHIP, channel=order.channel, began_at=began, next_at=began
    )
    due = judge(new, order, (), now).found.due
    return _day(due) if due is not None else None


async def _comes(tx: AsyncSession, order: Order, free: Mapping[str, int]) -> dict[str, date]:
    """By when purchases that nobody was promised bring enough of what is short. What is never enough is left out."""
    wanted: dict[str, int] = {}
    for line in order.lines:
        wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
    found = {}
    for sku, count in sorted(wanted.items()):
        short = count - max(free.get(sku, 0), 0)
        for purchase in await stock.purchases(tx, sku=sku) if short > 0 else ():
            short -= max(purchase.quantity - purchase.reserved - purchase.received, 0)
            if short <= 0:
                found[sku] = _day(purchase.expected_at)
                break
    return found


def _day(moment: datetime) -> date:
    return moment.astimezone(BEIJING).date()

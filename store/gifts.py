"""Gifts: promised with an order, given when their parcel leaves, off with their main line.

Each change happens in the transaction of what causes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from domain.clock import utc_now
from domain.gifts import GiftStatus, fill, of_the_house
from domain.healing import HealingOutcome, HealingRule
from domain.order import ChannelStatus, Order, OrderLine
from domain.shipping import ScannedItem
from store import healings
from store.healings import Healing
from store.shadows import is_shadow
from store.shipping import parcels
from store.tables import GiftRow, OrderRow, ParcelRow
from store.upsert import insert_ignore


async def promise(tx: AsyncSession, order: Order) -> None:
    """An order is here: its gifts are promised. Not to buyers whom an old system serves."""
    lines = _wanted(order)
    if lines and await is_shadow(tx, order.order_id):
        return
    for line in lines:
        values = {"gift_of": line.gift_of, "sku": line.sku, "quantity": line.quantity, "status": GiftStatus.PENDING}
        key = {"order_id": order.order_id, "line_no": line.line_no}
        await insert_ignore(tx, GiftRow, {**key, **values, "sent_after": "", "updated_at": utc_now()})


async def follow(tx: AsyncSession, order: Order) -> None:
    """An order changed: what is new is promised, what is gone is off, what is there again is promised again.

    A gift that was given stays given, whatever is paid back later.
    """
    await promise(tx, order)
    wanted = {line.line_no: line for line in _wanted(order)}
    there = set() if order.status is ChannelStatus.CANCELLED else {line.line_no for line in order.lines}
    for row in await of_order(tx, order.order_id):
        line = wanted.get(row.line_no)
        if line is None and of_the_house(row.line_no) and row.gift_of in there:
            continue  # the channel cannot name it: the review says what becomes of it
        if row.status == GiftStatus.GIVEN or (line is None and row.status == GiftStatus.CANCELLED):
            continue
        before = row.model_dump()
        row.status = GiftStatus.CANCELLED if line is None else GiftStatus.PENDING
        if line is not None:
            row.sku, row.quantity, row.gift_of = line.sku, line.quantity, line.gift_of or ""
        if row.model_dump() != before:
            row.updated_at = utc_now()
            tx.add(row)


async def take_back(tx: AsyncSession, order_id: str, line_nos: Iterable[str]) -> None:
    """Gifts of ours that an order has not any more."""
    gone = sorted(line_nos)
    if not gone:
        return
    off = update(GiftRow).where(
        col(GiftRow.order_id) == order_id,
        col(GiftRow.line_no).in_(gone),
        col(GiftRow.status) == GiftStatus.PENDING,
    )
    await tx.execute(off.values(status=GiftStatus.CANCELLED, updated_at=utc_now()))


async def call_off(tx: AsyncSession, order_id: str) -> list[Healing]:
    """An order ended before its parcels left: its gifts are off.

    A gift that it was to bring after is still to come; gives what failed by that.
    """
    failed = await _heal(tx, order_id, HealingOutcome.FAILED)
    pending = update(GiftRow).where(col(GiftRow.status) == GiftStatus.PENDING)
    await tx.execute(
        pending.where(col(GiftRow.order_id) == order_id).values(status=GiftStatus.CANCELLED, updated_at=utc_now())
    )
    await tx.execute(pending.where(col(GiftRow.sent_after) == order_id).values(sent_after="", updated_at=utc_now()))
    return failed


async def come_back(tx: AsyncSession, order_id: str) -> list[Healing]:
    """An order did not arrive: its gifts are off with its goods, and a gift that it was to bring is still to come.

    Gives what failed by that.
    """
    failed = await _heal(tx, order_id, HealingOutcome.FAILED)
    changed = update(GiftRow)
    mine = changed.where(col(GiftRow.order_id) == order_id, col(GiftRow.sent_after) == "")
    await tx.execute(mine.values(status=GiftStatus.CANCELLED, updated_at=utc_now()))
    brought = changed.where(col(GiftRow.sent_after) == order_id)
    await tx.execute(brought.values(status=GiftStatus.PENDING, sent_after="", updated_at=utc_now()))
    return failed


async def give(tx: AsyncSession, order: Order) -> list[Healing]:
    """Parcels of an order left: gifts that are in them whole are given.

    Of an order that brings a forgotten gift, the gift of the order before it is given; gives what was healed by that.
    """
    query = select(GiftRow).where(
        GiftRow.status != GiftStatus.GIVEN,
        or_(GiftRow.order_id == order.order_id, GiftRow.sent_after == order.order_id),
    )
    open_ = list((await tx.execute(query)).scalars())
    if not open_:
        return []
    filled, _ = fill(order.lines, _items(p for p in await parcels(tx, order.order_id) if p.told_at is not None))
    complete = all(filled[line.line_no] == line.quantity for line in order.lines)
    healed = await _heal(tx, order.order_id, HealingOutcome.HEALED) if complete else []
    for row in open_:
        brought = row.sent_after == order.order_id
        if complete if brought else not row.sent_after and filled[row.line_no] >= row.quantity:
            row.status, row.updated_at = GiftStatus.GIVEN, utc_now()
            tx.add(row)
    return healed


async def _heal(tx: AsyncSession, order_id: str, outcome: HealingOutcome) -> list[Healing]:
    """What became of the forgotten gift that an order brings."""
    query = select(GiftRow).where(GiftRow.sent_after == order_id)
    kept = []
    for gift in (await tx.execute(query)).scalars():
        healing = Healing(HealingRule.GIFT, order_id, outcome, f"{gift.sku} × {gift.quantity}", order_id)
        if await healings.keep(tx, await tx.get_one(OrderRow, gift.order_id), healing):
            kept.append(healing)
    return kept


async def of_order(tx: AsyncSession, order_id: str) -> list[GiftRow]:
    """An order's gifts."""
    query = select(GiftRow).where(GiftRow.order_id == order_id).order_by(col(GiftRow.line_no))
    return list((await tx.execute(query)).scalars())


def _wanted(order: Order) -> list[OrderLine]:
    if order.status is ChannelStatus.CANCELLED:
        return []
    return [line for line in order.lines if line.gift_of is not None]


def _items(boxes: Iterable[ParcelRow]) -> list[ScannedItem]:
    return [ScannedItem(**item) for box in boxes for item in box.items]

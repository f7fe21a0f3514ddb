"""Purchases on their way: what pre-sale orders and backorders lock, and what becomes of it when the goods are here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from store.stock.claiming import part
from store.stock.moving import begin_pool, count_for_channels, fresh, lock_new, move, moved_before, padded
from store.stock.nouns import Delta, Kind, Movement, Place, StockBroken
from store.stock.reserving import give_up
from store.tables import IncomingRow, ReservationPlanRow, ReservationRow
from store.upsert import insert_ignore


class UnknownPurchase(LookupError):
    """No such purchase, or none that is open."""


class PurchasePromised(ValueError):
    """The purchase cannot be made smaller than what of it is here or promised to orders."""


@dataclass(frozen=True)
class Arrived:
    """What goods that came in did: `fresh` is False when they were booked before.

    `ready` are the orders that wait for no purchase any more, `locked` says what of which order was locked in the
    stock: (order, SKU) to pieces.
    """

    fresh: bool
    ready: tuple[str, ...] = ()
    locked: Mapping[tuple[str, str], int] = field(default_factory=dict)


async def expect(
    tx: AsyncSession, number: str, sku: str, warehouse: str, quantity: int, expected_at: datetime
) -> IncomingRow:
    """Keep one article of a purchase, or what is known better by now of one that is here already.

    Raises PurchasePromised when its quantity would be below what came in or was promised, or its warehouse another one
    while orders wait for it; ValueError for a quantity below one.
    """
    if quantity < 1:
        raise ValueError(f"cannot expect {quantity} of {sku}")
    row = {"number": number, "sku": sku, "warehouse": warehouse, "quantity": quantity, "expected_at": expected_at}
    await insert_ignore(tx, IncomingRow, {**row, "reserved": 0, "received": 0, "status": "open"})
    [kept] = await _lock(tx, number, [sku])
    if quantity < kept.reserved + kept.received:
        raise PurchasePromised(
            f"purchase {number}: {kept.received} of {sku} came in and {kept.reserved} are promised, not {quantity}"
        )
    if warehouse != kept.warehouse and (kept.reserved or kept.received):
        raise PurchasePromised(f"purchase {number}: {sku} is promised out of {kept.warehouse}")
    kept.warehouse, kept.quantity, kept.expected_at = warehouse, quantity, expected_at
    kept.status = "received" if kept.received >= quantity else "open"
    tx.add(kept)
    await tx.flush()
    return kept


async def purchases(tx: AsyncSession, *, sku: str = "", every: bool = False) -> list[IncomingRow]:
    """What is on its way (with `every`, also what is here or called off), the earliest first."""
    query = select(IncomingRow)
    if sku:
        query = query.where(IncomingRow.sku == sku)
    if not every:
        query = query.where(IncomingRow.status == "open")
    row = IncomingRow
    return await fresh(tx, query.order_by(col(row.expected_at), col(row.number), col(row.sku)))


async def receive_incoming(
    tx: AsyncSession, number: str, goods: Mapping[str, int], key: str, who: str, *, now: datetime | None = None
) -> Arrived:
    """Goods of a purchase came in, as the delivery note `key` says: SKU to good pieces.

    In the same transaction they are locked for the orders that wait for them, who waited longest first, as far as they
    go. More than was expected may come. Raises UnknownPurchase, ValueError for a quantity below one.
    """
    if not goods or any(quantity < 1 for quantity in goods.values()):
        raise ValueError("goods that came in are at least one piece")
    at = now or utc_now()
    expected = {row.sku: row for row in await _lock(tx, number, goods)}
    if missing := sorted(goods.keys() - expected.keys()):
        raise UnknownPurchase(f"purchase {number} has no {', '.join(missing)}")
    waiting = await _waiting(tx, number, goods)
    locked: Counter[tuple[str, str]] = Counter()
    moved = False
    for sku in sorted(goods):
        row, place = expected[sku], (sku, expected[sku].warehouse)
        movement = Movement(f"incoming/{number}/{key}", f"purchase {number}, delivery note {key}", who)
        await lock_new(tx, place)
        if await moved_before(tx, movement, place):
            continue
        moved = True
        await move(tx, place, Delta(on_hand=goods[sku]), movement, Kind.RECEIVE)
        await _hand_out(tx, row, [one for one in waiting if one.sku == sku], goods[sku], who, at, locked)
    if not moved:
        return Arrived(False)
    channels = await _channels(tx, {order_id for order_id, _ in locked})
    await begin_pool(tx, goods)
    changes: Counter[tuple[str, str]] = Counter()
    for (order_id, sku), quantity in locked.items():
        changes[sku, channels[order_id]] += quantity
    await count_for_channels(tx, {pair: (quantity, 0) for pair, quantity in changes.items()})
    return Arrived(True, await _ready(tx, {order_id for order_id, _ in locked}), locked)


async def call_off(tx: AsyncSession, number: str, sku: str, who: str) -> tuple[str, ...]:
    """What has not come of a purchase's article will not come. Returns the orders that waited for it.

    They lose what they had locked of it, and must be planned again. Raises UnknownPurchase.
    """
    row = ReservationRow
    query = select(row.order_id).where(row.incoming_no == number, row.sku == sku, row.status == "awaiting").distinct()
    orders = sorted((await tx.execute(query)).scalars())
    for order_id in orders:
        await give_up(tx, order_id, number, sku, who)
    found = await _lock(tx, number, [sku])
    if not found:
        raise UnknownPurchase(f"there is no purchase {number} of {sku}")
    purchase = found[0]
    if purchase.reserved:
        raise StockBroken(f"purchase {number}: {purchase.reserved} of {sku} are promised to orders that do not say so")
    purchase.status = "cancelled"
    tx.add(purchase)
    await tx.flush()
    return tuple(orders)


async def _lock(tx: AsyncSession, number: str, skus: Iterable[str]) -> list[IncomingRow]:
    row = IncomingRow
    query = select(row).where(row.number == number, col(row.sku).in_(padded(skus)))
    return await fresh(tx, query.order_by(col(row.number), col(row.sku)).with_for_update())


async def _waiting(tx: AsyncSession, number: str, skus: Iterable[str]) -> list[ReservationRow]:
    row = ReservationRow
    query = select(row).where(row.incoming_no == number, row.status == "awaiting", col(row.sku).in_(padded(skus)))
    return await fresh(tx, query.order_by(col(row.at), col(row.order_id), col(row.n)).with_for_update())


async def _hand_out(
    tx: AsyncSession,
    purchase: IncomingRow,
    waiting: Sequence[ReservationRow],
    came: int,
    who: str,
    at: datetime,
    locked: Counter[tuple[str, str]],
) -> None:
    """Lock what came for those who wait, and write it off the purchase."""
    left = came
    channels = await _channels(tx, {row.order_id for row in waiting})
    for row in waiting:
        taken = min(row.quantity, left)
        if not taken:
            break
        left -= taken
        n = row.n
        if taken == row.quantity:
            row.status = "locked"
        else:
            row.quantity -= taken
            n = await _lock_part(tx, row, taken, at)
        tx.add(row)
        key = f"{row.order_id}/arrive{part(row.incoming_no, n)}"
        movement = Movement(key, f"purchase {purchase.number} came in", who, row.order_id)
        place: Place = (row.sku, row.warehouse)
        if not await move(tx, place, Delta(reserved=taken), movement, Kind.ARRIVE, channel=channels[row.order_id]):
            raise StockBroken(f"{row.order_id}: {taken} of {row.sku} came to {row.warehouse}, but are not free there")
        locked[row.order_id, row.sku] += taken
    purchase.reserved -= came - left
    purchase.received += came
    purchase.quantity = max(purchase.quantity, purchase.reserved + purchase.received)
    purchase.status = "received" if purchase.received >= purchase.quantity else purchase.status
    tx.add(purchase)
    await tx.flush()


async def _lock_part(tx: AsyncSession, row: ReservationRow, taken: int, at: datetime) -> int:
    """A row of its own for what of a reservation is here already. Returns its number."""
    same = select(func.max(ReservationRow.n)).where(
        ReservationRow.order_id == row.order_id,
        ReservationRow.sku == row.sku,
        ReservationRow.warehouse == row.warehouse,
        ReservationRow.incoming_no == row.incoming_no,
    )
    n = int((await tx.execute(same)).scalar_one()) + 1
    key = {"order_id": row.order_id, "sku": row.sku, "warehouse": row.warehouse, "incoming_no": row.incoming_no}
    tx.add(ReservationRow(**key, n=n, quantity=taken, status="locked", at=at))
    return n


async def _channels(tx: AsyncSession, order_ids: Iterable[str]) -> dict[str, str]:
    row = ReservationPlanRow
    query = select(row.order_id, row.channel).where(col(row.order_id).in_(padded(order_ids)))
    return dict((await tx.execute(query)).tuples().all())


async def _ready(tx: AsyncSession, order_ids: set[str]) -> tuple[str, ...]:
    row = ReservationRow
    query = select(row.order_id).where(col(row.order_id).in_(padded(order_ids)), row.status == "awaiting")
    return tuple(sorted(order_ids - set((await tx.execute(query)).scalars())))

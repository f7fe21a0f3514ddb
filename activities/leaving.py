"""Booking out what a warehouse has packed, under the reservation that it was instructed under."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from domain.texts import text
from store import planning, stock
from store.holds import open_task
from store.stock import Pick, StaleReservation
from store.tables import ConsignmentRow, DeliveryRow, OrderRow


class NotToBeHad(Exception):
    """What was packed is not locked any more, and cannot be locked anew. Roll back, and book out what is locked."""


async def leave(
    tx: AsyncSession,
    row: OrderRow,
    delivery: DeliveryRow,
    part: ConsignmentRow | None,
    packed: Mapping[str, int],
    warehouse: str,
    *,
    token: str,
    as_it_is: bool = False,
) -> None:
    """What was packed leaves the stock. Raises NotToBeHad.

    `token` names the reservation that the instruction was made under. Is it another one by now (lines were paid
    back, a purchase was called off), nothing leaves under the old one: what is packed is locked anew, and leaves under
    the new one. With `as_it_is` what is locked leaves, and a person is asked about the rest.
    """
    who = f"warehouse:{warehouse}"
    place = delivery.warehouse or (part.warehouse if part is not None else "") or warehouse
    try:
        await _ship(tx, row, delivery, packed, who, token)
    except StaleReservation:
        wanted = Counter(packed)
        if as_it_is:
            locked = await _locked(tx, row.order_id, place)
            await _ask_person(tx, row, delivery, wanted - locked)
            wanted &= locked
        elif delivery.consignment:
            await _lock_anew(tx, row, part)
        else:
            picks = [Pick(sku, place, count) for sku, count in sorted(packed.items())]
            try:
                await stock.replan(tx, row.order_id, row.channel, picks, who)
            except stock.StockShort as short:
                raise NotToBeHad from short
        await _ship(tx, row, delivery, wanted, who, await stock.reservation_token(tx, row.order_id))


async def _ship(
    tx: AsyncSession, row: OrderRow, delivery: DeliveryRow, pieces: Mapping[str, int], who: str, token: str
) -> None:
    if delivery.consignment:
        name = str(delivery.consignment)
        await stock.ship_part(tx, row.order_id, delivery.warehouse, pieces, name, who, token=token)
    else:
        await stock.ship(tx, row.order_id, who, token=token)


async def _lock_anew(tx: AsyncSession, row: OrderRow, part: ConsignmentRow | None) -> None:
    """What the consignment has lost. Most often it is nothing: it was another one of the order that changed."""
    if part is None or part.status == planning.OFF:
        raise NotToBeHad
    try:
        await planning.lock_lost(tx, row, part)
    except stock.StockShort as short:
        raise NotToBeHad from short


async def _locked(tx: AsyncSession, order_id: str, warehouse: str) -> Counter[str]:
    locked: Counter[str] = Counter()
    for held in await stock.reservations(tx, order_id):
        if (held.warehouse, held.status) == (warehouse, "locked"):
            locked[held.sku] += held.quantity
    return locked


async def _ask_person(tx: AsyncSession, row: OrderRow, delivery: DeliveryRow, missing: Counter[str]) -> None:
    if missing:
        listed = "，".join(f"{sku} × {count}" for sku, count in sorted(missing.items()))
        words = text("task.packed_not_locked", code=delivery.code, missing=listed)
        key = f"{row.order_id}/packed_not_locked/{delivery.n}"
        await open_task(tx, key, "packed_not_locked", words, order_id=row.order_id, alert=True)

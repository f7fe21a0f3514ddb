"""What leaves with one consignment, of an order that has locked more than that in the same warehouse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.clock import utc_now
from store.stock.claiming import part
from store.stock.moving import count_for_channels, fresh, move
from store.stock.nouns import Delta, Kind, Movement, StaleReservation, StockBroken
from store.tables import ReservationPlanRow, ReservationRow


async def ship_part(
    tx: AsyncSession,
    order_id: str,
    warehouse: str,
    pieces: Mapping[str, int],
    name: str,
    who: str,
    *,
    token: str = "",
) -> None:
    """So many pieces by SKU leave a warehouse, out of what the order has locked there. `name` makes it happen once.

    `token` is that of the reservation: StaleReservation when the order was planned again, fitted or freed since.
    Raises StockBroken when so many are not locked (what still has to come in is not).
    """
    plan = await tx.get(ReservationPlanRow, order_id, with_for_update=True, populate_existing=True)
    if token and (plan is None or plan.token != token):
        raise StaleReservation(f"{order_id}: the reservation {token} is not the present one")
    row = ReservationRow
    mine = select(row).where(row.order_id == order_id, row.warehouse == warehouse, row.status == "locked")
    # What was on the shelf first goes first.
    mine = mine.order_by(col(row.sku), col(row.incoming_no), col(row.n)).with_for_update()
    left, shipped = Counter(pieces), Counter[tuple[str, str]]()
    for held in await fresh(tx, mine):
        count = min(held.quantity, left[held.sku])
        if plan is None or not count:
            continue
        left[held.sku] -= count
        movement = Movement(f"{order_id}/ship/{name}{part(held.incoming_no, held.n)}", "ship", who, order_id)
        delta = Delta(on_hand=-count, reserved=-count)
        if not await move(tx, (held.sku, warehouse), delta, movement, Kind.SHIP, channel=plan.channel):
            raise StockBroken(f"{order_id}: {count} of {held.sku} in {warehouse} are not locked in the stock")
        shipped[held.sku, plan.channel] += count
        await _mark(tx, held, count)
    if +left:
        raise StockBroken(f"{order_id}: {dict(+left)} should leave {warehouse}, and are not locked there")
    await count_for_channels(tx, {key: (-count, count) for key, count in shipped.items()})


async def _mark(tx: AsyncSession, held: ReservationRow, count: int) -> None:
    """So many pieces of a reservation have left; the rest of it stays locked."""
    if count == held.quantity:
        held.status = "shipped"
    else:
        held.quantity -= count
        row = ReservationRow
        highest = select(func.max(row.n)).where(
            row.order_id == held.order_id,
            row.sku == held.sku,
            row.warehouse == held.warehouse,
            row.incoming_no == held.incoming_no,
        )
        n = int((await tx.execute(highest)).scalar_one() or 0) + 1
        key = {"order_id": held.order_id, "sku": held.sku, "warehouse": held.warehouse, "incoming_no": held.incoming_no}
        tx.add(ReservationRow(**key, n=n, quantity=count, status="shipped", at=utc_now()))
    tx.add(held)
    await tx.flush()

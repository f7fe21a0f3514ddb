"""What an order does with the stock: lock, plan again, free, fit, ship."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from store.stock.claiming import Claim, claim_all, part, plan_token
from store.stock.moving import count_for_channels, fresh, lock, move, padded
from store.stock.nouns import OPEN, Delta, Kind, Movement, Pick, StaleReservation, StockBroken
from store.tables import IncomingRow, ReservationPlanRow, ReservationRow

Freed = Sequence[tuple[ReservationRow, int]]
"""Rows of a reservation, and how many pieces of each are freed."""


async def reserve_plan(
    tx: AsyncSession,
    order_id: str,
    channel: str,
    picks: Sequence[Pick],
    who: str,
    *,
    token: str = "",
    now: datetime | None = None,
) -> str:
    """Lock all picks of an order, and return the token of its reservation; or lock nothing (roll back) and raise.

    StockShort: some picks do not fit, and `token` (that of the snapshot they were planned on) is up to date or not
    given. StaleSnapshot: they do not fit, and the snapshot is of before: plan again. A snapshot of before whose picks
    fit all the same does no harm and is taken: else nobody would ever get a SKU that many want. ReservationChanged:
    the order has another quantity of a pick, or has freed it. ValueError: a quantity below one.

    What the order has locked or shipped already is left as it is, so a second call changes nothing.
    """
    [answer] = await claim_all(tx, [Claim(order_id, channel, tuple(picks), who, token)], now=now)
    if isinstance(answer, str):
        return answer
    raise answer


async def reserve(tx: AsyncSession, order_id: str, wanted: Mapping[str, int], warehouse: str, who: str) -> str:
    """Lock all SKUs of an order in one warehouse: `reserve_plan` with one pick for each."""
    picks = [Pick(sku, warehouse, quantity) for sku, quantity in wanted.items()]
    return await reserve_plan(tx, order_id, channel_of(order_id), picks, who)


async def replan(
    tx: AsyncSession,
    order_id: str,
    channel: str,
    picks: Sequence[Pick],
    who: str,
    *,
    token: str = "",
    now: datetime | None = None,
) -> str:
    """Exchange what an order has locked and not shipped for other picks; its reservation gets a new token.

    `picks` are the whole plan: what was shipped of it stays, what is locked and not in it is freed. All or nothing,
    with the errors of `reserve_plan` (except that what was freed may be locked again).
    """
    claim = Claim(order_id, channel, tuple(picks), who, token, again=True)
    wanted = {(pick.sku, pick.warehouse, pick.incoming_no): pick.quantity for pick in claim.merged()}
    plan = await _lock_plan(tx, order_id)
    if plan is not None:
        freed = await _beyond(tx, order_id, wanted)
        # Everything that is moved is locked first, in the usual order.
        await lock(tx, {(pick.sku, pick.warehouse) for pick in picks} | {(row.sku, row.warehouse) for row, _ in freed})
        await _free(tx, plan, freed, Kind.RELEASE, who, "release")
    [answer] = await claim_all(tx, [claim], now=now)
    if isinstance(answer, str):
        return answer
    raise answer


async def release(tx: AsyncSession, order_id: str, who: str, *, warehouse: str = "") -> int:
    """Free everything that an order has locked (in one warehouse, if one is given), purchases included.

    Returns how many reservations were freed; 0 when nothing was locked. The order's token is another one afterwards.
    """
    plan = await _lock_plan(tx, order_id)
    if plan is None:
        return 0
    rows = [row for row in await _open_rows(tx, order_id) if warehouse in ("", row.warehouse)]
    await _free(tx, plan, [(row, row.quantity) for row in rows], Kind.RELEASE, who, "release")
    return len(rows)


async def free_excess(tx: AsyncSession, order_id: str, wanted: Mapping[str, int], step: str, who: str) -> bool:
    """Free what an order has locked beyond `wanted`. Whether what it has then is just what is wanted.

    What still has to come in is freed first. A second call changes nothing: what is too much is freed already. When
    something was freed, the order's token is another one.
    """
    plan = await _lock_plan(tx, order_id)
    if plan is None:
        return not any(wanted.values())
    rows = await _open_rows(tx, order_id)
    has: Counter[str] = Counter()
    for row in await _rows(tx, order_id, ("shipped",)):
        has[row.sku] += row.quantity
    freed: list[tuple[ReservationRow, int]] = []
    for row in sorted(rows, key=lambda row: row.status, reverse=True):  # locked before awaiting
        keep = max(0, min(row.quantity, wanted.get(row.sku, 0) - has[row.sku]))
        has[row.sku] += keep
        if keep < row.quantity:
            freed.append((row, row.quantity - keep))
    await _free(tx, plan, freed, Kind.REFUND, who, step)
    return {sku: count for sku, count in has.items() if count} == {sku: count for sku, count in wanted.items() if count}


async def ship(tx: AsyncSession, order_id: str, who: str, *, warehouse: str = "", token: str = "") -> int:
    """What an order has locked leaves the warehouse (one of them, if one is given). Returns how much moved, in SKUs.

    `token` is that of the reservation: StaleReservation when the order was planned again, fitted or freed since. What
    waits for a purchase stays. 0 when it left before.
    """
    plan = await _lock_plan(tx, order_id)
    if token and (plan is None or plan.token != token):
        raise StaleReservation(f"{order_id}: the reservation {token} is not the present one")
    if plan is None:
        return 0
    # One conditional UPDATE; of a release and a shipment at the same moment only one gets the rows.
    row = ReservationRow
    statement = (
        update(row)
        .where(col(row.order_id) == order_id, col(row.status) == "locked")
        .values(status="shipped")
        .returning(col(row.sku), col(row.warehouse), col(row.incoming_no), col(row.n), col(row.quantity))
    )
    if warehouse:
        statement = statement.where(col(row.warehouse) == warehouse)
    shipped: Counter[tuple[str, str]] = Counter()
    rows = sorted((await tx.execute(statement)).tuples())
    for sku, place, number, n, quantity in rows:
        movement = Movement(f"{order_id}/ship{part(number, n)}", "ship", who, order_id)
        delta = Delta(on_hand=-quantity, reserved=-quantity)
        if not await move(tx, (sku, place), delta, movement, Kind.SHIP, channel=plan.channel):
            raise StockBroken(f"{order_id}: {quantity} of {sku} in {place} are not locked in the stock")
        shipped[sku, plan.channel] += quantity
    await count_for_channels(tx, {key: (-count, count) for key, count in shipped.items()})
    return len(rows)


async def give_up(tx: AsyncSession, order_id: str, number: str, sku: str, who: str) -> None:
    """Free what an order has locked of a purchase and was not delivered."""
    plan = await _lock_plan(tx, order_id)
    if plan is not None:
        rows = [row for row in await _open_rows(tx, order_id) if (row.incoming_no, row.sku) == (number, sku)]
        await _free(tx, plan, [(row, row.quantity) for row in rows if row.status == "awaiting"], Kind.RELEASE, who, "")


async def reservation_token(tx: AsyncSession, order_id: str) -> str:
    """The token of an order's present reservation; "" when it has none."""
    plan = await tx.get(ReservationPlanRow, order_id, populate_existing=True)
    return plan.token if plan is not None else ""


async def reservations(tx: AsyncSession, order_id: str) -> list[ReservationRow]:
    """Everything that an order has or had, in the order of SKU and warehouse."""
    return await _rows(tx, order_id, ("awaiting", "locked", "shipped", "released"))


def channel_of(order_id: str) -> str:
    """The channel that an order came from, by its id."""
    channel, colon, _ = order_id.partition(":")
    return channel if colon else ""


async def _lock_plan(tx: AsyncSession, order_id: str) -> ReservationPlanRow | None:
    return await tx.get(ReservationPlanRow, order_id, with_for_update=True, populate_existing=True)


async def _rows(tx: AsyncSession, order_id: str, statuses: Sequence[str]) -> list[ReservationRow]:
    row = ReservationRow
    query = select(row).where(row.order_id == order_id, col(row.status).in_(statuses))
    return await fresh(tx, query.order_by(col(row.sku), col(row.warehouse), col(row.incoming_no), col(row.n)))


async def _open_rows(tx: AsyncSession, order_id: str) -> list[ReservationRow]:
    """What is still open of an order, its purchases locked first: they may come in at this moment."""
    row, purchase = ReservationRow, IncomingRow
    waiting = {row.incoming_no for row in await _rows(tx, order_id, ("awaiting",))}
    if waiting:
        coming = select(purchase.number).where(col(purchase.number).in_(padded(waiting)))
        await tx.execute(coming.order_by(col(purchase.number), col(purchase.sku)).with_for_update())
    query = select(row).where(row.order_id == order_id, col(row.status).in_(OPEN))
    query = query.order_by(col(row.sku), col(row.warehouse), col(row.incoming_no), col(row.n))
    return await fresh(tx, query.with_for_update())


async def _free(tx: AsyncSession, plan: ReservationPlanRow, freed: Freed, kind: Kind, who: str, step: str) -> None:
    """Free so many pieces of each of these rows, which are locked, and give the plan another token."""
    if not freed:
        return
    back: Counter[tuple[str, str]] = Counter()
    nth = f"@{plan.n}" if plan.n > 1 else ""  # of a row, pieces may be freed more than once
    for row, quantity in sorted(freed, key=lambda item: (item[0].sku, item[0].warehouse)):
        if row.status == "awaiting":
            await _unpromise(tx, row.incoming_no, row.sku, quantity)
        else:
            key = f"{plan.order_id}/{step}{part(row.incoming_no, row.n)}{nth}"
            movement = Movement(key, "refund" if kind is Kind.REFUND else "release", who, plan.order_id)
            delta = Delta(reserved=-quantity)
            if not await move(tx, (row.sku, row.warehouse), delta, movement, kind, channel=plan.channel):
                raise StockBroken(
                    f"{plan.order_id}: {quantity} of {row.sku} in {row.warehouse} are not locked in the stock"
                )
            back[row.sku, plan.channel] += quantity
        if quantity == row.quantity:
            row.status = "released"
        else:
            row.quantity -= quantity
        tx.add(row)
    await count_for_channels(tx, {key: (-count, 0) for key, count in back.items()})
    await tx.flush()
    left = await _rows(tx, plan.order_id, ("awaiting", "locked", "shipped"))
    plan.n += 1
    picks = [Pick(row.sku, row.warehouse, row.quantity, row.incoming_no) for row in left]
    plan.token = plan_token(plan.order_id, plan.n, picks) if left else ""
    tx.add(plan)
    await tx.flush()


async def _beyond(tx: AsyncSession, order_id: str, wanted: Mapping[tuple[str, str, str], int]) -> Freed:
    """What of an order is open beyond what is wanted of each place and purchase; what still has to come in first."""
    rows = await _open_rows(tx, order_id)
    beyond: Counter[tuple[str, str, str]] = Counter()
    for row in await _rows(tx, order_id, ("awaiting", "locked", "shipped")):
        beyond[row.sku, row.warehouse, row.incoming_no] += row.quantity
    beyond.subtract(wanted)
    freed = []
    for row in sorted(rows, key=lambda row: row.status):  # awaiting before locked
        key = (row.sku, row.warehouse, row.incoming_no)
        count = min(row.quantity, beyond[key])
        if count > 0:
            freed.append((row, count))
            beyond[key] -= count
    return freed


async def _unpromise(tx: AsyncSession, number: str, sku: str, quantity: int) -> None:
    row = IncomingRow
    statement = (
        update(row)
        .where(col(row.number) == number, col(row.sku) == sku, col(row.reserved) >= quantity)
        .values(reserved=col(row.reserved) - quantity)
        .returning(col(row.number))
    )
    if (await tx.execute(statement)).first() is None:
        raise StockBroken(f"purchase {number}: {quantity} of {sku} are not promised")

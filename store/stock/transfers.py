"""Goods that move between our warehouses: frozen, sent, taken in.

A freeze binds its pieces until a certain second. From then on it counts for nothing: whoever locks stock lets such
freezes go first, in the same transaction, and a sweep lets go the rest. So nothing that dies in the middle keeps
anything frozen for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from domain.texts import text
from store import suggestions
from store.holds import keep_task
from store.stock.freezes import expired_freezes, frozen_by, thaw
from store.stock.moving import fresh, lock, lock_new, move
from store.stock.nouns import Delta, Kind, Movement, Place, StockBroken, StockShort
from store.tables import TransferRow

FROZEN_FOR = timedelta(hours=2)
"""How long a freeze binds unless the settings say otherwise."""


class UnknownTransfer(LookupError):
    """No such transfer."""


class TransferChanged(ValueError):
    """The number is that of another transfer, or the transfer is beyond what is asked of it."""


@dataclass(frozen=True)
class Sent:
    """Whether a transfer is on its way. If not, `why` says in words what is wrong; people were told (tasks)."""

    ok: bool
    why: str = ""


async def freeze(
    tx: AsyncSession,
    number: str,
    goods: Mapping[str, int],
    source: str,
    target: str,
    who: str,
    *,
    lasts: timedelta = FROZEN_FOR,
    now: datetime | None = None,
) -> bool:
    """Bind goods (SKU to pieces) in the source. False when this transfer is frozen already.

    Raises StockShort naming all that are short (roll back then), TransferChanged when the number was another transfer's
    or this one is over, ValueError.
    """
    at = now or utc_now()
    if source == target or not goods or any(quantity < 1 for quantity in goods.values()):
        raise ValueError("a transfer is at least one piece from one warehouse to another one")
    places = {(sku, source) for sku in goods}
    gone = await expired_freezes(tx, at, goods.keys())
    await thaw(tx, gone, "expired", "orderhub", at, beside=places)
    await lock(tx, places)
    # The rows are read under the lock of the stock: the same transfer may be frozen elsewhere at this moment.
    there = await _rows(tx, number)
    if there:
        same = {row.sku: row.quantity for row in there} == dict(goods) and {
            (row.source, row.target) for row in there
        } == {(source, target)}
        if not same or any(row.status != "frozen" for row in there):
            raise TransferChanged(f"transfer {number} is another one, or is {there[0].status}")
        return False
    short: dict[str, int] = {}
    for sku in sorted(goods):
        movement = Movement(f"transfer/{number}/freeze", f"transfer {number} to {target}", who)
        if await move(tx, (sku, source), Delta(frozen=goods[sku]), movement, Kind.FREEZE):
            row = TransferRow(
                number=number,
                sku=sku,
                source=source,
                target=target,
                quantity=goods[sku],
                status="frozen",
                expires_at=at + lasts,
                who=who,
                at=at,
            )
            tx.add(row)
        else:
            held = (await lock(tx, [(sku, source)])).get((sku, source))
            short[sku] = goods[sku] - (held.on_hand - held.reserved - held.frozen if held is not None else 0)
    if short:
        raise StockShort(short)
    await tx.flush()
    return True


async def send(tx: AsyncSession, number: str, who: str, *, now: datetime | None = None) -> Sent:
    """The goods leave the source. The freeze is checked: one that is over or was cancelled sends nothing.

    Then what is left of it is let go, an alert asks people what leaves there, and a replenishment of the target is
    suggested; the transaction must be kept, not rolled back. Sending again changes nothing. Raises UnknownTransfer.
    """
    at = now or utc_now()
    rows = await _locked(tx, number)
    if all(row.status in ("sent", "received") for row in rows):
        return Sent(True)
    frozen = [row for row in rows if row.status == "frozen"]
    if len(frozen) < len(rows) or any(row.expires_at <= at for row in rows):
        await thaw(tx, frozen, "expired", who, at)
        return Sent(False, await _refuse(tx, rows))
    target = {(row.sku, row.target) for row in rows}
    await _lock_ends(tx, {(row.sku, row.source) for row in rows}, target)
    for row in sorted(rows, key=lambda row: (row.sku, row.source)):
        movement = Movement(f"transfer/{number}/send", f"transfer {number} to {row.target}", who)
        leaves = Delta(on_hand=-row.quantity, frozen=-row.quantity)
        if not await move(tx, (row.sku, row.source), leaves, movement, Kind.SEND):
            raise StockBroken(f"transfer {number}: {row.quantity} of {row.sku} are not frozen in {row.source}")
        await move(tx, (row.sku, row.target), Delta(in_transit=row.quantity), movement, Kind.SEND)
        row.status, row.at = "sent", at
        tx.add(row)
    await tx.flush()
    return Sent(True)


async def take_in(
    tx: AsyncSession, number: str, who: str, *, arrived: Mapping[str, int] | None = None, now: datetime | None = None
) -> bool:
    """The goods of a transfer are in the target; all of them, or of some SKUs as many as `arrived` says.

    What is missing leaves the books as lost on the way, and a person is asked about it. False when they were taken in
    before. Raises UnknownTransfer, TransferChanged when it was not sent or more would arrive than was sent.
    """
    at = now or utc_now()
    rows = await _locked(tx, number)
    if all(row.status == "received" for row in rows):
        return False
    if any(row.status != "sent" for row in rows):
        raise TransferChanged(f"transfer {number} was not sent: it is {rows[0].status}")
    came = {row.sku: row.quantity for row in rows} | dict(arrived or {})
    if any(not 0 <= came[row.sku] <= row.quantity for row in rows) or len(came) > len(rows):
        raise TransferChanged(f"transfer {number}: more arrived than was sent")
    await lock(tx, {(row.sku, row.target) for row in rows})
    for row in rows:
        movement = Movement(f"transfer/{number}/take_in", f"transfer {number} from {row.source}", who)
        delta = Delta(on_hand=came[row.sku], in_transit=-row.quantity)
        if not await move(tx, (row.sku, row.target), delta, movement, Kind.TAKE_IN):
            raise StockBroken(f"transfer {number}: {row.quantity} of {row.sku} are not on their way to {row.target}")
        row.status, row.at = "received", at
        tx.add(row)
        if lost := row.quantity - came[row.sku]:
            words = text("task.transfer_lost", number=number, sku=row.sku, lost=lost, source=row.source)
            await keep_task(tx, f"transfer/{number}/{row.sku}/lost", "transfer_lost", words, alert=True)
    await tx.flush()
    return True


async def cancel(tx: AsyncSession, number: str, who: str, *, now: datetime | None = None) -> bool:
    """Let the goods go that a transfer froze. False when it binds nothing any more.

    Raises UnknownTransfer, TransferChanged when it is on its way: then it must be taken in.
    """
    rows = await _locked(tx, number)
    if any(row.status in ("sent", "received") for row in rows):
        raise TransferChanged(f"transfer {number} is {rows[0].status}: take it in, and send the goods back")
    frozen = [row for row in rows if row.status == "frozen"]
    await thaw(tx, frozen, "cancelled", who, now or utc_now())
    return bool(frozen)


async def let_expired_go(tx: AsyncSession, *, now: datetime | None = None, limit: int = 200) -> list[str]:
    """End the freezes whose time is up. Returns the transfers' numbers; some may be left when there are `limit`."""
    at = now or utc_now()
    rows = await expired_freezes(tx, at, limit=limit)
    await thaw(tx, rows, "expired", "orderhub", at)
    return sorted({row.number for row in rows})


async def list_transfers(tx: AsyncSession, *, number: str = "", every: bool = False) -> list[TransferRow]:
    """Transfers that bind something or are on their way (with `every`, those that are over too), the newest first."""
    row = TransferRow
    query = select(row).order_by(col(row.at).desc(), col(row.number), col(row.sku))
    if number:
        query = query.where(row.number == number)
    elif not every:
        query = query.where(col(row.status).in_(("frozen", "sent")))
    return await fresh(tx, query)


async def _rows(tx: AsyncSession, number: str) -> list[TransferRow]:
    return await fresh(tx, select(TransferRow).where(TransferRow.number == number).order_by(col(TransferRow.sku)))


async def _locked(tx: AsyncSession, number: str) -> list[TransferRow]:
    query = select(TransferRow).where(TransferRow.number == number).order_by(col(TransferRow.sku)).with_for_update()
    rows = await fresh(tx, query)
    if not rows:
        raise UnknownTransfer(f"there is no transfer {number}")
    return rows


async def _lock_ends(tx: AsyncSession, source: set[Place], target: set[Place]) -> None:
    """Lock both ends of a transfer in the usual order; the target may have never had the goods."""
    known = await lock(tx, source | target)
    if any(place not in known for place in target):
        for place in sorted(target - known.keys()):
            await lock_new(tx, place)


async def _refuse(tx: AsyncSession, rows: Sequence[TransferRow]) -> str:
    number, source, target = rows[0].number, rows[0].source, rows[0].target
    words = text("task.transfer_invalid", number=number, source=source, target=target)
    await keep_task(tx, f"transfer/{number}/invalid", "transfer_invalid", words, alert=True)
    for (sku, _), quantity in sorted(frozen_by(rows).items()):
        wanted = text("task.replenish", sku=sku, warehouse=target, count=quantity, why=words)
        await keep_task(tx, suggestions.task_key(target, sku), "replenish", wanted)
        await suggestions.keep(tx, sku, target, quantity, suggestions.INVALID_FREEZE, {"transfer": number})
    return words

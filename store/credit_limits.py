"""Credit of customers on account: reserved by their orders, used by what has left, free again when paid or called off.

The limit is kept by one guarded UPDATE: however many orders come at once, what they reserve never passes it. Only a
person lets an order pass over it, by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from domain.clock import utc_now
from domain.golden import GoldenState, reached
from domain.holds import HoldReason
from domain.money import split
from domain.order import Channel, Order, PaymentTerms
from store import orders, planning, shipping
from store.database import Database
from store.tables import (
    CreditEntryRow,
    CreditLimitRow,
    FlagRow,
    InvoiceMomentRow,
    OrderRow,
    OrderVersionRow,
    ParcelRow,
)
from store.upsert import insert_ignore

DAYS = {PaymentTerms.NET30: 30, PaymentTerms.NET60: 60}
"""After which what was invoiced must be paid."""
_MAY_WAIT = tuple(state for state in GoldenState if not reached(state, GoldenState.PACKED))
"""Where an order is when its customer's credit still stops it."""


@dataclass(frozen=True)
class Standing:
    """A customer's credit as an order finds it: `lacks_fen` of what it needs is not there."""

    limit_fen: int
    free_fen: int
    lacks_fen: int


def on_account(order: Order) -> bool:
    """Whether an order is paid after it was delivered."""
    return order.customer.terms is not PaymentTerms.PREPAID


async def find(tx: AsyncSession, order: Order, *, lock: bool = False) -> CreditLimitRow | None:
    """The limit that an order counts against; None when it is prepaid, or its customer has none.

    `lock` it after the order's own row, never before.
    """
    if not on_account(order):
        return None
    key = (str(order.channel), order.customer.external_id)
    return await tx.get(CreditLimitRow, key, populate_existing=True, with_for_update=lock or None)


async def reserve(tx: AsyncSession, order: Order, revision: int, *, forced_by: str = "") -> Standing | None:
    """Reserve what an order costs, or bring what it has reserved to what it costs now. None without a limit.

    Nothing is reserved when it does not fit, unless a person forces it. The same revision again changes nothing.
    """
    row = await find(tx, order, lock=True)
    if row is None:
        return None
    reserved, used = await _of_order(tx, order.order_id)
    delta = order.amounts.paid_fen - reserved - used
    if delta == 0:
        return Standing(row.limit_fen, row.limit_fen - row.reserved_fen - row.used_fen, 0)
    delta = max(delta, -reserved)
    kind = "forced" if forced_by else "reserve" if delta > 0 else "release"
    key = f"{order.order_id}/review/{revision}" + ("/forced" if forced_by else "")
    who, by = (str(order.channel), order.customer.external_id), forced_by or "orderhub"
    if await _book(tx, who, key, kind, delta, 0, order.order_id, by, guarded=delta > 0 and not forced_by):
        row = await tx.get_one(CreditLimitRow, who, populate_existing=True)
        return Standing(row.limit_fen, row.limit_fen - row.reserved_fen - row.used_fen, 0)
    free = row.limit_fen - row.reserved_fen - row.used_fen
    return Standing(row.limit_fen, free, max(delta - max(free, 0), 0))


async def freed_by(tx: AsyncSession, order_id: str, revision: int) -> bool:
    """Whether the review of a revision gave something back."""
    entry = CreditEntryRow
    query = select(entry.seq).where(entry.key == f"{order_id}/review/{revision}", entry.kind == "release")
    return (await tx.execute(query)).first() is not None


async def let_go(tx: AsyncSession, order_id: str, by: str, *, came_back: bool = False) -> None:
    """An order is off: nothing of it is reserved any more; came it back, it owes nothing and its invoices are void."""
    who = await _who(tx, order_id)
    reserved, used = await _of_order(tx, order_id)
    if who is not None and (reserved or (came_back and used)):
        kind = "return" if came_back else "release"
        await _book(tx, who, f"{order_id}/off", kind, -reserved, -used if came_back else 0, order_id, by)
    if came_back:
        void = update(InvoiceMomentRow).where(
            col(InvoiceMomentRow.order_id) == order_id, col(InvoiceMomentRow.voided_at).is_(None)
        )
        await tx.execute(void.values(voided_at=utc_now()))


async def has_left(tx: AsyncSession, order: Order, parcel: ParcelRow) -> None:
    """A parcel has left. When it was the last of its consignment, the consignment's share is used and may be invoiced.

    Of orders on account and of business customers; of no other order anything is kept.
    """
    if not (on_account(order) or order.channel is Channel.B2B) or order.amounts.paid_fen <= 0:
        return
    mates = [one for one in await shipping.parcels(tx, order.order_id) if one.consignment == parcel.consignment]
    if any(one.told_at is None for one in mates):
        return
    amount = await _share(tx, order, parcel.consignment)
    now = utc_now()
    days = DAYS.get(order.customer.terms)
    values = {
        "order_id": order.order_id,
        "consignment": parcel.consignment,
        "channel": str(order.channel),
        "customer_id": order.customer.external_id,
        "terms": str(order.customer.terms),
        "amount_fen": amount,
        "at": now,
        "due_at": now + timedelta(days=days) if days is not None else None,
        "voided_at": None,
    }
    if not await insert_ignore(tx, InvoiceMomentRow, values) or await find(tx, order) is None:
        return
    reserved, _ = await _of_order(tx, order.order_id)
    who, key = (str(order.channel), order.customer.external_id), f"{order.order_id}/used/{parcel.consignment}"
    await _book(tx, who, key, "use", -min(amount, reserved), amount, order.order_id, "orderhub")


async def _share(tx: AsyncSession, order: Order, n: int) -> int:
    """What a consignment comes to of what its order costs. The last one takes what is left: all sum up to it."""
    told = await invoiced(tx, order.order_id)
    left = max(order.amounts.paid_fen - sum(one.amount_fen for one in told), 0)
    parts = [one for one in await planning.consignments(tx, order.order_id) if one.status != planning.OFF]
    known = {one.consignment for one in told}
    if n == 0 or all(one.n == n or one.n in known for one in parts):
        return left
    prices = {line.line_no: (line.amount_fen, line.quantity) for line in order.lines}
    weights = []
    for part in parts:
        worth = [(prices.get(item["line_no"], (0, 1)), int(item["quantity"])) for item in part.lines]
        weights.append(sum(fen * pieces // max(of, 1) for (fen, of), pieces in worth))
    if not any(weights):
        weights = [1 for _ in parts]
    shares = dict(zip([one.n for one in parts], split(order.amounts.paid_fen, weights), strict=True))
    return min(int(shares.get(n, 0)), left)


async def invoiced(tx: AsyncSession, order_id: str) -> list[InvoiceMomentRow]:
    """The invoice moments of an order, in their order."""
    query = select(InvoiceMomentRow).where(InvoiceMomentRow.order_id == order_id)
    return list((await tx.execute(query.order_by(col(InvoiceMomentRow.at)))).scalars())


# ------------------------------------------------------------------------------------------ people's changes


async def set_limit(
    tx: AsyncSession, channel: str, customer_id: str, fen: int, by: str, why: str, name: str = ""
) -> None:
    """Let a customer owe so much. Less than is owed now is fine: nothing new fits then. Raises ValueError below 0."""
    if fen < 0:
        raise ValueError("a limit is not below nothing")
    now = utc_now()
    blank = {"channel": channel, "customer_id": customer_id, "name": name, "limit_fen": 0, "updated_at": now}
    await insert_ignore(tx, CreditLimitRow, {**blank, "reserved_fen": 0, "used_fen": 0})
    row = await tx.get_one(CreditLimitRow, (channel, customer_id), with_for_update=True, populate_existing=True)
    row.limit_fen, row.name, row.updated_at = fen, name or row.name, now
    tx.add(row)
    entry = CreditEntryRow(
        key=f"limit/{channel}/{customer_id}/{now.isoformat()}",
        channel=channel,
        customer_id=customer_id,
        kind="limit",
        limit_fen=fen,
        after_fen=row.reserved_fen + row.used_fen,
        by=by,
        why=why,
        at=now,
    )
    tx.add(entry)
    await tx.flush()


async def paid(tx: AsyncSession, channel: str, customer_id: str, fen: int, key: str, by: str) -> bool:
    """A customer paid: so much of what was delivered is owed no more. Once per key. False when it was booked before.

    Raises LookupError without a limit, ValueError when it is more than is owed.
    """
    row = await tx.get(CreditLimitRow, (channel, customer_id), with_for_update=True, populate_existing=True)
    if row is None:
        raise LookupError(customer_id)
    name = f"paid/{channel}/{customer_id}/{key}"
    if (await tx.execute(select(CreditEntryRow.seq).where(CreditEntryRow.key == name))).first() is not None:
        return False
    if not 0 < fen <= row.used_fen:
        raise ValueError(f"{row.used_fen} fen are owed, not {fen}")
    return await _book(tx, (channel, customer_id), name, "paid", 0, -fen, "", by)


async def all_limits(tx: AsyncSession) -> list[CreditLimitRow]:
    """Every limit, by channel and customer."""
    query = select(CreditLimitRow).order_by(CreditLimitRow.channel, CreditLimitRow.customer_id)
    return list((await tx.execute(query)).scalars())


async def entries(tx: AsyncSession, channel: str, customer_id: str, limit: int = 50) -> list[CreditEntryRow]:
    """What moved a customer's credit, the newest first."""
    entry = CreditEntryRow
    query = select(entry).where(entry.channel == channel, entry.customer_id == customer_id)
    return list((await tx.execute(query.order_by(col(entry.seq).desc()).limit(limit))).scalars())


async def wake(db: Database, channel: str, customer_id: str) -> list[str]:
    """Have a customer's orders reviewed again that wait for credit, when some has come free since they were reviewed
    last. Each in a transaction of its own: whoever holds an order waits for the limit, never the other way round."""
    # By what was found, and not by the hold: that is opened a moment later, in a transaction of its own.
    found = select(FlagRow.order_id).join(OrderRow, col(OrderRow.order_id) == col(FlagRow.order_id))
    found = found.where(
        FlagRow.hold == HoldReason.CREDIT_LIMIT,
        col(FlagRow.gone_at).is_(None),
        col(FlagRow.released_at).is_(None),
        col(OrderRow.state).in_(_MAY_WAIT),
        col(OrderRow.closed_at).is_(None),
        OrderRow.channel == channel,
        OrderRow.customer_id == customer_id,
    )
    async with db.reading() as tx:
        waiting = sorted(set((await tx.execute(found)).scalars()))
        freed = await _freed_at(tx, channel, customer_id)
    woken = []
    for order_id in waiting:
        async with db.transaction() as tx:
            row = await tx.get(OrderRow, order_id, with_for_update=True)
            seen = select(func.max(OrderVersionRow.at)).where(OrderVersionRow.order_id == order_id)
            at = (await tx.execute(seen)).scalar_one()
            if row is not None and row.closed_at is None and freed is not None and freed > at:
                await orders.review_again(tx, row)
                woken.append(order_id)
    return woken


async def wake_after(db: Database, order_id: str) -> None:
    """The same for the customer of an order that is off."""
    async with db.reading() as tx:
        who = await _who(tx, order_id)
    if who is not None:
        await wake(db, *who)


async def _freed_at(tx: AsyncSession, channel: str, customer_id: str) -> datetime | None:
    entry = CreditEntryRow
    frees = or_(col(entry.kind) == "limit", col(entry.reserved_delta) + col(entry.used_delta) < 0)
    query = select(func.max(entry.at)).where(entry.channel == channel, entry.customer_id == customer_id, frees)
    found: datetime | None = (await tx.execute(query)).scalar_one()
    return found


# ------------------------------------------------------------------------------------------------- the ledger


async def _of_order(tx: AsyncSession, order_id: str) -> tuple[int, int]:
    """What an order has reserved and used now."""
    entry = CreditEntryRow
    query = select(func.sum(entry.reserved_delta), func.sum(entry.used_delta)).where(
        entry.order_id == order_id, entry.kind != "paid"
    )
    reserved, used = (await tx.execute(query)).one()
    return int(reserved or 0), int(used or 0)


async def _who(tx: AsyncSession, order_id: str) -> tuple[str, str] | None:
    """Whose credit an order counts against; None when it never did."""
    entry = CreditEntryRow
    query = select(entry.channel, entry.customer_id).where(entry.order_id == order_id).limit(1)
    found = (await tx.execute(query)).first()
    return (found[0], found[1]) if found is not None else None


async def _book(
    tx: AsyncSession,
    who: tuple[str, str],
    key: str,
    kind: str,
    reserved: int,
    used: int,
    order_id: str,
    by: str,
    *,
    guarded: bool = False,
) -> bool:
    """Move a customer's credit once per key. False when it does not fit, or was booked before."""
    if (await tx.execute(select(CreditEntryRow.seq).where(CreditEntryRow.key == key))).first() is not None:
        return not guarded
    limit = CreditLimitRow
    now = utc_now()
    move = update(limit).where(col(limit.channel) == who[0], col(limit.customer_id) == who[1])
    if guarded:
        move = move.where(col(limit.reserved_fen) + col(limit.used_fen) + reserved + used <= col(limit.limit_fen))
    move = move.values(
        reserved_fen=col(limit.reserved_fen) + reserved, used_fen=col(limit.used_fen) + used, updated_at=now
    )
    moved = (
        await tx.execute(move.returning(col(limit.limit_fen), col(limit.reserved_fen), col(limit.used_fen)))
    ).first()
    if moved is None:
        return False
    entry = CreditEntryRow(
        key=key,
        channel=who[0],
        customer_id=who[1],
        order_id=order_id,
        kind=kind,
        reserved_delta=reserved,
        used_delta=used,
        limit_fen=moved[0],
        after_fen=moved[1] + moved[2],
        by=by,
        at=now,
    )
    tx.add(entry)
    await tx.flush()
    return True


def may_hold(row: OrderRow) -> bool:
    """Whether credit still stops an order: it has not been packed."""
    return not reached(GoldenState(row.state) if row.state else None, GoldenState.PACKED)

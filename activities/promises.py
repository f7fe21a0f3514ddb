"""What an order is promised: worked out whenever it is planned, kept when it moved.

No step of its own: `keep_promises` is called in the transaction of whatever step plans or changes consignments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.clock import BEIJING, format_beijing, utc_now
from domain.making import Slot, done_at, schedule
from domain.order import Order
from domain.promise import NeverReady, Promise, Road, promise
from domain.sourcing import Consignment, Pieces, Reason
from domain.warehouses import Warehouse
from rules.couriers import plan_couriers
from rules.making import centre, steps_of
from rules.workdays import official
from rules.zones import way
from store import planning, promises


@dataclass(frozen=True)
class Due:
    """A consignment as a promise needs it: who sends it, and what it waits for.

    `ready_at` is when all its goods are in the warehouse; None: they are. `waits_for` is the purchase that comes last.
    """

    n: int
    warehouse: str
    ready_at: datetime | None = None
    waits_for: str = ""


def due(consignment: Consignment) -> Due:
    """A routed consignment. A purchase can be sent on from the first minute of its day."""
    day = consignment.ready_at
    ready = datetime(day.year, day.month, day.day, tzinfo=BEIJING) if day else None
    return Due(consignment.n, consignment.warehouse, ready, consignment.incoming_no)


async def keep_promises(
    tx: AsyncSession,
    order: Order,
    dues: Sequence[Due],
    warehouses: Sequence[Warehouse],
    at: datetime,
    *,
    short: Sequence[Pieces] = (),
    settled: Collection[int] = (),
) -> bool:
    """Promise every consignment of an order, and append what moved since the last time. Whether anything did.

    Call it whenever the consignments, the receiver, the day of a purchase or the warehouses change; the same call again
    changes nothing while the clock stands. `dues` are the consignments that are not packed. Of those that are
    (`settled`) the promise stays as it is; what was promised to any other is withdrawn. `short` is what has no place in
    any: where all of it is made to order, its steps are booked at the work centres and it is promised as consignment 0.
    `at` is now: nothing is ready before.
    """
    plans: dict[int, tuple[str, Promise | None]] = {}
    loads = await _loads(tx, order.order_id, warehouses, at)
    for one in dues:
        warehouse = next((known for known in warehouses if known.code == one.warehouse), Warehouse(one.warehouse))
        ready = max(one.ready_at or at, at)
        why = _goods(one)
        plans[one.n] = (one.warehouse, _promise(order, warehouse, ready, loads, why))
    made = await _make(tx, order, short, at)
    sender = _nearest(order, warehouses)
    if made and sender is not None:
        ready, reasons = made
        plans[0] = (sender.code, _promise(order, sender, ready, loads, reasons))
    moved = False
    before = {kept.n: kept for kept in await promises.newest(tx, order.order_id)}
    for kept in before.values():
        if kept.n not in settled:
            plans.setdefault(kept.n, (kept.warehouse, None))
    for n, (code, found) in sorted(plans.items()):
        moved = await promises.keep(tx, order.order_id, n, code, found, at, before.get(n)) or moved
    return moved


async def renew_promises(
    tx: AsyncSession,
    order: Order,
    warehouses: Sequence[Warehouse],
    *,
    short: Sequence[Pieces] = (),
    only: Collection[int] | None = None,
    without: Collection[int] = (),
    at: datetime | None = None,
) -> bool:
    """The same, for the consignments as the store has them, but for those that are `without` any day now.

    `only` are the consignments that something happened to: what the others were promised stands, late or not. The
    newest day of each purchase counts; where all of them have come in, the goods are there.
    """
    rows = await planning.consignments(tx, order.order_id)
    settled = [row.n for row in rows if row.status == planning.PACKED or (only is not None and row.n not in only)]
    dues = []
    for row in rows:
        if row.status in (planning.READY, planning.WAITING) and row.n not in (*without, *settled):
            last = await planning.last_awaited(tx, row) if row.status == planning.WAITING else None
            dues.append(Due(row.n, row.warehouse, *(last or ())))
    return await keep_promises(tx, order, dues, warehouses, at or utc_now(), short=short, settled=settled)


def _goods(one: Due) -> Reason:
    if one.ready_at is None:
        return Reason("promise.stock")
    day = one.ready_at.astimezone(BEIJING).date().isoformat()
    return Reason("promise.purchase", (("day", day), ("number", one.waits_for)))


Loads = Callable[[str], Callable[[date], int]]


def _promise(
    order: Order, warehouse: Warehouse, ready: datetime, loads: Loads, because: Sequence[Reason] | Reason
) -> Promise | None:
    carrier = plan_couriers(order).steps[0].carrier
    between = way(warehouse, order.receiver.region, carrier)
    why = (because,) if isinstance(because, Reason) else tuple(because)
    try:
        return promise(ready, warehouse, Road(between.zone, between.days), official, loads(warehouse.code), why)
    except NeverReady:
        return None


async def _loads(tx: AsyncSession, order_id: str, warehouses: Sequence[Warehouse], at: datetime) -> Loads:
    """How many consignments of other orders each day has, of the warehouses that mind."""
    bounded = [warehouse.code for warehouse in warehouses if warehouse.daily_capacity]
    counts: Mapping[tuple[str, date], int] = {}
    if bounded:
        counts = await promises.loads(tx, bounded, at.astimezone(BEIJING).date(), without=order_id)
    return lambda code: lambda day: counts.get((code, day), 0)


async def loads_now(tx: AsyncSession, order_id: str, warehouses: Sequence[Warehouse], at: datetime) -> dict[str, int]:
    """How many consignments of other orders leave a warehouse on the day on which one that is ready now would leave.

    Only of warehouses with a daily capacity; one that never works is full.
    """
    bounded = [warehouse for warehouse in warehouses if warehouse.daily_capacity]
    loads = await _loads(tx, order_id, bounded, at)
    found = {}
    for warehouse in bounded:
        try:
            leaves = promise(at, replace(warehouse, daily_capacity=0), Road("", 0), official).ship_by.date()
        except NeverReady:
            found[warehouse.code] = warehouse.daily_capacity
        else:
            found[warehouse.code] = loads(warehouse.code)(leaves)
    return found


def _nearest(order: Order, warehouses: Sequence[Warehouse]) -> Warehouse | None:
    carrier = plan_couriers(order).steps[0].carrier
    active = [warehouse for warehouse in warehouses if warehouse.sends]
    return min(active, key=lambda one: (way(one, order.receiver.region, carrier).distance, one.code), default=None)


async def _make(
    tx: AsyncSession, order: Order, short: Sequence[Pieces], at: datetime
) -> tuple[datetime, list[Reason]] | None:
    """Book what is to be made. When all of it is done, and why; None when some of it is not made to order."""
    wanted = {(line_no, sku): (steps_of(sku), pieces) for line_no, sku, pieces in short}
    made = {key for key, (steps, _) in wanted.items() if steps}
    await promises.unbook(tx, order.order_id, made)
    ready, why = at, []
    for line_no, sku in sorted(made):
        try:
            slots = await _book(tx, order.order_id, (line_no, sku), wanted[line_no, sku][1], at)
        except NeverReady:
            return None
        done = max(done_at(slots, at), at)
        why.append(Reason("promise.made", (("moment", format_beijing(done)[:16]), ("sku", sku))))
        ready = max(ready, done)
    return (ready, why) if made and len(made) == len(wanted) else None


async def _book(tx: AsyncSession, order_id: str, line: tuple[str, str], pieces: int, at: datetime) -> Sequence[Slot]:
    """The slots of one line. What was begun stays as it is; what was not may come earlier than it was booked."""
    steps = steps_of(line[1])
    stands = [Slot(row.step, row.centre, row.begins, row.ends) for row in await promises.booking(tx, order_id, *line)]
    whole = timedelta(minutes=sum(step.minutes(pieces) for step in steps))
    if stands and stands[0].begins <= at and sum((slot.ends - slot.begins for slot in stands), timedelta()) == whole:
        return stands
    centres = {step.centre: centre(step.centre) for step in steps}
    await promises.lock_centres(tx, centres)
    busy = {code: await promises.booked(tx, code, at, without=(order_id, *line)) for code in centres}
    slots = schedule(steps, pieces, at, centres, busy, official)
    if list(slots) != stands:
        await promises.book(tx, order_id, *line, slots)
    return slots

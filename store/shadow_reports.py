"""What the old system did against what we would have done: compared page by page, counted by day, kept, and shown."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, select

from domain.clock import BEIJING
from domain.shadow import (
    DIFFERENCES,
    Decided,
    Kind,
    PlanFacts,
    PlanKind,
    Seen,
    ShownParcel,
    Slice,
    Would,
    compare,
    compare_plans,
)
from domain.shipping import Carrier
from store.database import Database
from store.tables import OrderRow, ShadowDecisionRow, ShadowOrderRow, ShadowPlanRow, ShadowReportRow

PAGE = 500
"""Orders that are in memory at a time."""
EXAMPLES = 5
"""Order ids that a report names of each kind of difference."""

Key = tuple[datetime, str]
"""Where a page ends: the moment at which its last order was placed, and its id."""


@dataclass(frozen=True)
class Compared:
    """One order of an old system, and what the comparison comes to."""

    order_id: str
    channel: str
    shop: str
    placed_at: datetime
    decided: Decided | None
    seen: Seen
    kinds: tuple[Kind, ...]


@dataclass
class Tally:
    """A day of one slice, counted."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, order_id: str, kinds: Iterable[str], of_note: bool) -> None:
        """One order; `of_note`: its id is worth an example."""
        self.counts["orders"] += 1
        for kind in kinds:
            self.counts[kind] += 1
            if of_note and len(self.examples[kind]) < EXAMPLES:
                self.examples[kind].append(order_id)


async def make(
    db: Database, days: int, now: datetime, progress: Callable[[int], object] = lambda _: None
) -> list[ShadowReportRow]:
    """Compare the orders of the last `days` Beijing days anew, today's among them, and keep what came of it.

    What became of orders from before stays as it was compared last. `progress` is told how many were looked at.
    """
    today = now.astimezone(BEIJING).date()
    made: list[ShadowReportRow] = []
    looked = 0
    for n in reversed(range(days)):
        day = today - timedelta(days=n)
        tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
        async for one in walk(db, day, day, now):
            tallies[one.channel, one.shop].add(one.order_id, one.kinds, bool(DIFFERENCES & set(one.kinds)))
            looked += 1
            if looked % PAGE == 0:
                progress(looked)
        async for plan in _plans(db, day):
            real = PlanFacts(tuple(plan.real_warehouses), plan.real_freight_fen)
            beside = PlanFacts(tuple(plan.warehouses), plan.freight_fen)
            kinds = compare_plans(real, beside)
            for code in plan.shadows:
                # With several warehouses in shadow, only what would go to this one is its own doing.
                concerned = kinds if code in plan.warehouses else (PlanKind.SAME,)
                tally = tallies["", code]
                tally.add(plan.order_id, concerned, PlanKind.MOVED in concerned)
                tally.counts["freight_fen"] += beside.freight_fen if code in plan.warehouses else real.freight_fen
                tally.counts["real_freight_fen"] += real.freight_fen
            looked += 1
        progress(looked)
        rows = [
            ShadowReportRow(
                day=day.isoformat(),
                channel=channel,
                name=name,
                counts=dict(sorted(tally.counts.items())),
                examples={kind: ids for kind, ids in sorted(tally.examples.items()) if ids},
                at=now,
            )
            for (channel, name), tally in sorted(tallies.items())
        ]
        async with db.transaction() as tx:
            await tx.execute(delete(ShadowReportRow).where(col(ShadowReportRow.day) == day.isoformat()))
            for row in rows:
                await tx.merge(row)
        made += rows
    return made


async def kept(tx: AsyncSession, since: date, of: Slice | None = None) -> list[ShadowReportRow]:
    """The reports of the days from `since` on, of one slice or of all, oldest first."""
    row = ShadowReportRow
    query = select(row).where(row.day >= since.isoformat())
    if of is not None:
        query = query.where(row.channel == of.channel)
        if of.name:
            query = query.where(row.name == of.name)
    return list((await tx.execute(query.order_by(col(row.day), col(row.channel), col(row.name)))).scalars())


async def of_kind(
    db: Database, kind: Kind, since: date, now: datetime, *, of: Slice | None = None, after: str = "", limit: int = 100
) -> tuple[list[Compared], str]:
    """The orders whose comparison comes to `kind`, the first placed first, and where the next page begins ("": there is
    none). Raises ValueError for an `after` that is none of ours."""
    found: list[Compared] = []
    async for one in walk(db, since, now.astimezone(BEIJING).date(), now, of=of, after=_key(after)):
        if kind not in one.kinds:
            continue
        if len(found) == limit:
            last = found[-1]
            return found, f"{last.placed_at.isoformat()}|{last.order_id}"
        found.append(one)
    return found, ""


async def one_order(tx: AsyncSession, order_id: str, now: datetime) -> Compared | None:
    """One order compared as it is now; None for one of ours."""
    query = _query().where(ShadowOrderRow.order_id == order_id)
    found = (await tx.execute(query)).first()
    return None if found is None else _compared(found[0], found[1], found[2], now)


async def walk(
    db: Database, since: date, until: date, now: datetime, *, of: Slice | None = None, after: Key | None = None
) -> AsyncIterator[Compared]:
    """Every order of an old system's that was placed on these Beijing days, both included, compared.

    A page is in memory at a time, and no transaction is open between two.
    """
    start, end = _midnight(since), _midnight(until + timedelta(days=1))
    shadow = ShadowOrderRow
    while True:
        query = _query().where(col(shadow.placed_at) >= start, col(shadow.placed_at) < end)
        if of is not None:
            query = query.where(shadow.channel == of.channel)
            if of.name:
                query = query.where(shadow.shop == of.name)
        if after is not None:
            query = query.where(_behind(col(shadow.placed_at), col(shadow.order_id), after))
        async with db.reading() as tx:
            page = (await tx.execute(query.order_by(col(shadow.placed_at), col(shadow.order_id)).limit(PAGE))).all()
            rows = [_compared(found[0], found[1], found[2], now) for found in page]
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        after = (rows[-1].placed_at, rows[-1].order_id)


def _query() -> Any:
    shadow, decision = ShadowOrderRow, ShadowDecisionRow
    newest = and_(
        col(decision.order_id) == col(shadow.order_id), col(decision.revision) == col(shadow.decided_revision)
    )
    return (
        select(shadow, OrderRow.status, decision)
        .join(OrderRow, col(OrderRow.order_id) == col(shadow.order_id))
        .outerjoin(decision, newest)
    )


def _compared(shadow: ShadowOrderRow, status: str, decision: ShadowDecisionRow | None, now: datetime) -> Compared:
    decided = None
    if decision is not None:
        would, parts = Would(decision.would), len(decision.consignments)
        decided = Decided(would, decision.at, decision.carrier, parts, decision.ship_by)
    parcels = tuple(_parcel(one) for one in shadow.parcels)
    seen = Seen(status, shadow.shipped_at, shadow.cancelled_at, parcels)
    kinds = compare(decided, seen, now)
    return Compared(shadow.order_id, shadow.channel, shadow.shop, shadow.placed_at, decided, seen, kinds)


def _parcel(kept: dict[str, Any]) -> ShownParcel:
    at = datetime.fromisoformat(kept["at"]) if kept["at"] else None
    return ShownParcel(kept["number"], Carrier(kept["carrier"]) if kept["carrier"] else None, kept["word"], at)


async def _plans(db: Database, day: date) -> AsyncIterator[ShadowPlanRow]:
    row, start, end = ShadowPlanRow, _midnight(day), _midnight(day + timedelta(days=1))
    after: tuple[str, int] | None = None
    while True:
        query = select(row).where(col(row.at) >= start, col(row.at) < end)
        if after is not None:
            query = query.where(_behind(col(row.order_id), col(row.n), after))
        async with db.reading() as tx:
            page = list((await tx.execute(query.order_by(col(row.order_id), col(row.n)).limit(PAGE))).scalars())
        for one in page:
            yield one
        if len(page) < PAGE:
            return
        after = (page[-1].order_id, page[-1].n)


def _behind(first: Any, second: Any, key: tuple[object, object]) -> Any:
    return or_(first > key[0], and_(first == key[0], second > key[1]))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)


def _key(after: str) -> Key | None:
    if not after:
        return None
    moment, _, order_id = after.partition("|")
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None or not order_id:
        raise ValueError(after)
    return at, order_id


def report_facts(row: ShadowReportRow) -> dict[str, Any]:
    """A kept report as plain JSON."""
    return {
        "day": row.day,
        "slice": str(_slice(row)),
        "counts": row.counts,
        "examples": row.examples,
        "compared_at": _beijing(row.at),
    }


def order_facts(one: Compared) -> dict[str, Any]:
    """A compared order as plain JSON: what we would have done, and what was done."""
    decided, seen = one.decided, one.seen
    return {
        "order_id": one.order_id,
        "placed_at": _beijing(one.placed_at),
        "kinds": [str(kind) for kind in one.kinds],
        "would": None
        if decided is None
        else {
            "do": str(decided.would),
            "carrier": decided.carrier,
            "consignments": decided.consignments,
            "ship_by": _beijing(decided.ship_by),
        },
        "did": {
            "status": seen.status,
            "shipped_at": _beijing(seen.shipped_at),
            "cancelled_at": _beijing(seen.cancelled_at),
            "parcels": [{"number": p.number, "carrier": str(p.carrier or p.word)} for p in seen.parcels],
        },
    }


def _slice(row: ShadowReportRow) -> Slice:
    return Slice(row.channel, row.name)


def _beijing(at: datetime | None) -> str | None:
    return at.astimezone(BEIJING).isoformat() if at is not None else None

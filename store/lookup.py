"""Finding orders: one by a number that somebody reads out, many by what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, distinct
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_, select

from domain.golden import Exit
from store.tables import FlagRow, HoldRow, OrderLinkRow, OrderRow, StageDeadlineRow, TaskRow, WaybillRow

MOST = 50
"""Orders that one number finds at most."""


ANY = "any"
"""Whatever the reason of a hold is."""


@dataclass(frozen=True)
class Wanted:
    """Which orders are wanted; what is left out does not matter.

    `state` is a golden state, an exit, or "none" (not paid yet). `hold` is the reason of an open hold, or ANY.
    `flag` is the code of a finding that stands, or how it begins (`risk`). `late`: a stage is open
    though its time is up.
    `since`: not placed before. `after` is the order id of the last one seen: what follows it is wanted.
    """

    state: str = ""
    hold: str = ""
    flag: str = ""
    channel: str = ""
    shop: str = ""
    late: bool = False
    since: datetime | None = None
    after: str = ""


@dataclass(frozen=True)
class Counts:
    """What waits for people now: orders that are held, the same by the reason of an open hold, late orders, tasks, and
    alerts among them."""

    held: int
    holds: Mapping[str, int]
    late: int
    tasks: int
    alerts: int


async def find(tx: AsyncSession, words: str, digests: Collection[str] = ()) -> list[OrderRow]:
    """The orders that a number leads to, the newest first: our id, a parcel's, the platform's number, a waybill's.

    `digests` are what is known of a buyer (`store.links`): their orders are found as well.
    """
    plain = words.strip()
    if not plain:
        return []
    order_id, _, _ = plain.partition("#")
    row = await tx.get(OrderRow, order_id)
    if row is not None:
        return [row]
    known = col(OrderRow.order_id).in_(await _linked_to(tx, plain, digests))
    return await _rows(tx, or_(col(OrderRow.channel_order_no) == plain, known), MOST)


async def _linked_to(tx: AsyncSession, number: str, digests: Collection[str]) -> set[str]:
    """The orders of a waybill's number or of a buyer. Asked for before, so that orders are then found by their keys."""
    of_waybill = select(WaybillRow.order_id).where(col(WaybillRow.number).in_({number, number.upper()}))
    found = set((await tx.execute(of_waybill.limit(MOST))).scalars())
    if digests:
        of_buyer = select(OrderLinkRow.order_id).where(col(OrderLinkRow.digest).in_(list(digests)))
        found |= set((await tx.execute(of_buyer.order_by(col(OrderLinkRow.order_id)).limit(MOST))).scalars())
    return found


async def listed(tx: AsyncSession, wanted: Wanted, now: datetime, limit: int) -> list[OrderRow]:
    """The orders that are wanted, those placed last first."""
    return await _rows(tx, and_(*(await _conditions(tx, wanted, now))), limit)


async def _rows(tx: AsyncSession, which: ColumnElement[bool], limit: int) -> list[OrderRow]:
    newest = select(OrderRow).where(which).order_by(col(OrderRow.placed_at).desc(), col(OrderRow.order_id).desc())
    return list((await tx.execute(newest.limit(limit))).scalars())


async def _conditions(tx: AsyncSession, wanted: Wanted, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [col(OrderRow.order_id).is_not(None)]
    if wanted.state in set(Exit):
        found.append(col(OrderRow.exit) == wanted.state)
    elif wanted.state:
        state = col(OrderRow.state)
        found += [state.is_(None) if wanted.state == "none" else state == wanted.state, col(OrderRow.exit).is_(None)]
    if wanted.channel:
        found.append(col(OrderRow.channel) == wanted.channel)
    if wanted.shop:
        found.append(col(OrderRow.shop) == wanted.shop)
    if wanted.since is not None:
        found.append(col(OrderRow.placed_at) >= wanted.since)
    if wanted.hold:
        held = select(HoldRow.order_id).where(col(HoldRow.closed_at).is_(None))
        held = held if wanted.hold == ANY else held.where(HoldRow.reason == wanted.hold)
        found.append(col(OrderRow.order_id).in_(held))
    if wanted.flag:
        code = col(FlagRow.code)
        like = or_(code == wanted.flag, code.startswith(f"{wanted.flag}.", autoescape=True))
        flagged = select(FlagRow.order_id).where(like, col(FlagRow.gone_at).is_(None))
        found.append(col(OrderRow.order_id).in_(flagged))
    if wanted.late:
        found.append(col(OrderRow.order_id).in_(select(StageDeadlineRow.order_id).where(_late(now))))
    last = await tx.get(OrderRow, wanted.after) if wanted.after else None
    if last is not None:
        at, order_id = col(OrderRow.placed_at), col(OrderRow.order_id)
        found.append(or_(at < last.placed_at, and_(at == last.placed_at, order_id < last.order_id)))
    return found


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(col(StageDeadlineRow.ended_at).is_(None), col(StageDeadlineRow.due_at) <= now)


async def counts(tx: AsyncSession, now: datetime) -> Counts:
    """What waits for people now."""
    opened = select(HoldRow.reason, func.count(distinct(col(HoldRow.order_id)))).where(col(HoldRow.closed_at).is_(None))
    holds = {reason: int(n) for reason, n in (await tx.execute(opened.group_by(col(HoldRow.reason)))).tuples()}
    held = select(func.count(distinct(col(HoldRow.order_id)))).where(col(HoldRow.closed_at).is_(None))
    late = select(func.count(distinct(col(StageDeadlineRow.order_id)))).where(_late(now))
    asked = select(TaskRow.severity, func.count()).where(col(TaskRow.closed_at).is_(None))
    tasks = {severity: int(n) for severity, n in (await tx.execute(asked.group_by(col(TaskRow.severity)))).tuples()}
    return Counts(
        held=int((await tx.execute(held)).scalar_one()),
        holds=dict(sorted(holds.items(), key=lambda one: (-one[1], one[0]))),
        late=int((await tx.execute(late)).scalar_one()),
        tasks=sum(tasks.values()),
        alerts=tasks.get("alert", 0),
    )


async def tasks(tx: AsyncSession, limit: int) -> list[TaskRow]:
    """What people are asked to do now: alerts first, then what is due soonest, then the oldest."""
    urgent = case((col(TaskRow.severity) == "alert", 0), else_=1)
    query = select(TaskRow).where(col(TaskRow.closed_at).is_(None))
    order = (urgent, col(TaskRow.due_at).is_(None), col(TaskRow.due_at), col(TaskRow.opened_at), col(TaskRow.key))
    return list((await tx.execute(query.order_by(*order).limit(limit))).scalars())


async def late_stages(tx: AsyncSession, order_ids: Collection[str], now: datetime) -> dict[str, list[str]]:
    """The stages of these orders whose time is up, the longest late first."""
    query = select(StageDeadlineRow.order_id, StageDeadlineRow.stage).where(
        col(StageDeadlineRow.order_id).in_(order_ids), _late(now)
    )
    found: dict[str, list[str]] = {}
    for order_id, stage in (await tx.execute(query.order_by(col(StageDeadlineRow.due_at)))).tuples():
        found.setdefault(order_id, []).append(stage)
    return found


async def standing_flags(tx: AsyncSession, order_ids: Collection[str]) -> dict[str, list[FlagRow]]:
    """What was found about these orders and stands, by order."""
    query = select(FlagRow).where(col(FlagRow.order_id).in_(order_ids), col(FlagRow.gone_at).is_(None))
    found: dict[str, list[FlagRow]] = {}
    for flag in (await tx.execute(query.order_by(col(FlagRow.found_at), col(FlagRow.code)))).scalars():
        found.setdefault(flag.order_id, []).append(flag)
    return found


async def open_holds(tx: AsyncSession, order_ids: Collection[str]) -> dict[str, list[HoldRow]]:
    """What stops these orders now, oldest first, by order."""
    query = select(HoldRow).where(col(HoldRow.order_id).in_(order_ids), col(HoldRow.closed_at).is_(None))
    found: dict[str, list[HoldRow]] = {}
    for hold in (await tx.execute(query.order_by(col(HoldRow.n)))).scalars():
        found.setdefault(hold.order_id, []).append(hold)
    return found

"""Merges 合单: who is packed with whom. Each move is made under the lock of its merge.

An order is in one merge in its life, and of two that would open the same one the second joins the first: unique keys
have the last word. What others must hear of is counted at each member (`news`), and the dispatcher tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import and_, col, func, or_, select

from domain.clock import moment_json, utc_now
from domain.merging import MemberState, MergeRule, MergeState
from domain.order import ChannelStatus
from domain.texts import text
from store.tables import MergeMemberRow, MergeRow, OrderRow, ParcelRow
from store.upsert import insert_ignore

_IN = (MemberState.JOINED, MemberState.LEAVING)


@dataclass(frozen=True)
class Merge:
    """A merge and its orders, in the order in which they joined."""

    row: MergeRow
    members: list[MergeMemberRow]

    @property
    def number(self) -> int:
        """Its number."""
        return self.row.number or 0

    def joined(self) -> list[MergeMemberRow]:
        """Those that are to be packed together, the one that leads first."""
        here = [one for one in self.members if one.state == MemberState.JOINED]
        return sorted(here, key=lambda one: (one.order_id != self.row.leader, one.n))

    def told(self, code: str) -> list[MergeMemberRow]:
        """Those whose goods stand in an instruction, the one that leads first."""
        here = [one for one in self.members if code and one.code == code]
        return sorted(here, key=lambda one: (one.order_id != self.row.leader, one.n))

    def of(self, order_id: str) -> MergeMemberRow:
        """One of its orders."""
        return next(one for one in self.members if one.order_id == order_id)


async def join(
    tx: AsyncSession,
    order_id: str,
    revision: int,
    mark: str,
    rule: MergeRule,
    warehouse: str,
    now: datetime | None = None,
) -> Merge | None:
    """Let an order join the merge of its mark that is open, or open one. None: it left one, and goes alone."""
    at = now or utc_now()
    before = await find(tx, order_id)
    if before is not None:
        return before if before.of(order_id).state == MemberState.JOINED else None
    merge = await _open(tx, order_id, mark, rule, warehouse, at)
    tx.add(
        MergeMemberRow(
            order_id=order_id,
            merge_no=merge.number,
            n=len(merge.members) + 1,
            revision=revision,
            state=MemberState.JOINED,
            joined_at=at,
            changed_at=at,
        )
    )
    await tx.flush()
    await _wake(tx, {merge.row.leader} - {order_id})
    return await _load(tx, merge.row)


async def find(tx: AsyncSession, order_id: str) -> Merge | None:
    """The merge that an order is or was in, under its lock."""
    number = select(MergeMemberRow.merge_no).where(MergeMemberRow.order_id == order_id)
    query = select(MergeRow).where(col(MergeRow.number).in_(number)).with_for_update()
    row = (await tx.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
    return await _load(tx, row) if row is not None else None


async def of_code(tx: AsyncSession, code: str) -> Merge | None:
    """The merge whose goods stand in an instruction, under its lock; None for one of a single order that is in none."""
    query = select(MergeMemberRow.order_id).where(MergeMemberRow.code == code).limit(1)
    order_id = (await tx.execute(query)).scalar_one_or_none()
    return await find(tx, order_id) if order_id is not None else None


async def instruct(tx: AsyncSession, order_id: str, code: str) -> Merge | None:
    """An order is about to instruct its warehouse: note whose goods it tells of. None when it leads no merge."""
    merge = await find(tx, order_id)
    if merge is None or merge.row.leader != order_id or merge.of(order_id).state != MemberState.JOINED:
        return None
    for member in merge.joined():
        member.code, member.token = code, ""
        tx.add(member)
    await tx.flush()
    return merge


async def called_off(tx: AsyncSession, code: str) -> None:
    """An instruction is off: nobody's goods stand in it any more."""
    statement = update(MergeMemberRow).where(col(MergeMemberRow.code) == code, col(MergeMemberRow.state).in_(_IN))
    await tx.execute(statement.values(code="", token=""))


async def begin_leaving(tx: AsyncSession, order_id: str, *, everyone: bool) -> str:
    """An order wants to go alone, or all are to: no new instruction tells of them. The code that must be stopped first;
    "" when there is none."""
    merge = await find(tx, order_id)
    if merge is None or merge.of(order_id).state not in _IN:
        return ""
    for member in merge.members if everyone else [merge.of(order_id)]:
        if member.state in _IN:
            member.state = MemberState.LEAVING
            tx.add(member)
    return merge.of(order_id).code


async def stay(tx: AsyncSession, order_id: str) -> None:
    """The warehouse could not be stopped: whoever wanted to leave is packed with the others."""
    merge = await find(tx, order_id)
    for member in merge.members if merge is not None else ():
        if member.state == MemberState.LEAVING:
            member.state = MemberState.JOINED
            tx.add(member)


async def leave(tx: AsyncSession, order_id: str, why: str, by: str) -> bool:
    """An order goes alone; another one leads the rest. False when it had left before."""
    merge = await find(tx, order_id)
    if merge is None or merge.of(order_id).state not in _IN:
        return False
    await _gone(tx, merge, [merge.of(order_id)], why, by, order_id)
    return True


async def dissolve(tx: AsyncSession, order_id: str, why: str, by: str) -> list[str]:
    """Every order of a merge goes alone. Returns those that left now."""
    merge = await find(tx, order_id)
    gone = []
    if merge is not None and merge.of(order_id).state in _IN:
        gone = [one for one in merge.members if one.state in _IN]
        await _gone(tx, merge, gone, why, by, order_id)
    return [one.order_id for one in gone]


async def shut(tx: AsyncSession, merge: Merge, why: str) -> None:
    """Nobody may join any more, and who stands in no instruction goes alone, the leader too if it is alone then."""
    merge.row.joinable = False
    tx.add(merge.row)
    waiting = [one for one in merge.joined() if not one.code and one.order_id != merge.row.leader]
    lead = merge.of(merge.row.leader)
    if not [one for one in merge.told(lead.code) if one is not lead]:
        waiting.append(lead)
    await _gone(tx, merge, waiting, why, "orderhub", merge.row.leader)


async def pack(
    tx: AsyncSession, merge: Merge, code: str, report_id: int, boxes: Mapping[str, list[dict[str, Any]]], why: str
) -> None:
    """What stands in an instruction is packed; who came too late for it goes alone."""
    now, told = utc_now(), merge.told(code)
    for member in told:
        member.state, member.report_id, member.changed_at = MemberState.PACKED, report_id, now
        member.boxes = boxes[member.order_id]
        tx.add(member)
    merge.row.state, merge.row.joinable, merge.row.closed_at = MergeState.PACKED, False, now
    tx.add(merge.row)
    late = [one for one in merge.members if one not in told and one.state in _IN]
    for member in late:
        member.state, member.why, member.left_by, member.changed_at = MemberState.LEFT, why, "orderhub", now
        tx.add(member)
    await tx.flush()
    await _wake(tx, {one.order_id for one in (*told, *late)} - {merge.row.leader})


async def box_of(tx: AsyncSession, order_id: str, box: str) -> list[MergeMemberRow]:
    """The orders whose goods lie in a shared box, by what was packed, under the lock of their merge."""
    merge = await find(tx, order_id)
    return [one for one in merge.members if any(b["box"] == box for b in one.boxes)] if merge is not None else []


async def tell_box(tx: AsyncSession, parcel: ParcelRow | None) -> None:
    """Something became of the number of a shared box: whoever else has goods in it looks."""
    if parcel is not None and parcel.box:
        others = {one.order_id for one in await box_of(tx, parcel.order_id, parcel.box)}
        await _wake(tx, others - {parcel.order_id})


async def shares_box(tx: AsyncSession, parcel: ParcelRow) -> list[str]:
    """The other orders with whose goods the box of a parcel leaves, or has left."""
    if not parcel.box:
        return []
    others = {one.order_id for one in await box_of(tx, parcel.order_id, parcel.box)} - {parcel.order_id}
    told = select(ParcelRow.order_id).where(ParcelRow.box == parcel.box, col(ParcelRow.told_at).is_not(None))
    leaves = and_(col(OrderRow.closed_at).is_(None), OrderRow.status != ChannelStatus.CANCELLED)
    query = select(OrderRow.order_id).where(
        col(OrderRow.order_id).in_(others), or_(leaves, col(OrderRow.order_id).in_(told))
    )
    return list((await tx.execute(query.order_by(col(OrderRow.order_id)))).scalars())


async def parcels_in(tx: AsyncSession, box: str) -> list[ParcelRow]:
    """The parcels of a shared box, one for each order that has come so far."""
    query = select(ParcelRow).where(ParcelRow.box == box).order_by(col(ParcelRow.parcel_id))
    return list((await tx.execute(query)).scalars())


@dataclass(frozen=True)
class Untold:
    """An order that must hear of its merge, and how much there is to hear."""

    order_id: str
    news: int


async def untold(tx: AsyncSession, limit: int) -> list[Untold]:
    """Orders that must hear of their merge."""
    row = MergeMemberRow
    query = select(row.order_id, row.news).where(col(row.news) > col(row.told)).order_by(row.order_id).limit(limit)
    return [Untold(order_id, news) for order_id, news in (await tx.execute(query)).tuples()]


async def mark_told(tx: AsyncSession, told: Untold) -> None:
    """An order heard so much. Before this, a crash lets it be told again, which changes nothing."""
    row = MergeMemberRow
    await tx.execute(update(row).where(col(row.order_id) == told.order_id).values(told=told.news))


async def newest(tx: AsyncSession, limit: int) -> list[Merge]:
    """The last merges of more than one order, the newest first."""
    several = select(MergeMemberRow.merge_no).group_by(col(MergeMemberRow.merge_no)).having(func.count() > 1).subquery()
    query = select(MergeRow).join(several, col(MergeRow.number) == several.c.merge_no)
    rows = (await tx.execute(query.order_by(col(MergeRow.number).desc()).limit(limit))).scalars().all()
    return [await _load(tx, row) for row in rows]


async def by_number(tx: AsyncSession, number: int) -> Merge | None:
    """A merge by its number, without its lock."""
    row = await tx.get(MergeRow, number)
    return await _load(tx, row) if row is not None else None


async def with_whom(tx: AsyncSession, order_id: str) -> Merge | None:
    """The merge of an order, without its lock; None for one that nobody else was ever in."""
    member = await tx.get(MergeMemberRow, order_id)
    merge = await by_number(tx, member.merge_no) if member is not None else None
    return merge if merge is not None and len(merge.members) > 1 else None


def facts(merge: Merge) -> dict[str, Any]:
    """A merge as people are shown it; times at +08:00."""
    row = merge.row
    return {
        "number": merge.number,
        "state": row.state,
        "state_text": text(f"merge.{row.state}"),
        "group": row.group_name,
        "warehouse": row.warehouse,
        "leader": row.leader,
        "rule": row.rule,
        "opened_at": moment_json(row.opened_at),
        "closed_at": moment_json(row.closed_at),
        "orders": [
            {
                "order_id": one.order_id,
                "state": one.state,
                "state_text": text(f"merge.member.{one.state}"),
                "code": one.code,
                "why": one.why,
                "left_by": one.left_by,
                "joined_at": moment_json(one.joined_at),
                "changed_at": moment_json(one.changed_at),
            }
            for one in merge.members
        ],
    }


async def _open(tx: AsyncSession, order_id: str, mark: str, rule: MergeRule, warehouse: str, at: datetime) -> Merge:
    """The merge to join; opened now when there is none that has room and is inside the window."""
    while True:
        query = select(MergeRow).where(MergeRow.mark == mark, col(MergeRow.joinable)).with_for_update()
        row = (await tx.execute(query.execution_options(populate_existing=True))).scalar_one_or_none()
        if row is None:
            values: dict[str, Any] = {
                "mark": mark,
                "group_name": rule.group,
                "warehouse": warehouse,
                "leader": order_id,
            }
            values |= {"state": MergeState.OPEN, "joinable": True, "rule": rule.name}
            # Somebody may be quicker: then theirs is found, and joined.
            await insert_ignore(tx, MergeRow, {**values, "opened_at": at})
            continue
        merge = await _load(tx, row)
        together = sum(one.state in _IN for one in merge.members)
        if row.leader == order_id or (at - row.opened_at <= rule.window and together < rule.most):
            return merge
        row.joinable = False
        tx.add(row)
        await tx.flush()


async def _load(tx: AsyncSession, row: MergeRow) -> Merge:
    query = select(MergeMemberRow).where(MergeMemberRow.merge_no == row.number).order_by(col(MergeMemberRow.n))
    members = (await tx.execute(query.execution_options(populate_existing=True))).scalars()
    return Merge(row, list(members))


async def _gone(tx: AsyncSession, merge: Merge, gone: Sequence[MergeMemberRow], why: str, by: str, knows: str) -> None:
    """Some go alone. The rest has another leader if need be; all hear of it but the one that `knows`."""
    now, codes = utc_now(), {one.code for one in gone} - {""}
    for member in gone:
        member.state, member.why, member.left_by, member.changed_at = MemberState.LEFT, why[:300], by, now
        tx.add(member)
    rest = [one for one in merge.members if one.state in _IN]
    for member in merge.members:
        if member.code in codes:
            member.code = member.token = ""  # that instruction was stopped
            tx.add(member)
    if not rest:
        merge.row.state, merge.row.joinable, merge.row.closed_at = MergeState.UNDONE, False, now
    elif all(one.order_id != merge.row.leader for one in rest):
        merge.row.leader = rest[0].order_id
    tx.add(merge.row)
    await tx.flush()
    await _wake(tx, {one.order_id for one in (*rest, *gone)} - {knows})


async def _wake(tx: AsyncSession, order_ids: Iterable[str]) -> None:
    row = MergeMemberRow
    for order_id in sorted(order_ids):
        await tx.execute(update(row).where(col(row.order_id) == order_id).values(news=col(row.news) + 1))

"""What orders ask of approvers, and what is decided. Everything under the lock of the order's index row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.approvals import (
    NOW,
    Asked,
    Candidate,
    Mode,
    Question,
    RequestStatus,
    Stage,
    Verdict,
    Wanted,
    Way,
    by_row,
    row_state,
    stays,
    step_now,
)
from domain.money import Fen
from store.tables import ApprovalLinkRow, ApprovalRequestRow, ApprovalRow, SkuRow
from store.upsert import insert_ignore

_UNDECIDED = {RequestStatus.WAITING, RequestStatus.OPEN}


async def requests(tx: AsyncSession, order_id: str) -> list[ApprovalRequestRow]:
    """Every question of an order, oldest first, those that count no more included."""
    query = select(ApprovalRequestRow).where(ApprovalRequestRow.order_id == order_id)
    return list((await tx.execute(query.order_by(col(ApprovalRequestRow.n)))).scalars())


async def open_requests(tx: AsyncSession) -> list[ApprovalRequestRow]:
    """Every question that somebody must answer now, the most urgent first."""
    query = select(ApprovalRequestRow).where(ApprovalRequestRow.status == RequestStatus.OPEN)
    return list((await tx.execute(query.order_by(col(ApprovalRequestRow.deadline)))).scalars())


async def decisions(tx: AsyncSession, order_id: str) -> list[ApprovalRow]:
    """Everything that was decided about an order, oldest first."""
    query = select(ApprovalRow).where(ApprovalRow.order_id == order_id).order_by(col(ApprovalRow.seq))
    return list((await tx.execute(query)).scalars())


def asked(row: ApprovalRequestRow) -> Asked:
    """A question as the whole is judged by it."""
    return Asked(row.row, row.step, row.role, Mode(row.mode), RequestStatus(row.status), Fen(row.amount_fen))


def question(row: ApprovalRequestRow) -> Question:
    """A question as whom to ask depends on it."""
    return Question(row.role, row.deputy, row.escalates_to, Stage(row.stage))


async def categories(tx: AsyncSession, skus: Sequence[str]) -> dict[str, str]:
    """The categories of those articles that have one."""
    query = select(SkuRow.sku, SkuRow.category).where(col(SkuRow.sku).in_(sorted(set(skus))), SkuRow.category != "")
    return dict((await tx.execute(query)).tuples().all())


async def demand(
    tx: AsyncSession, order_id: str, wanted: Sequence[Wanted], fen: Fen, revision: int, now: datetime
) -> list[ApprovalRequestRow]:
    """Ask what the table demands of an order that costs `fen`: what was answered for at least as much stays, what was
    asked of another amount is asked anew, what is demanded no more is dropped. Returns the questions that count."""
    kept = await requests(tx, order_id)
    if not kept and not wanted:
        return []
    demanded = {(one.row, role): one for one in wanted for role in one.roles}
    current = {(row.row, row.role): row for row in kept if RequestStatus(row.status) in NOW}
    for key, row in current.items():
        if key not in demanded or not stays(asked(row), fen):
            row.status = RequestStatus.SUPERSEDED if key in demanded else RequestStatus.DROPPED
            row.closed_at = now
            tx.add(row)
    await tx.flush()  # the unique index must see them go before others come
    n = max((row.n for row in kept), default=0)
    for key, one in demanded.items():
        before = current.get(key)
        if before is not None and RequestStatus(before.status) in NOW:
            continue
        n += 1
        tx.add(_request(order_id, n, key[1], one, fen, revision))
    await tx.flush()
    found = [row for row in await requests(tx, order_id) if RequestStatus(row.status) in NOW]
    await ask_next(tx, found, now)
    return found


def _request(order_id: str, n: int, role: str, one: Wanted, fen: Fen, revision: int) -> ApprovalRequestRow:
    return ApprovalRequestRow(
        order_id=order_id,
        n=n,
        row=one.row,
        step=one.step,
        role=role,
        mode=one.mode,
        deputy=one.deputy,
        escalates_to=one.escalates_to,
        within_s=int(one.within.total_seconds()),
        rule=one.rule,
        revision=revision,
        amount_fen=fen,
        status=RequestStatus.WAITING,
    )


async def ask_next(tx: AsyncSession, current: Sequence[ApprovalRequestRow], now: datetime) -> None:
    """Open the questions whose turn has come; those whose turn has not, or that are decided without them, wait."""
    judged = [asked(row) for row in current]
    step = step_now(judged)
    undecided = {row[0].row for row in by_row(judged) if row_state(row) is RequestStatus.OPEN}
    for row in current:
        its_turn = row.step == step and row.row in undecided
        if row.status == RequestStatus.WAITING and its_turn:
            row.status, row.opened_at, row.stage = RequestStatus.OPEN, now, Stage.FIRST
            row.deadline = now + timedelta(seconds=row.within_s)
        elif row.status == RequestStatus.OPEN and not its_turn:
            row.status, row.deadline = RequestStatus.WAITING, None
        tx.add(row)
    await tx.flush()


def due_by(current: Sequence[ApprovalRequestRow]) -> datetime | None:
    """When all questions should be answered, if each step takes as long as it may; None while nobody is asked."""
    asked_now = [row for row in current if row.status == RequestStatus.OPEN and row.deadline is not None]
    later: dict[int, int] = {}
    for row in current:
        if row.status == RequestStatus.WAITING and all(row.step > one.step for one in asked_now):
            later[row.step] = max(later.get(row.step, 0), row.within_s)
    last = max((row.deadline for row in asked_now if row.deadline is not None), default=None)
    return last + timedelta(seconds=sum(later.values())) if last is not None else None


async def last_decision(tx: AsyncSession, order_id: str, n: int) -> ApprovalRow | None:
    """What was decided last about a question."""
    query = select(ApprovalRow).where(ApprovalRow.order_id == order_id, ApprovalRow.n == n)
    return (await tx.execute(query.order_by(col(ApprovalRow.seq).desc()).limit(1))).scalars().first()


async def keep_decision(
    tx: AsyncSession,
    row: ApprovalRequestRow,
    verdict: Verdict,
    who: Candidate,
    way: Way,
    why: str,
    now: datetime,
) -> None:
    """Keep a decision, and what it makes of its question."""
    row.status = {
        Verdict.APPROVE: RequestStatus.APPROVED,
        Verdict.REFUSE: RequestStatus.REFUSED,
        Verdict.WITHDRAW: RequestStatus.OPEN,
    }[verdict]
    row.closed_at = None if verdict is Verdict.WITHDRAW else now
    if verdict is Verdict.WITHDRAW:
        row.opened_at, row.deadline = now, now + timedelta(seconds=row.within_s)
    tx.add(row)
    tx.add(
        ApprovalRow(
            order_id=row.order_id,
            n=row.n,
            verdict=verdict,
            who=who.id,
            standing=who.standing,
            stands_for=who.stands_for,
            way=way,
            why=why,
            amount_fen=row.amount_fen,
            at=now,
        )
    )
    await tx.flush()


async def drop_open(tx: AsyncSession, order_id: str, now: datetime) -> None:
    """The order is off: nobody is asked any more."""
    for row in await requests(tx, order_id):
        if RequestStatus(row.status) in _UNDECIDED:
            row.status, row.closed_at = RequestStatus.DROPPED, now
            tx.add(row)


# ------------------------------------------------------------------------------------------------------ links


async def next_link(tx: AsyncSession, order_id: str) -> int:
    """The number of an order's next link. Ask under the lock of its index row."""
    highest = select(func.max(ApprovalLinkRow.n)).where(ApprovalLinkRow.order_id == order_id)
    return int((await tx.execute(highest)).scalar_one() or 0) + 1


async def keep_link(tx: AsyncSession, values: dict[str, Any]) -> bool:
    """Keep a link, unless that person has one for this question by this way and stage. True when it is new."""
    return await insert_ignore(tx, ApprovalLinkRow, values)


async def untold_links(tx: AsyncSession, order_id: str) -> list[ApprovalLinkRow]:
    """The links of open questions that nobody was told of, oldest first."""
    link, request = ApprovalLinkRow, ApprovalRequestRow
    query = (
        select(link)
        .join(request, (col(request.order_id) == col(link.order_id)) & (col(request.n) == col(link.request)))
        .where(
            link.order_id == order_id,
            link.way == Way.SMS,
            col(link.told_at).is_(None),
            request.status == RequestStatus.OPEN,
        )
    )
    return list((await tx.execute(query.order_by(col(link.n)))).scalars())


async def link_by_code(tx: AsyncSession, code: str) -> ApprovalLinkRow | None:
    """The link behind a code."""
    return (await tx.execute(select(ApprovalLinkRow).where(ApprovalLinkRow.code == code))).scalars().first()

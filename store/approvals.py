"""What orders ask of approvers, and what is decided. Everything under the lock of the order's index row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, select

from domain.approvals import (
    NOW,
    Asked,
    Candidate,
    Mode,
    Question,
    RequestStatus,
    RunsOut,
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

_UNDECIDED = frozenset({RequestStatus.WAITING, RequestStatus.OPEN})
_DECIDED = {Verdict.APPROVE: RequestStatus.APPROVED, Verdict.REFUSE: RequestStatus.REFUSED}


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


@dataclass(frozen=True)
class Demanded:
    """The questions of an order that count, those that counted until now, and those that do so again."""

    current: list[ApprovalRequestRow]
    void: list[ApprovalRequestRow]
    back: list[ApprovalRequestRow]


async def demand(
    tx: AsyncSession,
    order_id: str,
    wanted: Sequence[Wanted],
    fen: Fen,
    revision: int,
    now: datetime,
    runs_out: RunsOut,
    roster: str,
) -> Demanded:
    """Ask what the table demands of an order that costs `fen`: what was answered for at least as much stays, what was
    asked of another amount is asked anew, what is demanded no more is dropped; and what was dropped and is demanded
    again has the answer that it had. `roster` is the mark of who may decide."""
    kept = await requests(tx, order_id)
    if not kept and not wanted:
        return Demanded([], [], [])
    demanded = {(one.row, role): one for one in wanted for role in one.roles}
    current = {(row.row, row.role): row for row in kept if RequestStatus(row.status) in NOW}
    void = []
    for key, row in current.items():
        if key in demanded and stays(asked(row), fen):
            _follow(row, demanded[key], runs_out)
        else:
            row.status = RequestStatus.SUPERSEDED if key in demanded else RequestStatus.DROPPED
            row.closed_at = now
            void.append(row)
        tx.add(row)
    await tx.flush()  # the unique index must see them go before others come
    n, back = max((row.n for row in kept), default=0), []
    for key, one in demanded.items():
        before = current.get(key)
        if before is not None and RequestStatus(before.status) in NOW:
            continue
        answered = await _answered_before(tx, kept, key, one, fen, runs_out) if before is None else None
        if answered is not None:
            back.append(answered)
            continue
        n += 1
        tx.add(_request(order_id, n, key[1], one, fen, revision, roster))
    await tx.flush()
    found = [row for row in await requests(tx, order_id) if RequestStatus(row.status) in NOW]
    await ask_next(tx, found, now, runs_out)
    return Demanded(found, void, back)


def _follow(row: ApprovalRequestRow, one: Wanted, runs_out: RunsOut) -> None:
    """A question that stays is asked as the table says now. What was decided stands, by the rule that asked for it."""
    row.step, row.mode = one.step, one.mode
    if RequestStatus(row.status) not in _UNDECIDED:
        return
    row.deputy, row.escalates_to, row.rule = one.deputy, one.escalates_to, one.rule
    row.within_s, row.calendar = int(one.within.total_seconds()), one.calendar
    if row.status == RequestStatus.OPEN and row.stage == Stage.FIRST and row.opened_at is not None:
        row.deadline = runs_out(row.calendar, row.opened_at, one.within)


async def _answered_before(
    tx: AsyncSession, kept: Sequence[ApprovalRequestRow], key: tuple[str, str], one: Wanted, fen: Fen, runs_out: RunsOut
) -> ApprovalRequestRow | None:
    """A question that was dropped, and had an answer that still holds: it has it again."""
    for row in reversed(kept):
        if (row.row, row.role) != key or row.status != RequestStatus.DROPPED:
            continue
        last = await last_decision(tx, row.order_id, row.n)
        status = _DECIDED.get(Verdict(last.verdict)) if last is not None else None
        if last is None or status is None or not stays(replace(asked(row), status=status), fen):
            return None
        row.status, row.closed_at = status, last.at
        _follow(row, one, runs_out)
        tx.add(row)
        return row
    return None


def _request(order_id: str, n: int, role: str, one: Wanted, fen: Fen, revision: int, roster: str) -> ApprovalRequestRow:
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
        calendar=one.calendar,
        rule=one.rule,
        revision=revision,
        amount_fen=fen,
        status=RequestStatus.WAITING,
        roster=roster,
    )


async def ask_next(tx: AsyncSession, current: Sequence[ApprovalRequestRow], now: datetime, runs_out: RunsOut) -> None:
    """Open the questions whose turn has come; those whose turn has not, or that are decided without them, wait."""
    judged = [asked(row) for row in current]
    step = step_now(judged)
    undecided = {row[0].row for row in by_row(judged) if row_state(row) is RequestStatus.OPEN}
    for row in current:
        its_turn = row.step == step and row.row in undecided
        if row.status == RequestStatus.WAITING and its_turn:
            row.status, row.opened_at, row.stage = RequestStatus.OPEN, now, Stage.FIRST
            row.deadline = runs_out(row.calendar, now, timedelta(seconds=row.within_s))
        elif row.status == RequestStatus.OPEN and not its_turn:
            row.status, row.deadline = RequestStatus.WAITING, None
        tx.add(row)
    await tx.flush()


def due_by(current: Sequence[ApprovalRequestRow], runs_out: RunsOut) -> datetime | None:
    """When all questions should be answered, if each step takes as long as it may; None while nobody is asked."""
    asked_now = [row for row in current if row.status == RequestStatus.OPEN and row.deadline is not None]
    later: dict[int, list[ApprovalRequestRow]] = {}
    for row in current:
        if row.status == RequestStatus.WAITING and all(row.step > one.step for one in asked_now):
            later.setdefault(row.step, []).append(row)
    last = max((row.deadline for row in asked_now if row.deadline is not None), default=None)
    for _, rows in sorted(later.items()):
        if last is not None:
            last = max(runs_out(row.calendar, last, timedelta(seconds=row.within_s)) for row in rows)
    return last


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
    runs_out: RunsOut,
) -> None:
    """Keep a decision, and what it makes of its question."""
    row.status = _DECIDED.get(verdict, RequestStatus.OPEN)
    row.closed_at = None if verdict is Verdict.WITHDRAW else now
    if verdict is Verdict.WITHDRAW:
        row.opened_at, row.deadline = now, runs_out(row.calendar, now, timedelta(seconds=row.within_s))
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


async def drop_open(
    tx: AsyncSession, order_id: str, now: datetime, which: frozenset[RequestStatus] = _UNDECIDED
) -> Demanded:
    """Nobody is asked any more: the order is off, or has passed all the same. `which` are the questions that end."""
    every, void = await requests(tx, order_id), []
    for row in every:
        if RequestStatus(row.status) in which:
            row.status, row.closed_at = RequestStatus.DROPPED, now
            void.append(row)
            tx.add(row)
    return Demanded([row for row in every if RequestStatus(row.status) in NOW], void, [])


# ----------------------------------------------------------------------------------------------------- roster


async def untold_of_roster(tx: AsyncSession, roster: str, limit: int) -> list[str]:
    """Orders that somebody must decide about now and that were not told who may; at most `limit`."""
    row = ApprovalRequestRow
    query = select(row.order_id).where(row.status == RequestStatus.OPEN, row.roster != roster)
    return list((await tx.execute(query.distinct().order_by(row.order_id).limit(limit))).scalars())


async def mark_told(tx: AsyncSession, order_id: str, roster: str) -> None:
    """Note that an order was told who may decide."""
    row = ApprovalRequestRow
    undecided = update(row).where(col(row.order_id) == order_id, col(row.status).in_(_UNDECIDED))
    await tx.execute(undecided.values(roster=roster))


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

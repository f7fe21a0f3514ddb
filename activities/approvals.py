"""Approvals: what an order is asked for, who is told, what they decide, and what happens when nobody does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from temporalio import activity

from activities.contracts import (
    CHASE_APPROVERS,
    DECIDE_APPROVAL,
    Chase,
    Chased,
    Decided,
    Decision,
)
from activities.partners import HubConfig
from domain.approvals import (
    NOW,
    Approver,
    Asked,
    Candidate,
    Mode,
    RequestStatus,
    Stage,
    Standing,
    Verdict,
    Way,
    by_row,
    candidates,
    complete,
    mark_of,
    refused,
    right_of,
    role_name,
    row_state,
)
from domain.clock import format_beijing, utc_now
from domain.golden import GoldenState, reached
from domain.holds import HoldReason
from domain.links import approval_code
from domain.money import Fen, format_yuan
from domain.order import Order
from domain.review import Flag
from domain.texts import text
from rules.approvals import wanted_approvals
from rules.sla import runs_out
from store import approvals, approvers, holds
from store.database import Database
from store.steps import Done, load_order, record
from store.tables import ApprovalRequestRow, OrderEventRow, OrderRow

_VOID = (RequestStatus.SUPERSEDED, RequestStatus.DROPPED)


@dataclass(frozen=True)
class Missing:
    """What an order lacks to pass: in words, and until when it should be there; "" when it lacks nothing."""

    detail: str = ""
    by: datetime | None = None

    def flags(self, revision: int) -> list[Flag]:
        """As the review shows it. Each revision is a finding of its own: who agreed may have taken it back since."""
        return [Flag("approval.needed", HoldReason.APPROVAL, self.detail, str(revision))] if self.detail else []


async def demand(tx: AsyncSession, row: OrderRow, order: Order, revision: int) -> Missing:
    """Ask for what the table demands of an order, and say what is missing. Of a packed order nothing is asked."""
    state, fen, now = GoldenState(row.state) if row.state else None, Fen(order.amounts.paid_fen), utc_now()
    if reached(state, GoldenState.PACKED):
        return Missing()
    if reached(state, GoldenState.RISK_PASSED) and fen <= await _passed_fen(tx, row.order_id):
        # It has passed for this much: a rule that is newer than that stops it no more.
        asked = await approvals.drop_open(tx, row.order_id, now, NOW - {RequestStatus.APPROVED})
    else:
        wanted = wanted_approvals(order, await approvals.categories(tx, [line.sku for line in order.lines]))
        roster = mark_of(await approvers.roster(tx), now) if wanted else ""
        asked = await approvals.demand(tx, row.order_id, wanted, fen, revision, now, runs_out, roster)
    for one in asked.void:
        for what in ("refused", "nobody"):
            await holds.close_task(tx, _task(row.order_id, one.n, what), "orderhub")
    for one in asked.back:
        last = await approvals.last_decision(tx, row.order_id, one.n)
        if one.status == RequestStatus.REFUSED and last is not None:
            await _refused(tx, one, last.who, last.why)
    missing = _missing(asked.current)
    if missing.detail:
        await holds.say_again(tx, row.order_id, HoldReason.APPROVAL, missing.detail)
    return missing


async def _passed_fen(tx: AsyncSession, order_id: str) -> int:
    """The most that an order has passed with: what it cost when it passed the review, what a later revision cost that
    needed nobody, and what everybody agreed to who was asked."""
    current = [one for one in await approvals.requests(tx, order_id) if RequestStatus(one.status) in NOW]
    passed = min((one.amount_fen for one in current), default=0) if not _missing(current).detail else 0
    event, last = OrderEventRow, 0
    query = select(event.what, event.result).where(
        event.order_id == order_id, col(event.what).in_(("order.accepted", "review.passed"))
    )
    for what, result in (await tx.execute(query.order_by(col(event.seq)))).tuples():
        if what == "review.passed":
            passed = max(passed, last)
            continue
        last = int(result["amount_fen"])
        if all(flag["hold"] != HoldReason.APPROVAL for flag in result["flags"]):
            passed = max(passed, last)
    return passed


def _missing(current: Sequence[ApprovalRequestRow]) -> Missing:
    judged = [approvals.asked(row) for row in current]
    parts = [_in_words(row) for row in by_row(judged) if row_state(row) is not RequestStatus.APPROVED]
    if not parts:
        return Missing()
    return Missing("；".join(parts), approvals.due_by(current, runs_out))


def _in_words(row: Sequence[Asked]) -> str:
    """What is missing of one row of the table."""
    no = [one.role for one in row if one.status is RequestStatus.REFUSED]
    if no:
        return text("approval.refused_by", roles="、".join(map(role_name, no)), amount=format_yuan(row[0].fen))
    open_roles = [one.role for one in row if one.status is not RequestStatus.APPROVED]
    between = text("approval.or" if row[0].mode is Mode.ANY else "approval.and")
    return text("approval.needed", roles=between.join(map(role_name, open_roles)), amount=format_yuan(row[0].fen))


class ApprovalSteps:
    """Who is asked, and what they say."""

    def __init__(self, db: Database, config: HubConfig) -> None:
        self._db = db
        self._config = config

    @activity.defn(name=CHASE_APPROVERS.name)
    async def chase_approvers(self, chase: Chase) -> Chased:
        """Go to the next stage where a deadline has passed, and make links for whoever is asked and has none.

        Run again, it finds nothing more to do, and names the same links until they were sent.
        """
        async with self._db.transaction() as tx:
            row = await load_order(tx, chase.order_id)
            now, people = chase.at, await approvers.roster(tx)
            asked = [one for one in await approvals.requests(tx, chase.order_id) if one.status == RequestStatus.OPEN]
            for one in asked:
                await _next_stage(tx, row, one, people, now)
                found = candidates(approvals.question(one), people, now)
                if found:
                    await holds.close_task(tx, _task(one.order_id, one.n, "nobody"), "orderhub")
                else:
                    await _nobody(tx, one)
                for who in found:
                    await self._link(tx, one, who, now)
            links = [link.n for link in await approvals.untold_links(tx, chase.order_id)]
        return Chased(links, min((one.deadline for one in asked if one.deadline is not None), default=None))

    async def _link(self, tx: AsyncSession, one: ApprovalRequestRow, who: Candidate, now: datetime) -> None:
        n = await approvals.next_link(tx, one.order_id)
        lives_until = now + timedelta(hours=self._config.link_hours)
        opened = one.opened_at or now
        await approvals.keep_link(
            tx,
            {
                "order_id": one.order_id,
                "n": n,
                "code": approval_code(self._config.link_secret, one.order_id, n),
                "request": one.n,
                "approver": who.id,
                "way": Way.SMS,
                "sent_on": f"{opened.isoformat()}/{one.stage}",
                "expires_at": max(lives_until, one.deadline or now),
                "told_at": None,
            },
        )

    @activity.defn(name=DECIDE_APPROVAL.name)
    async def decide_approval(self, wish: Decision) -> Decided:
        """Take a decision, or say in words why not. Said again by the same person, it changes nothing."""
        async with self._db.transaction() as tx:
            row = await load_order(tx, wish.order_id)
            every = await approvals.requests(tx, wish.order_id)
            one = next((found for found in every if found.n == wish.n), None)
            if one is None:
                return Decided(False, text("approval.unknown"))
            current = [found for found in every if RequestStatus(found.status) in NOW]
            verdict = Verdict(wish.verdict)
            last = await approvals.last_decision(tx, wish.order_id, wish.n)
            if last is not None and (last.who, last.verdict) == (wish.by, verdict) and one in current:
                return _decided(current, text(f"approval.done.{verdict}"))
            why_not = await self._why_not(tx, row, one, current, wish)
            if isinstance(why_not, str):
                return Decided(False, why_not)
            now = utc_now()
            await approvals.keep_decision(tx, one, verdict, why_not, Way(wish.way), wish.why, now, runs_out)
            await approvals.ask_next(tx, current, now, runs_out)
            await self._told(tx, row, one, wish)
            decided = _decided(current, text(f"approval.done.{verdict}"))
            if decided.detail:
                await holds.say_again(tx, one.order_id, HoldReason.APPROVAL, decided.detail)
            return decided

    async def _why_not(
        self,
        tx: AsyncSession,
        row: OrderRow,
        one: ApprovalRequestRow,
        current: Sequence[ApprovalRequestRow],
        wish: Decision,
    ) -> Candidate | str:
        """By what right somebody decides; or the words why they may not."""
        if one.status in _VOID or wish.amount_fen != one.amount_fen:
            return text("approval.changed")
        last = await approvals.last_decision(tx, one.order_id, one.n)
        if wish.verdict == Verdict.WITHDRAW:
            return _may_withdraw(row, one, current, wish, last.who if last is not None else "")
        if one.status != RequestStatus.OPEN:
            if last is not None and one.status != RequestStatus.WAITING:
                return text("approval.decided", who=last.who, verdict=text(f"approval.verdict.{last.verdict}"))
            return text("approval.not_its_turn")
        people = await approvers.roster(tx)
        right = right_of(wish.by, approvals.question(one), people, utc_now())
        if right is None:
            return text("approval.not_yours", role=role_name(one.role))
        if right.standing is not Standing.OWN and await _signed_beside(tx, one, current, wish.by):
            return text("approval.twice")
        if wish.verdict == Verdict.REFUSE and not wish.why.strip():
            return text("approval.why_missing")
        return right

    async def _told(self, tx: AsyncSession, row: OrderRow, one: ApprovalRequestRow, wish: Decision) -> None:
        """The trail, and what people must know of a refusal."""
        n = len(await approvals.decisions(tx, one.order_id))
        why = f"{one.role}: {wish.why}" if wish.why else one.role
        await record(tx, row, f"approval/{one.n}/decision/{n}", wish.by, Done(f"approval.{wish.verdict}", why))
        if wish.verdict == Verdict.REFUSE:
            await _refused(tx, one, wish.by, wish.why)
        elif wish.verdict == Verdict.WITHDRAW:
            await holds.close_task(tx, _task(one.order_id, one.n, "refused"), wish.by)


def _decided(current: Sequence[ApprovalRequestRow], words: str) -> Decided:
    missing = _missing(current)
    return Decided(True, words, complete=not missing.detail, detail=missing.detail, by=missing.by)


def _may_withdraw(
    row: OrderRow, one: ApprovalRequestRow, current: Sequence[ApprovalRequestRow], wish: Decision, last: str
) -> Candidate | str:
    if one.status not in (RequestStatus.APPROVED, RequestStatus.REFUSED) or last != wish.by:
        return text("approval.not_yours_to_withdraw")
    state = GoldenState(row.state) if row.state else None
    judged = [approvals.asked(found) for found in current]
    if reached(state, GoldenState.RISK_PASSED) and complete(judged) and not refused(judged):
        return text("approval.withdraw_late")
    return Candidate(wish.by, Standing.OWN)


async def _signed_beside(
    tx: AsyncSession, one: ApprovalRequestRow, current: Sequence[ApprovalRequestRow], who: str
) -> bool:
    """Whether somebody has agreed to another question of the same row already: to countersign needs two people."""
    if one.mode != Mode.ALL:
        return False
    for other in current:
        if other.row == one.row and other.n != one.n and other.status == RequestStatus.APPROVED:
            last = await approvals.last_decision(tx, other.order_id, other.n)
            if last is not None and last.who == who:
                return True
    return False


async def _next_stage(
    tx: AsyncSession, row: OrderRow, one: ApprovalRequestRow, people: Sequence[Approver], now: datetime
) -> None:
    """When the deadline has passed: more people may decide, and everybody is told again."""
    if one.deadline is None or one.deadline > now:
        return
    late, asked_before = one.deadline, candidates(approvals.question(one), people, now)
    while one.stage < Stage.ESCALATED:
        one.stage += 1
        if candidates(approvals.question(one), people, now) != asked_before:
            break  # a stage that brings nobody new is no use
    one.deadline = runs_out(one.calendar, now, timedelta(seconds=one.within_s))
    tx.add(one)
    words = text(
        "approval.late", role=role_name(one.role), amount=format_yuan(one.amount_fen), due=format_beijing(late)
    )
    step = f"approval/{one.n}/late/{late.isoformat()}"
    await holds.open_task(tx, f"{one.order_id}/{step}", "approval_late", words, order_id=one.order_id, alert=True)
    await record(tx, row, step, "timer", Done("approval.late", f"{one.role}: {Stage(one.stage).name}"))


async def _nobody(tx: AsyncSession, one: ApprovalRequestRow) -> None:
    """A person must say who decides: without one the order waits for ever."""
    words = text("approval.nobody", role=role_name(one.role), role_id=one.role)
    key = _task(one.order_id, one.n, "nobody")
    await holds.open_task(tx, key, "approval_nobody", words, order_id=one.order_id, alert=True, again=True)


async def _refused(tx: AsyncSession, one: ApprovalRequestRow, who: str, why: str) -> None:
    """A person must see to an order that somebody refused."""
    words = text("approval.refused_task", role=role_name(one.role), who=who, why=why)
    key = _task(one.order_id, one.n, "refused")
    await holds.open_task(tx, key, "approval_refused", words, order_id=one.order_id, alert=True, again=True)


def _task(order_id: str, n: int, what: str) -> str:
    """The key of the task about a question."""
    return f"{order_id}/approval/{n}/{what}"

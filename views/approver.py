"""What one approver sees: what waits for them, and what became of what they were asked lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.approvals import NOW, Approver, Candidate, Mode, RequestStatus, Stage, Standing, right_of, role_name
from domain.clock import format_beijing, utc_now
from domain.golden import GoldenState, reached
from domain.holds import HoldReason
from domain.masks import mask_name
from domain.money import format_yuan
from domain.order import Channel, Order, PaymentTerms
from domain.texts import text
from store import approval_lists, approvals, approvers
from store.deadlines import bodies
from store.tables import ApprovalRequestRow, ApprovalRow, OrderRow

MOST = 50
"""Questions that are shown at once."""
LATELY = timedelta(days=14)
_LATEST = 20
_GOODS = 3
"""Articles of an order that are named."""


@dataclass(frozen=True)
class Said:
    """One line of an order's trail."""

    role: str
    words: str
    at: str
    why: str


@dataclass(frozen=True)
class Waiting:
    """A question that somebody may decide now. `seen` is the number of the last decision about it, 0 for none."""

    order_id: str
    n: int
    order_no: str
    channel: str
    terms: str
    buyer: str
    amount: str
    amount_fen: int
    goods: tuple[tuple[str, int], ...]
    articles: int
    """How many articles there are; `goods` are the first of them."""
    why: str
    rule: str
    role: str
    deadline: str
    late: bool
    trail: tuple[Said, ...]
    seen: int


@dataclass(frozen=True)
class Over:
    """A question that somebody was asked and that does not wait for them. `mark` is good, bad or gone."""

    order_id: str
    n: int
    order_no: str
    channel: str
    amount: str
    amount_fen: int
    role: str
    words: str
    mark: str
    why: str
    at: str
    may_withdraw: bool
    seen: int


@dataclass(frozen=True)
class Desk:
    """Everything that one approver sees. `roles` is "" for somebody who has none, `away` for somebody who is there."""

    who: str
    name: str
    roles: str
    away: str
    waiting: tuple[Waiting, ...]
    more: int
    over: tuple[Over, ...]


def buyer_name(order: Order) -> str:
    """What a buyer is called for approvers: a company by its name, a person masked."""
    customer = order.customer
    company = order.channel is Channel.B2B or bool(customer.tax_no) or customer.terms is not PaymentTerms.PREPAID
    return customer.name if company or not customer.name else mask_name(customer.name)


def reason(rows: Sequence[ApprovalRequestRow]) -> str:
    """Why an order waits, by the questions of one row of the table."""
    first = rows[0]
    roles = text("approval.and").join(dict.fromkeys(role_name(row.role) for row in rows))
    words = text("approval.needed", roles=roles, amount=format_yuan(first.amount_fen))
    return f"{words}{text(f'mine.mode.{Mode(first.mode)}')}" if len(rows) > 1 else words


async def desk(tx: AsyncSession, who: str, now: datetime | None = None) -> Desk:
    """What somebody sees now."""
    now = now or utc_now()
    people = await approvers.roster(tx)
    me = next((one for one in people if one.id == who), None)
    mine = [(row, right) for row in await approvals.open_requests(tx) if (right := _right(row, who, people, now))]
    shown = mine[:MOST]
    here = {(row.order_id, row.n) for row, _ in mine}
    # Some of those that were sent wait still, and stand above.
    lately = await approval_lists.lately(tx, who, now - LATELY, _LATEST + MOST)
    over = [row for row in lately if (row.order_id, row.n) not in here][:_LATEST]
    ids = {row.order_id for row, _ in shown} | {row.order_id for row in over}
    every, decided = await approval_lists.questions(tx, ids), await approval_lists.decisions(tx, ids)
    orders = await bodies(tx, {row.order_id for row, _ in shown})
    index = await approval_lists.index(tx, ids)
    away = me.absent_until if me is not None and not me.present(now) else None
    return Desk(
        who,
        me.name if me is not None else who,
        text("approval.and").join(map(role_name, sorted(me.roles))) if me is not None else "",
        format_beijing(away)[:16] if away is not None else "",
        tuple(
            _waiting(row, right, orders[row.order_id], every[row.order_id], decided.get(row.order_id, []), now)
            for row, right in shown
        ),
        len(mine) - len(shown),
        tuple(_over(row, index[row.order_id], every[row.order_id], decided.get(row.order_id, []), who) for row in over),
    )


def _right(row: ApprovalRequestRow, who: str, people: Sequence[Approver], now: datetime) -> Candidate | None:
    return right_of(who, approvals.question(row), people, now)


def _waiting(
    row: ApprovalRequestRow,
    right: Candidate,
    order: Order,
    every: Sequence[ApprovalRequestRow],
    decided: Sequence[ApprovalRow],
    now: datetime,
) -> Waiting:
    together = [one for one in every if one.row == row.row and RequestStatus(one.status) in NOW]
    roles = {one.n: role_name(one.role) for one in every}
    role = role_name(row.role)
    if right.standing is not Standing.OWN:
        role = text(f"mine.as_{right.standing}", role=role, whom=role_name(right.stands_for))
    return Waiting(
        order_id=row.order_id,
        n=row.n,
        order_no=order.channel_order_no,
        channel=text(f"channel.{order.channel}"),
        terms=text(f"approval.terms.{order.customer.terms}"),
        buyer=buyer_name(order),
        amount=text("approval.yuan", amount=format_yuan(row.amount_fen)),
        amount_fen=row.amount_fen,
        goods=tuple((line.title or line.sku, line.quantity) for line in order.lines[:_GOODS]),
        articles=len(order.lines),
        why=reason(together),
        rule=row.row,
        role=role,
        deadline=format_beijing(row.deadline)[:16] if row.deadline is not None else "",
        late=row.stage > Stage.FIRST or (row.deadline is not None and row.deadline <= now),
        trail=tuple(said(roles.get(one.n, ""), one) for one in decided),
        seen=_seen(row, decided),
    )


def _over(
    row: ApprovalRequestRow,
    order: OrderRow,
    every: Sequence[ApprovalRequestRow],
    decided: Sequence[ApprovalRow],
    who: str,
) -> Over:
    last = next((one for one in reversed(decided) if one.n == row.n), None)
    status = RequestStatus(row.status)
    settled = status in (RequestStatus.APPROVED, RequestStatus.REFUSED) and last is not None
    at = last.at if settled and last is not None else row.closed_at or row.opened_at
    if order.exit is not None and not settled:
        words, mark = text("mine.order_off"), "gone"
    elif settled and last is not None:
        verdict = text(f"approval.verdict.{last.verdict}")
        key = "approval.you_decided" if last.who == who else "approval.decided"
        words = text(key, **({"verdict": verdict} if last.who == who else {"verdict": verdict, "who": last.who}))
        mark = "good" if status is RequestStatus.APPROVED else "bad"
    elif status is RequestStatus.OPEN:
        words, mark = text("mine.not_yours"), "gone"
    else:
        words, mark = text(f"approval.status.{status}"), "gone"
    waits = not reached(GoldenState(order.state) if order.state else None, GoldenState.RISK_PASSED)
    held = waits or HoldReason.APPROVAL in order.holds
    return Over(
        order_id=row.order_id,
        n=row.n,
        order_no=order.channel_order_no,
        channel=text(f"channel.{order.channel}"),
        amount=text("approval.yuan", amount=format_yuan(row.amount_fen)),
        amount_fen=row.amount_fen,
        role=role_name(row.role),
        words=words,
        mark=mark,
        why=last.why if settled and last is not None else "",
        at=format_beijing(at)[:16] if at is not None else "",
        may_withdraw=settled and last is not None and last.who == who and held and order.exit is None,
        seen=_seen(row, decided),
    )


def said(role: str, one: ApprovalRow) -> Said:
    """A decision as a line of the trail."""
    words = f"{one.who} · {text(f'approval.verdict.{one.verdict}')}"
    return Said(role, words, format_beijing(one.at)[:16], one.why)


def _seen(row: ApprovalRequestRow, decided: Sequence[ApprovalRow]) -> int:
    return max((one.seq or 0 for one in decided if one.n == row.n), default=0)

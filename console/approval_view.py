"""What the page of an approval shows: the order, the question, and what was decided so far."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from console.parcel_form import LinkExpired
from domain.approvals import RequestStatus, right_of, role_name
from domain.clock import format_beijing, utc_now
from domain.links import approval_code
from domain.money import format_yuan
from domain.texts import text
from store import approvals, approvers, orders
from store.tables import ApprovalLinkRow, ApprovalRequestRow
from views.approver import Said, buyer_name, said

_CODE = re.compile(r"[a-z2-7]{24}")


@dataclass(frozen=True)
class ApprovalPage:
    """One question to one person. `may_decide` and `may_withdraw` say what is offered; `closed` why nothing is."""

    order_id: str
    order_no: str
    channel: str
    buyer: str
    terms: str
    amount: str
    amount_fen: int
    goods: tuple[tuple[str, int], ...]
    request: int
    approver: str
    way: str
    role: str
    deadline: str
    trail: tuple[Said, ...]
    mine: str
    may_decide: bool
    may_withdraw: bool
    closed: str
    seen: int
    """The number of the last decision about the question, 0 for none."""
    last: str
    """What this person decided last; "" when somebody else did, or nobody."""


async def open_approval_link(tx: AsyncSession, secret: bytes, code: str) -> ApprovalLinkRow:
    """The link behind a code. Raises LookupError for one that we never gave out, LinkExpired for an old one."""
    link = await approvals.link_by_code(tx, code) if _CODE.fullmatch(code) else None
    # Computed again, so that whoever can write rows still cannot make links.
    if link is None or not hmac.compare_digest(approval_code(secret, link.order_id, link.n), link.code):
        raise LookupError("no such link")
    if link.expires_at <= utc_now():
        raise LinkExpired
    return link


async def load_approval(tx: AsyncSession, link: ApprovalLinkRow) -> ApprovalPage:
    """What the link's page shows. Raises LookupError when the question is gone."""
    row = await tx.get(ApprovalRequestRow, (link.order_id, link.request))
    if row is None:
        raise LookupError("no such question")
    order = await orders.body(tx, link.order_id)
    last = await approvals.last_decision(tx, link.order_id, link.request)
    mine = last.verdict if last is not None and last.who == link.approver else ""
    may_withdraw = bool(mine) and row.status in (RequestStatus.APPROVED, RequestStatus.REFUSED)
    right = right_of(link.approver, approvals.question(row), await approvers.roster(tx), utc_now())
    return ApprovalPage(
        order_id=link.order_id,
        order_no=order.channel_order_no,
        channel=text(f"channel.{order.channel}"),
        buyer=buyer_name(order),
        terms=text(f"approval.terms.{order.customer.terms}"),
        amount=text("approval.yuan", amount=format_yuan(row.amount_fen)),
        amount_fen=row.amount_fen,
        goods=tuple((line.title or line.sku, line.quantity) for line in order.lines),
        request=row.n,
        approver=link.approver,
        way=link.way,
        role=role_name(row.role),
        deadline=format_beijing(row.deadline)[:16] if row.deadline else "",
        trail=await _trail(tx, link.order_id),
        mine=text("approval.you_decided", verdict=text(f"approval.verdict.{mine}")) if may_withdraw else "",
        may_decide=row.status == RequestStatus.OPEN and right is not None,
        may_withdraw=may_withdraw,
        closed=_closed(row, right is not None),
        seen=last.seq or 0 if last is not None else 0,
        last=mine,
    )


def _closed(row: ApprovalRequestRow, may: bool) -> str:
    if row.status in (RequestStatus.SUPERSEDED, RequestStatus.DROPPED):
        return text("approval.changed")
    if row.status == RequestStatus.WAITING:
        return text("approval.not_its_turn")
    if row.status == RequestStatus.OPEN:
        return "" if may else text("approval.not_yours", role=role_name(row.role))
    return text("approval.closed")


async def _trail(tx: AsyncSession, order_id: str) -> tuple[Said, ...]:
    roles = {row.n: role_name(row.role) for row in await approvals.requests(tx, order_id)}
    return tuple(said(roles.get(one.n, ""), one) for one in await approvals.decisions(tx, order_id))

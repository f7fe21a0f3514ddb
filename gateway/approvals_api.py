"""The staff API of approvals: what waits, what was decided, deciding, and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path
from pydantic import AwareDatetime, Field, StringConstraints

from domain.approvals import Way, right_of
from domain.clock import utc_now
from domain.links import approval_code
from domain.staff import RULES, may
from domain.texts import text
from gateway.deps import Hub, UpdateRefused
from gateway.staff_api import Body, By, ByRules, Line, OrderId, ask
from store import approvals, approvers
from store.approvers import Changes
from store.steps import UnknownOrder, load_order
from store.tables import ApprovalRequestRow
from views.approvals import trail, waiting
from workflows.contracts import Decide

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])

OWN_LINK_LIVES = timedelta(hours=1)
"""A link that somebody made for themselves is opened at once."""

Who = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Role = Annotated[str, StringConstraints(pattern=r"^\S{1,64}$")]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(\+?\d[\d -]{5,20})?$")]


class Wish(Body):
    """A decision about a question. `amount_fen` is the amount that was in sight: another one is refused."""

    verdict: Literal["approve", "refuse", "withdraw"]
    amount_fen: int
    why: Line = ""


class Person(Body):
    """What is to be changed of an approver; what is left out stays. An empty `deputy` or `phone` takes it away."""

    name: Line | None = None
    roles: list[Role] | None = Field(None, max_length=20)
    phone: Phone | None = None
    deputy: Line | None = None


class Absence(Body):
    """Until when somebody is away; null: they are back."""

    until: AwareDatetime | None


@router.get("/approvals")
async def listed(hub: Hub, by: By) -> dict[str, Any]:
    """What waits for a decision, the most urgent first."""
    async with hub.db.reading() as tx:
        return {"approvals": await waiting(tx)}


@router.get("/orders/{order_id}/approvals")
async def shown(order_id: OrderId, hub: Hub, by: By) -> dict[str, Any]:
    """The trail of one order."""
    async with hub.db.reading() as tx:
        return {"order_id": order_id, "approvals": await trail(tx, order_id)}


@router.post("/orders/{order_id}/approvals/{n}")
async def decide(order_id: OrderId, n: int, wish: Wish, hub: Hub, by: By) -> dict[str, str]:
    """Decide the nth question, under the name of one's own token."""
    return await ask(hub, order_id, "approve", Decide(n, wish.verdict, by, Way.API, wish.why, wish.amount_fen))


@router.post("/orders/{order_id}/approvals/{n}/link")
async def own_link(order_id: OrderId, n: int, hub: Hub, by: By) -> dict[str, Any]:
    """A link to the page of the nth question, for oneself; refused to whoever may not decide it."""
    async with hub.db.transaction() as tx:
        try:
            await load_order(tx, order_id)
        except UnknownOrder:
            raise HTTPException(404, text("staff.no_such_order")) from None
        row = await tx.get(ApprovalRequestRow, (order_id, n))
        if row is None:
            raise HTTPException(404, text("approval.unknown"))
        now = utc_now()
        last = await approvals.last_decision(tx, order_id, n)
        right = right_of(by, approvals.question(row), await approvers.roster(tx), now)
        if right is None and (last is None or last.who != by):
            raise UpdateRefused(text("approval.not_yours", role=row.role))
        link = await approvals.next_link(tx, order_id)
        code, expires = approval_code(hub.link_secret, order_id, link), now + OWN_LINK_LIVES
        values = {"order_id": order_id, "n": link, "code": code, "request": n, "approver": by, "way": Way.CONSOLE}
        await approvals.keep_link(tx, {**values, "sent_on": now.isoformat(), "expires_at": expires, "told_at": now})
    return {"result": "done", "path": f"/a/{code}", "expires_at": expires.isoformat()}


@router.get("/approvers")
async def people(hub: Hub, by: By) -> dict[str, Any]:
    """Everybody who may approve; of telephone numbers only whether there is one."""
    async with hub.db.reading() as tx:
        return {"approvers": [approvers.facts(row) for row in await approvers.rows(tx)]}


@router.put("/approvers/{who}")
async def put(who: Who, person: Person, hub: Hub, by: ByRules) -> dict[str, Any]:
    """Keep an approver, or change one. Nobody gives themselves a role."""
    if person.roles is not None and who == by:
        raise UpdateRefused(text("approvers.not_oneself"))
    phone = person.phone
    if phone:
        if hub.phones is None:
            raise HTTPException(404)
        phone = hub.phones.seal(phone, who)
    roles = None if person.roles is None else tuple(person.roles)
    return await _change(hub, who, Changes(person.name, roles, phone, person.deputy), by)


@router.post("/approvers/{who}/absence")
async def absent(who: Who, wish: Absence, hub: Hub, by: By) -> dict[str, Any]:
    """Somebody is away, or back: whoever stands in for them is asked meanwhile. Everybody may say so of themselves."""
    if who != by and not may(hub.roles, by, RULES):
        raise HTTPException(403, text("staff.not_allowed", name=by, role=RULES))
    await _must_be_known(hub, who)
    return await _change(hub, who, Changes(absence=True, absent_until=wish.until), by)


@router.delete("/approvers/{who}")
async def remove(who: Who, hub: Hub, by: ByRules) -> dict[str, Any]:
    """Somebody approves no more. What they decided stays."""
    await _must_be_known(hub, who)
    return await _change(hub, who, Changes(removed=True), by)


async def _must_be_known(hub: Hub, who: str) -> None:
    async with hub.db.reading() as tx:
        if not await approvers.known(tx, who):
            raise HTTPException(404, text("approvers.no_such", who=who))


async def _change(hub: Hub, who: str, changes: Changes, by: str) -> dict[str, Any]:
    async with hub.db.transaction() as tx:
        try:
            changed = await approvers.put(tx, who, changes, by)
        except LookupError as unknown:
            raise UpdateRefused(text("approvers.no_such", who=unknown.args[0])) from None
    return {"result": "done", "changed": changed}

"""The staff API of declarations: which orders lack what, supplying it, and having an order reviewed again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field, StringConstraints

from domain.clock import BEIJING
from domain.declaring import Standing, Supplied, field_name, problems
from domain.texts import text
from gateway.deps import Hub, UpdateRefused
from gateway.staff_api import Body, By, ByService, OrderId
from store import declarations, orders
from store.steps import UnknownOrder, load_order
from workflows.contracts import DeclarationSupply

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Value = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$", max_length=500)]
LineNo = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,128}$")]


class Values(Body):
    """What is supplied: fields of the order, and of its lines by number."""

    fields: dict[Name, Value] = Field(default_factory=dict, max_length=60)
    lines: dict[LineNo, dict[Name, Value]] = Field(default_factory=dict, max_length=1000)


@router.get("/declarations")
async def listed(
    hub: Hub, by: By, limit: Annotated[int, Query(ge=1, le=1000)] = 200, blocked: bool = False
) -> dict[str, Any]:
    """The queue: living orders whose declarations lack something, the longest waiting first; or the blocked ones."""
    statuses = (str(Standing.BLOCKED),) if blocked else (str(Standing.INCOMPLETE),)
    async with hub.db.reading() as tx:
        found = await declarations.queue(tx, statuses, limit)
    return {"declarations": [facts(one) for one in found]}


@router.post("/orders/{order_id}/declaration")
async def supply(order_id: OrderId, values: Values, hub: Hub, by: ByService) -> dict[str, str]:
    """Supply what is missing; a later value replaces an earlier one. The same again answers the same."""
    given = Supplied(values.fields, values.lines)
    if not any((values.fields, *values.lines.values())):
        raise UpdateRefused(text("declare.nothing"))
    async with hub.db.transaction() as tx:
        try:
            await load_order(tx, order_id)
            order = await orders.body(tx, order_id)
        except LookupError:
            raise HTTPException(404, text("staff.no_such_order")) from None
        if wrong := problems(given, order):
            raise UpdateRefused("；".join(wrong))
        n = await declarations.wish(tx, order_id, given, by)
    outcome = await hub.orders.update(order_id, "supply_declaration", DeclarationSupply(n, by))
    return {"result": "done", "text": outcome.text}


@router.post("/orders/{order_id}/review")
async def review_again(order_id: OrderId, hub: Hub, by: ByService) -> dict[str, str]:
    """Have an order reviewed again that something stops: a rule has changed, or what else the house knows."""
    async with hub.db.transaction() as tx:
        try:
            row = await load_order(tx, order_id)
        except UnknownOrder:
            raise HTTPException(404, text("staff.no_such_order")) from None
        if row.closed_at is not None or row.started_at is None or not row.holds:
            raise UpdateRefused(text("declare.no_hold"))
        await orders.review_again(tx, row)
    return {"result": "accepted", "text": text("declare.again")}


def facts(one: declarations.Queued) -> dict[str, Any]:
    """An order of the queue as JSON; times at +08:00."""
    return {
        "order_id": one.order_id,
        "destination": one.destination,
        "status": one.status,
        "status_text": text(f"declarations.status.{one.status}"),
        "opened_at": one.opened_at.astimezone(BEIJING).isoformat(),
        "missing": [
            {
                "field": lack.field,
                "name": "|".join(field_name(name) for name in lack.field.split("|")),
                "line_no": lack.line_no,
                "why": lack.why,
                "text": lack.sentence(),
            }
            for lack in one.missing
        ],
    }

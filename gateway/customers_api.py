"""The staff API of customers' credit: limits, what moved them, and payments."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from pydantic import Field

from domain.order import Channel
from domain.texts import text
from gateway.deps import Hub, UpdateRefused
from gateway.staff_api import Body, By, ByFinance, Line, Words
from store import credit_limits
from views.credit import entry_facts, limit_facts

router = APIRouter(prefix="/api/v1/staff/customers", tags=["staff"])

Customer = Annotated[str, Path(pattern=r"^[^\x00-\x20/]{1,128}$")]


class Limit(Body):
    """How much a customer may owe and have on order, and why."""

    limit_fen: int = Field(ge=0, le=10**14)
    why: Words
    name: Line = ""


class Payment(Body):
    """What came, and the payment's number: it is booked once."""

    amount_fen: int = Field(gt=0, le=10**14)
    key: Words


@router.get("")
async def listed(hub: Hub, by: By) -> dict[str, Any]:
    """Every limit, and what is reserved and owed."""
    async with hub.db.reading() as tx:
        return {"customers": [limit_facts(row) for row in await credit_limits.all_limits(tx)]}


@router.get("/{channel}/{customer}")
async def shown(channel: Channel, customer: Customer, hub: Hub, by: By) -> dict[str, Any]:
    """What moved a customer's credit, the newest first."""
    async with hub.db.reading() as tx:
        return {"entries": [entry_facts(row) for row in await credit_limits.entries(tx, channel, customer)]}


@router.put("/{channel}/{customer}/limit")
async def limit(channel: Channel, customer: Customer, wish: Limit, hub: Hub, by: ByFinance) -> dict[str, Any]:
    """Set a limit. Orders that wait for credit are reviewed again."""
    async with hub.db.transaction() as tx:
        await credit_limits.set_limit(tx, channel, customer, wish.limit_fen, by, wish.why, wish.name)
    return {"result": "done", "reviewed_again": await credit_limits.wake(hub.db, channel, customer)}


@router.post("/{channel}/{customer}/payments")
async def paid(channel: Channel, customer: Customer, wish: Payment, hub: Hub, by: ByFinance) -> dict[str, Any]:
    """What was delivered is paid for. The same payment again changes nothing."""
    try:
        async with hub.db.transaction() as tx:
            booked = await credit_limits.paid(tx, channel, customer, wish.amount_fen, wish.key, by)
    except LookupError:
        raise HTTPException(404, text("customers.no_limit", customer=customer)) from None
    except ValueError as error:
        raise UpdateRefused(str(error)) from None
    return {"result": "done", "booked": booked, "reviewed_again": await credit_limits.wake(hub.db, channel, customer)}

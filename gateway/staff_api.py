"""The staff API: customer service, operations and warehouse look at orders and act on them, each by a token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlmodel import func, select

from domain.address import address_problems
from domain.clock import utc_now
from domain.ids import parcel_id
from domain.order import ClearReceiver, Region
from domain.regions import Told, complete
from domain.staff import FINANCE, OPERATIONS, RULES, SERVICE, holder, may
from domain.texts import text
from gateway.deps import Gateway, Hub, StillRunning, UpdateRefused, Wish
from rules.gazetteer import gazetteer
from store.gifts_after import GiftStays, send_after
from store.shadows import is_shadow
from store.steps import UnknownOrder, load_order
from store.tables import AddressChangeRow
from views.orders import order_view
from workflows.contracts import AddressWish, CancelOrder, RecordWaybill, ReleaseHold

router = APIRouter(prefix="/api/v1/staff/orders", tags=["staff"])

Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
Words = Annotated[Line, StringConstraints(min_length=1)]


def _who(request: Request, hub: Hub) -> str:
    """The name of whoever holds the bearer token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    name = holder(hub.staff, given)
    if scheme.lower() != "bearer" or not name:
        raise HTTPException(401, text("staff.unauthorized"), {"WWW-Authenticate": "Bearer"})
    return name


By = Annotated[str, Depends(_who)]
"""Whoever has a token may look."""


def _with(role: str) -> Callable[..., str]:
    def allowed(by: By, hub: Hub) -> str:
        if not may(hub.roles, by, role):
            raise HTTPException(403, text("staff.not_allowed", name=by, role=role))
        return by

    return allowed


ByService = Annotated[str, Depends(_with(SERVICE))]
ByOperations = Annotated[str, Depends(_with(OPERATIONS))]
ByRules = Annotated[str, Depends(_with(RULES))]
ByFinance = Annotated[str, Depends(_with(FINANCE))]
OrderId = Annotated[str, Path(pattern=r"^[^\x00-\x20#/]+$")]


class Body(BaseModel):
    """Base: unknown fields refused."""

    model_config = ConfigDict(extra="forbid")


class Cancel(Body):
    """Why the order is cancelled."""

    reason: Words


class Release(Body):
    """Why the hold is released."""

    why: Words


class WishedAddress(Body):
    """A whole receiver; nothing is taken over from the old one."""

    name: Words
    phone: Words
    province: Words
    city: Line = ""
    district: Line = ""
    town: Line = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "CN"
    detail: Words

    def receiver(self) -> ClearReceiver:
        """As the order keeps it."""
        region = Region(
            province=self.province, city=self.city, district=self.district, town=self.town, country=self.country
        )
        return ClearReceiver(name=self.name, phone=self.phone, region=region, detail=self.detail)


class Number(Body):
    """A waybill number as a person read it."""

    carrier: Words
    number: Words


@router.get("/{order_id}")
async def show_order(order_id: OrderId, hub: Hub, by: By) -> dict[str, Any]:
    """One order; 404 when there is none."""
    async with hub.db.transaction() as tx:
        view = await order_view(tx, order_id)
    if view is None:
        raise HTTPException(404, text("staff.no_such_order"))
    return view


@router.post("/{order_id}/cancel")
async def cancel(order_id: OrderId, wish: Cancel, hub: Hub, by: ByService) -> dict[str, str]:
    """Cancel, and undo everything that was done."""
    return await ask(hub, order_id, "cancel", CancelOrder(wish.reason, by))


@router.post("/{order_id}/holds/{reason}/release")
async def release_hold(order_id: OrderId, reason: str, wish: Release, hub: Hub, by: ByService) -> dict[str, str]:
    """Release a hold that a person may release."""
    return await ask(hub, order_id, "release_hold", ReleaseHold(reason, by, wish.why))


@router.post("/{order_id}/address")
async def change_address(
    order_id: OrderId, wish: WishedAddress, hub: Hub, by: ByService, response: Response
) -> dict[str, Any]:
    """Keep a wished address, and hold the order until it is confirmed; the answer's `n` is what to confirm."""
    receiver, said = _completed(wish.receiver())
    n = await _keep_wish(hub, order_id, receiver, by)
    try:
        return {**await ask(hub, order_id, "change_address", AddressWish(n, by)), "n": n, **said}
    except StillRunning:
        response.status_code = 202
        return {"result": "accepted", "text": text("order.still_running"), "n": n}
    except UpdateRefused as refused:
        async with hub.db.transaction() as tx:
            row = await tx.get_one(AddressChangeRow, (order_id, n), with_for_update=True)
            row.status, row.why = "refused", refused.text[:300]
            tx.add(row)
        raise


@router.post("/{order_id}/address/{n}/confirm")
async def confirm_address(order_id: OrderId, n: int, hub: Hub, by: ByService) -> dict[str, str]:
    """Take the wished address."""
    return await ask(hub, order_id, "confirm_address", AddressWish(n, by))


@router.post("/{order_id}/parcels/{n}/waybill")
async def record_waybill(order_id: OrderId, n: int, typed: Number, hub: Hub, by: ByService) -> dict[str, str]:
    """Give the nth parcel a number by hand."""
    record = RecordWaybill(parcel_id(order_id, n), typed.carrier, typed.number, by)
    return await ask(hub, order_id, "record_waybill", record)


@router.post("/{order_id}/gifts/{line_no}/send-after")
async def send_gift_after(order_id: OrderId, line_no: str, wish: Release, hub: Hub, by: ByService) -> dict[str, Any]:
    """Send a forgotten gift after, in an order of its own. Asked again, it answers with the same order."""
    async with hub.db.transaction() as tx:
        try:
            sent = await send_after(tx, order_id, line_no, by, wish.why)
        except UnknownOrder:
            raise HTTPException(404, text("staff.no_such_order")) from None
        except GiftStays as stays:
            raise UpdateRefused(str(stays)) from None
    words = text("gift.sent_after", order=sent.order_id)
    return {"result": "done", "text": words, "order_id": sent.order_id, "fresh": sent.fresh}


def _completed(receiver: ClearReceiver) -> tuple[ClearReceiver, dict[str, str]]:
    """A wished address with the level that it lacks, when the rest of it tells which; and what was completed.

    Raises UpdateRefused when no parcel can be sent there, with the places that may be meant.
    """
    found = complete(receiver, gazetteer()) if receiver.region.country == "CN" else None
    said: dict[str, str] = {}
    if found is not None and found.told is Told.ONE:
        receiver = receiver.model_copy(update={"region": found.region})
        said = {"region": found.region.text()}
    problems = [text(f"address.{problem.code}") for problem in address_problems(receiver)]
    if found is not None and found.told is Told.SEVERAL:
        problems.append(text("address.may_be", places=" / ".join(found.proposals)))
    if problems:
        raise UpdateRefused("；".join(problems))
    return receiver, said


async def ask(hub: Gateway, order_id: str, name: str, wish: Wish) -> dict[str, str]:
    """200 with the order's words; what it refuses, at once or in the end, is UpdateRefused."""
    async with hub.db.reading() as tx:
        if await is_shadow(tx, order_id):
            raise UpdateRefused(text("shadow.not_ours"))
    outcome = await hub.orders.update(order_id, name, wish)
    if not outcome.done:
        raise UpdateRefused(outcome.text)
    return {"result": "done", "text": outcome.text}


async def _keep_wish(hub: Gateway, order_id: str, receiver: ClearReceiver, by: str) -> int:
    async with hub.db.transaction() as tx:
        try:
            row = await load_order(tx, order_id)  # locks it: two wishes at once get two numbers
        except UnknownOrder:
            raise UpdateRefused(text("order.unknown_or_closed")) from None
        if row.encrypted:
            # In clear text it could no longer be shipped: the platform's own e-waybill takes ciphertext only.
            raise UpdateRefused(text("staff.encrypted_receiver"))
        highest = select(func.max(AddressChangeRow.n)).where(AddressChangeRow.order_id == order_id)
        n = int((await tx.execute(highest)).scalar_one() or 0) + 1
        wish = AddressChangeRow(
            order_id=order_id, n=n, receiver=receiver.model_dump(), status="wished", asked_by=by, at=utc_now()
        )
        tx.add(wish)
    return n

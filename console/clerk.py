"""The phone-sized form behind the link in the clerk's SMS: a waybill number for one parcel, typed by a person.

The code in the address is the whole right to it: no login, no cookie, and so nothing that another site could abuse.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Annotated, Protocol

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from console.pages import PageRoute, page
from console.parcel_form import (
    CARRIER_GUESSES,
    LinkExpired,
    ParcelForm,
    Typed,
    check_typed,
    load_form,
    open_link,
)
from domain.couriers import normalise_number
from domain.shipping import Carrier
from store.database import Database
from workflows.contracts import Outcome, RecordWaybill

_log = logging.getLogger(__name__)


class Orders(Protocol):
    """Living orders, as far as the clerk acts on them."""

    async def update(self, order_id: str, name: str, argument: RecordWaybill) -> Outcome:
        """Ask an order for something. Never raises: what stands in the way is an Outcome with a sentence."""
        ...


class ClerkPages:
    """GET and POST `/f/{code}`. `link_secret` is what the codes were derived from."""

    def __init__(self, db: Database, link_secret: bytes, orders: Orders) -> None:
        self._db = db
        self._secret = link_secret
        self._orders = orders

    def router(self) -> APIRouter:
        """The pages as a router, for the gateway's application."""
        router = APIRouter(prefix="/f", tags=["clerk"], route_class=PageRoute)
        router.get("/{code}", response_class=HTMLResponse)(self.show)
        router.post("/{code}", response_class=HTMLResponse)(self.submit)
        return router

    async def show(self, code: str) -> HTMLResponse:
        """The form; the number, once the parcel has one."""
        form = await self._form(code)
        if isinstance(form, HTMLResponse):
            return form
        return _done(form, "form.taken_before") if form.number else _form_page(form, Typed("", "", ""), 200)

    async def submit(
        self, code: str, number: Annotated[str, Form()] = "", carrier: Annotated[str, Form()] = ""
    ) -> HTMLResponse:
        """Take a number. The same one again is no error."""
        form = await self._form(code)
        if isinstance(form, HTMLResponse):
            return form
        if form.number:
            return _has_number(form, number)
        typed = check_typed(number, carrier)
        if not typed.ok:
            return _form_page(form, typed, 422)
        record = RecordWaybill(form.parcel_id, typed.carrier, typed.number, by=f"clerk:{code[:6]}")
        outcome = await self._orders.update(form.order_id, "record_waybill", record)
        _log.info("clerk typed a number", extra={"parcel_id": form.parcel_id, "taken": outcome.done})
        if outcome.done:
            return _done(form, "form.taken", typed.number, typed.carrier)
        # Somebody may have been quicker: this clerk's first tap, the sweep, another clerk.
        form = await self._form(code)
        if isinstance(form, HTMLResponse):
            return form
        if form.number:
            return _has_number(form, number)
        return _form_page(form, replace(typed, number_error=outcome.text), 409)

    async def _form(self, code: str) -> ParcelForm | HTMLResponse:
        """The form, or the page that says why there is none."""
        try:
            async with self._db.transaction() as tx:
                return await load_form(tx, await open_link(tx, self._secret, code))
        except LinkExpired:
            return page("notice.html", 410, kind="expired")
        except LookupError:
            return page("notice.html", 404, kind="unknown")


def _form_page(form: ParcelForm, typed: Typed, status: int) -> HTMLResponse:
    guesses = [[pattern, str(carrier)] for pattern, carrier in CARRIER_GUESSES]
    return page("form.html", status, form=form, typed=typed, carriers=list(Carrier), guesses=guesses)


def _has_number(form: ParcelForm, submitted: str) -> HTMLResponse:
    if normalise_number(submitted) == form.number:
        return _done(form, "form.taken")
    return _done(form, "form.taken_before", lost=submitted.strip()[:60], status=409)


def _done(
    form: ParcelForm, headline: str, number: str = "", carrier: str = "", lost: str = "", status: int = 200
) -> HTMLResponse:
    values = {"number": number or form.number, "carrier": carrier or form.carrier, "lost": lost}
    return page("done.html", status, form=form, headline=headline, **values)

"""The order desk for staff: lists by what is wrong, one order with everything about it, and what can be done.

Plain pages: they keep no state beside the cookie of whoever is signed in, work without script, and on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.deeds import NOTHING, Deeds, Orders, Said, Sent, offers
from console.pages import PageRoute, page
from console.sessions import foreign
from console.sign_in import StaffDoor
from domain.clock import utc_now
from domain.golden import Exit, GoldenState
from domain.holds import HoldReason
from domain.order import Channel
from domain.shipping import Carrier
from domain.staff import SERVICE
from domain.texts import channel_name, text
from store import lookup
from store.database import Database
from store.lookup import ANY, Wanted
from views.headline import headline
from views.order_list import counted, open_tasks, order_list
from views.orders import beside_holds, order_view
from views.words import ago, clauses, items, short, yuan

PAGE = 50
"""Orders on a page of a list."""
_STATES = ("none", *GoldenState, *Exit)
_LONGEST = 100


class OrderDesk:
    """GET `/desk`, `/desk/tasks` and `/desk/orders/{order_id}`; POST `/desk/find`, and to an order what is to be done.

    `marks` gives the digests of whatever a buyer may be known by (a telephone number) that somebody typed; `ui` is the
    address of the orders' workflows in the Temporal UI, "" where nobody said it.
    """

    def __init__(
        self,
        db: Database,
        secret: bytes,
        door: StaffDoor,
        orders: Orders,
        marks: Callable[[str], Sequence[str]],
        ui: str = "",
    ) -> None:
        self._db = db
        self._door = door
        self._deeds = Deeds(db, secret, orders)
        self._marks = marks
        self._ui = ui

    def router(self) -> APIRouter:
        """The pages as a router, for the gateway's application."""
        router = APIRouter(prefix="/desk", tags=["staff pages"], route_class=PageRoute)
        router.get("", response_class=HTMLResponse)(self.listed)
        router.get("/tasks", response_class=HTMLResponse)(self.tasks)
        router.post("/find", response_class=HTMLResponse)(self.find)
        router.get("/orders/{order_id}", response_class=HTMLResponse)(self.show)
        router.post("/orders/{order_id}", response_class=HTMLResponse)(self.act)
        return router

    async def listed(
        self,
        request: Request,
        state: str = "",
        hold: str = "",
        flag: str = "",
        channel: str = "",
        late: str = "",
        after: str = "",
    ) -> Response:
        """Orders by what is wrong with them, the newest first."""
        who = self._door.who(request)
        if not who:
            return self._door.ask(request)
        wanted = Wanted(
            state=state if state in _STATES else "",
            hold=hold if hold in (ANY, *HoldReason) else "",
            flag=flag.strip()[:_LONGEST],
            channel=channel if channel in set(Channel) else "",
            late=bool(late),
            after=after,
        )
        async with self._db.reading() as tx:
            now = utc_now()
            rows = await lookup.listed(tx, wanted, now, PAGE + 1)
            orders = await order_list(tx, rows[:PAGE], now)
            counts = counted(await lookup.counts(tx, now))
        more = _address(wanted, orders[-1]["order_id"]) if len(rows) > PAGE else ""
        return self._list(who, orders, counts, wanted=wanted, more=more)

    async def tasks(self, request: Request) -> Response:
        """What people are asked to do, alerts first."""
        who = self._door.who(request)
        if not who:
            return self._door.ask(request)
        async with self._db.reading() as tx:
            found = await open_tasks(tx, PAGE * 4)
        return page("desk_tasks.html", **self._frame(who), tasks=found)

    async def find(self, request: Request, words: Annotated[str, Form()] = "") -> Response:
        """What a number leads to. What was typed may be a telephone number: it stands in no address."""
        who = self._door.who(request)
        if not who:
            return self._door.ask(request)
        if foreign(request):
            return RedirectResponse("/desk", 303)
        plain = words.strip()[: _LONGEST * 2]
        async with self._db.reading() as tx:
            rows = await lookup.find(tx, plain, self._marks(plain))
            if len(rows) == 1:
                return RedirectResponse(order_address(rows[0].order_id), 303)
            orders = await order_list(tx, rows, utc_now())
            counts = counted(await lookup.counts(tx, utc_now()))
        said = text("desk.found_several", count=len(orders)) if orders else text("desk.found_none", words=plain)
        return self._list(who, orders, counts, said=said, status=200 if orders else 404)

    async def show(self, request: Request, order_id: str) -> Response:
        """One order."""
        who = self._door.who(request)
        if not who:
            return self._door.ask(request)
        return await self._order(who, order_id)

    async def act(
        self,
        request: Request,
        order_id: str,
        deed: Annotated[str, Form()] = "",
        about: Annotated[str, Form()] = "",
        why: Annotated[str, Form()] = "",
        number: Annotated[str, Form()] = "",
        carrier: Annotated[str, Form()] = "",
        once: Annotated[str, Form()] = "",
        proof: Annotated[str, Form()] = "",
    ) -> Response:
        """Do something about an order, and show what came of it."""
        who = self._door.who(request)
        if not who:
            return self._door.ask(request)
        if foreign(request):
            return await self._order(who, order_id, Said(403, text("desk.foreign")))
        if not self._door.may(who, SERVICE):
            return await self._order(who, order_id, Said(403, text("staff.not_allowed", name=who, role=SERVICE)))
        sent = Sent(deed, about, why, number, carrier, once, proof)
        return await self._order(who, order_id, await self._deeds.do(who, order_id, sent))

    async def _order(self, who: str, order_id: str, said: Said | None = None) -> HTMLResponse:
        async with self._db.reading(snapshot=True) as tx:
            facts = await order_view(tx, order_id)
        if facts is None:
            return page("desk_none.html", 404, **self._frame(who))
        once, proof = self._deeds.form(who, order_id)
        return page(
            "desk_order.html",
            said.status if said is not None else 200,
            **self._frame(who),
            order=facts,
            head=headline(facts),
            flags=beside_holds(facts),
            may=offers(facts) if self._door.may(who, SERVICE) else NOTHING,
            said=said,
            once=once,
            proof=proof,
            carriers=list(Carrier),
            ui=f"{self._ui}/{quote(order_id, safe='')}" if self._ui else "",
        )

    def _list(
        self,
        who: str,
        orders: Sequence[Mapping[str, Any]],
        counts: Mapping[str, Any],
        *,
        wanted: Wanted | None = None,
        said: str = "",
        more: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        choices = {"states": _STATES, "reasons": (ANY, *HoldReason), "channels": list(Channel)}
        values = {"orders": orders, "counts": counts, "wanted": wanted or Wanted(), "said": said, "more": more}
        return page("desk_list.html", status, **self._frame(who), **values, **choices)

    def _frame(self, who: str) -> dict[str, Any]:
        """What every page of the desk is given."""
        now = utc_now()
        return {
            "who": who,
            "short": short,
            "ago": lambda moment: ago(moment, now),
            "yuan": yuan,
            "items": items,
            "clauses": clauses,
            "channel_name": channel_name,
            "address": order_address,
        }


def order_address(order_id: str) -> str:
    """Where an order's page is."""
    return f"/desk/orders/{quote(order_id, safe=':')}"


def _address(wanted: Wanted, after: str) -> str:
    chosen = {"state": wanted.state, "hold": wanted.hold, "flag": wanted.flag, "channel": wanted.channel}
    chosen |= {"late": "1" if wanted.late else "", "after": after}
    return "/desk?" + urlencode({name: value for name, value in chosen.items() if value})

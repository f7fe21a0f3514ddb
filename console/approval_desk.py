"""The page of everything that waits for one approver, each decided in one click.

It opens by any link of theirs, as `/a/{code}/mine`, or at `/approvals` after signing in with a staff token. A form is
taken once: it carries a token of what was decided before, which another site cannot know either.
"""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from console.approval_view import open_approval_link
from console.approver import LONGEST, Orders
from console.pages import PageRoute, page
from console.parcel_form import LinkExpired
from console.sessions import foreign, form_token
from console.sign_in import StaffDoor
from domain.approvals import Verdict, Way
from domain.texts import text
from store import approvals
from store.database import Database
from views.approver import Over, Waiting, desk
from workflows.contracts import Decide

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Visitor:
    """Who looks, by which way, and where their page is."""

    who: str
    way: Way
    address: str


@dataclass(frozen=True)
class Typed:
    """A form as it was sent."""

    order_id: str
    n: int
    amount_fen: int
    verdict: str
    why: str
    token: str


def _filled(
    order_id: Annotated[str, Form()] = "",
    n: Annotated[int, Form()] = 0,
    amount_fen: Annotated[int, Form()] = -1,
    verdict: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
    token: Annotated[str, Form()] = "",
) -> Typed:
    return Typed(order_id, n, amount_fen, verdict, why, token)


Filled = Annotated[Typed, Depends(_filled)]


@dataclass(frozen=True)
class Answer:
    """What is said above the list: done, or why not. `typed` is given again where it must be mended."""

    status: int = 200
    done: str = ""
    error: str = ""
    typed: Typed | None = None


class ApprovalDesk:
    """GET and POST `/a/{code}/mine` and `/approvals`. At `door` people with a staff token sign in."""

    def __init__(self, db: Database, link_secret: bytes, door: StaffDoor, orders: Orders) -> None:
        self._db = db
        self._secret = link_secret
        self._orders = orders
        self._door = door

    def router(self) -> APIRouter:
        """The pages as a router, for the gateway's application."""
        router = APIRouter(tags=["approvals"], route_class=PageRoute)
        router.get("/a/{code}/mine", response_class=HTMLResponse)(self.by_link)
        router.post("/a/{code}/mine", response_class=HTMLResponse)(self.decide_by_link)
        router.get("/approvals", response_class=HTMLResponse)(self.signed_in)
        router.post("/approvals", response_class=HTMLResponse)(self.decide_signed_in)
        return router

    async def by_link(self, code: str) -> Response:
        """The list of whoever a link was sent to."""
        visitor = await self._of_link(code)
        return await self._list(visitor) if isinstance(visitor, Visitor) else visitor

    async def decide_by_link(self, request: Request, code: str, typed: Filled) -> Response:
        """Take a decision about any question of theirs."""
        visitor = await self._of_link(code)
        if not isinstance(visitor, Visitor):
            return visitor
        return await self._decide(request, visitor, typed)

    async def signed_in(self, request: Request) -> Response:
        """The list of whoever is signed in; others may sign in."""
        visitor = self._of_session(request)
        return await self._list(visitor) if visitor is not None else self._door.ask(request)

    async def decide_signed_in(self, request: Request, typed: Filled) -> Response:
        """The same for whoever is signed in."""
        visitor = self._of_session(request)
        if visitor is None:
            return self._door.ask(request)
        return await self._decide(request, visitor, typed)

    async def _of_link(self, code: str) -> Visitor | HTMLResponse:
        try:
            async with self._db.reading() as tx:
                link = await open_approval_link(tx, self._secret, code)
        except LinkExpired:
            return page("approval_notice.html", 410, kind="expired")
        except LookupError:
            return page("approval_notice.html", 404, kind="unknown")
        return Visitor(link.approver, Way(link.way), f"/a/{code}/mine")

    def _of_session(self, request: Request) -> Visitor | None:
        who = self._door.who(request)
        return Visitor(who, Way.CONSOLE, "/approvals") if who else None

    async def _list(self, visitor: Visitor, answer: Answer | None = None) -> HTMLResponse:
        async with self._db.reading() as tx:
            view = await desk(tx, visitor.who)

        def token(one: Waiting | Over) -> str:
            return self._token(visitor, one.order_id, one.n, one.amount_fen, one.seen)

        said = answer or Answer()
        signed_in = visitor.address == "/approvals"
        values = {"view": view, "answer": said, "token": token, "action": visitor.address, "signed_in": signed_in}
        return page("approval_desk.html", said.status, **values)

    def _token(self, visitor: Visitor, order_id: str, n: int, amount_fen: int, seen: int) -> str:
        return form_token(self._secret, visitor.who, order_id, n, amount_fen, seen)

    async def _decide(self, request: Request, visitor: Visitor, typed: Typed) -> HTMLResponse:
        if foreign(request):
            return await self._list(visitor, Answer(403, error=text("mine.stale")))
        async with self._db.reading() as tx:
            last = await approvals.last_decision(tx, typed.order_id, typed.n)
        seen = last.seq or 0 if last is not None else 0
        good = self._token(visitor, typed.order_id, typed.n, typed.amount_fen, seen)
        if not hmac.compare_digest(good, typed.token.encode("ascii", "replace").decode()):
            if last is not None and (last.who, last.verdict) == (visitor.who, typed.verdict):
                # Sent twice: it is done.
                return await self._list(visitor, Answer(done=_about(typed, text(f"approval.done.{last.verdict}"))))
            return await self._list(visitor, Answer(409, error=text("mine.stale")))
        why = " ".join(typed.why.split())[:LONGEST]
        if typed.verdict not in set(Verdict):
            return await self._list(visitor, Answer(422, error=text("mine.stale"), typed=typed))
        if typed.verdict == Verdict.REFUSE and not why:
            return await self._list(visitor, Answer(422, error=text("approval.why_missing"), typed=typed))
        wish = Decide(typed.n, typed.verdict, visitor.who, visitor.way, why, typed.amount_fen)
        outcome = await self._orders.update(typed.order_id, "approve", wish)
        _log.info("an approver decided", extra={"order_id": typed.order_id, "taken": outcome.done})
        if outcome.done:
            return await self._list(visitor, Answer(done=_about(typed, outcome.text)))
        return await self._list(visitor, Answer(409, error=_about(typed, outcome.text), typed=typed))


def _about(typed: Typed, words: str) -> str:
    return text("mine.about", order=typed.order_id.rpartition(":")[2], words=words)

"""The phone-sized page behind an approver's link: what the order is, and two buttons.

The code in the address is the whole right to it: no login, no cookie. Looking changes nothing, so that whatever opens
links in messages by itself decides nothing.
"""

from __future__ import annotations

import logging
from typing import Annotated, Protocol

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from console.approval_view import ApprovalPage, load_approval, open_approval_link
from console.pages import PageRoute, page
from console.parcel_form import LinkExpired
from domain.approvals import Verdict
from domain.texts import text
from store.database import Database
from workflows.contracts import Decide, Outcome

_log = logging.getLogger(__name__)
LONGEST = 200
"""Characters of a reason that are kept."""


class Orders(Protocol):
    """Living orders, as far as an approver acts on them."""

    async def update(self, order_id: str, name: str, argument: Decide) -> Outcome:
        """Ask an order for something. Never raises: what stands in the way is an Outcome with a sentence."""
        ...


class ApproverPages:
    """GET and POST `/a/{code}`. `link_secret` is what the codes were derived from."""

    def __init__(self, db: Database, link_secret: bytes, orders: Orders) -> None:
        self._db = db
        self._secret = link_secret
        self._orders = orders

    def router(self) -> APIRouter:
        """The pages as a router, for the gateway's application."""
        router = APIRouter(prefix="/a", tags=["approvals"], route_class=PageRoute)
        router.get("/{code}", response_class=HTMLResponse)(self.show)
        router.post("/{code}", response_class=HTMLResponse)(self.submit)
        return router

    async def show(self, code: str) -> HTMLResponse:
        """The question, or what became of it."""
        view = await self._view(code)
        return view if isinstance(view, HTMLResponse) else _shown(view, code)

    async def submit(
        self,
        code: str,
        verdict: Annotated[str, Form()] = "",
        why: Annotated[str, Form()] = "",
        amount_fen: Annotated[int, Form()] = -1,
        seen: Annotated[int, Form()] = -1,
    ) -> HTMLResponse:
        """Take a decision. The same one again is no error; a form that is older than another decision is refused.

        `seen` is the number of the decision that the form was shown after.
        """
        view = await self._view(code)
        if isinstance(view, HTMLResponse):
            return view
        why = " ".join(why.split())[:LONGEST]
        if verdict not in set(Verdict):
            return _shown(view, code, 422, why=why)
        if seen not in (-1, view.seen):
            if verdict == view.last:
                return _shown(view, code, done=text(f"approval.done.{verdict}"))
            return _shown(view, code, 409, error=text("mine.stale"))
        if verdict == Verdict.REFUSE and not why:
            return _shown(view, code, 422, error=text("approval.why_missing"))
        wish = Decide(view.request, verdict, view.approver, view.way, why, amount_fen)
        outcome = await self._orders.update(view.order_id, "approve", wish)
        _log.info("an approver decided", extra={"order_id": view.order_id, "taken": outcome.done})
        after = await self._view(code)
        if isinstance(after, HTMLResponse):
            return after
        if outcome.done:
            return _shown(after, code, done=outcome.text)
        return _shown(after, code, 409, error=outcome.text, why=why)

    async def _view(self, code: str) -> ApprovalPage | HTMLResponse:
        try:
            async with self._db.reading() as tx:
                return await load_approval(tx, await open_approval_link(tx, self._secret, code))
        except LinkExpired:
            return page("approval_notice.html", 410, kind="expired")
        except LookupError:
            return page("approval_notice.html", 404, kind="unknown")


def _shown(
    view: ApprovalPage, code: str, status: int = 200, *, done: str = "", error: str = "", why: str = ""
) -> HTMLResponse:
    return page("approval.html", status, view=view, code=code, done=done, error=error, why=why)

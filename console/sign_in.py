"""The one door to all pages for staff: whoever holds a token of the staff API gets a signed cookie, and no more.

The token itself is in no address and no cookie. Wrong ones are answered slowly, and only a few at once.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Collection, Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.pages import PageRoute, page
from console.sessions import LIVES, Sessions, foreign
from domain.clock import utc_now
from domain.staff import may
from domain.texts import text

_log = logging.getLogger(__name__)
COOKIE = "orderhub_staff"
AT_ONCE = 4
"""Wrong tokens that wait for their answer at the same time; more are turned away."""
PAUSE_S = 1.0
"""How long each of them waits."""
_PAGES = re.compile(r"/(desk|approvals)(/[\w:.%~-]+)*")
"""Where somebody may be led who has signed in: pages of ours, without what was asked of them."""


class StaffDoor:
    """Who is at the pages. `staff` maps names to tokens and `roles` names to what they may do, as in the staff API.

    `https`: browsers reach the pages by HTTPS only, whatever the gateway itself sees of that.
    """

    def __init__(
        self,
        secret: bytes,
        staff: Mapping[str, str],
        roles: Mapping[str, Collection[str]],
        *,
        https: bool = False,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._sessions = Sessions(secret, staff)
        self._roles = roles
        self._https = https
        self._pause_s = pause_s
        self._waiting = 0

    def router(self) -> APIRouter:
        """Signing in and out, for the gateway's application."""
        router = APIRouter(prefix="/staff", tags=["staff pages"], route_class=PageRoute)
        router.post("/sign-in", response_class=HTMLResponse)(self.sign_in)
        router.post("/sign-out", response_class=HTMLResponse)(self.sign_out)
        return router

    def who(self, request: Request) -> str:
        """The name of whoever is signed in; "" for nobody."""
        return self._sessions.who(request.cookies.get(COOKIE, ""), utc_now())

    def may(self, who: str, role: str) -> bool:
        """Whether somebody has a role."""
        return may(self._roles, who, role)

    def ask(self, request: Request, error: str = "") -> HTMLResponse:
        """The page on which somebody signs in, to be led to where they wanted to go."""
        return _form(request.scope["path"], 401, error or (text("door.over") if COOKIE in request.cookies else ""))

    async def sign_in(
        self, request: Request, token: Annotated[str, Form()] = "", to: Annotated[str, Form()] = ""
    ) -> Response:
        """Sign in with a staff token."""
        session = "" if foreign(request) else self._sessions.sign_in(token, utc_now())
        if not session:
            return await self._refuse(to)
        answer = RedirectResponse(_page(to), 303)
        answer.set_cookie(
            COOKIE,
            session,
            max_age=int(LIVES.total_seconds()),
            path="/",
            secure=self._https or request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    async def sign_out(self, request: Request, to: Annotated[str, Form()] = "") -> Response:
        """Forget who is signed in."""
        answer = RedirectResponse(_page(to), 303)
        if not foreign(request):
            answer.delete_cookie(COOKIE, path="/")
        return answer

    async def _refuse(self, to: str) -> HTMLResponse:
        _log.warning("a staff token was refused")
        if self._waiting >= AT_ONCE:
            return _form(to, 429, text("door.too_many"))
        self._waiting += 1
        try:
            await asyncio.sleep(self._pause_s)
        finally:
            self._waiting -= 1
        return _form(to, 401, text("door.wrong"))


def _form(to: str, status: int, error: str) -> HTMLResponse:
    return page("sign_in.html", status, to=_page(to), error=error)


def _page(to: str) -> str:
    ours = _PAGES.fullmatch(to) and not {".", ".."} & set(to.split("/"))
    return to if ours else "/desk"

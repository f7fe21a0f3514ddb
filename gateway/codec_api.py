"""The codec server of the Temporal UI and CLI: payloads in protobuf's JSON, opened and sealed.

The contract is Temporal's (https://docs.temporal.io/codec-server): POST {"payloads": [...]} to `/decode` or `/encode`,
and the same shape comes back. The header `X-Namespace` makes no difference: one key ring serves all namespaces.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from jinja2 import Environment, FileSystemLoader
from starlette.middleware.cors import CORSMiddleware
from temporalio.api.common.v1 import Payload, Payloads

from domain.texts import language, text
from gateway.codec_access import COOKIE, SESSION_S, check_access, known_token, new_session
from gateway.deps import Gateway, Hub

_log = logging.getLogger(__name__)
_pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)

_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}

Coding = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


def codec_app(gateway: Gateway) -> FastAPI:
    """An application of its own, to be mounted at `/codec`: its CORS rules are for no other route."""
    app = FastAPI(title="orderhub codec", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.gateway = gateway
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(gateway.codec_origins),
        allow_credentials=True,
        allow_methods=["POST"],
        allow_headers=["*"],
    )
    app.post("/decode", dependencies=[Depends(check_access)])(decode)
    app.post("/encode", dependencies=[Depends(check_access)])(encode)
    app.get("/session")(ask_for_token)
    app.post("/session")(open_session)
    return app


async def decode(request: Request, hub: Hub) -> dict[str, Any]:
    """Open payloads."""
    return await _coded(request, hub.codec.decode)


async def encode(request: Request, hub: Hub) -> dict[str, Any]:
    """Seal payloads."""
    return await _coded(request, hub.codec.encode)


async def ask_for_token() -> HTMLResponse:
    """The page on which a person opens a session, for UIs that send no token of their own."""
    return _page(200)


async def open_session(request: Request, hub: Hub, token: Annotated[str, Form()] = "") -> HTMLResponse:
    """Set the session's cookie for a right token."""
    known = known_token(hub.codec_tokens, token.strip())
    if known is None:
        _log.warning("codec session refused")
        return _page(401, wrong=True)
    page = _page(200, done=True)
    page.set_cookie(
        COOKIE,
        new_session(known),
        max_age=SESSION_S,
        path="/codec",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return page


async def _coded(request: Request, coding: Coding) -> dict[str, Any]:
    try:
        asked = Parse(await request.body(), Payloads(), ignore_unknown_fields=True)
    except (ParseError, ValueError):  # the latter for bytes that are no UTF-8
        raise HTTPException(400, "not payloads in protobuf's JSON") from None
    try:
        answer = await coding(asked.payloads)
    except Exception as error:
        # Codecs agree on no error: a key that is gone, bytes that were tampered with.
        _log.warning("payloads not coded", extra={"error": type(error).__name__})
        raise HTTPException(400, "these payloads cannot be coded: unknown key, or damaged") from None
    return {"payloads": [MessageToDict(payload) for payload in answer]}


def _page(status: int, *, wrong: bool = False, done: bool = False) -> HTMLResponse:
    lang = "zh-CN" if language() == "zh" else "en"
    html = _pages.get_template("codec_session.html").render(text=text, lang=lang, wrong=wrong, done=done)
    return HTMLResponse(html, status, _PAGE_HEADERS)

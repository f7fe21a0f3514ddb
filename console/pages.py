"""Pages from templates: escaped, never kept by anybody, asking nothing of any other host."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError

from domain.texts import language, text

_log = logging.getLogger(__name__)

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class PageRoute(APIRoute):
    """While the database is away, a person gets a page, not JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with that page for what the database raises."""
        handle = super().get_route_handler()

        async def handle_or_say_busy(request: Request) -> Response:
            try:
                return await handle(request)
            except (SQLAlchemyError, OSError) as error:
                # Only the type: the message of a database error quotes the values.
                _log.error("a page failed", extra={"error": type(error).__name__})
                return page("notice.html", 503, kind="busy")

        return handle_or_say_busy


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Render a template. It may use `text`, and inline style and script that carry `nonce`."""
    nonce = secrets.token_urlsafe(16)
    lang = "zh-CN" if language() == "zh" else "en"
    html = _templates.get_template(template).render(text=text, lang=lang, nonce=nonce, **values)
    return HTMLResponse(html, status, _headers(nonce))


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",  # the address holds the code
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }

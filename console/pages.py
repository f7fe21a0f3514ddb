"""Pages from templates: escaped, never kept by anybody, asking nothing of any other host."""

from __future__ import annotations

import secrets
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.texts import language, text

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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

"""Who may read payloads in clear text: holders of a token, of a session that a token opened, or this machine."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence

from fastapi import HTTPException, Request

from gateway.deps import Gateway, Hub

COOKIE = "orderhub_codec"
SESSION_S = 12 * 3600

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def check_access(request: Request, hub: Hub) -> None:
    """Raises HTTPException: 403 for a page of an origin that is not allowed, 401 for a caller without a right."""
    origin = request.headers.get("origin")
    if origin is not None and origin not in hub.codec_origins:
        raise HTTPException(403, "this origin is not allowed")
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and known_token(hub.codec_tokens, bearer.strip()) is not None:
        return
    if _open_session(hub.codec_tokens, request.cookies.get(COOKIE, "")) or _on_this_machine(request, hub):
        return
    raise HTTPException(401, "no token and no session", {"WWW-Authenticate": "Bearer"})


def known_token(tokens: Sequence[str], given: str) -> str | None:
    """The configured token that was given."""
    found = [token for token in tokens if _same(token, given) and token]
    return found[0] if found else None


def new_session(token: str) -> str:
    """What the cookie holds: when it ends, and a proof that a token opened it; never the token itself."""
    ends = str(int(time.time()) + SESSION_S)
    return f"{ends}.{_proof(token, ends)}"


def _open_session(tokens: Sequence[str], cookie: str) -> bool:
    ends, _, proof = cookie.partition(".")
    if not (ends.isascii() and ends.isdigit() and len(ends) <= 12) or int(ends) < time.time():
        return False
    return any(_same(_proof(token, ends), proof) for token in tokens if token)


def _on_this_machine(request: Request, hub: Gateway) -> bool:
    """A caller of the embedded mode. Behind a proxy everybody would come from this machine: then nobody does."""
    if not hub.codec_open_on_loopback or any(name in request.headers for name in _FORWARDED):
        return False
    return request.client is not None and request.client.host in _LOOPBACK


def _proof(token: str, ends: str) -> str:
    return hmac.new(token.encode(), f"codec-session|{ends}".encode(), hashlib.sha256).hexdigest()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))

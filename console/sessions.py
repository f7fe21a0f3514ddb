"""Who is signed in to the pages, and which forms are theirs. Nothing is kept: both are signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from fastapi import Request

from domain.staff import holder

LIVES = timedelta(hours=8)
"""How long somebody stays signed in: a working day."""


class Sessions:
    """Sessions of those who have a staff token. One ends by its time, or when its token is taken away or changed."""

    def __init__(self, secret: bytes, staff: Mapping[str, str]) -> None:
        self._secret = secret
        self._staff = staff

    def sign_in(self, token: str, now: datetime) -> str:
        """A session for whoever holds a token; "" when nobody does."""
        name = holder(self._staff, token)
        if not name:
            return ""
        until = int((now + LIVES).timestamp())
        return f"{_coded(name)}.{until}.{self._signed(name, until)}"

    def who(self, session: str, now: datetime) -> str:
        """Whose session that is; "" when it is nobody's, or over."""
        coded, _, rest = session.partition(".")
        until, _, signed = rest.partition(".")
        name = next((one for one in self._staff if _coded(one) == coded), "")
        if not name or not self._staff[name] or not until.isascii() or not until.isdecimal():
            return ""
        good = hmac.compare_digest(signed.encode("utf-8", "replace"), self._signed(name, int(until)).encode())
        return name if good and now.timestamp() < int(until) else ""

    def _signed(self, name: str, until: int) -> str:
        said = f"session|{_coded(name)}|{until}|{self._staff[name]}".encode()
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


def form_token(secret: bytes, who: str, *about: object) -> str:
    """What a form of somebody's must carry to be taken: another site cannot know it, and with another `about` (what was
    decided before) it is another one, so that a form which is sent late or twice decides nothing anew."""
    said = "|".join(["form", _coded(who), *map(str, about)])
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()


def foreign(request: Request) -> bool:
    """Whether another site had a browser send this."""
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def _coded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")

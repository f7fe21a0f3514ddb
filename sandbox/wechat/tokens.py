"""The mini-program's access tokens, stable mode (protocol file, section 3)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sandbox.settings import WechatSettings

_RENEWED_EARLY_S = 300
_FORCED_APART_S = 30
_FORCED_A_DAY = 20
_DAY_S = 86_400
_TOKEN_BYTES = 384
"""512 characters in base64: as many as a client must have room for."""


class Refused(Exception):
    """A call that the mini-program's server refuses, with its errcode."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.errmsg = errmsg


@dataclass
class _Token:
    text: str
    expires: float
    revoked: bool = False


class Tokens:
    """Issues tokens, and knows which are good now."""

    def __init__(self, settings: WechatSettings) -> None:
        self._settings = settings
        self._tokens: list[_Token] = []
        self._forced: list[float] = []

    def stable(self, grant_type: str, appid: str, secret: str, force: bool) -> dict[str, Any]:
        """The current token, and in its last five minutes the next one, beside which it lives on. Raises Refused.

        `force` revokes the current one at once, unless that was done less than 30 s ago.
        """
        if grant_type != "client_credential":
            raise Refused(40002, "invalid grant_type")
        if appid != self._settings.appid:
            raise Refused(40013, "invalid appid")
        if secret != self._settings.app_secret.get_secret_value():
            raise Refused(40125, "invalid appsecret")
        now = time.time()
        if force and (not self._forced or now - self._forced[-1] >= _FORCED_APART_S):
            self._forced = [moment for moment in self._forced if now - moment < _DAY_S]
            if len(self._forced) >= _FORCED_A_DAY:
                raise Refused(45009, "reach max api daily quota limit")
            self._forced.append(now)
            for token in self._tokens:
                token.revoked = True
        latest = self._tokens[-1] if self._tokens else None
        if latest is None or latest.revoked or latest.expires - now <= _RENEWED_EARLY_S:
            latest = _Token(secrets.token_urlsafe(_TOKEN_BYTES), now + self._settings.token_seconds)
            self._tokens.append(latest)
        return {"access_token": latest.text, "expires_in": int(latest.expires - now)}

    def check(self, text: str) -> None:
        """Raise Refused unless a token is good now."""
        if not text:
            raise Refused(41001, "access_token missing")
        token = next((token for token in self._tokens if token.text == text), None)
        if token is None:
            raise Refused(40014, "invalid access_token")
        if token.expires <= time.time():
            raise Refused(42001, "access_token expired")
        if token.revoked:
            raise Refused(40001, "invalid credential, access_token is invalid or not latest")

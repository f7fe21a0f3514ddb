"""Tokens of the one shop, which authorised its app before the sandbox started (protocol file, section 3)."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sandbox.jd.envelope import Code, Refusal
from sandbox.settings import JdSettings

_CODE_SECONDS = 600


class Denied(Exception):
    """A token that is not given out: what the OAuth endpoints answer in place of one."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words


class Tokens:
    """Knows which access tokens are good now. The refresh token stays the same, so a lost answer can be asked again."""

    def __init__(self, settings: JdSettings) -> None:
        self._settings = settings
        self._expires = {settings.access_token.get_secret_value(): time.time() + settings.token_seconds}
        self._codes: dict[str, float] = {}

    def consent(self) -> str:
        """The merchant agrees in the browser: a code that is good once, for ten minutes."""
        code = secrets.token_hex(3)
        self._codes[code] = time.time() + _CODE_SECONDS
        return code

    def by_code(self, code: str) -> dict[str, Any]:
        """The tokens for a code. Raises Denied."""
        if time.time() >= self._codes.pop(code, 0.0):
            raise Denied(401, "code 无效或已过期")
        return self._issue()

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """A new access token; the earlier ones live out their time. Raises Denied."""
        if refresh_token != self._settings.refresh_token.get_secret_value():
            raise Denied(402, "refresh_token 无效，请重新授权")
        return self._issue()

    def check(self, access_token: str) -> None:
        """Raise Refusal unless the token is good now."""
        if not access_token:
            raise Refusal(Code.ACCESS_MISSING, "缺少 access_token", "Missing access_token")
        if time.time() >= self._expires.get(access_token, 0.0):
            raise Refusal(Code.ACCESS_ENDED, "token 已过期或不存在，请重新授权", "Invalid access_token")

    def _issue(self) -> dict[str, Any]:
        now, seconds = time.time(), self._settings.token_seconds
        access_token = secrets.token_hex(16)
        self._expires[access_token] = now + seconds
        return {
            "access_token": access_token,
            "expires_in": seconds,
            "refresh_token": self._settings.refresh_token.get_secret_value(),
            "scope": "snsapi_base",
            "open_id": f"open-{self._settings.vender_id}",
            "uid": str(self._settings.vender_id),
            "time": str(int(now * 1000)),
            "token_type": "bearer",
        }

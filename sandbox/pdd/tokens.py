"""Tokens of the one shop, which authorised its app before the sandbox started (protocol file, section 4)."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sandbox.pdd.envelope import Refusal, missing
from sandbox.settings import PddSettings

_SCOPES = (
    "pdd.order.number.list.increment.get",
    "pdd.order.information.get",
    "pdd.logistics.online.send",
    "pdd.refund.status.check",
    "pdd.refund.list.increment.get",
    "pdd.refund.information.get",
    "pdd.waybill.get",
    "pdd.waybill.cancel",
)


_CODE_SECONDS = 600


class Tokens:
    """Knows which access tokens are good now. The refresh token stays the same, so a lost answer can be asked again."""

    def __init__(self, settings: PddSettings) -> None:
        self._settings = settings
        now = time.time()
        self._expires = {settings.access_token.get_secret_value(): now + settings.token_seconds}
        self._refresh_expires = now + settings.refresh_token_seconds
        self._codes: dict[str, float] = {}

    def consent(self) -> str:
        """The owner agrees in the browser: a code that is good once, for ten minutes."""
        code = secrets.token_hex(8)
        self._codes[code] = time.time() + _CODE_SECONDS
        return code

    def by_code(self, code: str) -> dict[str, Any]:
        """pdd.pop.auth.token.create: the tokens for a code; authorising anew ends the earlier ones. Raises Refusal."""
        if time.time() >= self._codes.pop(code, 0.0):
            raise Refusal(10036, "code-invalid", "code 无效或已过期")
        self._expires.clear()
        self._refresh_expires = time.time() + self._settings.refresh_token_seconds
        return self._issue()

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """pdd.pop.auth.token.refresh: a new access token; the earlier ones live out their time. Raises Refusal."""
        expected = self._settings.refresh_token.get_secret_value()
        if refresh_token != expected or time.time() >= self._refresh_expires:
            raise Refusal(10036, "refresh-token-invalid", "refresh_token 无效，请重新授权")
        return self._issue()

    def _issue(self) -> dict[str, Any]:
        now, expected = time.time(), self._settings.refresh_token.get_secret_value()
        access_token, expires = secrets.token_hex(20), now + self._settings.token_seconds
        self._expires[access_token] = expires
        lives = {"expires": expires, "refresh_token_expires": self._refresh_expires}
        lives |= {f"{scope}_expires": expires for scope in ("r1", "r2", "w1", "w2")}
        return {
            "access_token": access_token,
            "refresh_token": expected,
            "owner_id": self._settings.mall_id,
            "owner_name": "测试店",
            "scope": list(_SCOPES),
            **{f"{name}_at": int(moment) for name, moment in lives.items()},
            **{f"{name}_in": int(moment - now) for name, moment in lives.items()},
        }

    def check(self, access_token: str) -> None:
        """Raise Refusal unless the token is good now."""
        if not access_token:
            raise missing("access_token")
        if access_token not in self._expires:
            raise Refusal(10035, "access-token-unknown", "access_token 不存在")
        if time.time() >= self._expires[access_token]:
            raise Refusal(10019, "access-token-expired", "access_token 已过期，请刷新")

"""The shop owner's consent, and the pairs of tokens that come of it (protocol file, section 3).

A pair that was replaced is gone but for its access token, which lives five more minutes: a client that loses the new
refresh token must ask the owner again.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sandbox.settings import XiaohongshuSettings
from sandbox.xiaohongshu.envelope import unauthorised

_CODE_S = 600
_KEPT_S = 1800
_OVERLAP_S = 300


@dataclass(frozen=True)
class _Pair:
    """Both tokens, and until when each is good. Times in Unix seconds."""

    access: str
    expires: float
    refresh: str
    refresh_expires: float


class Tokens:
    """Knows the shop's pair of tokens, or that its owner has not authorised the app."""

    def __init__(self, settings: XiaohongshuSettings) -> None:
        self._settings = settings
        self._codes: dict[str, float] = {}
        self._replaced: dict[str, float] = {}
        self._pair: _Pair | None = None
        access, refresh = settings.access_token.get_secret_value(), settings.refresh_token.get_secret_value()
        if access and refresh:
            self._pair = self._fresh(access, refresh)

    def consent(self) -> str:
        """The owner says yes on the platform's page: a code for one exchange, good for ten minutes."""
        code = f"code-{secrets.token_hex(16)}"
        self._codes[code] = time.time() + _CODE_S
        return code

    def create(self, code: str) -> dict[str, Any]:
        """oauth.getAccessToken. Raises Refusal."""
        if self._codes.pop(code, 0.0) <= time.time():
            raise unauthorised("授权码无效或已过期")
        return self._issue()

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """oauth.refreshToken: the same pair while more than half an hour is left, else a new one. Raises Refusal."""
        pair, now = self._pair, time.time()
        if pair is None or not hmac.compare_digest(pair.refresh.encode(), refresh_token.encode()):
            raise unauthorised("refreshToken 不存在，请商家重新授权")
        if pair.refresh_expires <= now:
            raise unauthorised("refreshToken 已过期，请商家重新授权")
        return self._written(pair) if pair.expires - now > _KEPT_S else self._issue()

    def check(self, access_token: str) -> None:
        """Raise Refusal unless the token is good now."""
        now = time.time()
        if self._pair is not None and self._pair.access == access_token and self._pair.expires > now:
            return
        if self._replaced.get(access_token, 0.0) <= now:
            raise unauthorised("token 失效")

    @property
    def live(self) -> bool:
        """Whether the shop's access token is good: only then the platform pushes."""
        return self._pair is not None and self._pair.expires > time.time()

    def _issue(self) -> dict[str, Any]:
        now, old = time.time(), self._pair
        if old is not None:
            self._replaced = {token: until for token, until in self._replaced.items() if until > now}
            self._replaced[old.access] = min(old.expires, now + _OVERLAP_S)
        self._pair = self._fresh(f"token-{secrets.token_hex(16)}", f"refresh-{secrets.token_hex(16)}")
        return self._written(self._pair)

    def _fresh(self, access: str, refresh: str) -> _Pair:
        now = time.time()
        return _Pair(access, now + self._settings.token_seconds, refresh, now + self._settings.refresh_token_seconds)

    def _written(self, pair: _Pair) -> dict[str, Any]:
        return {
            "accessToken": pair.access,
            "accessTokenExpiresAt": int(pair.expires * 1000),
            "refreshToken": pair.refresh,
            "refreshTokenExpiresAt": int(pair.refresh_expires * 1000),
            "sellerId": self._settings.seller_id,
            "sellerName": "测试店",
        }

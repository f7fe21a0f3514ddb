"""Access tokens of the one shop (protocol file, section 3)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sandbox.douyin.envelope import Refusal, business

_LAST_HOUR_S = 3600
_OVERLAP_S = 300
"""How long an old token stays good after a new one was issued; Douyin says "briefly"."""


@dataclass
class _Grant:
    access: str
    refresh: str
    expires: float
    refresh_expires: float


class Tokens:
    """Issues tokens that live `seconds`, and knows which are good now."""

    def __init__(self, shop_id: str, seconds: int) -> None:
        self._shop_id = shop_id
        self._seconds = seconds
        self._grants: list[_Grant] = []

    def create(self, grant_type: str, shop_id: str) -> dict[str, Any]:
        """`token.create` of a self-built app. Raises Refusal for another shop or another kind of app."""
        if grant_type != "authorization_self":
            raise business("grant-type", "应用类型与授权方式不符")
        if shop_id != self._shop_id:
            raise Refusal(30001, "dop.authorization-no-existed", "店铺未授权")
        return self._issue()

    def refresh(self, grant_type: str, refresh_token: str) -> dict[str, Any]:
        """`token.refresh`: the same token while it has more than an hour, else a new one. Raises Refusal."""
        known = any(g.refresh == refresh_token and g.refresh_expires > time.time() for g in self._grants)
        if grant_type != "refresh_token" or not known:
            raise business("refresh-token-invalid", "refresh_token 不存在或已过期")
        return self._issue()

    def check(self, access_token: str) -> None:
        """Raise Refusal unless the token is good now."""
        if not access_token:
            raise Refusal(40002, "isv.access-token-missing", "access_token 缺失")
        grant = next((grant for grant in self._grants if grant.access == access_token), None)
        if grant is None:
            raise Refusal(40003, "isv.access-token-no-existed", "access_token 不存在")
        if grant.expires <= time.time():
            raise Refusal(40003, "isv.access-token-expired", "access_token 已过期")

    def _issue(self) -> dict[str, Any]:
        now = time.time()
        latest = self._grants[-1] if self._grants else None
        if latest is None or latest.expires - now <= _LAST_HOUR_S:
            if latest is not None:
                latest.expires = min(latest.expires, now + _OVERLAP_S)
            latest = _Grant(secrets.token_hex(18), secrets.token_hex(18), now + self._seconds, now + 2 * self._seconds)
            # an expired token is remembered as long as its refresh token is good, so that it is told apart from a lie
            self._grants = [grant for grant in self._grants if grant.refresh_expires > now] + [latest]
        return {
            "access_token": latest.access,
            "expires_in": int(latest.expires - now),
            "refresh_token": latest.refresh,
            "scope": "SCOPE",
            "shop_id": int(self._shop_id),
            "shop_name": "测试店",
            "authority_id": self._shop_id,
            "auth_subject_type": "",
        }

"""Calls to the mini-program's API, with its access token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from connectors.errors import TokenRefused
from connectors.transport import Line, compact_json
from connectors.wechat.responses import PARTNER, read_answer, read_token
from connectors.wechat.settings import WechatSettings, WechatShop
from domain.clock import utc_now

T = TypeVar("T")

_MARGIN = timedelta(minutes=5)
"""WeChat renews a token five minutes before its end, and both serve meanwhile."""
_HEADERS = {"Content-Type": "application/json; charset=utf-8"}


class MiniProgramApi:
    """One mini-program's line to WeChat.

    The stable token is the same for whoever asks while it lives, so each process keeps its own copy, until 5 minutes
    before its end.
    """

    def __init__(self, settings: WechatSettings, appid: str, shop: WechatShop) -> None:
        self._appid = appid
        self._shop = shop
        self._line = Line(PARTNER, settings.base_url, settings.limits)
        self._token = ""
        self._token_ends = datetime.min.replace(tzinfo=UTC)
        self._fetching = asyncio.Lock()

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def call(
        self, operation: str, business: Mapping[str, Any], parse: Callable[[Mapping[str, Any]], T], *, writes: bool
    ) -> T:
        """POST /wxa/sec/order/{operation}, and return what `parse` makes of the answer.

        A token that WeChat refuses is fetched anew, and the call made once more: a refused call did nothing.
        """
        token = await self._access()
        try:
            return await self._send(operation, business, parse, token, writes=writes)
        except TokenRefused:
            fresh = await self._access(refused=token)
        return await self._send(operation, business, parse, fresh, writes=writes)

    async def _access(self, refused: str = "") -> str:
        async with self._fetching:
            if self._token in ("", refused) or utc_now() >= self._token_ends:
                self._token, life = await self._fetch()
                self._token_ends = utc_now() + timedelta(seconds=life) - _MARGIN
            return self._token

    async def _fetch(self) -> tuple[str, int]:
        business = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._shop.app_secret.get_secret_value(),
            "force_refresh": False,
        }
        return await self._line.exchange(
            "stable_token",
            "POST",
            "/cgi-bin/stable_token",
            lambda response: read_token(read_answer("stable_token", response, writes=False)),
            writes=False,
            headers=_HEADERS,
            content=compact_json(business).encode(),
        )

    async def _send(
        self,
        operation: str,
        business: Mapping[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        token: str,
        *,
        writes: bool,
    ) -> T:
        return await self._line.exchange(
            operation,
            "POST",
            f"/wxa/sec/order/{operation}",
            lambda response: parse(read_answer(operation, response, writes=writes)),
            writes=writes,
            params={"access_token": token},
            headers=_HEADERS,
            # Chinese as it is: WeChat takes escaped text for a format error (47001).
            content=compact_json(business).encode("utf-8", "replace"),
        )

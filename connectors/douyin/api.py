"""Signed calls to Douyin's open API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connectors.douyin.responses import PARTNER, read_data
from connectors.douyin.settings import DouyinSettings
from connectors.douyin.signing import api_sign, canonical_json
from connectors.douyin.tokens import read_token, refresh_or_create
from connectors.errors import Misconfigured
from connectors.ports import AccessToken, TokenStore
from connectors.tokens import ShopTokens
from connectors.transport import Line
from domain.clock import utc_now
from domain.order import Channel

T = TypeVar("T")

# "x-open-no-old-err-code" asks for the code/sub_code envelope instead of the old err_no one.
_HEADERS = {"Content-Type": "application/json; charset=utf-8", "x-open-no-old-err-code": "1"}


class DouyinApi:
    """One application's line to Douyin, shared by the channel and the e-waybills of all its shops."""

    def __init__(self, settings: DouyinSettings, tokens: TokenStore) -> None:
        self.settings = settings
        self._line = Line("douyin", settings.base_url, settings.limits)
        self.tokens = ShopTokens(
            Channel.DOUYIN,
            tokens,
            refresh_or_create(self._ask_token),
            margin_s=settings.token_margin_s,
            wait_s=settings.token_wait_s,
            call_s=settings.limits.timeout_s,
        )

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def call(
        self,
        shop: str,
        method: str,
        business: dict[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        writes: bool,
        lists_failures: bool = False,
    ) -> T:
        """Call `method` ("order.orderDetail") for a shop, and return what `parse` makes of the answer's `data`.

        A token that the platform refuses is renewed, and the call made once more: a refused call did nothing.
        `lists_failures`: `parse` reads the failures of a partly failed batch itself.
        Raises Misconfigured for a shop that is not in the settings.
        """
        if shop not in self.settings.shops:
            raise Misconfigured(PARTNER, method, f"shop {shop} is not in the settings")

        async def once(access: str) -> T:
            return await self._send(method, business, parse, access, writes=writes, lists_failures=lists_failures)

        return await self.tokens.call(shop, once)

    async def _ask_token(self, method: str, business: dict[str, Any]) -> AccessToken:
        # Not a write to the caller: asked twice the platform gives a good token twice, and whatever the caller wanted
        # to do has surely not happened yet.
        return await self._send(method, business, lambda data: read_token(data, utc_now()), None, writes=False)

    async def _send(
        self,
        method: str,
        business: dict[str, Any],
        parse: Callable[[Mapping[str, Any]], T],
        access: str | None,
        *,
        writes: bool,
        lists_failures: bool = False,
    ) -> T:
        settings = self.settings
        param_json = canonical_json(business)
        timestamp = str(int(utc_now().timestamp()))
        secret = settings.app_secret.get_secret_value()
        query = {
            "app_key": settings.app_key,
            "method": method,
            "timestamp": timestamp,
            "v": "2",
            "sign_method": "hmac-sha256",
            "sign": api_sign(settings.app_key, secret, method, param_json, timestamp),
        }
        if access is not None:
            query["access_token"] = access
        return await self._line.exchange(
            method,
            "POST",
            "/" + method.replace(".", "/"),
            lambda response: parse(read_data(method, response, writes=writes, lists_failures=lists_failures)),
            writes=writes,
            params=query,
            headers=_HEADERS,
            content=param_json.encode(),
        )

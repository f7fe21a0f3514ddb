"""Signed calls to Xiaohongshu's gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from connectors.errors import Misconfigured
from connectors.fields import as_int, text_of
from connectors.ports import AccessToken, TokenStore
from connectors.tokens import ShopTokens, by_refresh_only
from connectors.transport import Line, compact_json
from connectors.xiaohongshu import requests
from connectors.xiaohongshu.responses import PARTNER, read_data
from connectors.xiaohongshu.settings import XiaohongshuSettings
from connectors.xiaohongshu.signing import api_sign
from domain.clock import from_epoch_seconds, utc_now
from domain.order import Channel

T = TypeVar("T")

_PATH = "/ark/open_api/v3/common_controller"
_VERSION = "2.0"
_HEADERS = {"Content-Type": "application/json;charset=utf-8"}


class XiaohongshuApi:
    """One application's line to Xiaohongshu, shared by the channel and the e-waybills of all its shops.

    A shop's first token comes from its owner, who authorises the application on the platform's page; the code that the
    platform then gives goes to `authorise`. From there on tokens are refreshed here.
    """

    def __init__(self, settings: XiaohongshuSettings, tokens: TokenStore) -> None:
        self.settings = settings
        self._line = Line(PARTNER, settings.base_url, settings.limits)
        self.tokens = ShopTokens(
            Channel.XIAOHONGSHU,
            tokens,
            by_refresh_only(Channel.XIAOHONGSHU, self._refresh),
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
        business: Mapping[str, object],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        writes: bool,
    ) -> T:
        """Call `method` ("order.getOrderDetail") for a shop, and return what `parse` makes of the answer's `data`.

        A token that the platform refuses is renewed, and the call made once more: a refused call did nothing.
        Raises Misconfigured for a shop that is not in the settings.
        """
        if shop not in self.settings.shops:
            raise Misconfigured(PARTNER, method, f"shop {shop} is not in the settings")
        return await self.tokens.call(shop, lambda access: self._send(method, business, parse, access, writes=writes))

    async def authorise(self, code: str) -> str:
        """Change the code of an authorisation (good for ten minutes, once) into the shop's tokens, and keep them.

        Returns the shop. Raises Misconfigured when it is not in the settings.
        """
        shop, token = await self._send(
            requests.CREATE_TOKEN,
            {"code": code},
            lambda data: (text_of(data, "sellerId"), _read_token(data)),
            None,
            writes=True,
        )
        if shop not in self.settings.shops:
            raise Misconfigured(PARTNER, requests.CREATE_TOKEN, "the shop that authorised is not in the settings")
        await self.tokens.keep(shop, token)
        return shop

    async def _refresh(self, refresh_token: str) -> AccessToken:
        # Not a write to the caller: whatever the caller wanted to do has surely not happened yet.
        return await self._send(
            requests.REFRESH_TOKEN, {"refreshToken": refresh_token}, _read_token, None, writes=False
        )

    async def _send(
        self,
        method: str,
        business: Mapping[str, object],
        parse: Callable[[Mapping[str, Any]], T],
        access: str | None,
        *,
        writes: bool,
    ) -> T:
        app_id, secret = self.settings.app_id, self.settings.app_secret.get_secret_value()
        timestamp = str(int(utc_now().timestamp()))
        body = {
            **business,
            "appId": app_id,
            "timestamp": timestamp,
            "version": _VERSION,
            "method": method,
            "sign": api_sign(method, app_id, timestamp, _VERSION, secret),
        }
        if access is not None:
            body["accessToken"] = access
        return await self._line.exchange(
            method,
            "POST",
            _PATH,
            lambda response: parse(read_data(method, response, writes=writes)),
            writes=writes,
            headers=_HEADERS,
            content=compact_json(body).encode(),
        )


def _read_token(data: Mapping[str, Any]) -> AccessToken:
    """The token in an answer of either call. Raises ValueError."""
    access, refresh = text_of(data, "accessToken"), text_of(data, "refreshToken")
    if not access or not refresh:
        raise ValueError("no accessToken or refreshToken")
    return AccessToken(
        access,
        refresh,
        expires_at=_moment(data, "accessTokenExpiresAt"),
        refresh_expires_at=_moment(data, "refreshTokenExpiresAt"),
    )


def _moment(data: Mapping[str, Any], name: str) -> datetime:
    try:
        return from_epoch_seconds(as_int(data.get(name), name) // 1000)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{name} is no time") from None

"""Signed calls to Pinduoduo's open API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from connectors.errors import Misconfigured
from connectors.fields import as_int, optional_int, text_of
from connectors.pdd import requests
from connectors.pdd.responses import PARTNER, read_answer
from connectors.pdd.settings import PddSettings
from connectors.pdd.signing import literal, sign
from connectors.ports import AccessToken, TokenStore
from connectors.tokens import ShopTokens, by_refresh_only
from connectors.transport import Line
from domain.clock import from_epoch_seconds, utc_now
from domain.order import Channel

T = TypeVar("T")

_PATH = "/api/router"


class PddApi:
    """One application's line to Pinduoduo, shared by the channel and the e-waybills of all its shops.

    A shop's first token comes from its owner, who authorises the application on the platform's page; the code that the
    platform then gives goes to `authorise`. From there on tokens are refreshed here.
    """

    def __init__(self, settings: PddSettings, tokens: TokenStore) -> None:
        self.settings = settings
        self._line = Line(PARTNER, settings.base_url, settings.limits)
        self.tokens = ShopTokens(
            Channel.PDD,
            tokens,
            by_refresh_only(Channel.PDD, self._refresh),
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
        """Call `method` ("pdd.order.information.get") for a shop, and return what `parse` makes of the answer.

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
            lambda data: (text_of(data, "owner_id"), _read_token(data, utc_now())),
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
            requests.REFRESH_TOKEN,
            {"refresh_token": refresh_token},
            lambda data: _read_token(data, utc_now()),
            None,
            writes=False,
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
        settings = self.settings
        form = {name: literal(value) for name, value in business.items()}
        form |= {
            "type": method,
            "client_id": settings.client_id,
            "timestamp": str(int(utc_now().timestamp())),
            "data_type": "JSON",
        }
        if access is not None:
            form["access_token"] = access
        form["sign"] = sign(form, settings.client_secret.get_secret_value())
        return await self._line.exchange(
            method,
            "POST",
            _PATH,
            lambda response: parse(read_answer(method, response, writes=writes)),
            writes=writes,
            data=form,
        )


def _read_token(data: Mapping[str, Any], now: datetime) -> AccessToken:
    """The token in an answer of either call. Raises ValueError."""
    access, refresh = text_of(data, "access_token"), text_of(data, "refresh_token")
    if not access or not refresh:
        raise ValueError("no access_token or refresh_token")
    return AccessToken(
        access,
        refresh,
        expires_at=_moment(data, "expires", now),
        refresh_expires_at=_moment(data, "refresh_token_expires", now),
    )


def _moment(data: Mapping[str, Any], name: str, now: datetime) -> datetime:
    """`{name}_at`, or `{name}_in` seconds from now where the platform leaves it out."""
    seconds = optional_int(data, f"{name}_at")
    if seconds is None:
        seconds = int(now.timestamp()) + as_int(data.get(f"{name}_in"), f"{name}_in")
    try:
        return from_epoch_seconds(seconds)
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"{name} is no time") from None

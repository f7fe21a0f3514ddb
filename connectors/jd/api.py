"""Signed calls to JD's open gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connectors.errors import Misconfigured
from connectors.jd.responses import PARTNER, read_answer, read_token
from connectors.jd.settings import JdSettings
from connectors.jd.signing import sign
from connectors.ports import AccessToken, TokenStore
from connectors.tokens import REFRESH, ShopTokens, by_refresh_only
from connectors.transport import Line, compact_json
from domain.clock import format_beijing, utc_now
from domain.order import Channel

T = TypeVar("T")

_AUTHORISE = "token.authorise"


class JosApi:
    """One application's line to JD, for all its shops."""

    def __init__(self, settings: JdSettings, tokens: TokenStore) -> None:
        self.settings = settings
        self._line = Line(PARTNER, settings.base_url, settings.limits)
        self._oauth = Line(PARTNER, settings.oauth_url, settings.limits)
        self.tokens = ShopTokens(
            Channel.JD,
            tokens,
            by_refresh_only(Channel.JD, self._refresh),
            margin_s=settings.token_margin_s,
            wait_s=settings.token_wait_s,
            call_s=settings.limits.timeout_s,
        )

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()
        await self._oauth.close()

    async def authorise(self, shop: str, code: str) -> None:
        """Keep the token that a shop's consent gives: once for each shop, and again when refreshing has failed.

        `code` is what JD's consent page hands back. Raises Misconfigured when JD does not take it.
        """
        self._check_shop(shop, _AUTHORISE)
        grant = {"grant_type": "authorization_code", "code": code}
        await self.tokens.keep(shop, await self._ask_token(_AUTHORISE, "/oauth2/access_token", grant))

    async def call(
        self,
        shop: str,
        method: str,
        business: Mapping[str, object],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        writes: bool,
    ) -> T:
        """Call `method` ("jingdong.pop.order.search") for a shop, and return what `parse` makes of the answer's body.

        A token that JD refuses is refreshed, and the call made once more: a refused call did nothing.
        Raises Misconfigured for a shop that is not in the settings, or whose owner must authorise again.
        """
        self._check_shop(shop, method)
        return await self.tokens.call(shop, lambda access: self._send(method, business, parse, access, writes=writes))

    async def _send(
        self,
        method: str,
        business: Mapping[str, object],
        parse: Callable[[Mapping[str, Any]], T],
        access: str,
        *,
        writes: bool,
    ) -> T:
        # All in the body: a token in the address would stand in every proxy's log.
        form = {
            "method": method,
            "app_key": self.settings.app_key,
            "access_token": access,
            "timestamp": format_beijing(utc_now()),
            "v": "2.0",
            "360buy_param_json": compact_json(business),
        }
        form["sign"] = sign(form, self.settings.app_secret.get_secret_value())
        return await self._line.exchange(
            method,
            "POST",
            "/routerjson",
            lambda response: parse(read_answer(method, response, writes=writes)),
            writes=writes,
            data=form,
        )

    async def _refresh(self, refresh_token: str) -> AccessToken:
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self._ask_token(REFRESH, "/oauth2/refresh_token", grant)

    async def _ask_token(self, operation: str, path: str, grant: dict[str, str]) -> AccessToken:
        # Not a write to the caller: whatever it wanted to do has surely not happened yet.
        return await self._oauth.exchange(
            operation,
            "POST",
            path,
            lambda response: read_token(operation, response, utc_now()),
            writes=False,
            data={
                "app_key": self.settings.app_key,
                "app_secret": self.settings.app_secret.get_secret_value(),
                **grant,
            },
        )

    def _check_shop(self, shop: str, operation: str) -> None:
        if shop not in self.settings.shops:
            raise Misconfigured(PARTNER, operation, f"shop {shop} is not in the settings")

"""Signed calls to TOP (section 1 of the protocol file)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from connectors.errors import Misconfigured
from connectors.taobao.responses import PARTNER, read_answer
from connectors.taobao.settings import TaobaoSettings
from connectors.taobao.signing import top_sign
from connectors.transport import Line
from domain.clock import format_beijing, utc_now

T = TypeVar("T")

_HEADERS = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}


class TopApi:
    """One application's line to TOP, shared by the channel and the e-waybills of all its shops.

    Create it inside the event loop that uses it.
    """

    def __init__(self, settings: TaobaoSettings) -> None:
        self.settings = settings
        self._line = Line(PARTNER, settings.base_url, settings.limits)

    async def close(self) -> None:
        """End all connections."""
        await self._line.close()

    async def call(
        self,
        shop: str,
        method: str,
        business: Mapping[str, str],
        parse: Callable[[Mapping[str, Any]], T],
        *,
        writes: bool,
    ) -> T:
        """Call `method` ("taobao.trade.fullinfo.get") for a shop; return what `parse` makes of the answer's body.

        Raises Misconfigured for a shop that is not in the settings, or whose session the platform refuses.
        """
        if shop not in self.settings.shops:
            raise Misconfigured(PARTNER, method, f"shop {shop} is not in the settings")
        return await self._line.exchange(
            method,
            "POST",
            self.settings.base_url,
            lambda response: parse(read_answer(method, shop, response.content, writes=writes)),
            writes=writes,
            headers=_HEADERS,
            data=self._form(shop, method, business),
        )

    def _form(self, shop: str, method: str, business: Mapping[str, str]) -> dict[str, str]:
        settings = self.settings
        form = {
            **{name: value for name, value in business.items() if value},
            "method": method,
            "app_key": settings.app_key,
            "session": settings.shops[shop].session.get_secret_value(),
            "timestamp": format_beijing(utc_now()),
            "format": "json",
            "v": "2.0",
            "sign_method": settings.sign_method,
        }
        form["sign"] = top_sign(form, settings.app_secret.get_secret_value(), settings.sign_method)
        return form

"""A seller on the sandbox's Taobao: trades come in, and signed calls go out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from domain.clock import format_beijing, utc_now
from sandbox.app import create_app
from sandbox.settings import SandboxSettings, TaobaoSettings
from sandbox.taobao.signing import call_sign
from sandbox.world import World
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft

FULL = "taobao.trade.fullinfo.get"
FIELDS = (
    "tid,tid_str,status,type,created,pay_time,modified,consign_time,end_time,payment,post_fee,total_fee,discount_fee,"
    "buyer_open_uid,buyer_nick,has_buyer_message,buyer_message,seller_memo,promotion_details,modify_address,oaid,"
    "receiver_name,receiver_mobile,receiver_state,receiver_city,receiver_district,receiver_address,num_iid,num,price,"
    "orders"
)


@dataclass
class Seller:
    """Calls the platform as the seller's own app. `handed_over` collects the parcels that went to their couriers."""

    http: httpx.AsyncClient
    world: World
    handed_over: list[tuple[str, str]]

    async def raw(self, method: str, /, **changes: str) -> dict[str, Any]:
        """The answer to one signed call; `changes` replace or add parameters, a `sign` among them stays as it is."""
        form = {
            "method": method,
            "app_key": "tb-key",
            "session": "tb-session",
            "timestamp": format_beijing(utc_now()),
            "format": "json",
            "v": "2.0",
            "sign_method": "hmac-sha256",
        } | changes
        if "sign" not in form:
            form["sign"] = call_sign(form, "tb-secret", form["sign_method"])
        response = await self.http.post("/taobao/router/rest", data=form)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def call(self, method: str, /, **params: str) -> dict[str, Any]:
        """The content of one call that succeeds."""
        answer = await self.raw(method, **params)
        [(name, content)] = answer.items()
        assert name == f"{method.removeprefix('taobao.').replace('.', '_')}_response", answer
        assert content.pop("request_id")
        return dict(content)

    async def refused(self, method: str, /, **params: str) -> str:
        """The sub code of one call that is refused."""
        error = (await self.raw(method, **params))["error_response"]
        assert error["sub_msg"]
        return str(error["sub_code"])

    async def control(self, path: str, content: object = None, status: int = 204) -> Any:
        """One call of the controls, whose status is checked."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def order(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders; their numbers."""
        placed = await self.control("/orders", list(drafts) or [draft(channel="taobao")], 200)
        return [entry["order_no"] for entry in placed]

    async def trade(self, tid: str, fields: str = FIELDS) -> dict[str, Any]:
        """One trade in full, with its oaid."""
        found: dict[str, Any] = (await self.call(FULL, fields=fields, tid=tid, include_oaid="include_oaid"))["trade"]
        return found

    async def book(self) -> dict[str, Any]:
        """The platform's book."""
        book: dict[str, Any] = (await self.http.get("/books/taobao")).json()
        return book


def taobao_settings(session_seconds: int = 0, **pace: float) -> SandboxSettings:
    """The tests' settings, with a shop on Taobao."""
    keys = {"app_key": "tb-key", "app_secret": "tb-secret", "session": "tb-session"}
    shop = TaobaoSettings.model_validate(keys | {"session_seconds": session_seconds})
    return make_settings(**pace).model_copy(update={"only": ["taobao"], "taobao": shop})


@asynccontextmanager
async def selling(session_seconds: int = 0, **pace: float) -> AsyncIterator[Seller]:
    """Run the sandbox with a seller on Taobao."""
    app = create_app(taobao_settings(session_seconds, **pace))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        handed_over: list[tuple[str, str]] = []
        app.state.world.on_hand_over(lambda carrier, number: handed_over.append((carrier, number)))
        yield Seller(http, app.state.world, handed_over)

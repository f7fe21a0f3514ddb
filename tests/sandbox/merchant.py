"""A merchant on the sandbox's Pinduoduo: the whole sandbox runs, orders come in, and signed calls go out."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from sandbox.app import create_app
from sandbox.pdd import PddPlatform
from sandbox.settings import PddSettings
from sandbox.world import World
from tests.sandbox.stage import make_settings
from tests.sandbox.town import draft

SECRET = "pdd-secret"


@dataclass
class Merchant:
    """Calls the platform as the shop's own app. `handed_over` collects the parcels that went to their couriers."""

    http: httpx.AsyncClient
    world: World
    pdd: PddPlatform
    token: str = "pdd-token"
    handed_over: list[tuple[str, str]] = field(default_factory=list)

    async def raw(self, method: str, /, *, form: object = False, **params: object) -> dict[str, Any]:
        """The envelope of one signed call. Parameters override the common ones; None leaves one out."""
        fields: dict[str, object] = {
            "type": method,
            "client_id": "pdd-client",
            "timestamp": int(time.time()),
            "access_token": self.token,
        }
        fields = {name: value for name, value in (fields | params).items() if value is not None}
        texts = {name: _text(value) for name, value in fields.items()}
        joined = "".join(name + texts[name] for name in sorted(texts) if name != "sign")
        sign = hashlib.md5(f"{SECRET}{joined}{SECRET}".encode()).hexdigest().upper()
        if form:
            response = await self.http.post("/pdd/api/router", data={"sign": sign} | texts)
        else:
            response = await self.http.post("/pdd/api/router", json={"sign": sign} | fields)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """What one call that succeeds gives, without its envelope."""
        answer = await self.raw(method, **params)
        [(key, content)] = answer.items()
        assert key != "error_response", answer
        assert content.pop("request_id")
        return dict(content)

    async def refused(self, method: str, **params: object) -> tuple[int, str]:
        """The error_code and sub_code of one call that is refused."""
        error = (await self.raw(method, **params))["error_response"]
        assert error["error_msg"]
        assert error["request_id"]
        return error["error_code"], error["sub_code"]

    async def control(self, path: str, content: object, status: int = 200) -> Any:
        """One call of the controls, whose status is checked."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def order(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders; their numbers."""
        placed = await self.control("/orders", list(drafts) or [draft(channel="pdd")])
        return [entry["order_no"] for entry in placed]

    async def detail(self, order_sn: str) -> dict[str, Any]:
        """One order as the platform gives it."""
        found = await self.call("pdd.order.information.get", order_sn=order_sn)
        return dict(found["order_info"])


@asynccontextmanager
async def merchant(**pace: float) -> AsyncIterator[Merchant]:
    """Run the sandbox with Pinduoduo configured."""
    pdd = PddSettings(
        client_id="pdd-client",
        client_secret=SecretStr(SECRET),
        access_token=SecretStr("pdd-token"),
        refresh_token=SecretStr("pdd-refresh"),
    )
    app = create_app(make_settings(**pace).model_copy(update={"only": ["pdd"], "pdd": pdd}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http,
    ):
        someone = Merchant(http, app.state.world, app.state.partners["pdd"])
        someone.world.on_hand_over(lambda carrier, number: someone.handed_over.append((carrier, number)))
        yield someone


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)

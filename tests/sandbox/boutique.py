"""A boutique on the sandbox's Xiaohongshu: orders come in, signed calls go out, and a hub takes the pushes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from sandbox.app import create_app
from sandbox.settings import XiaohongshuSettings
from sandbox.world import World
from sandbox.xiaohongshu import XiaohongshuPlatform
from tests.sandbox.stage import HUB, make_settings
from tests.sandbox.town import Heard, draft

SECRET = "xhs-secret"
DOOR = "/xiaohongshu/ark/open_api/v3/common_controller"
TAKEN = {"success": True, "error_code": 0, "error_msg": ""}


@dataclass
class Hub:
    """Takes what it is sent; `replies` come first, one for each request."""

    replies: list[Response] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/{path:path}")
        async def take(path: str, request: Request) -> Response:
            headers = httpx.Headers(dict(request.headers))
            self.heard.append(Heard(f"/{path}", dict(request.query_params), await request.body(), headers))
            return self.replies.pop(0) if self.replies else JSONResponse(TAKEN)

        return app


@dataclass
class Boutique:
    """Calls the platform as the shop's own app. `handed_over` collects the parcels that went to their couriers."""

    http: httpx.AsyncClient
    world: World
    platform: XiaohongshuPlatform
    hub: Hub
    token: str = "xhs-token"
    handed_over: list[tuple[str, str]] = field(default_factory=list)

    async def raw(self, method: str, /, **fields: object) -> httpx.Response:
        """The response to one signed call. Fields override the system's; None leaves one out, a `sign` stays."""
        system: dict[str, object] = {
            "appId": "xhs-app",
            "timestamp": str(int(time.time())),
            "version": "2.0",
            "method": method,
            "accessToken": self.token,
        }
        body = {name: value for name, value in (system | fields).items() if value is not None}
        signed = f"{body.get('method')}?appId={body.get('appId')}&timestamp={body.get('timestamp')}"
        sign = hashlib.md5(f"{signed}&version={body.get('version')}{SECRET}".encode()).hexdigest()
        return await self.http.post(DOOR, json={"sign": sign} | body)

    async def call(self, method: str, /, **fields: object) -> Any:
        """The data of one call that succeeds."""
        answer = (await self.raw(method, **fields)).json()
        assert (answer["success"], answer["error_code"], answer["error_msg"]) == (True, 0, ""), answer
        return answer["data"]

    async def unwrapped(self, method: str, /, **fields: object) -> dict[str, Any]:
        """The inner data of one call of the after-sale family that succeeds."""
        data = await self.call(method, **fields)
        assert (data["success"], data["code"], data["msg"]) == (True, 0, ""), data
        return dict(data["data"])

    async def refused(self, method: str, /, **fields: object) -> tuple[int, str]:
        """Code and words of one call that is refused."""
        response = await self.raw(method, **fields)
        assert response.status_code == 200
        answer = response.json()
        assert (answer["success"], answer["data"]) == (False, None), answer
        return answer["error_code"], answer["error_msg"]

    async def control(self, path: str, content: object = None, status: int = 204) -> Any:
        """One call of the controls, whose status is checked."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def order(self, *drafts: dict[str, Any]) -> list[str]:
        """Place orders; their numbers."""
        placed = await self.control("/orders", list(drafts) or [draft(channel="xiaohongshu")], 200)
        return [entry["order_no"] for entry in placed]

    async def detail(self, order_id: str) -> dict[str, Any]:
        """One order as the platform gives it."""
        return dict(await self.call("order.getOrderDetail", orderId=order_id))

    async def refund(self, order_id: str, **wish: object) -> str:
        """The buyer applies for a refund; its id."""
        applied = await self.control(f"/xiaohongshu/{order_id}/refund", wish, 200)
        return str(applied["refund_id"])

    async def settle(self, refund_id: str, verdict: str, status: int = 204) -> None:
        """What becomes of a refund."""
        await self.control(f"/xiaohongshu/refunds/{refund_id}/{verdict}", None, status)

    def book(self) -> dict[str, Any]:
        """The platform's book."""
        return self.platform.book()

    def news(self) -> list[tuple[str, dict[str, Any]]]:
        """What the pushes said, message by message."""
        messages = [message for heard in self.hub.heard for message in heard.json()]
        return [(message["msgTag"], json.loads(message["data"])) for message in messages]


@asynccontextmanager
async def boutique(*, pickup_s: float = 60, **changes: object) -> AsyncIterator[Boutique]:
    """Run the sandbox with a shop on Xiaohongshu alone; `changes` go into its settings."""
    shop = {
        "app_id": "xhs-app",
        "app_secret": SECRET,
        "access_token": "xhs-token",
        "refresh_token": "xhs-refresh",
        "check_s": 0,
    }
    settings = XiaohongshuSettings.model_validate(shop | changes)
    alone = {"only": ["xiaohongshu"], "xiaohongshu": settings}
    app = create_app(make_settings(pickup_s=pickup_s).model_copy(update=alone))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as http,
    ):
        world, hub = app.state.world, Hub()
        await world._hub.aclose()
        world._hub = httpx.AsyncClient(transport=httpx.ASGITransport(hub.app()), base_url=HUB)
        someone = Boutique(http, world, app.state.partners["xiaohongshu"], hub)
        world.on_hand_over(lambda carrier, number: someone.handed_over.append((carrier, number)))
        yield someone

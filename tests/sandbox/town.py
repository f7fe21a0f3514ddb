"""The stage for tests of the shops and the warehouse: all three with their controls, and a hub that answers each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from sandbox.control import control_router
from sandbox.douyin import DouyinPlatform
from sandbox.own import RestShop
from sandbox.partner import Partner
from sandbox.qimen import QimenWarehouse
from sandbox.settings import SandboxSettings
from sandbox.world import World
from tests.sandbox.stage import HUB, make_settings

SUCCESS = '<?xml version="1.0" encoding="utf-8"?><response><flag>success</flag><code>0</code></response>'


@dataclass
class Heard:
    """One request as the hub received it."""

    path: str
    query: dict[str, str]
    body: bytes
    headers: httpx.Headers

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hub:
    """Takes what it is sent. `replies` come first, one for each request; then `results` says what each order is.

    With `replies_at`, only requests to that path get one of the `replies`.
    """

    replies: list[Response] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    replies_at: str | None = None

    def at(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/{path:path}")
        async def take(path: str, request: Request) -> Response:
            body, headers = await request.body(), httpx.Headers(dict(request.headers))
            heard = Heard(f"/{path}", dict(request.query_params), body, headers)
            self.heard.append(heard)
            chosen = self.replies and self.replies_at in {None, heard.path}
            return self.replies.pop(0) if chosen else self._reply(heard)

        return app

    def _reply(self, heard: Heard) -> Response:
        if heard.path == "/hooks/douyin":
            return JSONResponse({"code": 0, "msg": "success"})
        if heard.path == "/hooks/wechat":
            return Response(status_code=204)
        if heard.path == "/hooks/qimen":
            return Response(SUCCESS, media_type="text/xml")
        if heard.path.endswith("/cancel"):
            return JSONResponse({"result": "accepted"}, status_code=202)
        content = heard.json()
        if heard.path == "/api/v1/refunds":
            refunds = [(refund["refund_id"], refund["order_no"]) for refund in content.get("refunds", [content])]
            told = [{"refund_id": refund_id, "order_no": order_no} for refund_id, order_no in refunds]
            accepted = {"order_id": "", "result": "accepted", "error": None}
            return JSONResponse({"results": [{**one, **self.results.get(one["refund_id"], accepted)} for one in told]})
        numbers = [order["order_no"] for order in content.get("orders", [content])]
        accepted = {"order_id": "", "result": "accepted", "error": None}
        return JSONResponse({"results": [{"order_no": n, **self.results.get(n, accepted)} for n in numbers]})


@dataclass
class Town:
    """The running partners. `handed_over` collects the parcels that went to their couriers."""

    world: World
    own: RestShop
    pos: RestShop
    b2b: RestShop
    douyin: DouyinPlatform
    qimen: QimenWarehouse
    hub: Hub
    http: httpx.AsyncClient
    handed_over: list[tuple[str, str]]

    async def control(self, path: str, content: object, status: int = 200) -> Any:
        """One call of the controls, whose status is checked."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.status_code == status, response.text
        return response.json() if response.content else None


@asynccontextmanager
async def town(
    settings: SandboxSettings | None = None, make_qimen: Callable[[World], QimenWarehouse] = QimenWarehouse
) -> AsyncIterator[Town]:
    """Run the shops of the REST protocol, Douyin and the warehouse as the sandbox mounts them."""
    world = World(settings or make_settings())
    own = RestShop(world, "own", world.settings.own)
    assert world.settings.pos is not None
    assert world.settings.b2b is not None
    pos, b2b = RestShop(world, "pos", world.settings.pos), RestShop(world, "b2b", world.settings.b2b)
    hub = Hub()
    await world._hub.aclose()
    world._hub = httpx.AsyncClient(transport=httpx.ASGITransport(hub.app()), base_url=HUB)
    handed_over: list[tuple[str, str]] = []
    world.on_hand_over(lambda carrier, number: handed_over.append((carrier, number)))
    douyin, qimen = DouyinPlatform(world), make_qimen(world)
    partners: dict[str, Partner] = {"own": own, "pos": pos, "b2b": b2b, "douyin": douyin, "qimen": qimen}
    app = FastAPI()
    for name, partner in partners.items():
        app.include_router(partner.router(), prefix=f"/{name}")
    app.include_router(control_router(world, partners), prefix="/control")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.test") as http:
        try:
            yield Town(world, own, pos, b2b, douyin, qimen, hub, http, handed_over)
        finally:
            await world.close()


RECEIVER = {
    "name": "测试",
    "phone": "13800000000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "余杭区",
    "town": "",
    "detail": "示例路1号",
}


def draft(**changes: object) -> dict[str, Any]:
    """An order of two mugs, a towel and a gift; 101 fen off, which divide evenly over nothing."""
    return {
        "channel": "own",
        "lines": [
            {"sku": "MUG-01", "title": "马克杯", "quantity": 2, "unit_price_fen": 4950, "warranty_months": 12},
            {"sku": "TOWEL-01", "title": "毛巾", "quantity": 1, "unit_price_fen": 3333},
            {"sku": "GIFT-TOTE", "title": "帆布袋", "quantity": 1, "unit_price_fen": 0, "gift_of": "1"},
        ],
        "discount_fen": 101,
        "freight_fen": 600,
        "receiver": RECEIVER,
        "requirements": ["COLD_CHAIN"],
        "seller_note": "老客户",
        **changes,
    }

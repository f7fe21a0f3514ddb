"""The stage for tests of one partner: its HTTP API over real ASGI, and a hub that takes its pushes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from sandbox.faults import Fault, FaultKind, FaultPlan
from sandbox.partner import Partner
from sandbox.road import Road
from sandbox.settings import SandboxSettings
from sandbox.world import World

HUB = "http://hub.test"


def make_settings(**pace: float) -> SandboxSettings:
    """Settings with known credentials, and a world that turns fast."""
    return SandboxSettings.model_validate(
        {
            "hub_url": HUB,
            "own": {"secret": "own-secret"},
            "pos": {"secret": "pos-secret", "api_key": "api-key-of-the-till-0001"},
            "b2b": {"secret": "b2b-secret"},
            "douyin": {"app_key": "dy-key", "app_secret": "dy-secret"},
            "qimen": {"app_key": "qm-key", "secret": "qm-secret"},
            "sf": {"partner_id": "PARTNER1", "check_word": "check-word", "push_secret": "sf-push"},
            "cainiao": {"provider_id": "provider-1", "secret": "link-secret"},
            "kdniao": {"business_id": "1237100", "app_key": "kdn-key"},
            "credit": {"app": "orderhub", "secret": "credit-secret"},
            "sms": {"access_key_id": "ak-id", "access_key_secret": "ak-secret", "receipt_secret": "sms-push"},
            "pace": {"pack_s": 0.02, "pickup_s": 0.01, "transit_s": 0.04, "decide_s": 0.02, "push_retry_s": 0.01}
            | pace,
        }
    )


@dataclass
class Pushed:
    """One push as the hub received it."""

    path: str
    body: bytes
    headers: httpx.Headers


@dataclass
class Hub:
    """Takes every push and answers with `acks`, one after the other, the last one for ever."""

    acks: list[Response]
    pushed: list[Pushed] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/{path:path}")
        async def take(path: str, request: Request) -> Response:
            headers = httpx.Headers(dict(request.headers))
            self.pushed.append(Pushed(f"/{path}", await request.body(), headers))
            return self.acks.pop(0) if len(self.acks) > 1 else self.acks[0]

        return app


@dataclass
class Stage:
    """A running partner with its world."""

    world: World
    road: Road
    partner: Partner
    hub: Hub
    http: httpx.AsyncClient

    def fail(self, kind: FaultKind, operation: str = "*") -> None:
        """Let the partner's operations fail from now on."""
        fault = Fault(partner=self.partner.name, kind=kind, operation=operation, seconds=0)
        self.world.faults.set_plan(FaultPlan(faults=[fault]))


@asynccontextmanager
async def staged(
    make: Callable[[World, Road], Partner], *acks: Response, settings: SandboxSettings | None = None
) -> AsyncIterator[Stage]:
    """Run one partner under `/{name}`, as the sandbox mounts it; the hub answers its pushes with `acks`."""
    world = World(settings or make_settings())
    hub = Hub(list(acks) or [JSONResponse({})])
    await world._hub.aclose()
    world._hub = httpx.AsyncClient(transport=httpx.ASGITransport(hub.app()), base_url=HUB)
    road = Road(world)
    partner = make(world, road)
    app = FastAPI()
    app.include_router(partner.router(), prefix=f"/{partner.name}")
    app.include_router(road.router())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as http:
        try:
            yield Stage(world, road, partner, hub, http)
        finally:
            await world.close()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until a condition holds; fails the test when it does not in time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited happens in code that knows no test's events
            await asyncio.sleep(0.005)

"""The sandbox as one HTTP application: every partner under its own path, the books, and the controls.

| path | what |
|---|---|
| `/{partner}/...` | the partner's own API |
| `GET /books`, `GET /books/{partner}` | what the partner was really asked to do |
| `GET/PUT /control/faults` | the fault plan |
| `/control/orders`, `/control/buyers`, ... | let buyers order and change their minds (see `sandbox.control`) |
| `/control/road/{number}` | what becomes of a parcel (see `sandbox.road`) |
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import cast

from fastapi import FastAPI, HTTPException

from sandbox.cainiao import CainiaoGateway
from sandbox.control import control_router
from sandbox.credit import CreditBureau
from sandbox.douyin import DouyinPlatform
from sandbox.faults import FaultPlan
from sandbox.jd import JdPlatform
from sandbox.kdniao import Kdniao
from sandbox.own import RestShop
from sandbox.partner import Partner
from sandbox.pdd import PddPlatform
from sandbox.qimen import QimenWarehouse
from sandbox.road import Road
from sandbox.settings import SandboxSettings
from sandbox.sf import SfGateway
from sandbox.sms import AliyunSms
from sandbox.taobao import TaobaoPlatform
from sandbox.wechat import WechatPlatform
from sandbox.world import Book, World
from sandbox.xiaohongshu import XiaohongshuPlatform


def create_app(settings: SandboxSettings) -> FastAPI:
    """Build the sandbox. All partners are reachable as soon as it serves."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        world = World(settings)
        road = Road(world)
        partners = {partner.name: partner for partner in _partners(world, road)}
        jd = cast(JdPlatform | None, partners.get(JdPlatform.name))
        if jd is not None:
            await jd.open()
        for partner in partners.values():
            app.include_router(partner.router(), prefix=f"/{partner.name}")
        app.include_router(road.router())
        app.include_router(control_router(world, partners), prefix="/control")
        app.state.world = world
        app.state.partners = partners
        yield
        if jd is not None:
            await jd.close()
        await world.close()

    app = FastAPI(title="orderhub sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the sandbox serves."""
        return {"status": "ok"}

    @app.get("/books")
    async def books() -> dict[str, Book]:
        """All books."""
        partners: dict[str, Partner] = app.state.partners
        return {name: partner.book() for name, partner in partners.items()}

    @app.get("/books/{name}")
    async def book(name: str) -> Book:
        """One partner's book."""
        partners: dict[str, Partner] = app.state.partners
        if name not in partners:
            raise HTTPException(404, f"no such partner: {name}; there are {', '.join(partners)}")
        return partners[name].book()

    @app.get("/control/faults")
    async def read_faults() -> dict[str, object]:
        """The plan, how often each fault struck, and how often each operation was called and pushed."""
        world: World = app.state.world
        return {"faults": world.faults.counts(), "calls": dict(world.calls), "pushes": dict(world.pushes)}

    @app.get("/control/pending")
    async def pending() -> dict[str, int]:
        """How many later events and pushes are still to come: 0 when the world has come to rest."""
        world: World = app.state.world
        return {"pending": world.pending}

    @app.put("/control/faults")
    async def set_faults(plan: FaultPlan) -> dict[str, int]:
        """Start a new fault plan now."""
        world: World = app.state.world
        world.faults.set_plan(plan)
        return {"faults": len(plan.faults)}

    return app


def _partners(world: World, road: Road) -> Iterator[Partner]:
    """Everybody who is played."""
    only = world.settings.only
    return (partner for partner in _configured(world, road) if not only or partner.name in only)


def _configured(world: World, road: Road) -> Iterator[Partner]:
    """The shops and platforms that are configured, and those that no order can do without."""
    settings = world.settings
    yield RestShop(world, "own", settings.own)
    yield DouyinPlatform(world)
    yield QimenWarehouse(world)
    yield SfGateway(world, road)
    yield CainiaoGateway(world, road)
    yield Kdniao(world, road)
    yield CreditBureau(world)
    yield AliyunSms(world)
    if settings.pos is not None:
        yield RestShop(world, "pos", settings.pos)
    if settings.b2b is not None:
        yield RestShop(world, "b2b", settings.b2b)
    if settings.pdd is not None:
        yield PddPlatform(world)
    if settings.taobao is not None:
        yield TaobaoPlatform(world)
    if settings.jd is not None:
        yield JdPlatform(world)
    if settings.xiaohongshu is not None:
        yield XiaohongshuPlatform(world)
    if settings.wechat is not None:
        yield WechatPlatform(world)

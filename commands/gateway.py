"""`orderhub gateway`."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import uvicorn
from fastapi import FastAPI

import telemetry
from commands.house import house
from commands.labels import desk
from console.approval_desk import ApprovalDesk
from console.approver import ApproverPages
from console.clerk import ClerkPages
from console.desk import OrderDesk
from console.labels import LabelPages
from console.sign_in import StaffDoor
from gateway.app import create_app
from gateway.deps import Gateway, InWords
from gateway.keeping import Keeper
from gateway.temporal_orders import TemporalOrders
from intake.linking import Linker
from runtime.call_book import counting_calls
from runtime.client import connect, key_ring
from runtime.codec import EncryptionCodec
from runtime.partners import link_secret, open_partners
from runtime.phones import Phones
from runtime.rule_desk import RuleDesk
from runtime.rules import RuleKeeper
from runtime.shops import ShopKeeper
from settings import Settings


async def main(settings: Settings) -> int:
    """Serve until told to stop."""
    telemetry.set_up(settings.telemetry, "gateway")
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(house(settings))
        await stack.enter_async_context(counting_calls(db, "gateway"))
        outside = await stack.enter_async_context(open_partners(settings, db))
        gateway = Gateway(
            warehouse=settings.company.warehouse,
            db=db,
            keeper=Keeper(db),
            sources=outside.sources,
            rest=outside.rest,
            orders=TemporalOrders(lambda: connect(settings)),
            codec=EncryptionCodec(key_ring(settings.encryption)),
            labels=desk(settings, db),
            codec_tokens=tuple(token.get_secret_value() for token in settings.codec.tokens),
            codec_open_on_loopback=settings.codec.open_on_loopback,
            codec_origins=tuple(settings.codec.allow_origins),
            roles=settings.gateway.roles,
            staff={name: token.get_secret_value() for name, token in settings.gateway.staff.items()},
            link_secret=link_secret(settings),
            phones=Phones(key_ring(settings.encryption)),
            rules=RuleDesk(db, settings.company.warehouse),
            max_body_bytes=settings.gateway.max_body_bytes,
        )
        keeping = asyncio.create_task(ShopKeeper(settings, db, key_ring(settings.encryption), outside).run())
        stack.push_async_callback(_ended, keeping)
        rule_keeping = asyncio.create_task(RuleKeeper(db).run())
        stack.push_async_callback(_ended, rule_keeping)
        app = create_app(gateway)
        app.include_router(ClerkPages(db, gateway.link_secret, InWords(gateway.orders)).router())
        app.include_router(ApproverPages(db, gateway.link_secret, InWords(gateway.orders)).router())
        app.include_router(LabelPages(db).router())
        _add_staff_pages(app, settings, gateway)
        telemetry.trace_app(app, settings.telemetry)
        await serve(app, settings.gateway.host, settings.gateway.port)
    return 0


def _add_staff_pages(app: FastAPI, settings: Settings, gateway: Gateway) -> None:
    """The pages for staff."""
    keys = key_ring(settings.encryption)
    secret, https = keys.derive("staff-pages"), settings.public_url.startswith("https:")
    door = StaffDoor(secret, gateway.staff, gateway.roles, https=https)
    marks, ui = Linker(keys.derive("order-links")).typed, settings.temporal.workflows_url
    orders = InWords(gateway.orders)
    app.include_router(door.router())
    app.include_router(OrderDesk(gateway.db, secret, door, orders, marks, ui).router())
    app.include_router(ApprovalDesk(gateway.db, gateway.link_secret, door, orders).router())


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def serve(app: object, host: str, port: int) -> None:
    """Serve an ASGI application until SIGINT or SIGTERM."""
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=5)  # type: ignore[arg-type]
    await uvicorn.Server(config).serve()

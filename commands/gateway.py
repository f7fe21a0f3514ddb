"""`orderhub gateway`."""

from __future__ import annotations

import asyncio

import uvicorn

import telemetry
from console.clerk import ClerkPages
from domain.texts import use_language
from gateway.app import create_app
from gateway.deps import Gateway, InWords
from gateway.temporal_orders import TemporalOrders
from runtime.client import connect, key_ring
from runtime.codec import EncryptionCodec
from runtime.partners import build_partners, link_secret
from runtime.shops import ShopKeeper
from settings import Settings
from store.database import Database


async def main(settings: Settings) -> int:
    """Serve until told to stop."""
    use_language(settings.language)
    telemetry.set_up(settings.telemetry, "gateway")
    db = Database(settings.database_url.get_secret_value())
    outside = build_partners(settings, db)
    gateway = Gateway(
        db=db,
        sources=outside.sources,
        rest=outside.rest,
        orders=TemporalOrders(lambda: connect(settings)),
        codec=EncryptionCodec(key_ring(settings.encryption)),
        codec_tokens=tuple(token.get_secret_value() for token in settings.codec.tokens),
        codec_open_on_loopback=settings.codec.open_on_loopback,
        codec_origins=tuple(settings.codec.allow_origins),
        staff={name: token.get_secret_value() for name, token in settings.gateway.staff.items()},
        link_secret=link_secret(settings),
        max_body_bytes=settings.gateway.max_body_bytes,
    )
    keeping = asyncio.create_task(ShopKeeper(settings, db, key_ring(settings.encryption), outside).run())
    try:
        app = create_app(gateway)
        app.include_router(ClerkPages(db, gateway.link_secret, InWords(gateway.orders)).router())
        telemetry.trace_app(app, settings.telemetry)
        await serve(app, settings.gateway.host, settings.gateway.port)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await outside.close()
        await db.close()
    return 0


async def serve(app: object, host: str, port: int) -> None:
    """Serve an ASGI application until SIGINT or SIGTERM."""
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=5)  # type: ignore[arg-type]
    await uvicorn.Server(config).serve()

"""The gateway as one HTTP application.

| path | what |
|---|---|
| `POST /hooks/{source}`, `/hooks/{source}/{secret}` | partners' pushes |
| `POST /api/v1/orders`, `/api/v1/orders/{order_no}/cancel`, `/api/v1/refunds` | shops (docs/rest-api.md) |
| `GET /api/v1/orders/{order_no}` | shops, after an order of theirs |
| `/api/v1/staff/orders/...`, `stock`, `labels`, `rules`, `promotions`, `sla`, `pauses` likewise | staff, by token |
| `/codec/...` | the codec server of the Temporal UI |
| `GET /healthz` | whether the gateway can take documents |

Temporal may be away: whatever only needs the inbox goes on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from asyncpg import InterfaceError, PostgresError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError

from domain.rulesets import Refused
from domain.texts import text
from gateway import (
    approvals_api,
    customers_api,
    deadlines_api,
    declarations_api,
    extensions_api,
    finance_api,
    hooks,
    labels_api,
    merges_api,
    orders_api,
    pauses_api,
    pool_api,
    promotions_api,
    refunds_api,
    replenishments_api,
    rules_api,
    shadows_api,
    shelves_api,
    staff_api,
)
from gateway.body_limit import BodyLimit
from gateway.codec_api import codec_app
from gateway.deps import Gateway, Hub, StillRunning, TemporalAway, UpdateRefused

_log = logging.getLogger(__name__)

# The driver raises its own errors, and the system's, while it connects; everything later is SQLAlchemy's.
_STORE_ERRORS = (SQLAlchemyError, PostgresError, InterfaceError, OSError)
_HEALTH_WITHIN_S = 2.0


def create_app(gateway: Gateway) -> FastAPI:
    """Build the gateway. Pages for people are included by whoever serves it: the console is another room."""
    app = FastAPI(title="orderhub", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.gateway = gateway
    app.add_middleware(BodyLimit, max_bytes=gateway.max_body_bytes)
    goods = (pool_api, shelves_api, replenishments_api, labels_api)
    staff = (staff_api, *goods, rules_api, promotions_api, deadlines_api, declarations_api, merges_api)
    more = (shadows_api, extensions_api, approvals_api, pauses_api, customers_api, finance_api)
    for api in (hooks, orders_api, refunds_api, *staff, *more):
        app.include_router(api.router)
    app.mount("/codec", codec_app(gateway))
    app.get("/healthz")(healthz)
    for error in _STORE_ERRORS:
        app.add_exception_handler(error, _store_away)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UpdateRefused, _refused)
    app.add_exception_handler(Refused, rules_api.refused)
    app.add_exception_handler(StillRunning, _accepted)
    app.add_exception_handler(TemporalAway, _temporal_away)
    return app


async def healthz(hub: Hub) -> JSONResponse:
    """200 while documents can be kept, else 503. Temporal is not asked: the gateway takes documents without it."""
    try:
        async with asyncio.timeout(_HEALTH_WITHIN_S), hub.db.engine.connect() as connection:
            await connection.execute(sql("SELECT 1"))
    except _STORE_ERRORS as error:
        _log.error("database away", extra={"error": type(error).__name__})
        return JSONResponse({"status": "degraded", "database": False}, 503)
    return JSONResponse({"status": "ok", "database": True})


async def _store_away(request: Request, error: Exception) -> Response:
    # Only the type: the message of a database error quotes the values.
    _log.error("database away", extra={"error": type(error).__name__})
    return JSONResponse({"code": "STORE_AWAY", "text": text("staff.store_away")}, 503, {"Retry-After": "5"})


async def _invalid(request: Request, error: Exception) -> Response:
    # Without the values, which may be a person's.
    problems = cast(RequestValidationError, error).errors()
    fields = {".".join(str(part) for part in problem["loc"][1:]): problem["msg"] for problem in problems}
    return JSONResponse({"text": text("staff.invalid"), "fields": fields}, 422)


async def _refused(request: Request, error: Exception) -> Response:
    return JSONResponse({"text": cast(UpdateRefused, error).text}, 409)


async def _accepted(request: Request, error: Exception) -> Response:
    return JSONResponse({"result": "accepted", "text": text("order.still_running")}, 202)


async def _temporal_away(request: Request, error: Exception) -> Response:
    return JSONResponse({"text": text("order.away")}, 503, {"Retry-After": "5"})

"""A connector and its sandbox counterpart on one wire: neither knows the other, both were written from the document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import respx
from fastapi import FastAPI, Request, Response
from respx.handlers import ASGIHandler

from connectors.ports import Push, Reply
from domain.clock import utc_now
from sandbox.app import create_app
from sandbox.settings import SandboxSettings

SANDBOX = "http://sandbox.test"

Take = Callable[[Push], Awaitable[Reply]]
"""What the hub does with a call of the sandbox's."""


@dataclass
class Heard:
    """What the hub heard, for tests that wait for it."""

    count: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def one(self) -> None:
        """Something was heard."""
        self.count += 1
        self._changed.set()

    async def until(self, enough: Callable[[], object]) -> None:
        """Wait until what was heard is enough."""
        async with asyncio.timeout(20):
            while not enough():
                self._changed.clear()
                await self._changed.wait()


@dataclass
class Wire:
    """The sandbox's controls, as a test uses them."""

    http: httpx.AsyncClient

    async def control(self, path: str, content: object = None) -> Any:
        """One call of the controls."""
        response = await self.http.post(f"/control{path}", json=content)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def get(self, path: str) -> Any:
        """Something to be read."""
        response = await self.http.get(path)
        assert response.is_success, response.text
        return response.json()

    async def book(self, partner: str) -> Any:
        """What a partner wrote down."""
        return (await self.get("/books"))[partner]


@asynccontextmanager
async def wire(settings: SandboxSettings, take: Take) -> AsyncIterator[Wire]:
    """Run the sandbox; every call to it, and every call of it to the hub, goes through its HTTP application."""
    sandbox, hub = create_app(settings), FastAPI()

    @hub.post("/{path:path}")
    async def heard(path: str, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        push = Push("POST", f"/{path}", "", dict(request.query_params), headers, await request.body(), utc_now())
        reply = await take(push)
        return Response(reply.body, reply.status, media_type=reply.media_type)

    with respx.mock(assert_all_called=False) as calls:
        for host in ("sandbox.test", "127.0.0.1"):
            calls.route(host=host).mock(side_effect=ASGIHandler(sandbox))
        calls.route(host="hub.test").mock(side_effect=ASGIHandler(hub))
        async with sandbox.router.lifespan_context(sandbox), httpx.AsyncClient(base_url=SANDBOX) as http:
            yield Wire(http)

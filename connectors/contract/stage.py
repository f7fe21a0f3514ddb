"""The other side, played by a function from request to answer: within the process, or at a real address."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import httpx

Peer = Callable[[httpx.Request], httpx.Response]
"""What the partner answers. It may raise an httpx error, for what happens to a request on its way."""

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What has a connection."""


@contextmanager
def playing(peer: Peer) -> Iterator[list[httpx.Request]]:
    """Let `peer` answer every request that any httpx client of this process sends; gives the list of them.

    Nothing leaves the process. A connector that speaks through `connectors.transport.Line`, or through any
    `httpx.AsyncClient`, needs nothing else.
    """
    asked: list[httpx.Request] = []
    real = httpx.AsyncHTTPTransport.handle_async_request

    async def handle(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        await request.aread()
        asked.append(request)
        return _copy(peer(request))

    httpx.AsyncHTTPTransport.handle_async_request = handle  # type: ignore[method-assign,assignment]
    try:
        yield asked
    finally:
        httpx.AsyncHTTPTransport.handle_async_request = real  # type: ignore[method-assign]


class Served:
    """A peer that may be another from one moment to the next, for `serving`."""

    def __init__(self) -> None:
        self._peer: Peer | None = None
        self._asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The answer of whoever plays now."""
        self._asked.append(request)
        return httpx.Response(500) if self._peer is None else self._peer(request)

    @contextmanager
    def playing(self, peer: Peer) -> Iterator[list[httpx.Request]]:
        """Let `peer` answer; gives what it is asked."""
        self._peer, self._asked = peer, []
        try:
            yield self._asked
        finally:
            self._peer = None


def nowhere() -> str:
    """An address of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@asynccontextmanager
async def serving(peer: Peer) -> AsyncIterator[str]:
    """Let `peer` answer at a real address of this machine, for connectors with another HTTP client. Gives its base URL.

    A peer that raises leaves the request without an answer: the connection is cut after it was read.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(httpx.HTTPError, ConnectionError, asyncio.IncompleteReadError):
            answer = _copy(peer(await _request(reader)))
            head = f"HTTP/1.1 {answer.status_code} x\r\ncontent-length: {len(answer.content)}\r\nconnection: close\r\n"
            kept = ((name, value) for name, value in answer.headers.items() if name not in _FRAMING)
            head += "".join(f"{name}: {value}\r\n" for name, value in kept)
            writer.write(head.encode() + b"\r\n" + answer.content)
            await writer.drain()

    async with listening(handle) as port:
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def listening(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Let `handle` have each connection to a port of this machine, which is given. It is closed after it.

    At the end all connections are gone: one that outlived its event loop would be found by the garbage collector in
    the middle of another test.
    """
    open_: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        open_[task] = writer
        try:
            await handle(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            del open_[task]

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in open_.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)
        await server.wait_closed()


_FRAMING = {"content-length", "connection", "transfer-encoding", "content-encoding"}


async def _request(reader: asyncio.StreamReader) -> httpx.Request:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    named = httpx.Headers(headers)
    body = await reader.readexactly(int(named.get("content-length", "0")))
    return httpx.Request(method, f"http://{named.get('host', 'localhost')}{target}", headers=headers, content=body)


def _copy(answer: httpx.Response) -> httpx.Response:
    """A client may read an answer once only."""
    headers = [(name, value) for name, value in answer.headers.items() if name not in _FRAMING]
    return httpx.Response(answer.status_code, headers=headers, content=answer.content)

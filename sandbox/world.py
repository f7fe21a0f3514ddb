"""What all sandbox partners share: settings, faults, the clock of later events, and pushes to the hub."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from urllib.parse import parse_qsl

import httpx
from fastapi import Response

from sandbox.faults import FaultKind, FaultPlan, Faults
from sandbox.settings import SandboxSettings

log = logging.getLogger("sandbox")


@dataclass(frozen=True)
class PushRequest:
    """One HTTP request to the hub; built anew for every try, so that signatures with a clock stay valid."""

    path: str
    body: bytes
    headers: dict[str, str]
    query: dict[str, str] | None = None


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are believed, read once a process: it takes longer than to build a world."""
    return httpx.create_ssl_context()


class World:
    """The sandbox's shared state. One per running sandbox; `close` ends everything under way."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.pace = settings.pace
        self.rng = random.Random(settings.seed)
        self.faults = Faults(FaultPlan(), settings.seed)
        self.calls: Counter[str] = Counter()
        self.pushes: Counter[str] = Counter()
        self._hub = httpx.AsyncClient(base_url=settings.hub_url, timeout=10.0, verify=_trusted())
        self._later: set[asyncio.Task[None]] = set()
        self._handed_over: list[Callable[[str, str], None]] = []

    async def close(self) -> None:
        """Stop all later events and end the connections."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self._hub.aclose()

    def later(self, seconds: float, event: Callable[[], Awaitable[None]]) -> None:
        """Let `event` happen after so many seconds. A failing event is logged, it stops nothing else."""

        async def run() -> None:
            await asyncio.sleep(seconds)
            try:
                await event()
            except Exception:
                log.exception("a later event failed")

        task = asyncio.create_task(run())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    @property
    def pending(self) -> int:
        """How many later events and pushes are still to come."""
        return len(self._later)

    async def answer(
        self,
        partner: str,
        operation: str,
        handle: Callable[[], Response],
        *,
        system_error: Callable[[], Response],
        throttled: Callable[[], Response],
    ) -> Response:
        """Answer one call to a partner, unless the fault plan has other ideas.

        `handle` does the work (it checks the signature first); `system_error` and `throttled` give the partner's own
        words for these two.
        """
        self.calls[f"{partner}.{operation}"] += 1
        fault = self.faults.next(partner, operation)
        if fault is None:
            return handle()
        match fault.kind:
            case FaultKind.OUTAGE:
                return Response("Service Unavailable", status_code=503)
            case FaultKind.HANG:
                await asyncio.sleep(fault.seconds)
                return Response("Gateway Timeout", status_code=504)
            case FaultKind.DONE_BUT_TIMEOUT:
                handle()
                await asyncio.sleep(fault.seconds)
                return Response("Gateway Timeout", status_code=504)
            case FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
                return handle()
            case FaultKind.HTML:
                return Response("<html><body>502 Bad Gateway</body></html>", media_type="text/html")
            case FaultKind.THROTTLE:
                return throttled()
            case _:
                return system_error()

    def push(
        self,
        partner: str,
        operation: str,
        build: Callable[[], PushRequest],
        taken: Callable[[httpx.Response], bool],
        *,
        waits: Sequence[float] | None = None,
    ) -> None:
        """Push to the hub in the background until `taken` says that the answer is the partner's "understood".

        Retries wait longer each time, for ever: no real partner does that, but a book that is missing a push would
        blame the hub for what the partner dropped. A partner whose schedule is part of its protocol gives it as
        `waits`, the seconds before each retry, and gives up after the last. Duplicated and held-back pushes come from
        the fault plan.
        """
        fault = self.faults.next(partner, operation, push=True)
        if fault is not None and fault.kind is FaultKind.LOSE_PUSH:
            self.pushes[f"{partner}.{operation}.lost"] += 1
            return
        first_wait = fault.seconds if fault is not None and fault.kind is FaultKind.SHUFFLE_PUSH else 0.0
        copies = 2 if fault is not None and fault.kind is FaultKind.DUPLICATE_PUSH else 1
        for copy in range(copies):
            if copy:
                self.pushes[f"{partner}.{operation}.duplicates"] += 1
            # each copy has its own waits to go through
            pauses = _growing(self.pace.push_retry_s) if waits is None else iter(waits)
            self.later(
                first_wait + copy * 0.05,
                partial(self._push_until_taken, partner, operation, build, taken, pauses),
            )

    async def _push_until_taken(
        self,
        partner: str,
        operation: str,
        build: Callable[[], PushRequest],
        taken: Callable[[httpx.Response], bool],
        pauses: Iterator[float],
    ) -> None:
        while True:
            request = build()
            self.pushes[f"{partner}.{operation}"] += 1
            try:
                response = await self._hub.post(
                    request.path, content=request.body, headers=request.headers, params=request.query
                )
                if response.status_code < 500 and taken(response):
                    return
                self.pushes[f"{partner}.{operation}.refused"] += 1
            except (httpx.HTTPError, ValueError):
                self.pushes[f"{partner}.{operation}.failed"] += 1
            pause = next(pauses, None)
            if pause is None:
                self.pushes[f"{partner}.{operation}.given_up"] += 1
                return
            await asyncio.sleep(pause)

    def on_hand_over(self, listener: Callable[[str, str], None]) -> None:
        """Register who wants to know that a parcel went to its courier: called with (our carrier code, number)."""
        self._handed_over.append(listener)

    def hand_over(self, carrier: str, number: str) -> None:
        """A channel was told a parcel's number: the box leaves the warehouse and its journey begins."""
        for listener in self._handed_over:
            listener(carrier, number)


def _growing(wait: float) -> Iterator[float]:
    """Waits that double up to half a minute, without an end."""
    while True:
        yield wait
        wait = min(wait * 2, 30.0)


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a urlencoded form body, decoded once, later ones winning."""
    return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))


Book = dict[str, Any]
"""What a partner's `book()` returns: lists of plain JSON objects by name."""

"""Starts Temporal, the store, the sandbox, the gateway and a worker on this machine, and keeps them running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType

import httpx
from temporalio.client import Client

from commands.authorise import main as authorise
from embedded.credentials import CONSENTS
from embedded.environment import Home
from embedded.processes import Child, keep_running, orderhub_command, serves, temporal_command, wait_until
from runtime.client import connect
from runtime.setup import set_up
from settings import Settings

log = logging.getLogger("orderhub.embedded")


class Supervisor:
    """All processes of one embedded installation, as an async context."""

    def __init__(self, home: Home, settings: Settings, say: Callable[[str], None]) -> None:
        self._home = home
        self._settings = settings
        self._say = say
        self._watching: asyncio.Task[None] | None = None
        self._paused: set[str] = set()
        self.temporal = Child("temporal", temporal_command(home), home)
        self.sandbox = Child("sandbox", orderhub_command("sandbox"), home)
        self.gateway = Child("gateway", orderhub_command("gateway"), home)
        self.worker = Child("worker", orderhub_command("worker"), home)

    @property
    def children(self) -> tuple[Child, ...]:
        """All processes, in the order in which they start."""
        return (self.temporal, self.sandbox, self.gateway, self.worker)

    async def __aenter__(self) -> Supervisor:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def crash(self, child: Child, *, down_s: float = 0.0) -> None:
        """Kill a process with signal 9, leave it down for a while, and start it again."""
        self._paused.add(child.name)
        try:
            await child.kill()
            await asyncio.sleep(down_s)
            await child.start()
        finally:
            self._paused.discard(child.name)
        if child is self.temporal:
            await wait_until(self._temporal_answers, child)

    @asynccontextmanager
    async def down(self, *children: Child) -> AsyncIterator[None]:
        """Keep processes stopped for a while, as a maintenance would."""
        self._paused |= {child.name for child in children}
        for child in children:
            await child.stop()
        try:
            yield
        finally:
            for child in children:
                await child.start()
            self._paused -= {child.name for child in children}

    async def _start(self) -> None:
        self._say("starting Temporal")
        await self.temporal.start()
        await wait_until(self._temporal_answers, self.temporal)
        client = await connect(self._settings)
        await set_up(self._settings, client, log.info)
        self._say("starting sandbox, gateway and worker")
        for child in (self.sandbox, self.gateway):
            await child.start()
        await wait_until(serves(f"{self._home.sandbox_url}/health"), self.sandbox)
        await self._owners_consent()
        await self.worker.start()
        await wait_until(serves(f"{self._home.gateway_url}/healthz"), self.gateway)
        self._watching = asyncio.create_task(keep_running(self.children, self._paused))

    async def _stop(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for child in reversed(self.children):
            await child.stop()

    async def _owners_consent(self) -> None:
        """The shops' owners let the hub read their shops: the sandbox knows of no consent from an earlier run."""
        async with httpx.AsyncClient(base_url=self._home.sandbox_url, timeout=10) as sandbox:
            for channel, shop in CONSENTS.items():
                code = (await sandbox.post(f"/control/{channel}/authorise")).raise_for_status().json()["code"]
                await authorise(self._settings, channel, shop, code)

    async def _temporal_answers(self) -> Client:
        return await connect(self._settings)

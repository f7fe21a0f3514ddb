"""The FTP server that takes the order exports, and gives them to whoever logs in. It runs beside the HTTP one."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aioftp

from sandbox.faults import FaultKind
from sandbox.jd.files import Files
from sandbox.settings import JdSettings
from sandbox.world import World

_OPERATION = "ftp.login"


class _Users(aioftp.MemoryUserManager):
    """The one user. The fault plan strikes logins as the operation `ftp.login` of `jd`, with outages and delays."""

    def __init__(self, world: World, user: aioftp.User) -> None:
        super().__init__([user])
        self._world = world

    async def get_user(self, login: str) -> tuple[aioftp.AbstractUserManager.GetUserResponse, aioftp.User | None, str]:
        """Let the user in, unless the fault plan has other ideas."""
        self._world.calls[f"jd.{_OPERATION}"] += 1
        fault = self._world.faults.next("jd", _OPERATION)
        if fault is not None:
            if fault.kind in {FaultKind.SLOW, FaultKind.HANG}:
                await asyncio.sleep(fault.seconds)
            if fault.kind is not FaultKind.SLOW:
                return aioftp.AbstractUserManager.GetUserResponse.ERROR, None, "service not available"
        return await super().get_user(login)


class _Server(aioftp.Server):
    """A server whose closing ends sessions in silence: asyncio would log each one that was cancelled."""

    async def dispatcher(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one session."""
        with suppress(asyncio.CancelledError):
            await super().dispatcher(reader, writer)


class FtpServer:
    """Serves the folder, to read and to write. Without a port in the settings it is not there."""

    def __init__(self, world: World, settings: JdSettings, files: Files) -> None:
        user = aioftp.User(
            settings.ftp_user, settings.ftp_password.get_secret_value(), base_path=files.root, home_path="/"
        )
        self._host, self._port = world.settings.host, settings.ftp_port
        self._server = _Server(_Users(world, user), path_io_factory=aioftp.AsyncPathIO)

    async def start(self) -> None:
        """Listen, if there is a port."""
        if self._port:
            await self._server.start(self._host, self._port)

    async def close(self) -> None:
        """Stop listening, and end all sessions."""
        if self._port:
            await self._server.close()

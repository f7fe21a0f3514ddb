"""Drops by SFTP: the extra `sftp` brings its library."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path, PurePosixPath

import asyncssh

from connectors.drops import DropSession, Heard, RemoteFile
from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Unavailable
from connectors.filedrop.names import PARTNER, detail, free_name, inside
from connectors.filedrop.settings import FileSource

_BLOCK = 1 << 16


class SftpDrop:
    """Port `FileDrop`. Only the server whose key is in the settings is talked to."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.rules = source.rules()
        try:
            self._host_key = asyncssh.import_public_key(source.host_key)
        except asyncssh.KeyImportError as error:
            raise Misconfigured(PARTNER, "connect", "host_key is no public key in OpenSSH's form") from error

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[DropSession]:
        """Connect, and log in by password; keys and settings of whoever runs this process are left alone."""
        source = self._source
        async with contextlib.AsyncExitStack() as stack:
            with _errors("connect"):
                connection = await asyncssh.connect(
                    source.host,
                    source.port_number(),
                    username=source.user,
                    password=source.password.get_secret_value(),
                    known_hosts=([self._host_key], [], []),
                    client_keys=[],
                    agent_path=None,
                    config=None,
                    connect_timeout=source.timeout_s,
                    login_timeout=source.timeout_s,
                    keepalive_interval=source.timeout_s,
                )
                stack.callback(connection.abort)
                client = await connection.start_sftp_client()
            yield SftpSession(client, source)


class SftpSession:
    """Port `DropSession`."""

    def __init__(self, client: asyncssh.SFTPClient, source: FileSource) -> None:
        self._client = client
        self._directory = source.directory

    async def list(self) -> Sequence[RemoteFile]:
        """The files in the directory."""
        found = []
        try:
            with _errors("list"):
                async for entry in self._client.scandir(self._directory):
                    attributes = entry.attrs
                    if attributes.permissions is None or stat.S_ISREG(attributes.permissions):
                        found.append(RemoteFile(str(entry.filename), attributes.size or 0, str(attributes.mtime)))
        except Rejected as refusal:
            raise Misconfigured(PARTNER, "list", f"{self._directory}: {refusal.detail}", refusal.code) from refusal
        return found

    async def fetch(self, name: str, target: Path, heard: Heard) -> None:
        """Copy a file here, block by block."""
        with _errors("fetch"):
            remote = await self._client.open(str(PurePosixPath(self._directory) / name), "rb")
        received = 0
        try:
            with target.open("wb") as file:
                while True:
                    with _errors("fetch"):
                        block = await remote.read(_BLOCK)
                    if not isinstance(block, bytes) or not block:
                        break
                    file.write(block)
                    received += len(block)
                    heard(received)
        finally:
            with contextlib.suppress(asyncssh.Error, OSError):
                await remote.close()

    async def move(self, name: str, folder: str, new_name: str) -> bool:
        """Move a file, never onto another one: the second of a name gets a number."""
        source = str(PurePosixPath(self._directory) / name)
        with _errors("move", writes=True):
            if not await self._client.exists(source):
                return False
            target = inside(self._directory, folder)
            await self._client.makedirs(str(target), exist_ok=True)
            taken = {str(found) for found in await self._client.listdir(str(target))}
            await self._client.rename(source, str(target / free_name(new_name, taken)))
        return True

    async def put(self, source: Path, folder: str, name: str) -> None:
        """Write a file."""
        target = inside(self._directory, folder)
        with source.open("rb") as file, _errors("put", writes=True):
            await self._client.makedirs(str(target), exist_ok=True)
            async with self._client.open(str(target / name), "wb") as remote:
                while block := file.read(_BLOCK):
                    await remote.write(block)


@contextlib.contextmanager
def _errors(operation: str, *, writes: bool = False) -> Iterator[None]:
    """What may go wrong with a server, in our words."""
    lost: type[PartnerError] = OutcomeUnknown if writes else Unavailable
    try:
        yield
    except (asyncssh.PermissionDenied, asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise Misconfigured(PARTNER, operation, detail(error.reason), str(error.code)) from error
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection) as error:
        raise lost(PARTNER, operation, detail(error.reason)) from error
    except asyncssh.SFTPError as error:
        raise Rejected(PARTNER, operation, detail(error.reason), str(error.code)) from error
    except (asyncssh.Error, OSError, TimeoutError) as error:
        raise lost(PARTNER, operation, f"{type(error).__name__} {detail(error)}".strip()) from error

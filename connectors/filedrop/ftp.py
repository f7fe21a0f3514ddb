"""Drops by FTP, and by FTP over TLS, in passive mode."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path, PurePosixPath

import aioftp

from connectors.drops import DropSession, Heard, RemoteFile
from connectors.errors import Misconfigured, OutcomeUnknown, PartnerError, Rejected, Unavailable
from connectors.filedrop.names import PARTNER, detail, free_name, inside
from connectors.filedrop.settings import FileSource

_BLOCK = 1 << 16
_QUIT_S = 5.0
_LOGIN_CODES = frozenset({"331", "332", "430", "530", "532"})


class FtpDrop:
    """Port `FileDrop`."""

    def __init__(self, source: FileSource) -> None:
        self._source = source
        self.rules = source.rules()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[DropSession]:
        """Connect, and log in."""
        source = self._source
        tls = self._tls()
        client = aioftp.Client(
            socket_timeout=source.timeout_s,
            connection_timeout=source.timeout_s,
            encoding=source.names,
            ssl=tls if source.implicit_tls else None,
        )
        try:
            with _errors("connect"):
                await client.connect(source.host, source.port_number())
                if tls is not None and not source.implicit_tls:
                    await client.upgrade_to_tls(tls)
                elif tls is not None:
                    # Many servers want to be told, though the connection is TLS already; others know no such word.
                    for command in ("PBSZ 0", "PROT P"):
                        await client.command(command, ("2xx", "5xx"))
                await client.login(source.user, source.password.get_secret_value())
            yield FtpSession(client, source)
        finally:
            # The server may be gone, or in the middle of a transfer: nothing depends on its good-bye.
            with contextlib.suppress(OSError, TimeoutError, EOFError, aioftp.AIOFTPException):
                await asyncio.wait_for(client.quit(), _QUIT_S)
            client.close()

    def _tls(self) -> ssl.SSLContext | None:
        if self._source.protocol != "ftps":
            return None
        try:
            return ssl.create_default_context(cafile=self._source.ca_file or None)
        except OSError as error:
            raise Misconfigured(PARTNER, "connect", f"ca_file: {detail(error)}") from error


class FtpSession:
    """Port `DropSession`."""

    def __init__(self, client: aioftp.Client, source: FileSource) -> None:
        self._client = client
        self._directory = source.directory

    async def list(self) -> Sequence[RemoteFile]:
        """The files in the directory."""
        try:
            with _errors("list"):
                entries = await self._client.list(self._directory)
                return [
                    RemoteFile(path.name, int(info["size"]), info["modify"])
                    for path, info in entries
                    if info["type"] == "file"
                ]
        except Rejected as refusal:
            raise Misconfigured(PARTNER, "list", f"{self._directory}: {refusal.detail}", refusal.code) from refusal

    async def fetch(self, name: str, target: Path, heard: Heard) -> None:
        """Copy a file here, block by block."""
        with _errors("fetch"):
            stream = await self._client.download_stream(PurePosixPath(self._directory) / name)
        received = 0
        with target.open("wb") as file:
            while True:
                with _errors("fetch"):
                    block = await stream.read(_BLOCK)
                if not block:
                    break
                file.write(block)
                received += len(block)
                heard(received)
        with _errors("fetch"):
            await stream.finish()

    async def move(self, name: str, folder: str, new_name: str) -> bool:
        """Move a file, never onto another one: the second of a name gets a number."""
        source = PurePosixPath(self._directory) / name
        with _errors("move", writes=True):
            if not await self._client.exists(source):
                return False
            target = inside(self._directory, folder)
            await self._client.make_directory(target)
            taken = {path.name for path, _ in await self._client.list(target)}
            await self._client.rename(source, target / free_name(new_name, taken))
        return True

    async def put(self, source: Path, folder: str, name: str) -> None:
        """Write a file."""
        target = inside(self._directory, folder)
        with source.open("rb") as file, _errors("put", writes=True):
            await self._client.make_directory(target)
            stream = await self._client.upload_stream(target / name)
            while block := file.read(_BLOCK):
                await stream.write(block)
            await stream.finish()


@contextlib.contextmanager
def _errors(operation: str, *, writes: bool = False) -> Iterator[None]:
    """What may go wrong with a server, in our words."""
    lost: type[PartnerError] = OutcomeUnknown if writes else Unavailable
    try:
        yield
    except aioftp.StatusCodeError as error:
        code = str(error.received_codes[-1])
        words = detail(" ".join(error.info) if isinstance(error.info, list) else error.info)
        if code in _LOGIN_CODES:
            raise Misconfigured(PARTNER, operation, words, code) from error
        raise (Unavailable if code.startswith("4") else Rejected)(PARTNER, operation, words, code) from error
    except ssl.SSLCertVerificationError as error:
        raise Misconfigured(PARTNER, operation, detail(error)) from error
    except (OSError, TimeoutError, EOFError, ValueError, aioftp.AIOFTPException) as error:
        # A reset may come without words; a line of the listing that is none is a ValueError.
        raise lost(PARTNER, operation, f"{type(error).__name__} {detail(error)}".strip()) from error

"""Whom a drop trusts, what its settings must hold, and what a server's silence means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from pydantic import ValidationError

from connectors.contract.stage import listening
from connectors.errors import Misconfigured, OutcomeUnknown, Rejected, Unavailable
from connectors.filedrop import FileSource, open_drop
from connectors.filedrop.names import free_name

from .servers import certificate, ftp_server, sftp_server, source


async def listed(settings: FileSource) -> list[str]:
    async with open_drop(settings).open() as session:
        return [file.name for file in await session.list()]


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    with ftp_server(tmp_path, certificate=certificate(tmp_path)) as port, pytest.raises(Misconfigured, match="certif"):
        await listed(source("ftps", port))


async def test_a_plain_login_where_the_server_wants_tls(tmp_path: Path) -> None:
    with ftp_server(tmp_path, certificate=certificate(tmp_path)) as port, pytest.raises((Misconfigured, Rejected)):
        await listed(source("ftp", port))


async def test_tls_is_not_given_up_where_the_server_has_none(tmp_path: Path) -> None:
    with ftp_server(tmp_path) as port, pytest.raises(Rejected):
        await listed(source("ftps", port))


async def test_another_server_under_the_same_address(tmp_path: Path) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    async with sftp_server(tmp_path) as (port, _):
        with pytest.raises(Misconfigured):
            await listed(source("sftp", port, host_key=other))


def test_sftp_without_a_host_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="host_key"):
        source("sftp", 22)
    with pytest.raises(Misconfigured, match="host_key"):
        open_drop(source("sftp", 22, host_key="ssh-ed25519 nonsense"))


def test_the_password_does_not_show() -> None:
    assert "made-up" not in f"{source('ftp', 21)!r} {source('ftp', 21).model_dump_json()}"


@pytest.mark.parametrize(
    ("protocol", "changes", "port"),
    [("ftp", {}, 21), ("ftps", {}, 21), ("ftps", {"implicit_tls": True}, 990), ("ftp", {"port": 2121}, 2121)],
)
def test_ports(protocol: str, changes: dict[str, Any], port: int) -> None:
    assert source(protocol, **{"port": 0, **changes}).port_number() == port


async def test_a_user_who_may_only_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1")
    with ftp_server(tmp_path, rights="elr") as port:
        async with open_drop(source("ftp", port)).open() as session:
            with pytest.raises(Rejected):
                await session.move("a.csv", "archive", "a.csv")
    assert (tmp_path / "a.csv").exists()


@asynccontextmanager
async def talking(script: list[bytes]) -> AsyncIterator[int]:
    """The port of a server that says these lines, one after each command, and then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in script:
            writer.write(line)
            await writer.drain()
            await reader.readline()

    async with listening(serve) as port:
        yield port


LOGIN = [b"220 ready\r\n", b"331 password\r\n", b"230 in\r\n"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([b"<html>\r\n"], Unavailable),
        ([b"421 too many users\r\n"], Unavailable),
        ([b"220 ready\r\n", b"530 who?\r\n"], Misconfigured),
        ([*LOGIN], Unavailable),
        ([*LOGIN, b"451 later\r\n"], Unavailable),
        ([b"\xff\xfe\r\n"], Unavailable),
    ],
)
async def test_a_server_that_is_not_well(script: list[bytes], expected: type[Exception]) -> None:
    async with talking(script) as port:
        with pytest.raises(expected) as caught:
            await listed(source("ftp", port, timeout_s=2.0))
    assert type(caught.value) is expected


async def test_an_answer_that_is_lost_while_moving_may_have_been_a_yes() -> None:
    script = [*LOGIN, b"250-x\r\n Type=file; a.csv\r\n250 end\r\n"]
    async with talking(script) as port, open_drop(source("ftp", port, timeout_s=2.0)).open() as session:
        with pytest.raises(OutcomeUnknown):
            await session.move("a.csv", "archive", "a.csv")


def test_free_names() -> None:
    assert free_name("a.csv", ()) == "a.csv"
    assert free_name("a.csv", {"a.csv", "a.2.csv"}) == "a.3.csv"
    assert free_name("a", {"a"}) == "a.2"

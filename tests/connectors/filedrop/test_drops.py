"""What every kind of drop does alike, each against a real server in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.drops import FileDrop
from connectors.errors import Misconfigured, PartnerError, Rejected, Unavailable
from connectors.filedrop import open_drop

from .servers import certificate, ftp_server, sftp_server, source

KINDS = ["ftp", "ftps", "ftps-implicit", "sftp"]
NAME = "JD_10001_订单 20260301.csv"


class Server:
    """A drop, and what lies in it."""

    def __init__(self, root: Path, port: int, **changes: Any) -> None:
        self.root = root
        self.changes = {"port": port, "directory": "/orders", **changes}

    def drop(self, **changes: Any) -> FileDrop:
        return open_drop(source(**{**self.changes, **changes}))

    def has(self) -> set[str]:
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root / "orders")) for path in files}


@pytest.fixture(params=KINDS)
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    root = tmp_path / "root"
    (root / "orders").mkdir(parents=True)
    async with AsyncExitStack() as stack:
        if request.param == "sftp":
            port, key = await stack.enter_async_context(sftp_server(root))
            yield Server(root, port, protocol="sftp", host_key=key)
            return
        if request.param == "ftp":
            yield Server(root, stack.enter_context(ftp_server(root)), protocol="ftp")
            return
        pem = certificate(tmp_path)
        implicit = request.param == "ftps-implicit"
        port = stack.enter_context(ftp_server(root, certificate=pem, implicit=implicit))
        yield Server(root, port, protocol="ftps", ca_file=str(pem), implicit_tls=implicit)


async def test_the_files_are_listed_and_nothing_else(server: Server) -> None:
    orders = server.root / "orders"
    (orders / NAME).write_bytes(b"12345")
    (orders / "empty.csv").write_bytes(b"")
    (orders / "archive").mkdir()
    (server.root / "elsewhere.csv").write_bytes(b"1")
    async with server.drop().open() as session:
        found = {file.name: file.size for file in await session.list()}
        again = await session.list()
    assert found == {NAME: 5, "empty.csv": 0}
    assert all(file.modified for file in again)


async def test_a_file_that_changes_looks_different(server: Server) -> None:
    path = server.root / "orders" / "a.csv"
    path.write_bytes(b"1")
    async with server.drop().open() as session:
        (before,) = await session.list()
        (same,) = await session.list()
        path.write_bytes(b"12")
        (after,) = await session.list()
    assert before == same
    assert after != before


async def test_a_file_is_fetched_whole(server: Server, tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000 + b"\r\n\n"  # nothing may be translated on the way
    (server.root / "orders" / NAME).write_bytes(content)
    told: list[int] = []
    async with server.drop().open() as session:
        await session.fetch(NAME, tmp_path / "here", told.append)
        assert [file.name for file in await session.list()] == [NAME]  # the connection is still good
    assert (tmp_path / "here").read_bytes() == content
    assert told == sorted(told)
    assert told[-1] == len(content)


async def test_a_file_that_is_not_there(server: Server, tmp_path: Path) -> None:
    async with server.drop().open() as session:
        with pytest.raises(Rejected):
            await session.fetch("gone.csv", tmp_path / "here", lambda _: None)
        assert not await session.move("gone.csv", "archive", "gone.csv")
        assert list(await session.list()) == []


async def test_a_file_is_moved_and_never_over_another_one(server: Server) -> None:
    async with server.drop().open() as session:
        for content in (b"first", b"second", b"third"):
            (server.root / "orders" / NAME).write_bytes(content)
            assert await session.move(NAME, "archive/20260301", NAME)
        assert not await session.move(NAME, "archive/20260301", NAME)
    stem, suffix = Path(NAME).stem, Path(NAME).suffix
    names = [NAME, f"{stem}.2{suffix}", f"{stem}.3{suffix}"]
    archive = server.root / "orders" / "archive" / "20260301"
    assert [(archive / name).read_bytes() for name in names] == [b"first", b"second", b"third"]
    assert server.has() == {f"archive/20260301/{name}" for name in names}


async def test_a_folder_may_be_elsewhere(server: Server) -> None:
    (server.root / "orders" / "a.csv").write_bytes(b"1")
    async with server.drop().open() as session:
        assert await session.move("a.csv", "/done/deep", "b.csv")
    assert (server.root / "done" / "deep" / "b.csv").read_bytes() == b"1"


async def test_a_file_is_put_and_put_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"long content" * 20_000)
    async with server.drop().open() as session:
        await session.put(tmp_path / "mine", "error", f"{NAME}.rejects.csv")
        (tmp_path / "mine").write_bytes(b"short")
        await session.put(tmp_path / "mine", "error", f"{NAME}.rejects.csv")
    assert (server.root / "orders" / "error" / f"{NAME}.rejects.csv").read_bytes() == b"short"


async def failure(drop: FileDrop) -> PartnerError:
    with pytest.raises(PartnerError) as caught:
        async with drop.open() as session:
            await session.list()
    return caught.value


async def test_a_wrong_password_is_for_a_person(server: Server) -> None:
    error = await failure(server.drop(password="wrong-secret"))
    assert type(error) is Misconfigured
    assert "wrong-secret" not in str(error)
    assert error.operator_text.startswith("文件服务器")


async def test_a_directory_that_is_not_there_is_for_a_person(server: Server) -> None:
    error = await failure(server.drop(directory="/nowhere"))
    assert type(error) is Misconfigured
    assert "/nowhere" in error.detail


async def test_nobody_there(server: Server, unused_tcp_port: int) -> None:
    assert type(await failure(server.drop(port=unused_tcp_port))) is Unavailable


async def test_whoever_is_told_may_end_the_transfer(server: Server, tmp_path: Path) -> None:
    (server.root / "orders" / "a.csv").write_bytes(b"x" * 500_000)

    def stop(received: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        async with server.drop().open() as session:
            await session.fetch("a.csv", tmp_path / "here", stop)

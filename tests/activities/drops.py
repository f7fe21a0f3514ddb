"""A drop in memory that may fail, and order exports to put into it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from connectors.drops import DropRules, DropSession, FileDrop, Heard, OrderFile, RemoteFile
from connectors.errors import OutcomeUnknown, PartnerError, Rejected, Unavailable
from connectors.jd import JdExports, JdSettings, JdShop
from domain.order import Channel

SHOP = "10001"
HEADER = (
    "订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,结算金额,订单状态,客户姓名,客户地址,联系电话,"
    "付款确认时间,货号"
)


def row(number: int | str, state: str = "等待出库", phone: str = "13800000000") -> str:
    """One order of one mug."""
    return (
        f"{number},100001,马克杯,1,2026-03-01 10:20:00,49.50,49.50,49.50,{state},测试,浙江杭州市余杭区示例路1号,"
        f"{phone},2026-03-01 10:20:30,MUG"
    )


def export(*rows: str, encoding: str = "utf-8-sig") -> bytes:
    """A file of these rows."""
    return "\r\n".join([HEADER, *rows, ""]).encode(encoding)


class MemoryDrop:
    """Ports `FileDrop` and `DropSession`. `fail` is called before each operation with its name, and may raise."""

    def __init__(self, **changes: object) -> None:
        values = {
            "pattern": "*.csv",
            "settle_s": 30.0,
            "marker_only": False,
            "archive": "archive",
            "errors": "error",
            "max_bytes": 1_000_000,
        }
        self.rules = DropRules(**(values | changes))  # type: ignore[arg-type]
        self.files: dict[str, bytes] = {}
        self.written: dict[str, str] = {}
        self.folders: dict[str, bytes] = {}
        self.fetched: list[str] = []
        self.fail: Callable[[str], None] = lambda _: None
        self.writable = True

    def upload(self, name: str, content: bytes, written: str = "1") -> None:
        self.files[name], self.written[name] = content, written

    @asynccontextmanager
    async def open(self) -> AsyncIterator[DropSession]:
        self.fail("connect")
        yield self

    async def list(self) -> Sequence[RemoteFile]:
        self.fail("list")
        return [RemoteFile(name, len(content), self.written[name]) for name, content in self.files.items()]

    async def fetch(self, name: str, target: Path, heard: Heard) -> None:
        self.fail("fetch")
        if name not in self.files:
            raise Rejected("files", "fetch", "not there")
        self.fetched.append(name)
        await asyncio.to_thread(target.write_bytes, self.files[name])
        heard(len(self.files[name]))

    async def move(self, name: str, folder: str, new_name: str) -> bool:
        self.fail("move")
        if name not in self.files:
            return False
        if not self.writable:
            raise Rejected("files", "move", "no rights")
        self.folders[f"{folder}/{new_name}"] = self.files.pop(name)
        self.fail("moved")
        return True

    async def put(self, source: Path, folder: str, name: str) -> None:
        self.fail("put")
        self.folders[f"{folder}/{name}"] = await asyncio.to_thread(source.read_bytes)


class Feed:
    """Port `FileFeed`: JD's exports, from a drop of the test's."""

    feed = "jd/files"
    channel = Channel.JD
    shops = (SHOP, "10002")

    def __init__(self, drop: FileDrop) -> None:
        self._drop = drop
        self._exports = JdExports(JdSettings(app_key="k", app_secret=SecretStr("s"), shops={SHOP: JdShop()}))

    def drop(self, shop: str) -> FileDrop:
        return self._drop

    def told_at(self, name: str) -> datetime | None:
        return self._exports.told_at(name)

    def read(self, path: Path, scratch: Path, shop: str, heard: Heard) -> OrderFile:
        return self._exports.read(path, scratch, shop, heard)


def failing(operation: str, times: int, kind: type[PartnerError] = Unavailable) -> Callable[[str], None]:
    """Let an operation fail so many times."""
    left = [times]

    def fail(name: str) -> None:
        if name == operation and left[0]:
            left[0] -= 1
            raise kind("files", name)

    return fail


__all__ = ["HEADER", "SHOP", "Feed", "MemoryDrop", "OutcomeUnknown", "export", "failing", "row"]

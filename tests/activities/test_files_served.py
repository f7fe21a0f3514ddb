"""Order exports from real servers into the store: FTP, FTP over TLS, SFTP, each the whole way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from activities.contracts import FileAsk, FileOutcome, FilesAsk, FileTaken
from activities.files import FileSteps
from connectors.filedrop import FileSource
from connectors.jd import JdChannel, JdExports, JdSettings, JdShop, JosApi
from connectors.ports import Document
from domain.order import Channel
from intake.apply import apply
from store import orders
from store.database import Database
from store.tables import InboxRow, OrderRow
from tests.connectors.filedrop.servers import certificate, ftp_server, sftp_server, source
from tests.connectors.memory_tokens import MemoryTokens
from tests.intake.stage import RecordingOrders

from .drops import SHOP, export, row


@pytest.fixture(params=["ftp", "ftps", "sftp"])
async def served(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Path, FileSource]]:
    """A directory, and where a server gives it out. A file is complete as soon as it is listed twice."""
    root = tmp_path / "root"
    root.mkdir()
    async with AsyncExitStack() as stack:
        if request.param == "sftp":
            port, key = await stack.enter_async_context(sftp_server(root))
            yield root, source("sftp", port, host_key=key, settle_s=1e-6)
        elif request.param == "ftps":
            pem = certificate(tmp_path)
            port = stack.enter_context(ftp_server(root, certificate=pem))
            yield root, source("ftps", port, ca_file=str(pem), settle_s=1e-6)
        else:
            yield root, source("ftp", stack.enter_context(ftp_server(root)), settle_s=1e-6)


async def turn(steps: FileSteps) -> list[FileTaken]:
    environment = ActivityEnvironment()
    await environment.run(steps.list_files, FilesAsk("jd/files", SHOP))
    listed = await environment.run(steps.list_files, FilesAsk("jd/files", SHOP))
    return [await environment.run(steps.take_file, FileAsk("jd/files", SHOP, file)) for file in listed.ready]


async def interpret(db: Database, settings: JdSettings) -> dict[str, str]:
    """Let the channel read what is in the inbox, and the store take it; then what the store has of each order."""
    api = JosApi(settings, MemoryTokens(Channel.JD))
    async with db.reading() as tx:
        rows = (await tx.execute(select(InboxRow).order_by("seq"))).scalars().all()
    for kept in rows:
        document = Document(kept.source, kept.kind, kept.document_id, kept.version, kept.body, kept.order_id)
        for news in await JdChannel(api).interpret(document):
            await apply(db, RecordingOrders(), news)
    await api.close()
    async with db.reading() as tx:
        return {found.channel_order_no: found.status for found in (await tx.execute(select(OrderRow))).scalars()}


async def test_from_the_server_into_the_store(database: Database, served: tuple[Path, FileSource]) -> None:
    root, files = served
    settings = JdSettings(app_key="k", app_secret=SecretStr("s"), shops={SHOP: JdShop(files=files), "10002": JdShop()})
    exports = JdExports(settings)
    assert list(exports.shops) == [SHOP]
    steps = FileSteps(database, {exports.feed: exports})

    first = export(row('="290000000001"'), row("290000000002"), row("290000000003", phone=""), encoding="gbk")
    (root / "JD_10001_20260301090000_1.csv").write_bytes(first)
    (root / "JD_10001_20260301090000_2.csv.part").write_bytes(first[:50])
    (root / "订单.csv").write_bytes(b"\xff\xfe no export")
    taken = await turn(steps)
    assert taken == [FileTaken(FileOutcome.TAKEN, rows=3, orders=2, rejects=1), FileTaken(FileOutcome.REFUSED)]
    assert await interpret(database, settings) == {"290000000001": "PAID", "290000000002": "PAID"}

    (root / "again.csv").write_bytes(first)
    changed = export(row("290000000001", "锁定"), row("290000000002"), encoding="utf-8-sig")
    (root / "JD_10001_20260301100000_1.csv").write_bytes(changed)
    taken = await turn(steps)
    assert [each.outcome for each in taken] == [FileOutcome.TAKEN, FileOutcome.REPEATED]
    assert (taken[0].orders, taken[0].known) == (1, 1)
    assert await interpret(database, settings) == {"290000000001": "LOCKED", "290000000002": "PAID"}
    async with database.reading() as tx:
        assert (await orders.body(tx, f"jd:{SHOP}:290000000001")).version == 2

    left = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    days = {path.name for path in (root / "archive").iterdir()}
    (day,) = days
    assert left == {
        "JD_10001_20260301090000_2.csv.part",
        "error/订单.csv",
        "error/JD_10001_20260301090000_1.csv.rejects.csv",
        f"archive/{day}/JD_10001_20260301090000_1.csv",
        f"archive/{day}/again.csv",
        f"archive/{day}/JD_10001_20260301100000_1.csv",
    }

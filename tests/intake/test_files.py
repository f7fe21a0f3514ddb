"""What orders out of files change: their content decides, and the same file again changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from connectors.files import FileOrder
from connectors.rest import RestChannel, RestSettings, ShopAccount
from connectors.rest.documents import order_document
from domain.order import Channel
from intake.files import Effect, judge, keep
from store import inbox
from store.database import Database
from store.tables import InboxRow, OrderRow
from tests.connectors.files.sheets import csv_file, good, row
from tests.intake.stage import RecordingOrders, Stage

NOW = datetime(2026, 3, 2, tzinfo=UTC)
STAMP = int(NOW.timestamp() * 1000)


def found(folder: Path, *rows: dict[str, Any]) -> list[FileOrder]:
    return good(csv_file(folder, *rows))


async def taken(db: Database, orders: list[FileOrder], now: datetime = NOW) -> list[tuple[Effect, int]]:
    """Take orders as the command does: what became of each, and its version."""
    async with db.transaction() as tx:
        judged = await judge(tx, orders, now)
        await keep(tx, judged)
    return [(one.effect, one.order.version) for one in judged]


async def versions(db: Database) -> list[int]:
    async with db.reading() as tx:
        return sorted((await tx.execute(select(InboxRow.version))).scalars())


@pytest.fixture
async def b2b(database: Database) -> Any:
    shops = RestChannel(Channel.B2B, RestSettings(shops={"trade": ShopAccount()}))
    yield Stage(database, RecordingOrders(), {"b2b": shops})
    await shops.close()


async def test_the_same_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    orders = found(tmp_path, row(), row(订单号="BO2"))
    assert await taken(database, orders) == [(Effect.NEW, STAMP), (Effect.NEW, STAMP)]
    later = NOW + timedelta(hours=1)
    assert [effect for effect, _ in await taken(database, orders, later)] == [Effect.UNCHANGED] * 2
    assert await versions(database) == [STAMP, STAMP]


async def test_a_changed_row_is_a_newer_version(database: Database, tmp_path: Path) -> None:
    await taken(database, found(tmp_path, row(), row(订单号="BO2")))
    changed = found(tmp_path, row(备注="快点"), row(订单号="BO2"))
    later = NOW + timedelta(hours=1)
    assert [effect for effect, _ in await taken(database, changed, later)] == [Effect.CHANGED, Effect.UNCHANGED]
    # A clock that was set back does not make it older.
    again = found(tmp_path, row(备注="不急"))
    [(effect, version)] = await taken(database, again, NOW - timedelta(days=1))
    assert (effect, version) == (Effect.CHANGED, int(later.timestamp() * 1000) + 1)


async def test_the_files_own_version_counts(database: Database, tmp_path: Path) -> None:
    for cells, effect in (
        ({"版本": "3"}, Effect.NEW),
        ({"版本": "3"}, Effect.UNCHANGED),
        ({"版本": "3", "备注": "快点"}, Effect.CONFLICT),
        ({"版本": "2", "备注": "快点"}, Effect.STALE),
        ({"版本": "4", "备注": "快点"}, Effect.CHANGED),
        ({"版本": "3"}, Effect.UNCHANGED),
        ({"版本": "5", "备注": "快点"}, Effect.CHANGED),
    ):
        assert [one for one, _ in await taken(database, found(tmp_path, row(**cells)))] == [effect]
    assert await versions(database) == [3, 4, 5]


async def test_an_order_that_came_over_the_api_is_the_same_order(database: Database, tmp_path: Path) -> None:
    [one] = found(tmp_path, row())
    document = order_document(one.order.model_copy(update={"version": 7}))
    async with database.transaction() as tx:
        await inbox.put(tx, inbox.Incoming(**document.__dict__))
    assert [effect for effect, _ in await taken(database, [one])] == [Effect.UNCHANGED]


async def test_what_is_judged_is_not_kept(database: Database, tmp_path: Path) -> None:
    async with database.reading() as tx:
        judged = await judge(tx, found(tmp_path, row()), NOW)
    assert [one.effect for one in judged] == [Effect.NEW]
    assert await versions(database) == []


async def test_nothing_to_judge(database: Database) -> None:
    assert await taken(database, []) == []


async def test_an_order_out_of_a_file_is_started_and_told_like_any_other(b2b: Stage, tmp_path: Path) -> None:
    await taken(b2b.db, found(tmp_path, row(付款方式="月结30天")))
    dispatcher = b2b.dispatcher()
    await dispatcher.order_documents()
    await dispatcher.start_orders()
    assert list(b2b.orders.running) == ["b2b:trade:BO1"]
    await taken(b2b.db, found(tmp_path, row(付款方式="月结30天", 备注="快点")), NOW + timedelta(hours=1))
    await dispatcher.order_documents()
    await dispatcher.tell_orders()
    assert [(order_id, name) for order_id, name, *_ in b2b.orders.told] == [("b2b:trade:BO1", "document")]
    # Whatever the inbox forgot, the store knows the version.
    async with b2b.db.transaction() as tx:
        stored = await tx.get_one(OrderRow, "b2b:trade:BO1")
        for kept in (await tx.execute(select(InboxRow))).scalars():
            await tx.delete(kept)
    [(effect, version)] = await taken(b2b.db, found(tmp_path, row()), NOW)
    assert (effect, version) == (Effect.CHANGED, stored.version + 1)

"""Documents that nobody can read: one task for each shop and kind, until there are none."""

from __future__ import annotations

import json

import pytest
from sqlmodel import col, select

from commands import quarantine as command
from domain.words import About, Word
from settings import Settings
from store import inbox, quarantine, words
from store.database import Database
from store.holds import close_task
from store.inbox import Incoming
from store.tables import InboxRow, TaskRow
from tests.commands.test_warehouses import _chinese_again, settings

__all__ = ["_chinese_again", "settings"]

PERSONAL = '{"name": "张测试"}'


async def _bad(db: Database, document_id: str, kind: str = "order", shop: str = "main", why: str = "no fields") -> None:
    order_id = f"own:{shop}:{document_id}" if shop else None
    async with db.transaction() as tx:
        await inbox.put_quarantined(tx, Incoming("own", kind, document_id, 1, PERSONAL, order_id), why)


async def _tasks(db: Database, *, done: bool = False) -> list[str]:
    async with db.reading() as tx:
        rows = (await tx.execute(select(TaskRow).order_by(col(TaskRow.key)))).scalars()
        return [row.key for row in rows if (row.closed_at is not None) is done]


async def _seqs(db: Database) -> list[int]:
    async with db.reading() as tx:
        return [row.seq or 0 for row in await quarantine.documents(tx, 100)]


async def test_one_task_for_each_shop_and_kind_that_is_done_when_none_is_left(database: Database) -> None:
    assert await quarantine.heed(database) == 0
    for number in ("1", "2"):
        await _bad(database, number)
    await _bad(database, "3", shop="second")
    await _bad(database, "4", kind="unreadable", shop="")
    word = Word("own", About.ORDER, "NEW_ONE")
    await _bad(database, "5", kind="refund", why=words.outcome(word, "unknown status NEW_ONE"))
    assert await quarantine.heed(database) == 3
    assert await quarantine.heed(database) == 0, "told once is told"
    keys = ["quarantine/own//unreadable", "quarantine/own/main/order", "quarantine/own/second/order"]
    assert await _tasks(database) == keys
    async with database.reading() as tx:
        task = await tx.get_one(TaskRow, keys[1])
        assert (task.kind, task.severity) == ("quarantine", "alert")
        assert task.text.startswith("自有商城店铺 main 有单据（order）无法识别")
    four, three, two, one = await _seqs(database)
    async with database.transaction() as tx:
        assert await quarantine.again(tx, [one, three]) == [one, three]
        assert await quarantine.again(tx, [one, three]) == []
    assert await quarantine.heed(database) == 1
    assert await _tasks(database) == keys[:2], "of the first shop one is left"
    async with database.transaction() as tx:
        assert await quarantine.drop(tx, [two, four], "li", "a test") == [two, four]
        row = await tx.get_one(InboxRow, two)
        assert (row.status, row.outcome, row.body) == ("done", "dropped by li: a test", PERSONAL)
        assert (await tx.get_one(InboxRow, one)).status == "new"
    assert await quarantine.heed(database) == 2
    assert await _tasks(database) == []


async def test_a_task_that_a_person_closed_comes_back_with_newer_documents_only(database: Database) -> None:
    await _bad(database, "1")
    await quarantine.heed(database)
    (key,) = await _tasks(database)
    async with database.transaction() as tx:
        await close_task(tx, key, "li")
    assert await quarantine.heed(database) == 0
    await _bad(database, "2")
    assert await quarantine.heed(database) == 1
    assert await _tasks(database) == [key]


async def test_the_commands(settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    await _bad(database, "1")
    await _bad(database, "2")
    assert await command.listed(settings, 1, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "own main order: 2" in shown
    assert "张测试" not in shown
    assert await command.listed(settings, 10, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["groups"] == [{"source": "own", "shop": "main", "kind": "order", "documents": 2}]
    assert [one["why"] for one in said["documents"]] == ["no fields", "no fields"]
    two, one = (row["seq"] for row in said["documents"])
    await quarantine.heed(database)
    assert await command.again(settings, [one], as_json=False) == 0
    assert await command.drop(settings, [one, two], "li", "a test", as_json=True) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"out": [two], "not_there": [one]}
    assert await _tasks(database) == [], "whoever empties it sees that at once"

"""At most one alert of each partner is open, however often and by how many it is asked for."""

from __future__ import annotations

import asyncio

from sqlmodel import select

from store.database import Database
from store.holds import open_task
from store.partner_alerts import KIND, close_alert, open_alert, open_alerts
from store.tables import TaskRow


async def _open(db: Database, partner: str = "sf", sentence: str = "not well") -> bool:
    async with db.transaction() as tx:
        return await open_alert(tx, partner, sentence)


async def _close(db: Database, partner: str = "sf") -> bool:
    async with db.transaction() as tx:
        return await close_alert(tx, partner, "orderhub")


async def _tasks(db: Database) -> list[TaskRow]:
    async with db.reading() as tx:
        return list((await tx.execute(select(TaskRow).order_by(TaskRow.key))).scalars())


async def test_a_person_is_asked_once(database: Database) -> None:
    assert await _open(database)
    assert not await _open(database, sentence="still not well")
    (task,) = await _tasks(database)
    assert (task.kind, task.severity, task.text, task.order_id) == (KIND, "alert", "not well", None)


async def test_two_at_the_same_moment_ask_once(database: Database) -> None:
    other = Database(database.url)
    try:
        asked = await asyncio.gather(*(_open(db) for db in (database, other) for _ in range(8)))
    finally:
        await other.close()
    assert sorted(asked) == [False] * 15 + [True]
    assert len(await _tasks(database)) == 1


async def test_after_the_end_a_new_trouble_is_a_new_task(database: Database) -> None:
    for _ in range(3):
        assert await _open(database)
        assert await _close(database)
    assert not await _close(database)
    tasks = await _tasks(database)
    assert [task.closed_by for task in tasks] == ["orderhub"] * 3
    async with database.reading() as tx:
        assert await open_alerts(tx) == {}


async def test_partners_and_other_tasks_are_kept_apart(database: Database) -> None:
    async with database.transaction() as tx:
        await open_task(tx, "misconfigured/sf/create/A1006", "misconfigured", "a key", alert=True)
    assert await _open(database, "sf")
    assert await _open(database, "cainiao")
    assert await _close(database, "cainiao")
    async with database.reading() as tx:
        assert set(await open_alerts(tx)) == {"sf"}
